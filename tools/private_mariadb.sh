# shellcheck shell=bash disable=SC2034
# A private MariaDB for bench/run: its own data directory, a unix socket only we can reach, and a
# free port on 127.0.0.1. Needs tools/common.sh.
#
#   my_start DIR [CONFIG LINE]...   makes the data directory when there is none; sets my_port
#   my_sql [mariadb option]...      as root over the socket
#   my_stop                         also from an EXIT trap; nothing when it doesn't run
#
# One script at a time per DIR: the caller holds a lock on file descriptor 9. The server also ends
# when this shell dies in whatever way.

my_pid='' my_port='' my_socket='' my_data=''

# MariaDB refuses to run as root; Debian's package has made the account `mysql`. The words go before
# a command; what they start becomes the command itself, so its process id is the job's.
if ((EUID == 0)); then
  my_as_server=(setpriv --reuid mysql --regid mysql --init-groups --pdeathsig KILL
    env HOME=/ LC_ALL=C.UTF-8 TZ=UTC)
else
  my_as_server=(setpriv --pdeathsig KILL env LC_ALL=C.UTF-8 TZ=UTC)
fi

# my_data_dir DIR: prints DIR, or a folder under /var/tmp when the server's account can't reach DIR.
my_data_dir() {
  if ((EUID != 0)) || runuser -u mysql -- test -x "$(dirname "$1")" 2>/dev/null; then
    echo "$1"
  else
    echo "/var/tmp/penstock-$(cksum <<<"$1" | cut -d' ' -f1)"
  fi
}

my_initialize() {
  rm -rf "$my_data"
  mkdir -p "$my_data"
  chmod 700 "$my_data"
  ((EUID == 0)) && chown mysql: "$my_data"
  (cd / && "${my_as_server[@]}" mariadb-install-db --no-defaults --datadir="$my_data" \
    --auth-root-authentication-method=normal --skip-test-db) && touch "$my_data.made"
}

my_start() {
  my_data=$1
  shift
  mkdir -p "$(dirname "$my_data")"
  # Without the mark it is what an interrupted initialisation left.
  [[ -f $my_data.made ]] || quietly "Making a private MariaDB" build/logs/mariadb-init.log \
    my_initialize
  my_socket=$(mktemp -d /tmp/penstock-my-XXXXXX)
  my_port=$(free_port)
  ((EUID == 0)) && chown mysql: "$my_socket"
  printf '%s\n' '[mysqld]' "datadir = $my_data" "socket = $my_socket/socket" \
    "pid-file = $my_socket/pid" "bind-address = 127.0.0.1" "port = $my_port" skip-name-resolve \
    "character-set-server = utf8mb4" "default-time-zone = '+00:00'" "local-infile = OFF" \
    "innodb-flush-log-at-trx-commit = 2" "$@" >"$my_data.cnf"
  : >"$my_data.log"
  (cd / && exec "${my_as_server[@]}" /usr/sbin/mariadbd --defaults-file="$my_data.cnf" \
    >>"$my_data.log" 2>&1 </dev/null 9>&-) &
  my_pid=$!
  my_wait
}

my_wait() {
  local attempt
  for attempt in {1..300}; do
    my_sql -e 'DO 0' 2>/dev/null && return
    kill -0 "$my_pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$my_data.log" >&2
  fail "the private MariaDB doesn't start ($attempt attempts)" "its log: $my_data.log"
}

my_sql() {
  mariadb --no-defaults --default-character-set=utf8mb4 -N -B -u root -S "$my_socket/socket" "$@"
}

my_stop() {
  [[ -n $my_pid ]] || return 0
  kill -TERM "$my_pid" 2>/dev/null || true
  wait "$my_pid" 2>/dev/null || true
  rm -rf "$my_socket"
  my_pid=''
}
