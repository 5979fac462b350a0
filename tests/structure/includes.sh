#!/bin/sh
# Includes point downwards only: base < ir < passes < codegen < frontend, runtime beside ir;
# a target of codegen never knows a sibling, but aot, which is none; programs see the public headers and nothing else.
set -eu
cd "$1"
. tests/structure/common.sh

# allowed FILE - the folders it may include from, as one pattern.
allowed() {
    case $1 in
    base/*) echo 'base/|cornu/' ;;
    ir/*) echo 'ir/|base/|cornu/' ;;
    passes/*) echo 'passes/|ir/|base/|cornu/' ;;
    runtime/*) echo 'runtime/|base/|cornu/' ;;
    codegen/*/*)
        target=${1#codegen/}
        echo "codegen/${target%%/*}/|codegen/aot/|codegen/[^/]*\"|passes/|ir/|runtime/|base/|cornu/" ;;
    codegen/*) echo 'codegen/[^/]*"|passes/|ir/|runtime/|base/|cornu/' ;;
    frontend/*) echo 'frontend/|codegen/aot/|codegen/[^/]*"|passes/|ir/|runtime/|base/|cornu/|cornu\.h"' ;;
    bench/math.c) echo 'codegen/cpu/math/' ;; # measures texts of generated programs
    bench/kernels/*) echo 'codegen/|ir/|runtime/|base/' ;; # measures single kernels
    bench/*) echo 'models\.h"|cornu/|cornu\.h"' ;;
    examples/*) echo 'options\.h"|cornu/|cornu\.h"' ;;
    tools/*) echo 'tools/|cornu/|cornu\.h"' ;;
    *) echo 'cornu/|cornu\.h"' ;;
    esac
}

for file in $(sources base ir passes runtime codegen frontend tools include examples bench); do
    case $file in codegen/*/math/*.h) continue ;; esac # text of generated programs
    grep -nE '^ *# *include *"' "$file" |
        grep -vE "include *\"($(allowed "$file"))" |
        sed "s|^|$file:|; s|\$| points the wrong way|" || true
done | verdict 'include directions'
