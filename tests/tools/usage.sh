#!/bin/sh
# What every verb owes: help that names each option, pages made of the same rows, and for every
# mistake on the command line exit code 2 with a line that names it.
# Usage: usage.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
model=$2/tests/tools/tiny_model.c

good --version
says '^cornu [0-9]+\.[0-9]+\.[0-9]+$'
good --help
says '^verbs:$'
verbs=$(sed -n '/^verbs:$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' "$work/out")
[ "$(echo "$verbs" | wc -w)" -ge 10 ] || fail "verbs are missing: $verbs"
good help --man
mv "$work/out" "$work/man"
good help --bash
mv "$work/out" "$work/completion"

# Everything in a verb's help stands in the man page and in the completion.
for verb in $verbs; do
    good "$verb" --help
    says "^usage: cornu $verb "
    says '^  -h, --help '
    sed -n 's/^  -\(.\), --\([a-z-]*\).*/\1 \2/p' "$work/out" >>"$work/letters"
    [ "$verb" = help ] || grep -q '^examples:$' "$work/out" || fail "$verb has no examples"
    cp "$work/out" "$work/help"
    good help "$verb"
    cmp -s "$work/help" "$work/out" || fail "help $verb is not $verb --help"
    grep -q "^\\.SS $verb\$" "$work/man" || fail "the man page lacks $verb"
    grep -oE '^ +(-., )?--[a-z-]+' "$work/help" | grep -oE '\-\-[a-z-]+' | while read -r option; do
        roff=$(printf '%s' "${option#--}" | sed 's/-/\\\\-/g')
        grep -Eq "\\\\fB$roff\\\\fR" "$work/man" || fail "the man page lacks $verb $option"
        grep -Eq "options='.*$option" "$work/completion" || fail "nothing completes $option"
    done
    bad 2 'unknown option --no-such' "$verb" --no-such
done
# A letter stands for the same name everywhere.
twice=$(sort -u "$work/letters" | cut -c1 | uniq -d)
[ -z "$twice" ] || fail "letters with several meanings: $twice"

for code in 0 1 2 3 4 5 6 130; do
    grep -q "^.fB$code.fR\$" "$work/man" || fail "the man page lacks exit code $code"
done
if command -v mandoc >/dev/null; then
    mandoc -Tlint -W error "$work/man" >"$work/out" 2>&1 || fail "mandoc: $(cat "$work/out")"
fi
if command -v groff >/dev/null; then
    groff -man -ww -Tutf8 "$work/man" >"$work/out" 2>"$work/err"
    [ ! -s "$work/err" ] || fail "groff: $(cat "$work/err")"
fi

# offered WORD... - what bash offers for the last one.
offered() {
    bash -c '. "$0"; COMP_WORDS=(cornu "$@"); COMP_CWORD=$#; _cornu; echo "${COMPREPLY[@]}"' \
        "$work/completion" "$@" >"$work/out" || fail 'the completion does not run'
}
if command -v bash >/dev/null; then
    offered su
    says '^summary$'
    offered train --opt
    says '^--optimizer$'
    offered train --optimizer ad
    says '^adam adamw$'
    offered cache cl
    says '^clear$'
fi

bad 2 'usage: cornu VERB'
bad 2 'unknown verb "summry"; did you mean summary?' summry
bad 2 'unknown verb "frobnicate"; cornu --help lists them' frobnicate
bad 2 'unknown option --epoch; did you mean --epochs?' train --epoch 3
bad 2 'unknown option -Z' train -Z
bad 2 'an argument is missing: MODEL' summary
bad 2 'usage: cornu summary [OPTION...] MODEL' summary
bad 2 '"b" is one argument too many' summary a b
bad 2 '--seed wants a value: --seed N' train --seed
bad 2 '--seed wants a whole number, got "x"' predict "$model" --seed x
bad 2 '--seed wants a whole number, got ""' predict "$model" --seed=
bad 2 '--learning-rate wants a number, got "fast"' train --learning-rate fast
bad 2 '--learning-rate wants a number, got "inf"' train -rinf
bad 2 '--backend wants one of cpu|ref, got "gpu"' predict "$model" --backend=gpu
bad 2 '--weights wants FILE, got nothing' summary "$model" --weights ''
bad 2 '--seed is given twice' train --seed 1 --seed 2
bad 2 '--json takes no value' summary --json=yes
bad 2 'there is no verb "no"' help no
bad 3 'cannot read --json' summary -- --json
bad 2 '--threads wants 0 to 1024' predict "$model" --data x --threads -1

# What is needed stands in the usage line, and is missed.
good train --help
says '^usage: cornu train --data PATH '
good verify --help
says '^usage: cornu verify \(--reference FILE\|--gradients\) '
bad 2 '--output FILE is missing' compile "$model"
bad 2 'one of these is needed, and no more: (--reference FILE|--gradients)' verify "$model"
bad 2 'one of these is needed' verify "$model" --gradients --reference x.npz

# What would change nothing is refused.
bad 2 '--loss is only for --program train' bench "$model" --loss huber
bad 2 '--loss is only for --program train' explain "$model" --loss huber --program predict
bad 2 '--sort has no effect with --json' bench "$model" --json --sort time
bad 2 'unknown option --json' help --json
bad 2 '--man has no effect on train' help train --man
bad 2 '--count is only for head' data info x --count 2
bad 2 '--quiet is only for clear' cache ls -q
bad 2 '--loss is only for --train-step' compile "$model" -o x.so --loss huber
bad 2 '--rescale is only for --input-dtype u8 or i32' compile "$model" -o x.so --rescale 2
bad 2 '--march has no effect with --portable' compile "$model" -o x.so --portable --march multi

# Variables that nothing reads, and words that nobody knows.
(
    CORNU_DMUP=x CORNU_FROBNICATE=y
    export CORNU_DMUP CORNU_FROBNICATE
    good summary "$model"
    grep -q 'warning: nothing reads CORNU_DMUP; did you mean CORNU_DUMP?$' "$work/err" ||
        fail "no warning of CORNU_DMUP: $(cat "$work/err")"
    grep -q 'warning: nothing reads CORNU_FROBNICATE$' "$work/err" || fail 'no second warning'
    [ "$(wc -l <"$work/err")" -eq 2 ] || fail "warnings: $(cat "$work/err")"
    good summary "$model" --quiet
    [ ! -s "$work/err" ] || fail 'a warning in spite of --quiet'
)
(
    CORNU_VERIFY=maybe
    export CORNU_VERIFY
    bad 2 'CORNU_VERIFY: "maybe" is not off, on or exec' dump "$model" --backend ref
)
(
    CORNU_PASSES=-fuze
    export CORNU_PASSES
    bad 2 'CORNU_PASSES: "-fuze" is not "-" and the name of a pass' dump "$model" --backend ref
)

# A result that could not be written is no success.
if [ -w /dev/full ]; then
    status=0
    "$cornu" --help >/dev/full 2>"$work/err" || status=$?
    [ "$status" -eq 1 ] || fail "a full disk exits with $status"
fi
