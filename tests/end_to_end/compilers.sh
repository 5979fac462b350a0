#!/bin/sh
# Programs, built by compilers that evaluate arguments in different orders: what they draw at random
# and, with different numbers of threads too, what they learn is the same.
# Usage: compilers.sh SOURCE_FOLDER LIBRARY_FOLDER
set -eu
source=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

build() { # COMPILER SOURCE
    "$1" -std=c11 -O1 "$2" -I"$source/include" -L"$library" -lcornu -Wl,-rpath,"$library" -lm \
        -o program
}

count=0
for compiler in gcc clang-19 clang; do
    command -v "$compiler" >/dev/null || continue
    count=$((count + 1))
    build "$compiler" "$source/tests/end_to_end/two_draws.c"
    ./program >"draws-$count"
    cmp "draws-$count" draws-1
    build "$compiler" "$source/examples/fashion_mnist.c"
    ./program --limit 600 --epochs 1 --threads $count 2>/dev/null |
        sed -n "s/^checksum/$count/p" >"checksum-$count"
    echo "$compiler: $(cat "checksum-$count")"
    [ -s "checksum-$count" ]
    [ "$(cut -d' ' -f2 "checksum-$count")" = "$(cut -d' ' -f2 checksum-1)" ]
done
