# shellcheck shell=sh
# What tests of verbs share, to be sourced after `cornu` is set: a folder of its own, and checks.
cornu=${cornu:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TMPDIR=$work/temporary # of the command; it must leave nothing there
export TMPDIR
mkdir "$TMPDIR"

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*"
    exit 1
}

# good ARGUMENT... - ends well; the output is in $work/out, messages are in $work/err.
good() {
    "$cornu" "$@" >"$work/out" 2>"$work/err" </dev/null ||
        fail "cornu $* exits with $?: $(cat "$work/err")"
}

# bad CODE TEXT ARGUMENT... - exits with CODE and says TEXT on stderr.
bad() {
    code=$1
    text=$2
    shift 2
    status=0
    "$cornu" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ "$status" -eq "$code" ] || fail "cornu $* exits with $status, not $code: $(cat "$work/err")"
    grep -Fq -e "$text" "$work/err" || fail "cornu $* does not say \"$text\": $(cat "$work/err")"
}

# says PATTERN - of the last output.
says() {
    grep -Eq -e "$1" "$work/out" || fail "no line matches $1: $(cat "$work/out")"
}

# documented - the keys of each document in the last output are in the list of its schema.
documented() {
    jq -r '.schema as $s | keys[] | select(. != "schema") | $s + " " + .' "$work/out" | sort -u |
        while read -r schema key; do
            "$cornu" help --schemas | awk -v schema="$schema" -v key="$key" '
                /^cornu/ { here = $1 == schema }
                here && !/^cornu/ { gsub(/[,;]/, " "); words = words " " $0 " " }
                END { exit !index(words, " " key " ") }' || fail "$key of $schema is not documented"
        done || exit 1
}

# holds FILTER - of each JSON document in the last output.
holds() {
    documented
    jq -es "length > 0 and all(.[]; $1)" "$work/out" >/dev/null ||
        fail "not so: $1: $(cat "$work/out")"
}

# write_data FOLDER - x.idx: 8 samples of 3 floats, y.idx: 8 labels of two classes.
write_data() {
    {
        printf '\000\000\015\002\000\000\000\010\000\000\000\003' # f32 [8, 3]
        for bit in 0 0 0  0 0 1  0 1 0  0 1 1  1 0 0  1 0 1  1 1 0  1 1 1; do
            if [ $bit = 1 ]; then printf '\077\200\000\000'; else printf '\000\000\000\000'; fi
        done
    } >"$1/x.idx"
    printf '\000\000\010\001\000\000\000\010\000\000\000\000\001\001\001\001' >"$1/y.idx"
}
