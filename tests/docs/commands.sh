#!/bin/sh
# Every command in a block "sh" of the documents is executed, or its program is at least there:
# those that build and test everything are running now.
# Usage: commands.sh SOURCE_FOLDER BUILD_FOLDER
set -eu
root=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cd "$root"
. tests/structure/common.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Below the copy of the root stands this build under the name that the documents give it.
for entry in * .ci; do
    case $entry in build*) ;; *) ln -s "$root/$entry" "$work/$entry" ;; esac
done
ln -s "$build" "$work/build"

# Programs that the documents print, under the names they give them.
awk -v folder="$work/" '
    /^<!-- save: / { name = $3; next }
    /^```/ { open = name != "" && !open; if (!open) name = ""; next }
    open { print > (folder name) }' README.md docs/*.md

# shellcheck disable=SC2016 # the backquotes are those of Markdown
for document in README.md docs/*.md; do
    awk '/^```sh$/ { open = 1; next } /^```$/ { open = 0 } open' "$document"
done | sed 's/  *#.*//' | grep . >"$work/commands"

while read -r command; do
    case $command in
    ./quickstart* | ./check* | scripts/docs/update.sh*)
        program=${command%% *}
        [ -x "$program" ] || echo "$command: no such program"
        ;;
    *)
        (cd "$work" && sh -c "$command") >"$work/output" 2>&1 </dev/null ||
            echo "$command: fails: $(tail -n 5 "$work/output")"
        ;;
    esac
done <"$work/commands" | verdict 'commands that fail'
