#!/bin/sh
# libcornu.so exports what the public headers declare with CN_API, all of it and nothing else.
# Usage: exports.sh SOURCE_FOLDER LIBRARY C_COMPILER
set -eu
cd "$1"
. tests/structure/common.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -D --defined-only "$2" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort -u >"$work/exported"
# The preprocessor writes out the lists of X-macros. The name of a function is the last word before
# its first "("; data are names between commas.
"$3" -E -P -Iinclude -x c include/cornu.h | tr '\n' ' ' | tr ';' '\n' |
    sed -nE 's/.*__attribute__\(\(visibility\("default"\)\)\) *//; t name; d; :name
             s/^(__attribute__ *\(\([a-z_]+\)\) *)+//; s/^([^([]*)[([].*/\1/; p' | tr ',' '\n' |
    sed -E 's/ *$//; s/.*[ *]//' | LC_ALL=C sort -u >"$work/declared"

{
    grep -v '^cn_' "$work/exported" | sed 's/$/: an exported name without cn_/' || true
    LC_ALL=C comm -23 "$work/exported" "$work/declared" | sed 's/$/: exported, not declared/'
    LC_ALL=C comm -13 "$work/exported" "$work/declared" | sed 's/$/: declared, not exported/'
} | verdict 'differences between headers and exports'
