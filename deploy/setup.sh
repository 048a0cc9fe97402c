#!/usr/bin/env bash
# Installs what a target needs and the machine lacks, from the distribution's packages. Usage: setup.sh postgres|peers...
set -euo pipefail

have_postgres() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1; }

install() {
  local sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "$* missing: run 'apt-get install $*' as root" >&2; exit 1; }
    sudo=sudo
  fi
  echo "installing $* ..." >&2
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

for what in "$@"; do
  case $what in
    postgres) have_postgres || install postgresql ;;
    peers)
      need=()
      command -v tshark >/dev/null || need+=(tshark)
      perl -MNet::SMPP -e1 2>/dev/null || need+=(libnet-smpp-perl)
      [ ${#need[@]} = 0 ] || install "${need[@]}"
      ;;
    *) echo "setup.sh: don't know $what" >&2; exit 2 ;;
  esac
done
