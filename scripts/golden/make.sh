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
    training callbacks summary verify keras_objects keras_ops
for family in "$@"; do
    case $family in verify) ending=npz ;; *) ending=json ;; esac
    "$venv/bin/python" "$here/$family.py" "$here/../../tests/golden/keras/$family.$ending"
done
