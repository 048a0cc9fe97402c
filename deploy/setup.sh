#!/usr/bin/env bash
# Installs what a target needs and the machine lacks, from the distribution's packages. Usage: setup.sh postgres|peers...
set -euo pipefail

have_postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || { echo "packages are missing: run '$*' as root" >&2; exit 1; }
    sudo "$@"
  fi
}

install() {
  echo "installing $* ..." >&2
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-upgrade "$@" >/dev/null
}

# drive_smpp is Kannel's test SMSC. The package of which it is a part needs kannel, which starts a WAP gateway as a
# service, so only this one program is taken out, and only its libraries are installed.
drive_smpp() {
  local dir libs
  as_root apt-get update -qq
  mapfile -t libs < <(apt-cache depends kannel-extras | sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p')
  install "${libs[@]}"
  dir=$(mktemp -d)
  (cd "$dir" && apt-get download -qq kannel-extras && dpkg-deb -x kannel-extras_*.deb .)
  cp "$dir/usr/lib/kannel/test/drive_smpp" "$1"
  rm -rf "$dir"
}

# peers installs what cmd/internal/interop runs against; what is not of the distribution stays in the user's cache.
peers() {
  local need=() cache=${XDG_CACHE_HOME:-$HOME/.cache}/harkara-interop from
  from=$(dirname "$0")/../cmd/internal/interop/peers
  command -v tshark >/dev/null && command -v dumpcap >/dev/null || need+=(tshark)
  perl -MNet::SMPP -e1 2>/dev/null || need+=(libnet-smpp-perl)
  command -v node >/dev/null || need+=(nodejs)
  command -v npm >/dev/null || need+=(npm)
  [ ${#need[@]} = 0 ] || install "${need[@]}"
  mkdir -p "$cache"
  [ -x "$cache/drive_smpp" ] || drive_smpp "$cache/drive_smpp"
  # npm writes the inner file when it has finished.
  if [ ! -e "$cache/node_modules/.package-lock.json" ] || ! cmp -s "$from/package-lock.json" "$cache/package-lock.json"; then
    echo "installing the npm packages of $from/package.json in $cache ..." >&2
    cp "$from/package.json" "$from/package-lock.json" "$cache"
    npm ci --prefix "$cache" --ignore-scripts --no-audit --no-fund --loglevel error >&2
  fi
}

for what in "$@"; do
  case $what in
    postgres) have_postgres || install postgresql ;;
    peers) peers ;;
    *) echo "setup.sh: don't know $what" >&2; exit 2 ;;
  esac
done
