#!/bin/sh
# The source of an export: compiled without warnings by the flags that it states, by every compiler
# here; what it then computes is what the object of the same export computes, but for rounding.
# Usage: source.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

# values FOLDER - an object that has only the values: the variables' of the folder's export.
values() {
    objcopy --keep-global-symbol=model_values "$work/$1/model.o" "$work/$1/values.o"
}

# ask FOLDER NAME FILE... - builds answers.c with these and writes FOLDER/NAME.answers.
ask() {
    at=$work/$1 name=$2
    shift 2
    build cc "$at/$name" -O1 -I "$at" "$here/answers.c" "$@"
    run "$at/$name" "$at/$name.answers" "$at/$name.state"
}

# agree FOLDER COMPILERS [OPTION] - what the object computes and what its sources, compiled anew.
agree() {
    folder=$work/$1 tested=$1
    values "$tested"
    ask "$tested" object "$folder/model.o"
    for compiler in $2; do
        objects=
        for source in "$folder"/model*.c; do # of several levels, each has a file
            flags=$(stated_flags "$source")
            [ -n "$flags" ] || fail "$source does not say how it is compiled"
            # shellcheck disable=SC2086 # options
            build "$compiler" "${source%.c}.again.o" $flags ${3-} -c "$source"
            objects="$objects ${source%.c}.again.o"
        done
        # shellcheck disable=SC2086 # files
        ask "$tested" "$compiler" $objects "$folder/values.o"
        close "$folder/object.answers" "$folder/$compiler.answers"
    done
}

# Layers of every kind with their gradients.
make layers "$here/layers_model.c" o --train-step --capacity 5 --march x86-64-v3
agree layers "$(compilers | head -n 1)" -O1

make small "$small" o --march multi
agree small "$(compilers)"

# Another optimizer, older instructions, another architecture: not a warning at least.
for compiler in $(compilers); do
    build "$compiler" "$work/none" -std=c11 -march=x86-64-v3 -fsyntax-only "$work/layers/model.c"
done
optimizer='cn_adamw(c, .amsgrad = true, .global_clipnorm = 1)'
printf '#define OPTIMIZER %s\n#include "%s"\n' "$optimizer" "$small" >"$work/adamw.c"
make adamw "$work/adamw.c" o --train-step --march x86-64-v2
for compiler in $(compilers); do
    build "$compiler" "$work/none" -std=c11 -march=x86-64-v2 -fsyntax-only "$work/adamw/model.c"
done
make arm "$project/examples/convnet_model.c" o --march aarch64
if has aarch64-linux-gnu-gcc; then
    build aarch64-linux-gnu-gcc "$work/none" -std=c11 -fsyntax-only "$work/arm/model.c"
fi
