#!/bin/sh
# The ratio table of training steps: Cornu beside PyTorch and Keras, all in one run.
#
#     bench/step_table.sh BUILD VENV [OUT]      VENV from bench/rivals/setup.sh; some minutes, on a quiet machine
#
# Writes OUT (bench/results/train_step.jsonl) and prints the table in Markdown.
set -eu
build=${1:?usage: step_table.sh BUILD VENV [OUT]}
venv=${2:?usage: step_table.sh BUILD VENV [OUT]}
here=$(cd "$(dirname "$0")" && pwd)
out=${3:-$here/results/train_step.jsonl}
mkdir -p "$(dirname "$out")"
: > "$out"
cornu() {
    for threads in 1 2; do
        for case in "mlp 32" "mlp 128" "convnet 128"; do
            # shellcheck disable=SC2086
            set -- $case
            taskset -c "0-$((threads - 1))" "$build/bench/train_step" --model "$1" --batch "$2" --threads "$threads" >> "$out"
        done
    done
}
cornu
"$here/rivals/all.sh" "$venv" >> "$out"
cornu # again: the spread of one run
python3 "$here/step_table.py" "$out"
