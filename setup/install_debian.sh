#!/usr/bin/env bash
# Installs the Debian packages that are missing. usage: install_debian.sh LIST...
set -euo pipefail

wanted=$(cat "$@")
missing=""
for package in $wanted; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed"; then
    # A tool that is there already, from elsewhere, need not come from Debian.
    case "$package" in
      cmake | git | g++ | make) command -v "$package" >/dev/null && continue ;;
      ninja-build) command -v ninja >/dev/null && continue ;;
      python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && continue ;;
    esac
    missing="$missing $package"
  fi
done
[ -z "$missing" ] && exit 0

advice="missing Debian packages:$missing (install them with: apt-get install$missing)"
if ! command -v apt-get >/dev/null; then
  echo "setup: $advice; apt-get is not on this machine" >&2
  exit 2
fi
if [ "$(id -u)" -eq 0 ]; then
  sudo=""
elif command -v sudo >/dev/null; then
  sudo="sudo"
else
  echo "setup: $advice; neither root nor sudo here" >&2
  exit 2
fi
echo "setup: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "setup: $advice" >&2
  exit 2
fi
