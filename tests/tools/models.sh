#!/bin/sh
# Models from C sources: what compiles is loaded, and each thing that can be wrong with one is
# named. summary tells what is in one.
# Usage: models.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
model=$2/tests/tools/tiny_model.c

good summary "$model"
says '^Model: "tiny"$'
says 'dense \(Dense\).* \(None, 4\) .* 16 '
says '^ Total params: 26 '
good summary "$model" --json
holds '.schema == "cornu.summary/1" and .model == "tiny" and .parameters == 26'
holds '.inputs == [{"name": "x", "dtype": "f32", "shape": [null, 3]}]'
holds '.outputs[0].name == "class" and (.layers | map(.class)) == ["InputLayer", "Dense", "Dense"]'
good summary "$model" --json --quiet
[ ! -s "$work/err" ] || fail "a quiet command says $(cat "$work/err")"

bad 2 '--trainable has no effect with --json' summary "$model" --json --trainable

# A stream that the caller closed is no missing compiler.
"$cornu" summary "$model" >"$work/out" 2>&- || fail "with stderr closed it exits with $?"
says '^Model: "tiny"$'
"$cornu" summary "$model" >&- 2>"$work/err" || fail "with stdout closed it exits with $?"

# Of names that look like options, and of folders.
cp "$model" "$work/-tiny.c"
(cd "$work" && good summary -- -tiny.c)
bad 3 'is a folder, MODEL is a C source' summary "$work"

# write_model TEXT - writes a model file.
write_model() {
    printf '#include <cornu.h>\n%s\n' "$1" >"$work/model.c"
}
# What a model prints is not a result.
write_model '#include <stdio.h>
cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {4});
    puts("hello from the model");
    return cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_dense(c, 2), x)});
}'
good summary "$work/model.c" --json
holds '.parameters == 10'
grep -q 'hello from the model' "$work/err" || fail 'what a model prints is lost'
bad 3 'cannot read /nowhere.c: No such file' summary /nowhere.c
write_model 'cn_model *model(cn_context *c) { return nothing; }'
bad 3 'the C compiler refused' summary "$work/model.c"
grep -q 'model.c:2:.*nothing' "$work/err" || fail 'the words of the compiler are lost'
write_model 'int other;'
# shellcheck disable=SC2016 # the backquotes are the message's
bad 3 'defines no `cn_model *model(cn_context *c)`' summary "$work/model.c"
write_model 'cn_model *model(cn_context *c) { (void)c; return NULL; }'
bad 3 'returned NULL' summary "$work/model.c"
write_model 'extern int undefined_here(void);
cn_model *model(cn_context *c) { return undefined_here() ? cn_model_new(c) : NULL; }'
bad 3 'undefined symbol: undefined_here' summary "$work/model.c"
write_model 'cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {4});
    return cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_conv2d(c, 2, {3}), x)});
}'
bad 3 'model.c:4: conv2d' summary "$work/model.c"

# Any bytes may stand in names; those that are no UTF-8 become U+FFFD.
write_model 'cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {3}, .name = "a\"b\\c\n\xff\xc3\xa4\t");
    return cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_dense(c, 2), x)}, .name = "\001");
}'
good summary "$work/model.c" --json
holds '.model == "\u0001" and .inputs[0].name == "a\"b\\c\n\ufffd\u00e4\t"'

for ending in cnir keras safetensors; do
    : >"$work/model.$ending"
done
bad 3 'is a graph; this verb wants a model' summary "$work/model.cnir"
bad 3 'is neither a .keras archive nor an HDF5 file' summary "$work/model.keras"
bad 3 'holds weights; give the model' summary "$work/model.safetensors"
bad 3 'cannot read "/nowhere.safetensors"' summary "$model" --weights /nowhere.safetensors
bad 3 'model.safetensors' summary "$model" --weights "$work/model.safetensors"

(
    CC=no-such-compiler
    export CC
    bad 4 'no C compiler: CC=no-such-compiler is not found' summary "$model"
)
(
    CC="cc -DUNUSED=1" # with options
    export CC
    good summary "$model"
)
[ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"
TMPDIR=/nowhere
bad 1 'no temporary folder /nowhere/cornu-' summary "$model"
