# shellcheck shell=bash disable=SC2034
# Installing what is missing, from Debian's packages and one npm package. Needs tools/common.sh.
# Nothing is upgraded or removed, no service is started, and none is left enabled.

build_packages=(g++ cmake ninja-build ccache pkg-config
  libboost1.81-dev libboost-json1.81-dev libcli11-dev libcurl4-openssl-dev libfmt-dev
  libmariadb-dev libmariadb3 libpq-dev libsimdjson-dev libspdlog-dev libsqlite3-dev libyaml-cpp-dev
  zlib1g-dev)
sample_packages=(postgresql-15)
test_packages=(libgtest-dev libgmock-dev postgresql-15 postgresql-15-postgis-3 pgbouncer
  mariadb-server clickhouse-server clang-format-14 python3 curl openssl tzdata)
bench_packages=(postgresql-15 mariadb-server clickhouse-server clickhouse-client libbenchmark-dev
  python3 curl)

# The current ClickHouse as a library. Pinned, so that a test means the same tomorrow.
chdb_package='@chdb/lib-linux-x64-gnu'
chdb_version='26.7.3-stable.1'
deps_dir=build/deps
chdb_library=$deps_dir/node_modules/$chdb_package/libchdb.so

# Zoho's own SDK, which judges the simulated Zoho of the tests. Used by them alone.
zoho_sdk_package='@zohocrm/typescript-sdk-8.0'
zoho_sdk_version='3.0.0'
zoho_sdk_dir=$deps_dir/zoho  # apart: npm may remove what it isn't asked for
zoho_sdk=$zoho_sdk_dir/node_modules/$zoho_sdk_package

missing_packages() {
  local package state
  for package in "$@"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [[ $state == installed ]] || echo "$package"
  done
}

# Prints the words to put before a command that needs root.
root_command() {
  if ((EUID == 0)); then
    echo env
  elif command -v sudo >/dev/null; then
    echo sudo
  fi
}

# install_packages PACKAGE...: those of them that are missing.
install_packages() {
  command -v apt-get >/dev/null ||
    fail "this script installs Debian packages, and there is no apt-get here" \
      "on another system install the counterparts of: $*" \
      "then build with: cmake --preset release && cmake --build --preset release"
  local missing root
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} == 0)) && return 0
  root=$(root_command)
  [[ -n $root ]] || fail "missing packages: ${missing[*]}" \
    "run this as root or install sudo, or install them yourself: apt-get install ${missing[*]}"
  [[ $root == sudo ]] && { sudo -v || fail "sudo refused" \
    "ask somebody who may: apt-get install ${missing[*]}"; }
  note "missing: ${missing[*]}"
  # A group of its own (setsid): dpkg must not be stopped half-way when this script is.
  quietly "Installing ${#missing[@]} packages" build/logs/apt.log \
    setsid --wait "$root" bash "$PWD/tools/apt_install.sh" "${missing[@]}"
}

# npm_version FOLDER: of the package that lies there; nothing when there is none.
npm_version() {
  sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$1/package.json" 2>/dev/null || true
}

# npm_install TITLE FOLDER PACKAGE@VERSION
npm_install() {
  mkdir -p "$2"
  quietly "$1" build/logs/npm.log npm install --prefix "$2" --no-save --no-package-lock \
    --no-audit --no-fund --ignore-scripts --loglevel=warn "$3"
}

have_chdb() {
  [[ -n "${PENSTOCK_LIBCHDB:-}" ]] && return 0
  [[ -f $chdb_library && $(npm_version "$(dirname "$chdb_library")") == "$chdb_version" ]]
}

have_zoho_sdk() {
  [[ -n "${PENSTOCK_ZOHO_SDK:-}" || $(npm_version "$zoho_sdk") == "$zoho_sdk_version" ]]
}

# What install_chdb and install_zoho_sdk will need, to be installed together with all others.
chdb_packages() { have_chdb || command -v npm >/dev/null || echo npm; }
zoho_sdk_packages() {
  command -v node >/dev/null || echo nodejs
  have_zoho_sdk || command -v npm >/dev/null || echo npm
}

# The library that holds the current ClickHouse, unless PENSTOCK_LIBCHDB names one.
install_chdb() {
  have_chdb && return
  npm_install "Installing ClickHouse as a library ($chdb_package $chdb_version, 560 MB)" \
    "$deps_dir" "$chdb_package@$chdb_version"
  [[ -f $chdb_library ]] || fail "npm installed $chdb_package, but there is no $chdb_library" \
    "see build/logs/npm.log"
}

# Zoho's SDK, unless PENSTOCK_ZOHO_SDK names a folder that holds it.
install_zoho_sdk() {
  have_zoho_sdk && return
  npm_install "Installing Zoho's SDK for tests ($zoho_sdk_package $zoho_sdk_version)" \
    "$zoho_sdk_dir" "$zoho_sdk_package@$zoho_sdk_version"
  [[ -d $zoho_sdk ]] || fail "npm installed $zoho_sdk_package, but there is no $zoho_sdk" \
    "see build/logs/npm.log"
}
