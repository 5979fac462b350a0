#!/bin/sh
# Real Keras in a virtual environment, for the tests that open Cornu's files with it.
#
#   scripts/golden/venv.sh VENV
#
# makes VENV when it is missing; then $TEST_KERAS_PYTHON is VENV/bin/python.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:?usage: venv.sh VENV}
[ ! -e "$venv/ready" ] || exit 0
rm -rf "$venv"
python3 -m venv "$venv"
# Most of what is installed is never imported: compiling it would take most of the time.
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-compile \
    -r "$here/requirements.txt"
touch "$venv/ready"
