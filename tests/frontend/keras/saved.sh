#!/bin/sh
# Real Keras opens what Cornu saved: it predicts the same and goes on training the same.
# Usage: saved.sh keras_write_files SOURCE_FOLDER, with $TEST_KERAS_PYTHON; without it: skipped.
set -eu
[ -n "${TEST_KERAS_PYTHON-}" ] || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
"$1" "$folder" || status=$?
"$TEST_KERAS_PYTHON" "$2/scripts/golden/check_saved.py" "$folder" 2>"$folder/errors" ||
    { status=1 && grep -v Warning "$folder/errors" | tail -n 20; }
exit "$status"
