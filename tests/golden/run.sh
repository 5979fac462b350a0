#!/bin/sh
# Runs golden files of passes through `cornu dump`: run.sh [--update] CORNU FILE...
#
#     # run: simplify,dce
#     # show: remarks                  (optional: remarks, kernels)
#     # Any other comment says what the case is about.
#     cornu-ir 1
#     func @f(%x: f32[B]) { ... }
#     # expect:
#     # cornu-ir 1
#     # func @f(%x: f32[B]) { ... }
#
# The graph is verified before and after every pass, and each pass must compute what its input
# computes (CORNU_VERIFY=exec). `show: remarks` adds the remarks of the passes, one a line; `show:
# kernels` shows the loops of each group in place of the graph. A failure shows as `error: ` and
# its message, so that what must fail can be expected too. --update writes what comes out into the
# files.
set -u
update=no
if [ "$1" = --update ]; then
    update=yes
    shift
fi
cornu=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CORNU_VERIFY=exec
unset CORNU_PASSES

# header FILE KEY - the rest of the line `# KEY: ...` before the graph.
header() {
    sed -n "/^cornu-ir/q; s/^# $2: *//p" "$1" | head -n 1
}

# dump FILE OPTION... - what stands there, or why nothing does.
dump() {
    file=$1
    shift
    if ! "$cornu" dump "$@" "$file" 2>"$work/message"; then
        sed "1s|^cornu dump: $file: |error: |" "$work/message"
    fi
}

show() {
    passes=$(header "$1" run)
    case $(header "$1" show) in
    *kernels*) dump "$1" --passes "$passes" --stage loops ;;
    *remarks*) dump "$1" --passes "$passes" && dump "$1" --passes "$passes" --stage remarks ;;
    *) dump "$1" ${passes:+--passes "$passes"} ;;
    esac
}

status=0
for file; do
    show "$file" >"$work/got"
    sed '1,/^# expect:$/d; s/^# //; s/^#$//' "$file" >"$work/expected"
    if cmp -s "$work/got" "$work/expected"; then
        continue
    elif [ $update = yes ]; then
        sed '/^# expect:$/,$d' "$file" >"$work/new"
        { echo '# expect:' && sed 's/^/# /; s/^# $/#/' "$work/got"; } >>"$work/new"
        cp "$work/new" "$file"
    else
        diff -u --label "$file: expected" --label "$file: got" "$work/expected" "$work/got"
        status=1
    fi
done
exit $status
