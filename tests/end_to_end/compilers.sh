#!/bin/sh
# One program, built by two compilers, which evaluate arguments in different orders, and run with
# different numbers of threads: the same checksum.
# Usage: compilers.sh SOURCE_FOLDER LIBRARY_FOLDER
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

count=0
for compiler in gcc clang-19 clang; do
    command -v "$compiler" >/dev/null || continue
    count=$((count + 1))
    "$compiler" -std=c11 -O1 "$1/examples/fashion_mnist.c" -I"$1/include" -L"$2" -lcornu \
        -Wl,-rpath,"$2" -o program
    ./program --limit 600 --epochs 1 --threads $count 2>/dev/null |
        sed -n "s/^checksum/$count/p" >"checksum-$count"
    echo "$compiler: $(cat "checksum-$count")"
    [ -s "checksum-$count" ]
    [ "$(cut -d' ' -f2 "checksum-$count")" = "$(cut -d' ' -f2 checksum-1)" ]
done
