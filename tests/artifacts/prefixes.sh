#!/bin/sh
# Two models with prefixes of their own in one program. Usage: prefixes.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

make alone "$small" o
build cc "$work/alone/main" -I "$work/alone" "$work/alone/main.c" "$work/alone/model.o"
run "$work/alone/main"
cp "$work/said" "$work/expected"
for ending in o a; do
    make "$ending" "$small" "$ending" --prefix left
    mv "$work/$ending/model.$ending" "$work/$ending/left.$ending"
    make "$ending" "$project/tests/tools/tiny_model.c" "$ending" --prefix right
    build cc "$work/$ending/both" -I "$work/$ending" "$here/prefixes.c" \
        "$work/$ending/left.$ending" "$work/$ending/model.$ending"
    run "$work/$ending/both"
    same "$work/said" "$work/expected"
done
