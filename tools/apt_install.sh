#!/bin/bash
# apt_install.sh PACKAGE...: installs Debian packages as root without starting or enabling any of
# the servers among them, and without a default PostgreSQL cluster. What it puts in place for that
# is removed again, and what was there before stays as it was.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
cluster_conf=/etc/postgresql-common/createcluster.d/penstock.conf
made=() made_dirs=()

make_file() {  # PATH TEXT MODE
  [[ -e $1 ]] && return 0
  local dir
  dir=$(dirname "$1")
  [[ -d $dir ]] || { mkdir -p "$dir"; made_dirs+=("$dir"); }
  printf '%s\n' "$2" >"$1"
  chmod "$3" "$1"
  made+=("$1")
}

remove_made() {
  ((${#made[@]} == 0)) || rm -f "${made[@]}"
  ((${#made_dirs[@]} == 0)) || rmdir --ignore-fail-on-non-empty "${made_dirs[@]}"
}
trap remove_made EXIT

# invoke-rc.d(8): 101 means that the action is forbidden.
make_file "$policy" $'#!/bin/sh\nexit 101' 755
# createcluster.conf of postgresql-common reads this folder; a server package that is installed for
# the first time then makes no cluster of its own.
make_file "$cluster_conf" 'create_main_cluster = false' 644

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt=(apt-get -q -y -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
install=("${apt[@]}" install --no-install-recommends "$@")
if ! "${install[@]}" --dry-run >/dev/null 2>&1; then
  "${apt[@]}" update
fi
if ! "${install[@]}"; then
  # The package lists may be older than the archive.
  "${apt[@]}" update
  "${install[@]}"
fi

# Debian enables a new server for the next boot; these were asked for by a test, not by the user.
for package in "$@"; do
  case $package in
    clickhouse-server | pgbouncer) update-rc.d "$package" disable || true ;;
    mariadb-server) update-rc.d mariadb disable || true ;;
  esac
done
