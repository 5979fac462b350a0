#!/bin/sh
# cornu verify on real Keras' arrays: passes where the model is right, and else names the layer,
# the cause and exits with 5.
# Usage: verify.sh COMMAND SOURCE_FOLDER
set -eu
cornu=$1
here=$2/tests/tools
keras=$2/tests/golden/keras
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf '%s\n' "$*" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

# verify CODE MODEL OPTION... - runs it; its exit code must be CODE.
verify() {
    want=$1
    shift
    code=0
    "$cornu" verify "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" -eq "$want" ] || fail "verify $*: exit code $code, not $want"
}

# says WORDS - on stdout.
says() {
    grep -qF -- "$1" "$work/out" || fail "not said: $1"
}

with="--weights $keras/verify.safetensors --reference $keras/verify.npz"

# shellcheck disable=SC2086 # options without spaces
{
    verify 0 "$here/verify_model.c" $with
    says 'Every layer in the reference agrees'
    [ ! -s "$work/err" ] || fail 'something on stderr'
    verify 0 "$here/verify_model.c" $with --backend ref --json
    says '"schema": "cornu.verify/1"'
    says '"first": null'

    # wrong MACRO VALUE LAYER CAUSE
    wrong() {
        { printf '#define %s %s\n' "$1" "$2"; cat "$here/verify_model.c"; } >"$work/model.c"
        verify 5 "$work/model.c" $with
        says "\"$3\" is the first layer that departs"
        says "Likely cause: $4"
    }
    wrong PADDING CN_SAME conv_2 '.padding is valid in the reference, same here'
    wrong ACTIVATION NULL hidden '.activation is relu in the reference, linear here'
    wrong EPSILON 1e-5 norm '.epsilon is 0.001 in the reference, 1e-05 here'

    verify 5 "$here/verify_model.c" --reference "$keras/verify.npz" --json
    says '"first": "conv"'
    says "conv/kernel\\\" differs from the reference's"
}

verify 0 "$here/verify_model.c" --gradients
says 'The gradient of every weight agrees'
verify 5 "$here/verify_model.c" --gradients --tolerance 1e-14 --json
says '"agrees": false'

verify 2 "$here/verify_model.c"
verify 2 "$here/verify_model.c" --reference x.npz --tolerance 0
verify 3 "$here/verify_model.c" --reference "$keras/verify.safetensors"
verify 3 "$here/verify_model.c" --reference "$work/none.npz"
echo 'cornu verify: as expected'
