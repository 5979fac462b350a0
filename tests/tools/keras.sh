#!/bin/sh
# Keras' files wherever a MODEL is wanted: what Keras saved is summarised, predicts, goes on
# training, compiles; all of it converts; classes that Cornu has not are named, or brought along.
# Usage: keras.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
golden=$2/tests/golden/keras_files/3.15.1
tiny=$2/tests/tools/tiny_model.c
cd "$work"

# part NAME PREFIX FILE - arrays of NAME.npz whose names begin so, without it.
part() {
    good convert "$golden/$1.npz" "$3" --prefix "$2"
}

# agrees MODEL NAME OPTION... - predicts what Keras did, within 1e-5.
agrees() {
    model=$1 name=$2
    shift 2
    part "$name" input/ in.npz
    part "$name" output/ out.npz
    good data head -n 100 out.npz
    sed 's/^[^]]*] //' out >expected
    good predict "$model" -d in.npz --backend ref -q "$@"
    paste -d ' ' out expected | awk '
        function size(x) { return x < 0 ? -x : x }
        { for (k = 1; k <= NF / 2; k++) if (size($k - $(k + NF / 2)) > 1e-5) exit 1 }
        END { exit NR == 0 }' || fail "$model predicts $(cat out), Keras: $(cat expected)"
}

# ---- models ----

file=$golden/train_sequential.keras
good summary "$file" --json
holds '.layers[0].class == "InputLayer" and .inputs[0].name == "x"'
agrees "$golden/sequential.keras" sequential
agrees "$golden/old_sequential.h5" old_sequential
good dump "$file" --program train --after frontend --backend ref
says 'func @train'
part sequential input/ in.npz
good compile "$golden/sequential.keras" -o sequential.so -q
[ -s sequential.h ] || fail 'no header beside the shared object'
good verify "$golden/sequential.keras" --gradients --backend ref

# Training goes on as the file says, and its end is such a file again.
part train_sequential x/ x.npz
part train_sequential y/ y.npz
good evaluate "$file" -d x.npz -l y.npz --backend ref -q
first=$(sed -n 's/^loss: //p' out)
good train "$file" -d x.npz -l y.npz --backend ref -e 3 -q -o more.keras
says '^model: more.keras$'
good evaluate more.keras -d x.npz -l y.npz --backend ref -q
awk -v first="$first" '/^loss: / { exit !($2 < first) }' out || fail "no progress: $(cat out)"
good train more.keras -d x.npz -l y.npz --backend ref -q --json -o weights.weights.h5
holds 'has("epoch") or .weights == "weights.weights.h5"'
bad 2 'give --optimizer and --loss to replace both' train "$file" -d x.npz -l y.npz --loss huber

# What cannot be saved so is said before it is trained.
printf '#include <cornu.h>
static cn_tensor cubic(cn_tensor target, cn_tensor y, const void *user) {
    (void)user;
    cn_tensor d = cn_op_subtract(y, target);
    return cn_op_multiply(d, cn_op_multiply(d, d));
}
cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {4});
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_dense(c, 2), x)});
    cn_status s = cn_compile(m, .loss = cn_custom_loss(c, cubic), .optimizer = cn_sgd(c, 0.1));
    return s == CN_OK ? m : NULL;\n}\n' >cubic.c
bad 3 'Keras has no words for' train cubic.c -d x.npz -l y.npz --backend ref -o cubic.keras
[ ! -e cubic.keras ] && [ -z "$(ls "$TMPDIR")" ] || fail 'something is left of it'
TMPDIR=/nowhere good train "$golden/train_sequential.keras" -d x.npz -l y.npz --backend ref -q \
    -o elsewhere.keras # that is looked at no earlier than it is written, then
bad 2 '--output ends in .keras, .safetensors or .weights.h5' train cubic.c -d x.npz \
    -l y.npz -o cubic.h5

# What is in the way is named, all of it; exit code 3.
bad 3 'LSTM "lstm": Cornu has no layer of this class' summary "$golden/refuse_layers.keras"
grep -q 'Conv1D "conv1d"' err || fail 'the second layer is not named'
bad 3 'carries code of Python' summary "$golden/refuse_lambda.keras"
good summary "$golden/refuse_compile.keras"
bad 3 'Cornu has no loss "Poisson"' train "$golden/refuse_compile.keras" -d x.npz -l y.npz
grep -q -- '--optimizer and --loss train it by others' err || fail 'no way out is told'
bad 3 'holds weights; give the model and --weights' predict weights.weights.h5 -d x.npz
head -c 500 "$file" >cut.keras
bad 3 'cut.keras' summary cut.keras

# Classes of one's own come from a C source.
printf '#include "%s"\n%s\n' "$2/tests/frontend/keras/custom_layers.h" \
    'cn_status layers(cn_context *c) { register_custom_layers(c); return cn_error_status(c); }' \
    >layers.c
bad 3 'register the class "gates>SpatialGate"' summary "$golden/custom_layers.keras"
grep -q -- '--layers FILE.c registers classes' err || fail 'the option is not told'
agrees "$golden/custom_layers.keras" custom_layers --layers layers.c
bad 3 'defines no `cn_status layers' summary "$file" --layers "$tiny"
bad 2 '--layers is only for' summary "$tiny" --layers layers.c

# ---- converting ----

good convert "$tiny" tiny.keras
for to in safetensors npz weights.h5; do
    good convert tiny.keras "tiny.$to"
    [ -s "tiny.$to" ] || fail "no tiny.$to"
done
good convert tiny.npz again.keras --model "$tiny"
good convert tiny.weights.h5 again.safetensors --model again.keras --json
holds '.arrays == 4'
cmp -s tiny.safetensors again.safetensors || fail 'weights change on their way'
good convert "$tiny" third.keras -w tiny.weights.h5
good convert third.keras third.safetensors
cmp -s tiny.safetensors third.safetensors || fail 'weights change by way of C'
good convert "$golden/train_old.h5" new.keras
good summary new.keras
bad 2 'leads by way of a model; name it by --model' convert tiny.weights.h5 x.npz
bad 2 'leads by way of a model; name it by --model' convert tiny.npz x.keras
bad 2 'this old format is only read' convert tiny.keras x.h5
bad 2 '--prefix has no effect on tiny.keras' convert tiny.keras x.npz --prefix dense/
bad 2 '.npy holds one array, not 4' convert tiny.keras x.npy
bad 1 '/nowhere' convert tiny.keras /nowhere/x.keras
