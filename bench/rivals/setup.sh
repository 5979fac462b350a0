#!/bin/sh
# Makes the virtual environment of the rivals: bench/rivals/setup.sh VENV
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:?usage: setup.sh VENV}
python3 -m venv "$venv"
"$venv/bin/pip" install -q -r "$here/requirements.txt"
