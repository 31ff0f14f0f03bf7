#!/usr/bin/env bash
# Make a virtual environment with what pip is asked for: venv.sh FOLDER PIP-ARGUMENT...
set -euo pipefail
folder=$1
shift
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
  echo "no $python here: install Python 3.11 or newer, or type: make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "$("$python" --version) is too old, 3.11 is needed: make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
fi
if [ ! -x "$folder/bin/pip" ]; then
  echo "making $folder with $("$python" --version)"
  if ! "$python" -m venv "$folder"; then
    rm -rf "$folder"
    echo "no venv can be made: install the package python3-venv, then type the command again" >&2
    exit 1
  fi
fi
"$folder/bin/python" -m pip install --quiet --upgrade "pip>=25.1"  # the first to know --group
"$folder/bin/python" -m pip install --quiet "$@"
