#!/bin/sh
# Makes the generated parts of the documents anew, or with --check says which are out of date.
# Usage: scripts/docs/update.sh [--check] BUILD_FOLDER [DOCUMENT...]
set -eu
check=no
if [ "${1-}" = --check ]; then
    check=yes
    shift
fi
if [ $# -eq 0 ]; then
    echo 'usage: scripts/docs/update.sh [--check] BUILD_FOLDER [DOCUMENT...]' >&2
    exit 2
fi
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- README.md docs/*.md

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Times are never twice the same, and who compiles depends on the machine.
mask() {
    sed -E -e 's/ *[0-9]+(\.[0-9]+)? ?(us|ms|s|h)\b/ # \2/g' -e 's/ in # ms by [^,]*,/ in # ms,/' "$1"
}

status=0
for document; do
    sh scripts/docs/render.sh "$document" "$build" "$work/shared" >"$work/rendered"
    if [ $check = no ]; then
        cp "$work/rendered" "$document"
        continue
    fi
    mask "$document" >"$work/before"
    mask "$work/rendered" >"$work/after"
    if ! cmp -s "$work/before" "$work/after"; then
        echo "$document is out of date (scripts/docs/update.sh BUILD_FOLDER):"
        diff "$work/before" "$work/after" || :
        status=1
    fi
done
exit $status
