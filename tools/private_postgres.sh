# shellcheck shell=bash disable=SC2034
# A private PostgreSQL for ./quickstart and bench/run: its own data directory, a unix socket only
# we can reach, and a free port on 127.0.0.1. Needs tools/common.sh.
#
#   pg_start DIR [CONFIG LINE]...   makes the data directory when there is none; sets pg_port
#   pg_psql [psql option]...        as superuser over the socket
#   pg_stop                         also from an EXIT trap; nothing when it doesn't run
#
# One script at a time per DIR: the caller holds a lock on file descriptor 9.
#
# The server also ends when this shell dies in whatever way.

pg_pid='' pg_port='' pg_socket='' pg_data='' pg_bin=''

# PostgreSQL refuses to run as root; Debian's package has made the account `postgres`. The words go
# before a command; what they start becomes the command itself, so its process id is the job's.
if ((EUID == 0)); then
  pg_as_server=(setpriv --reuid postgres --regid postgres --init-groups --pdeathsig QUIT
    env HOME=/ LC_ALL=C.UTF-8 TZ=UTC)
else
  pg_as_server=(setpriv --pdeathsig QUIT env LC_ALL=C.UTF-8 TZ=UTC)
fi

pg_find_bin() {
  local dir
  for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    if [[ -x $dir/initdb ]]; then
      pg_bin=$dir
      return
    fi
  done
  fail "no PostgreSQL server is installed" "apt-get install postgresql-15"
}

# pg_data_dir DIR: prints DIR, or a folder under /var/tmp when the server's account can't reach DIR,
# as in root's home.
pg_data_dir() {
  if ((EUID != 0)) || runuser -u postgres -- test -x "$(dirname "$1")" 2>/dev/null; then
    echo "$1"
  else
    echo "/var/tmp/penstock-$(cksum <<<"$1" | cut -d' ' -f1)"
  fi
}

pg_initialize() {
  mkdir -p "$pg_data"
  chmod 700 "$pg_data"
  ((EUID == 0)) && chown postgres: "$pg_data"
  (cd / && "${pg_as_server[@]}" "$pg_bin/initdb" -D "$pg_data" -U postgres --auth=trust --no-sync \
    -E UTF8 --locale=C.UTF-8)
}

pg_start() {
  pg_data=$1
  shift
  pg_find_bin
  mkdir -p "$(dirname "$pg_data")"
  # A data directory without its version file is what an interrupted initdb left.
  [[ -f $pg_data/PG_VERSION ]] || rm -rf "$pg_data"
  [[ -d $pg_data ]] || quietly "Making a private PostgreSQL" build/logs/initdb.log pg_initialize
  pg_socket=$(mktemp -d /tmp/penstock-pg-XXXXXX)
  pg_port=$(free_port)
  ((EUID == 0)) && chown postgres: "$pg_socket"
  {
    printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $pg_port" \
      "unix_socket_directories = '$pg_socket'" "timezone = 'UTC'" "fsync = off" \
      "max_wal_size = 4GB" "dynamic_shared_memory_type = mmap" "$@"
  } >"$pg_data/postgresql.conf"
  # The socket lies in a folder of mode 700. Over TCP only the role of the sample may come in.
  printf '%s\n' 'local all postgres trust' 'host all penstock 127.0.0.1/32 scram-sha-256' \
    >"$pg_data/pg_hba.conf"
  : >"$pg_data.log"
  (cd / && exec "${pg_as_server[@]}" "$pg_bin/postgres" -D "$pg_data" >>"$pg_data.log" 2>&1 \
    </dev/null 9>&-) &
  pg_pid=$!
  pg_wait
}

pg_wait() {
  local attempt
  for attempt in {1..300}; do
    "$pg_bin/pg_isready" -q -h "$pg_socket" -p "$pg_port" && return
    kill -0 "$pg_pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$pg_data.log" >&2
  fail "the private PostgreSQL doesn't start ($attempt attempts)" "its log: $pg_data.log"
}

pg_psql() {
  "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$pg_socket" -p "$pg_port" -U postgres "$@"
}

pg_stop() {
  [[ -n $pg_pid ]] || return 0
  kill -INT "$pg_pid" 2>/dev/null || true
  wait "$pg_pid" 2>/dev/null || true
  rm -rf "$pg_socket"
  pg_pid=''
}
