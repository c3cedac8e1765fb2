# shellcheck shell=bash disable=SC2034
# Shared by ./quickstart, ./test, bench/run and tools/*: messages, quiet steps with a log, build
# parallelism. Sourced by bash from the repository's root; `set -euo pipefail` is the caller's.

if [[ -t 1 && -z "${NO_COLOR:-}" && "${TERM:-dumb}" != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m' terminal=1
else
  bold='' dim='' red='' green='' plain='' terminal=''
fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '  %s%s%s\n' "$dim" "$*" "$plain"; }

# fail MESSAGE [WHAT TO DO]...
fail() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  shift
  local hint
  for hint in "$@"; do printf '       %s\n' "$hint" >&2; done
  exit 1
}

# at_exit COMMAND: a function or command without arguments, run when the script ends in any way but
# kill -9; the last one first.
exit_commands=()
at_exit() { exit_commands=("$1" "${exit_commands[@]}"); }
leave() {
  trap '' INT TERM HUP
  local command
  for command in "${exit_commands[@]}"; do "$command" || true; done
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The step that quietly() runs at the moment: a process group of its own.
quiet_group=''
stop_quiet_step() {
  [[ -z $quiet_group ]] && return
  kill -TERM -- "-$quiet_group" 2>/dev/null || true
}
at_exit stop_quiet_step

# quietly LABEL LOG COMMAND...: runs the command with its output in LOG. On a terminal the log's
# last line is shown while it runs. A failure shows the log's end and stops the script.
quietly() {
  local label=$1 log=$2 start=$SECONDS pid status=0 line width
  shift 2
  mkdir -p "$(dirname "$log")"
  printf '  %s ' "$label"
  set -m
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  set +m
  quiet_group=$pid
  if [[ -n $terminal ]]; then
    width=$(($(tput cols 2>/dev/null || echo 80) - ${#label} - 6))
    ((width < 10)) && width=10
    while kill -0 "$pid" 2>/dev/null; do
      line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\t' | cut -c "1-$width") || true
      printf '\r\e[K  %s %s%s%s' "$label" "$dim" "$line" "$plain"
      sleep 0.3
    done
    printf '\r\e[K  %s ' "$label"
  fi
  wait "$pid" || status=$?
  quiet_group=''
  if ((status != 0)); then
    printf '%sfailed%s\n' "$red" "$plain"
    tail -n 40 "$log" >&2
    fail "$label failed (status $status)" "the whole log: $log"
  fi
  printf '%sok%s%s\n' "$green" "$plain" "$dim ($((SECONDS - start)) s)$plain"
}

# How many compilers to run: one per core, and 1.2 GB of memory for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1200000) }' /proc/meminfo)
  ((memory < 1)) && memory=1
  echo $((cores < memory ? cores : memory))
}

# build_preset PRESET TESTS(ON|OFF|keep) TARGET...: configures build/PRESET where that is needed and
# builds. `keep`: whether tests are configured stays as it is.
build_preset() {
  local preset=$1 tests=$2 dir=build/$1
  shift 2
  # A folder that was copied or renamed has a build that names the old one.
  if [[ -f $dir/CMakeCache.txt ]] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$dir/CMakeCache.txt"; then
    note "$dir was configured for another folder: making it anew"
    rm -rf "$dir"
  fi
  if [[ $tests != keep || ! -f $dir/build.ninja ]]; then
    [[ $tests == keep ]] && tests=OFF
    quietly "Configuring $preset" "build/logs/configure-$preset.log" \
      cmake --preset "$preset" -DPENSTOCK_TESTS="$tests"
  fi
  quietly "Building $preset" "build/logs/build-$preset.log" \
    cmake --build --preset "$preset" --parallel "$(build_jobs)" --target "$@"
}

# A TCP port on which nothing listens, outside the range the kernel gives to clients.
free_port() {
  local port attempt
  for attempt in {1..200}; do
    port=$((11000 + (RANDOM * 32768 + RANDOM) % 21000))
    # Nobody listens when the connection is refused.
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no free TCP port between 11000 and 32000 after $attempt attempts"
}
