#!/bin/sh
# Manual pages (section 3) of the public headers: one page per header, of its comments and
# declarations, and for each function, short form and type a page that leads there.
# Usage: man3.sh INCLUDE_FOLDER OUTPUT_FOLDER VERSION
set -eu
here=$(cd "$(dirname "$0")" && pwd)
include=$1
out=$2
rm -rf "$out"
mkdir -p "$out"

others=
for header in "$include"/cornu/*.h "$include/cornu.h"; do
    name=$(basename "$header" .h)
    case $header in
    "$include"/cornu/*) page=cornu-$name path=cornu/$name.h ;;
    *) page=cornu path=cornu.h ;;
    esac
    awk -v page="$page" -v path="$path" -v version="$3" -v links="$out/.links" \
        -v others="$others" -f "$here/man3.awk" "$header" >"$out/$page.3"
    others="$others $page"
done
while read -r name page; do
    [ -f "$out/$name.3" ] || echo ".so man3/$page.3" >"$out/$name.3"
done <"$out/.links"
rm "$out/.links"
