#!/bin/sh
# What an export needs and shows, by the tables in its objects: nothing undefined but four functions
# of libc, nothing that could be written to, no name without the prefix. Usage:
# symbols.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

# judge FILE NM_OPTION...
judge() {
    file=$1
    shift
    nm "$@" --undefined-only "$file" | awk 'NF == 2 { print $2 }' |
        grep -vxE 'memcpy|memset|memmove|memcmp' >"$work/wrong" &&
        fail "$file needs $(cat "$work/wrong")"
    nm "$@" --defined-only --extern-only "$file" | awk 'NF == 3 { print $3 }' >"$work/names"
    grep -qx model_predict "$work/names" || fail "$file has no model_predict"
    grep -v '^model_' "$work/names" >"$work/wrong" && fail "$file shows $(cat "$work/wrong")"
    # Sections that are writable: those of the dynamic linker alone, read-only after it.
    readelf -SW "$file" | sed -E 's/^ *\[ *[0-9]+\]//' |
        awk '$1 ~ /^\./ && $5 !~ /^0+$/ && $7 ~ /^W/ { print $1 }' |
        grep -vxE '\.(data\.rel\.ro(\.local)?|dynamic|got|got\.plt|relro_padding)' >"$work/wrong" &&
        fail "$file can be written to: $(cat "$work/wrong")"
    return 0
}

make so "$small" so --train-step --march multi
for ending in o a; do
    make "$ending" "$small" "$ending" --march native
done
judge "$work/so/model.so" --dynamic
judge "$work/o/model.o"
judge "$work/a/model.a"
make file "$small" o --keep-weights file --march x86-64-v2
judge "$work/file/model.o"
make arm "$small" o --march aarch64
judge "$work/arm/model.o"

# Loading it asks for no other library; nothing is executable that should not be.
readelf -dW "$work/so/model.so" | grep NEEDED && fail 'it needs other libraries'
readelf -lW "$work/so/model.so" | grep GNU_STACK | grep -q RWE && fail 'its stack is executable'
readelf -dW "$work/so/model.so" | grep TEXTREL && fail 'its text is relocated'
exit 0
