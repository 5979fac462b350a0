#!/bin/sh
# main.c by the line in its first comment: as a shared object, an object and a library, weights
# inside and in a file; all print the same. Usage: program.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

# the_line COMPILER FOLDER - runs what main.c says, by that compiler, and prints what main prints.
the_line() {
    line=$(sed -n 's/^ \* *cc //p' "$work/$2/main.c")
    [ -n "$line" ] || fail "main.c in $2 does not say how it is compiled"
    program=${line##* }
    # shellcheck disable=SC2086 # options
    (cd "$work/$2" && "$1" $warnings $line) >"$work/log" 2>&1 || fail "$1 $line: $(cat "$work/log")"
    (cd "$work/$2" && "./$program") >"$work/$2/said" 2>&1 || fail "$2: $(cat "$work/$2/said")"
}

printf 'shirt\nshoe\n"hat" \\ \303\244\n' >"$work/classes"
for ending in so o a; do
    make "$ending" "$small" "$ending" --classes "$work/classes"
    the_line cc "$ending"
    same "$work/so/said" "$work/$ending/said"
done
grep -qE '^kind: (0\.[0-9]+ ){2}0\.[0-9]+$' "$work/so/said" || fail "it said $(cat "$work/so/said")"
grep -qE 'shirt|shoe|"hat" \\ ä' "$work/so/said" || fail 'it names no class'

make file "$small" a --classes "$work/classes" --keep-weights file
for compiler in $(compilers); do
    the_line "$compiler" file
    same "$work/so/said" "$work/file/said"
    the_line "$compiler" so
    same "$work/o/said" "$work/so/said"
done
# The line holds for any name of the file.
mkdir "$work/odd"
"$cornu" compile "$small" -o "$work/odd/it's my 'model'.so" --prefix model --classes "$work/classes" \
    --quiet 2>"$work/log" || fail "an odd name: $(cat "$work/log")"
(cd "$work/odd" && eval "cc $warnings $(sed -n 's/^ \* *cc //p' main.c)" && ./model_main) \
    >"$work/odd/said" 2>&1 || fail "an odd name: $(cat "$work/odd/said")"
same "$work/so/said" "$work/odd/said"

rm "$work/file/model.safetensors"
(cd "$work/file" && "./$program") >"$work/log" 2>&1 && fail 'it runs without its weights'
grep -q 'model.safetensors' "$work/log" || fail "without weights it says $(cat "$work/log")"
