#!/bin/sh
# Portable exports: C99 that compiles without a warning, and without vectors, attributes or builtins
# of gcc and clang: by tcc, which has none. All compilers' programs print the same.
# Usage: portable.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

make small "$small" so --portable --keep-weights file
cd "$work/small"
cc main.c ./model.so -o whole
./whole >expected
grep -q '[0-9]' expected || fail "main.c prints no numbers"
for compiler in $(compilers); do
    build "$compiler" model.o -std=c99 -ffp-contract=off -fno-math-errno -c model.c
    build "$compiler" "by_$compiler" -std=c99 main.c model.o -lm
    "./by_$compiler" >said || fail "the program of $compiler fails: $(cat said)"
    same said expected
done
if has tcc; then
    tcc -std=c99 -Wall -Werror -c model.c -o tcc.o 2>log || fail "tcc: $(cat log)"
    tcc -std=c99 -Wall main.c tcc.o -lm -o by_tcc 2>log || fail "tcc: $(cat log)"
    ./by_tcc >said || fail "the program of tcc fails: $(cat said)"
    same said expected
fi

status=0
"$cornu" compile "$small" -o inside.so --portable --keep-weights inside 2>log || status=$?
[ "$status" -eq 2 ] || fail "weights inside portable C: exit $status"
grep -q 'portable C holds no weights' log || fail "weights inside portable C: $(cat log)"
