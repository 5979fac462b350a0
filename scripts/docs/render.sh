#!/bin/sh
# Prints a document with its generated parts made anew.
# Usage: render.sh DOCUMENT BUILD_FOLDER WORK_FOLDER   (from the root of the sources)
#
# A comment of its own before a block says where the block comes from; the rest of the document
# is copied. WORK_FOLDER keeps what several blocks need, across documents too.
#
#     <!-- block: text PATH -->                    a file of the project
#     <!-- block: text PATH 'FROM' 'TO' ... -->    its lines from one that matches FROM to the next
#                                                  that matches TO, for each pair
#     <!-- block: cut FILE 'FROM' 'TO' ... -->     the same of a file the tour's program dumped
#     <!-- block: run NAME -->                     the last line a program of the document prints
#     <!-- block: moved NAME 'LINE' 'BEFORE' -->   what a program prints when one line of it stands
#                                                  before another
#     <!-- block: support -->  <!-- block: ops -->  <!-- block: keras layers -->
#     <!-- block: keras ops -->                    tables; such a block ends at <!-- end -->
#     <!-- save: NAME -->                          names the program that follows
set -eu
document=$1 build=$(cd "$2" && pwd) work=$3
root=$PWD
CORNU_CACHE_DIR=$work/cache
export CORNU_CACHE_DIR
mkdir -p "$work"
[ -e "$work/include" ] || ln -s "$root/include" "$work/include"
[ -e "$work/build" ] || ln -s "$build" "$work/build"

die() {
    echo "$document: $*" >&2
    exit 1
}

# text PATH [FROM TO]... - parts that do not follow each other are separated by a line "...".
text() {
    path=$1
    shift
    [ -f "$path" ] || die "there is no $path"
    if [ $# -eq 0 ]; then
        cat "$path"
        return
    fi
    first=yes
    while [ $# -ge 2 ]; do
        [ $first = yes ] || echo ...
        first=no
        FROM=$1 TO=$2 awk '
            !open && !done && $0 ~ ENVIRON["FROM"] { open = 1 }
            open { print; if ($0 ~ ENVIRON["TO"]) { open = 0; done = 1 } }
            END { exit !done }' "$path" || die "$path has no lines from '$1' to '$2'"
        shift 2
    done
}

dump() {
    [ -d "$work/dump" ] || (cd "$work" && CORNU_ISA=x86-64-v3 CORNU_DUMP=dump build/docs/tour >tour.out)
}

cut() {
    dump
    file=$1
    shift
    text "$work/dump/$file" "$@"
}

# build_program NAME - with the command that the README gives to users.
build_program() {
    command=$(sed -n 's/^\(cc mine\.c .* -o mine\) .*/\1/p' "$root/README.md")
    [ -n "$command" ] || die "the README has no command that compiles mine.c"
    printf '%s\n' "$command" | sed "s/mine/$1/g" >"$work/command.sh"
    (cd "$work" && sh ./command.sh) || die "$1.c cannot be compiled"
}

run() {
    build_program "$1"
    (cd "$work" && "./$1") >"$work/$1.out" 2>&1 || die "$1.c fails: $(cat "$work/$1.out")"
    tail -n 1 "$work/$1.out"
}

moved() {
    mkdir -p "$work/moved"
    LINE=$2 BEFORE=$3 awk '
        NR == FNR { if (index($0, ENVIRON["LINE"])) line = $0; next }
        $0 == line { next }
        index($0, ENVIRON["BEFORE"]) && line != "" { print line }
        { print }' "$work/$1.c" "$work/$1.c" >"$work/moved.c"
    mv "$work/$1.c" "$work/moved/kept.c" && mv "$work/moved.c" "$work/$1.c"
    build_program "$1"
    (cd "$work" && "./$1") 2>&1 || :
    mv "$work/moved/kept.c" "$work/$1.c"
}

support() {
    sh "$root/scripts/docs/support.sh" "$root"
}

ops() {
    "$build/tests/docs/registry" ops
}

keras() {
    sh "$root/scripts/docs/keras.sh" "$1" "$root" "$build"
}

# block COMMAND - in place of the block that follows.
block() {
    IFS= read -r line || die 'ends where a block was to come'
    end='<!-- end -->'
    case $line in
    '```'*)
        printf '%s\n' "$line"
        end='```' line=
        ;;
    esac
    while [ "$line" != "$end" ]; do
        IFS= read -r line || die 'ends within a block'
    done
    (eval "$1") </dev/null || exit 1
    printf '%s\n' "$end"
}

# save NAME - copies the block that follows, into a file too.
save() {
    IFS= read -r line
    printf '%s\n' "$line"
    : >"$work/$1"
    while IFS= read -r line && [ "$line" != '```' ]; do
        printf '%s\n' "$line"
        printf '%s\n' "$line" >>"$work/$1"
    done
    printf '%s\n' "$line"
}

while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    '<!-- block: '*' -->')
        command=${line#<!-- block: }
        block "${command% -->}"
        ;;
    '<!-- save: '*' -->')
        name=${line#<!-- save: }
        save "${name% -->}"
        ;;
    esac
done <"$document"
