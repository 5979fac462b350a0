#!/bin/sh
# Measures every rival: bench/rivals/all.sh VENV > rivals.jsonl   (some minutes, on a quiet machine)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:?usage: all.sh VENV}/bin/python
"$python" "$here/torch_step.py"
KERAS_BACKEND=jax "$python" "$here/keras_step.py"
KERAS_BACKEND=tensorflow "$python" "$here/keras_step.py"
