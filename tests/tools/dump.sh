#!/bin/sh
# Every stage of `cornu dump`, of models and of graphs; that its output reads back the same; what
# it refuses, by which exit code. Usage: dump.sh CORNU MODEL.c
set -eu
cornu=$1
model=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CORNU_PASSES CORNU_VERIFY CORNU_DUMP

fail() {
    echo "dump: $*"
    exit 1
}

# has WORDS OPTION... - what is dumped contains them.
has() {
    words=$1
    shift
    "$cornu" dump "$@" >"$work/out" || fail "$*: exit code $?"
    grep -qF -- "$words" "$work/out" || fail "$* lacks '$words'"
}

# refused CODE WORDS OPTION... - ends so, with such a message, and writes nothing.
refused() {
    code=$1 words=$2 status=0
    shift 2
    "$cornu" dump "$@" >"$work/out" 2>"$work/words" </dev/null || status=$?
    [ "$status" -eq "$code" ] || fail "$*: exit code $status, not $code: $(cat "$work/words")"
    grep -qF -- "$words" "$work/words" || fail "$*: no '$words' in: $(cat "$work/words")"
    [ ! -s "$work/out" ] || fail "$*: writes in spite of it"
}

# Graphs of all programs, before and after passes, read back as themselves.
for program in train evaluate predict; do
    for after in frontend fuse; do
        "$cornu" dump "$model" --program $program --after $after >"$work/once.cnir" ||
            fail "$program after $after fails"
        "$cornu" dump "$work/once.cnir" | cmp - "$work/once.cnir" || fail "$program $after differs"
        "$cornu" dump - <"$work/once.cnir" | cmp - "$work/once.cnir" || fail 'stdin differs'
    done
done

# The other stages, of a model and of its graph, which needs no C compiler.
has ' = group ' "$model"
"$cornu" dump "$model" --after frontend >"$work/start.cnir"
has 'stays apart' "$work/start.cnir" --stage remarks
has 'autodiff' "$work/start.cnir" --stage timings
has 'memory for a batch of 32' "$model" --stage memory
has 'kernel @conv_' "$work/start.cnir" --stage loops
has 'typedef long long i64;' "$work/start.cnir" --stage c
has 'HIDDEN void k_conv_' "$work/start.cnir" --format c
has 'conv2d_1' "$model" --stage launches
has 'digraph "predict"' "$work/start.cnir" --format dot
has '</svg>' "$work/start.cnir" --format svg
for stage in graph remarks timings memory loops c launches; do
    "$cornu" dump "$work/start.cnir" --stage $stage --json >"$work/json"
    jq -e ".schema == \"cornu.dump/1\" and .stage == \"$stage\"" "$work/json" >/dev/null ||
        fail "$stage as JSON"
done

# Settings of a model that was not compiled.
has 'target_0: i32[B]' "$model" -p train --after frontend --loss sparse_categorical_crossentropy
has '"sgd/learning_rate"' "$model" -p train --optimizer sgd

# Graphs go on from where they stand.
"$cornu" dump "$model" --stage c >"$work/c"
"$cornu" dump "$work/start.cnir" --stage c | cmp - "$work/c" || fail 'C of the graph differs'
"$cornu" dump "$work/start.cnir" --passes simplify,composites,fuse --after simplify >"$work/some"
grep -q ' = composite ' "$work/some" || fail '--after ignores the order of --passes'

# The C is whole: the C compiler takes it.
cc -std=gnu11 -O0 -march=x86-64-v4 -w -fsyntax-only -x c "$work/c" || fail 'the C does not compile'

# Lists.
[ "$("$cornu" dump --list-passes | awk 'NR == 1 { print $2 }')" = pin ] || fail '--list-passes'
"$cornu" dump --ops --json | jq -e '.ops | map(select(.name == "reduce")) | .[0].attributes[0] |
    .name == "kind" and .choices[0] == "sum"' >/dev/null || fail '--ops'

# Mistakes.
refused 2 'is missing'
refused 2 '--stage wants one of' "$model" --stage asm
refused 2 'no pass is called "fuze"' "$work/start.cnir" --passes cse,fuze
refused 2 '--passes is only for *.cnir or -' "$model" --passes cse
refused 2 "--program has no effect on $work/start.cnir" "$work/start.cnir" --program train
refused 2 '--weights has no effect on' "$work/start.cnir" -w w.safetensors
refused 2 '--loss is only for --program train or evaluate' "$model" --loss huber
refused 2 '--json has no effect with --format' "$model" --json --format dot
refused 2 '--list-passes has no effect on -' - --list-passes
refused 2 '--stage has no effect with --ops' --ops --stage c
refused 2 'no pass that runs is called "fusion"' "$model" --after fusion
refused 2 'is written as text or json' "$model" --stage memory --format svg
refused 3 'cannot read nowhere.cnir' nowhere.cnir
refused 3 "expected 'cornu-ir', found the end" -
refused 4 'has no stage "loops"' "$model" --stage loops --backend ref
status=0
"$cornu" dump "$model" >/dev/full 2>"$work/words" || status=$?
[ "$status" -eq 1 ] || fail "a full disk ends with $status"
