#!/bin/sh
# The same header from C++, and the shared object from Python: they print what main.c prints.
# Usage: languages.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

make so "$small" so
so=$work/so
build cc "$so/main" -I "$so" "$so/main.c" "$so/model.so" -Wl,-rpath,"$so"
run "$so/main"
cp "$work/said" "$work/expected"

for compiler in g++ clang++-19; do
    if has $compiler; then
        build $compiler "$so/cpp" -std=c++17 -I "$so" "$here/asks.cpp" "$so/model.so" \
            -Wl,-rpath,"$so"
        run "$so/cpp"
        same "$work/said" "$work/expected"
    fi
done
has python3 || exit 0
run python3 "$here/asks.py" "$so/model.so" "$so/model.h"
same "$work/said" "$work/expected"
