#!/bin/sh
# The table, the JSON and the trace of `cornu bench`, for both programs.
# Usage: bench.sh CORNU MODEL.c
set -eu
cornu=$1
model=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "bench: $*"
    exit 1
}

"$cornu" bench "$model" --batch 2 --repeats 3 --trace "$work/trace.json" >"$work/table" ||
    fail "the table failed"
grep -q '^convnet, predict, batch 2' "$work/table" || fail "no heading"
grep -Eq '^ +[0-9.]+ +[0-9.]+% .*(compute|memory) +k_conv.* conv2d' "$work/table" ||
    fail "no row of conv2d: $(cat "$work/table")"
grep -q ' a run; ' "$work/table" || fail "no total"
# Shares are of the sum of the parts, of which only the time between kernels is not in the table.
grep -E '(compute|memory) ' "$work/table" | awk '{ gsub("%", "", $2); sum += $2 }
    END { exit !(sum > 50 && sum <= 101) }' || fail "shares: $(cat "$work/table")"
# Longest first.
grep -E '(compute|memory) ' "$work/table" | awk '{ print $1 }' | sort -rnc || fail "not sorted"

# A trace has a row of complete events for each run; it is one JSON object.
jq -e '[.traceEvents[] | select(.ph == "X") | .tid] | unique == [1, 2, 3]' "$work/trace.json" \
    >/dev/null || fail "the trace has not three runs"
jq -e 'all(.traceEvents[] | select(.ph == "X"); .dur > 0 and .ts >= 0 and (.name | length) > 0)' \
    "$work/trace.json" >/dev/null || fail "an event of the trace is incomplete"

"$cornu" bench "$model" --program train --batch 2 --repeats 2 --json >"$work/train.json" ||
    fail "the training step failed"
jq -e '.schema == "cornu.bench/1" and .program == "train" and .batch_size == 2 and
       (.launches | length) > 5 and (.launches[0] | has("source") | not)' "$work/train.json" \
    >/dev/null || fail "the JSON lacks what it promises"

status=0
"$cornu" bench "$model" --repeats 0 2>"$work/words" || status=$?
[ "$status" -eq 2 ] || fail "--repeats 0 exits with $status"
status=0
"$cornu" bench "$model" --batch 1 --repeats 1 --trace /nowhere/trace.json 2>"$work/words" ||
    status=$?
[ "$status" -eq 1 ] || fail "an unwritable trace exits with $status"
grep -q 'cannot write /nowhere/trace.json' "$work/words" || fail "an unwritable trace is not named"
status=0
"$cornu" bench "$model" --backend ref 2>"$work/words" || status=$?
[ "$status" -eq 4 ] || fail "the backend ref exits with $status"
