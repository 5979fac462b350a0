#!/bin/sh
# Runs an example as a user does and judges what it prints, not only that it ends well.
#
#   example.sh [CHECK]... PROGRAM [ARGUMENT]...
#   --over TEXT N, --under TEXT N  the last number behind TEXT is greater, or less, than N
#   --line PATTERN                 a line of the output matches the extended regular expression
#   --equal TEXT OPTIONS           what follows TEXT is the same in a run with OPTIONS added
#   --near TEXT SLACK OPTIONS      the last number behind TEXT is, but for SLACK
#
# Later options take precedence in the examples, so OPTIONS may replace an argument.
set -eu

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# run FILE COMMAND... - the output, a line for each state of a progress bar.
run() {
    file=$1
    shift
    "$@" >"$file.raw" 2>&1 </dev/null || { cat "$file.raw" >&2; fail "$* failed"; }
    tr '\r' '\n' <"$file.raw" >"$file"
}

# behind TEXT FILE - the word that follows TEXT where it stands last.
behind() {
    TEXT=$1 awk '{ at = index($0, ENVIRON["TEXT"])
                   if (at) { split(substr($0, at + length(ENVIRON["TEXT"])), words, /[ ,]+/)
                             found = words[1] == "" ? words[2] : words[1] } }
                 END { print found }' "$2"
}

# holds CONDITION X Y [SLACK] - of numbers, of which none may be missing or NaN.
holds() {
    for number in "$2" "$3"; do
        printf '%s\n' "$number" | grep -Eq '^[-+]?[0-9.]+(e[-+]?[0-9]+)?$' || return 1
    done
    awk -v x="$2" -v y="$3" -v slack="${4:-0}" "BEGIN { exit !($1) }"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
checks=$folder/checks
: >"$checks"
while [ $# -gt 0 ]; do
    case $1 in
    --line) printf '%s\t%s\n' "$1" "$2" >>"$checks"; shift 2 ;;
    --over | --under | --equal) printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$checks"; shift 3 ;;
    --near) printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$checks"; shift 4 ;;
    *) break ;;
    esac
done
run "$folder/first" "$@"
cat "$folder/first.raw"
tab=$(printf '\t')
while IFS=$tab read -r check text limit options; do
    found=$(behind "$text" "$folder/first")
    case $check in
    --line) grep -Eq -e "$text" "$folder/first" || fail "no line matches $text" ;;
    --over) holds 'x > y' "$found" "$limit" || fail "$text $found, not over $limit" ;;
    --under) holds 'x < y' "$found" "$limit" || fail "$text $found, not under $limit" ;;
    --equal)
        # shellcheck disable=SC2086 # words
        run "$folder/other" "$@" $limit
        other=$(behind "$text" "$folder/other")
        [ -n "$found" ] && [ "$found" = "$other" ] || fail "$text $found, with $limit $other"
        ;;
    --near)
        # shellcheck disable=SC2086 # words
        run "$folder/other" "$@" $options
        other=$(behind "$text" "$folder/other")
        holds 'x - y <= slack && y - x <= slack' "$found" "$other" "$limit" ||
            fail "$text $found, with $options $other"
        ;;
    esac
done <"$checks"
