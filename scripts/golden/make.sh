#!/bin/sh
# Recreates tests/golden/keras/*.json from real Keras.
#
#   scripts/golden/make.sh VENV [family ...]
#
# VENV is a directory for the virtual environment (made when missing). Without families, all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:?usage: make.sh VENV [family ...]}
shift
[ -x "$venv/bin/python" ] || {
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "$here/requirements.txt"
}
[ $# -gt 0 ] || set -- layers activations initializers losses metrics optimizers schedules \
    training callbacks summary
for family in "$@"; do
    "$venv/bin/python" "$here/$family.py" "$here/../../tests/golden/keras/$family.json"
done
