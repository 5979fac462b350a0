#!/bin/sh
# One model for several instruction sets gives the same bytes, predictions and trained state: on
# this processor as far as it goes, and emulated. A processor that lacks the instructions is told
# so. Usage: levels.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

training=--train-step

# ask LEVEL COMPILER [EMULATOR...] - writes the answers of the level's export.
ask() {
    level=$1 compiler=$2
    shift 2
    make "$level" "$small" o $training --march "$level"
    build "$compiler" "$work/$level/answers" -static -O1 -I "$work/$level" "$here/answers.c" \
        "$work/$level/model.o"
    run "$@" "$work/$level/answers" "$work/$level/predictions" "$work/$level/state"
}

# agree LEVEL - with x86-64-v3.
agree() {
    same "$work/x86-64-v3/predictions" "$work/$1/predictions"
    same "$work/x86-64-v3/state" "$work/$1/state"
}

[ "$(uname -m)" = x86_64 ] || exit 77
grep -qw avx2 /proc/cpuinfo || exit 77
ask x86-64-v3 cc
[ -s "$work/x86-64-v3/state" ] || fail 'no state'
ask multi cc # v4 where the processor is
agree multi

if has qemu-aarch64-static && has aarch64-linux-gnu-gcc; then
    ask aarch64 aarch64-linux-gnu-gcc qemu-aarch64-static
    agree aarch64
fi

# Older processors: refused in words, or served by code that needs no more than they have.
if has qemu-x86_64-static; then
    old='qemu-x86_64-static -cpu Nehalem'
    for level in x86-64-v3 multi; do
        # shellcheck disable=SC2086 # words
        $old "$work/$level/answers" /dev/null /dev/null >"$work/said" 2>&1 &&
            fail "$level runs where it cannot"
        grep -q 'this processor cannot run code for .*x86-64-v3 (code -3)' "$work/said" ||
            fail "$level on Nehalem: $(cat "$work/said")"
    done
    training='' # x86-64-v2 has bits of its own: the same with and without FMA
    # shellcheck disable=SC2086 # words
    ask x86-64-v2 cc $old
    cp "$work/x86-64-v2/predictions" "$work/emulated"
    run "$work/x86-64-v2/answers" "$work/x86-64-v2/predictions" /dev/null
    same "$work/emulated" "$work/x86-64-v2/predictions"
    head -c "$(wc -c <"$work/emulated")" "$work/x86-64-v3/predictions" >"$work/before"
    close "$work/before" "$work/emulated"
fi
