#!/bin/sh
# Prediction ahead of time: the exported convnet beside ONNX Runtime and PyTorch, all in one run.
#
#     bench/predict_table.sh BUILD VENV [OUT]
#
# BUILD is Cornu's build folder, VENV is made by bench/rivals/setup.sh. Takes some two minutes, on a
# quiet machine.
#
# Exports examples/convnet_model.c with its weights in a file, which all programs load, and lets
# them take turns (predict_turns.py). Times `cornu compile` too, each time with an empty cache.
# Writes OUT (bench/results/predict.jsonl) and prints the table in Markdown.
set -eu
build=${1:?usage: predict_table.sh BUILD VENV [OUT]}
venv=${2:?usage: predict_table.sh BUILD VENV [OUT]}
here=$(cd "$(dirname "$0")" && pwd)
out=${3:-$here/results/predict.jsonl}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$(dirname "$out")" "$folder/answers"

# export_model FILE CACHE - a line of JSON: how large a FILE `cornu compile` wrote, in what time.
export_model() {
    CORNU_CACHE_DIR="$folder/$2" python3 - "$build/cornu" \
        compile "$here/../examples/convnet_model.c" --keep-weights file --seed 1 --quiet \
        -o "$folder/$1" <<'PYTHON'
import json, os, resource, subprocess, sys, time
begin = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
wall, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"kind": "compile", "file": os.path.basename(sys.argv[-1]),
                  "bytes": os.path.getsize(sys.argv[-1]), "seconds": round(wall, 3),
                  "processor_seconds": round(used.ru_utime + used.ru_stime, 3)}))
PYTHON
}

: > "$out"
for run in 1 2 3 4 5; do
    export_model convnet.so "cache$run.so" >> "$out"
    export_model convnet.o "cache$run.o" >> "$out"
done
cc -std=c11 -O2 -I "$folder" "$here/artifacts/predict.c" "$folder/convnet.o" -o "$folder/predict"
"$venv/bin/python" "$here/predict_turns.py" "$folder/predict" "$venv" "$folder/images" \
    "$folder/convnet.safetensors" "$folder/answers" >> "$out"
python3 "$here/predict_table.py" "$out"
