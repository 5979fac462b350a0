#!/bin/sh
# libcornu.so exports what the public headers declare with CN_API, all of it and nothing else.
# Usage: exports.sh SOURCE_FOLDER LIBRARY
set -eu
cd "$1"
. tests/structure/common.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -D --defined-only "$2" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort -u >"$work/exported"
# The name of a declaration is the last word before its first "(", or before ";" for data.
sources include | xargs cat /dev/null | grep -v '^ *#' | tr '\n' ' ' | tr ';' '\n' |
    sed -nE 's/.*CN_API +//; t name; d; :name
             s/^(CN_[A-Z_]+(\([^)]*\))? +)+//; s/^([^([]*)[([].*/\1/; s/.*[ *]//; p' |
    LC_ALL=C sort -u >"$work/declared"

{
    grep -v '^cn_' "$work/exported" | sed 's/$/: an exported name without cn_/' || true
    LC_ALL=C comm -23 "$work/exported" "$work/declared" | sed 's/$/: exported, not declared/'
    LC_ALL=C comm -13 "$work/exported" "$work/declared" | sed 's/$/: declared, not exported/'
} | verdict 'differences between headers and exports'
