# shellcheck shell=bash disable=SC2034
# Private ClickHouse servers for bench/run: own data, free ports on 127.0.0.1, gone with this shell.
# Needs tools/common.sh.
#
#   ch_start DIR           Debian's clickhouse-server (18.16); sets ch_port and ch_pid
#   ch_start_current DIR   the current ClickHouse from libchdb; sets current_port and current_pid
#   ch_stop                both; nothing when they don't run

ch_port='' ch_pid='' current_port='' current_pid=''

ch_wait() {  # NAME PORT PID LOG
  local attempt
  for attempt in {1..600}; do
    [[ $(curl -s --noproxy '*' "http://127.0.0.1:$2/ping" 2>/dev/null) == Ok.* ]] && return
    kill -0 "$3" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$4" >&2
  fail "$1 doesn't start ($attempt attempts)" "its log: $4"
}

ch_start() {
  local dir=$1 program
  program=$(PATH=$PATH:/usr/sbin command -v clickhouse-server) ||
    fail "no ClickHouse server is installed" "apt-get install clickhouse-server"
  rm -rf "$dir"
  mkdir -p "$dir/data"
  ch_port=$(free_port)
  cat >"$dir/config.xml" <<XML
<?xml version="1.0"?>
<yandex>
  <logger>
    <level>warning</level><log>$dir/server.log</log><errorlog>$dir/error.log</errorlog>
  </logger>
  <http_port>$ch_port</http_port><tcp_port>$(free_port)</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <path>$dir/data/</path><tmp_path>$dir/data/tmp/</tmp_path>
  <user_files_path>$dir/data/user_files/</user_files_path>
  <users_config>$dir/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <timezone>UTC</timezone><mark_cache_size>1073741824</mark_cache_size>
</yandex>
XML
  cat >"$dir/users.xml" <<XML
<?xml version="1.0"?>
<yandex>
  <profiles><default></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
XML
  setpriv --pdeathsig KILL "$program" --config-file="$dir/config.xml" >"$dir/output.log" 2>&1 \
    </dev/null 9>&- &
  ch_pid=$!
  ch_wait "ClickHouse" "$ch_port" "$ch_pid" "$dir/error.log"
}

ch_start_current() {
  local dir=$1
  rm -rf "$dir"
  mkdir -p "$dir"
  current_port=$(free_port)
  setpriv --pdeathsig KILL build/release/penstock embedded-clickhouse --path "$dir/data" \
    --port "$current_port" --linger 86400 --library "$PENSTOCK_LIBCHDB" >"$dir/output.log" 2>&1 \
    </dev/null 9>&- &
  current_pid=$!
  ch_wait "the embedded ClickHouse" "$current_port" "$current_pid" "$dir/output.log"
}

ch_stop() {
  local pid
  for pid in $ch_pid $current_pid; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  ch_pid='' current_pid=''
}
