#!/bin/sh
# The source of an export under sanitizers: sessions in threads and one spread over threads
# (ThreadSanitizer), memory of exactly the stated sizes, and damaged files of weights
# (AddressSanitizer, UBSan).
# Usage: sanitized.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

make file "$small" o --keep-weights file --march x86-64-v3 --capacity 7
file=$work/file
flags="$(stated_flags "$file/model.c") -O1 -g -DMODEL_WITHOUT_VALUES -I $file"
# ThreadSanitizer wants its shadow at fixed addresses.
fixed="setarch $(uname -m) -R"
$fixed true 2>/dev/null || fixed=

# shellcheck disable=SC2086 # options
build cc "$work/threads" $flags -fsanitize=thread "$here/threads.c" "$file/model.c" -pthread
# shellcheck disable=SC2086 # options
TSAN_OPTIONS=halt_on_error=1 run $fixed "$work/threads" "$file/model.safetensors"

# shellcheck disable=SC2086 # options
build cc "$work/exact" $flags -fsanitize=address,undefined -fno-sanitize-recover=all \
    "$here/exact.c" "$file/model.c"
ASAN_OPTIONS=detect_leaks=0 run "$work/exact" "$file/model.safetensors"

# shellcheck disable=SC2086 # options
build cc "$work/header" $flags -D_GNU_SOURCE -fsanitize=address,undefined \
    -fno-sanitize-recover=all "$here/header.c" "$file/model.c"
ASAN_OPTIONS=detect_leaks=0 run "$work/header" "$file/model.safetensors"
