# shellcheck shell=sh
# What the tests of artefacts share; to be sourced by TOPIC.sh CORNU PROJECT. Every export lies in
# a folder of its own below $work and has the prefix "model", so that the programs here fit all.
# shellcheck disable=SC2034 # variables are the topics'
set -eu
cornu=$1
project=$2
here=$project/tests/artifacts
small=$here/small_model.c
topic=$(basename "$0" .sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings='-Wall -Wextra -pedantic -Werror'

fail() {
    printf '%s: %s\n' "$topic" "$*"
    exit 1
}

has() {
    command -v "$1" >/dev/null
}

# make FOLDER MODEL ENDING OPTION... - exports the model as FOLDER/model.ENDING.
make() {
    into=$work/$1 model=$2 ending=$3
    shift 3
    mkdir -p "$into"
    "$cornu" compile "$model" --output "$into/model.$ending" --quiet "$@" >"$work/log" 2>&1 ||
        fail "compile $model $*: $(cat "$work/log")"
}

# The C compilers here.
compilers() {
    if has gcc; then echo gcc; fi
    if has clang-19; then echo clang-19; elif has clang; then echo clang; fi
}

# stated_flags SOURCE - those that its first comment tells to compile it with.
stated_flags() {
    sed -n '/^ \* *cc .* -c /{s/^ \* *cc \(.*\) -c .*/\1/p;q;}' "$1"
}

# build COMPILER OUTPUT ARGUMENT... - without a word, or the test fails.
build() {
    by=$1 output=$2
    shift 2
    # shellcheck disable=SC2086 # options
    "$by" $warnings "$@" -o "$output" >"$work/log" 2>&1 || fail "$by $*: $(cat "$work/log")"
}

# run PROGRAM ARGUMENT... - it must end well.
run() {
    "$@" >"$work/said" 2>&1 || fail "$*: $? $(cat "$work/said")"
}

# same FILE FILE - byte for byte.
same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

# close FILE FILE - files of f32, equal within 1e-5, relative to 1 for smaller values.
close() {
    od -An -v -w4 -t f4 "$1" >"$work/first"
    od -An -v -w4 -t f4 "$2" >"$work/second"
    [ -s "$work/first" ] || fail "$1 is empty"
    paste "$work/first" "$work/second" | awk '
        function size(x) { return x < 0 ? -x : x }
        NF != 2 || $1 $2 ~ /n/ { print "value " NR ": " $0; bad = 1; exit }
        size($1 - $2) > 1e-5 * (size($1) > 1 ? size($1) : 1) {
            print "value " NR ": " $1 " and " $2; bad = 1; exit
        }
        END { exit bad }' >"$work/differs" || fail "$1 and $2: $(cat "$work/differs")"
}
