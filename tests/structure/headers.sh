#!/bin/sh
# Every header compiles alone as C11; the public ones also as C++20, when there is a compiler.
# Usage: headers.sh SOURCE_FOLDER C_COMPILER
set -eu
cd "$1"
. tests/structure/common.sh

alone() { # alone HEADER COMPILER OPTION...
    header=$1
    shift
    echo "#include \"$header\"" |
        "$@" -fsyntax-only -Wall -Wextra -pedantic -Wno-unused-function -Werror -I. -Iinclude - \
            >/dev/null 2>&1 || echo "$header: does not compile alone with $1"
}

{
    sources base ir passes runtime codegen frontend include | grep '\.h$' |
        while read -r header; do
            case $header in
            codegen/*/math/*) continue ;;        # text of generated programs
            runtime/hdf5_program/*) continue ;;  # needs libhdf5
            esac
            alone "$header" "$2" -std=c11 -x c
        done
    if command -v c++ >/dev/null; then
        sources include | grep '\.h$' | while read -r header; do
            alone "$header" c++ -std=c++20 -x c++
        done
    fi
} | verdict 'headers that need others'
