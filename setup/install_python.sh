#!/usr/bin/env bash
# Makes the virtual environment .venv and installs pinned packages. usage: install_python.sh run|dev
set -euo pipefail
cd "$(dirname "$0")/.."

kind=$1
python=${PYTHON:-python3}
files="setup/requirements.txt"
[ "$kind" = dev ] && files="$files setup/requirements-dev.txt setup/requirements-nodeps.txt"
# shellcheck disable=SC2086
stamp=".venv/.installed-$kind-$(cat $files | sha256sum | cut -c1-16)"
[ -e "$stamp" ] && exit 0

if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))'; then
  echo "setup: $python is older than Python 3.11; call make with PYTHON=/path/to/python3.11" >&2
  exit 2
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
echo "setup: installing Python packages ($kind) into .venv"
if [ "$kind" = dev ]; then
  .venv/bin/python -m pip install -q -r setup/requirements-dev.txt
  .venv/bin/python -m pip install -q --no-deps -r setup/requirements-nodeps.txt
else
  .venv/bin/python -m pip install -q -r setup/requirements.txt
fi
rm -f ".venv/.installed-$kind-"*
touch "$stamp"
