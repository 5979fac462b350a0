#!/bin/sh
# train, evaluate, predict, convert and data on eight samples of three bits.
# Usage: train.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
model=$2/tests/tools/tiny_model.c
cd "$work"
write_data .
samples='-t1 -d x.idx -l y.idx --loss sparse_categorical_crossentropy'
settings="$samples --optimizer sgd"

# last NAME - of the last output.
last() {
    sed -n "s/^$1: //p" "$work/out" | tail -n 1
}

# ---- train and evaluate ----

# shellcheck disable=SC2086 # options
{
    good train "$model" $settings -r 0.5 -b 4 -e 3 -o w.safetensors --state s.safetensors
    says '^weights: w.safetensors$'
    says '^loss: [0-9.]+$'
    says '^accuracy: [0-9.]+$'
    grep -q 'Epoch 3/3' err || fail 'no progress on stderr'
    cp w.safetensors third.safetensors
    good train "$model" $settings -r 0.5 -b 4 -e 5 -o w.safetensors --state s.safetensors -q
    [ ! -s err ] || fail "a quiet run says $(cat err)"
    good train "$model" $settings -r 0.5 -b 4 -e 5 -o whole.safetensors --json -q
    cmp -s w.safetensors whole.safetensors || fail 'a resumed run has other bits'
    ! cmp -s w.safetensors third.safetensors || fail 'a resumed run did not go on'
    holds '.schema == "cornu.train/1" and (has("epoch") or .weights == "whole.safetensors")'
    jq -es 'length == 6 and (.[0].logs | keys == ["accuracy", "loss"]) and .[4].epoch == 5 and
            .[5].interrupted == false' out >/dev/null || fail "$(cat out)"
    good train "$model" $settings --limit 6 --validation-split 0.34 \
        --metrics accuracy --metrics mean -q
    says '^val_mean: '
    [ -f model.safetensors ] || fail 'no weights under the name by default'

    good evaluate "$model" -w w.safetensors $samples -q
    loss=$(last loss)
    good evaluate "$model" -w w.safetensors $samples -q --json -b 3
    holds '.schema == "cornu.evaluate/1" and .samples == 8'
    holds "(.logs.loss - $loss | fabs) < 1e-5"

    bad 6 'not finite' train "$model" $settings -r 1e38 -q -e 99 \
        --limit 7 -o never.safetensors
}
[ ! -e never.safetensors ] || fail 'weights of a run that diverged'

# The first Ctrl-C ends the run after its step and saves.
# shellcheck disable=SC2086 # options
"$cornu" train "$model" $settings -e 100000000 --json -q -o stopped.safetensors >out 2>err &
process=$!
until [ -s out ]; do # epochs are running
    kill -0 "$process" || fail "the run ended: $(cat err)"
    sleep 0.05
done
kill -INT "$process"
status=0
wait "$process" || status=$?
[ "$status" -eq 130 ] || fail "an interrupted run exits with $status: $(cat err)"
[ -f stopped.safetensors ] || fail 'an interrupted run saves nothing'
jq -e 'select(has("weights")).interrupted' out >/dev/null || fail 'it does not say so'

printf '#include <cornu.h>\ncn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {3}), y = cn_apply(cn_dense(c, 2), x);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    const cn_loss *loss = cn_loss_sparse_categorical_crossentropy(c, .from_logits = true);
    return cn_compile(m, .loss = loss) == CN_OK ? m : NULL;\n}\n' >own.c
good train own.c -d x.idx -l y.idx -q # by what the model brings
bad 2 'give --optimizer and --loss to replace both' train own.c -d x.idx -l y.idx --optimizer sgd

bad 2 '--data PATH is missing' train "$model"
bad 2 '--labels FILE is missing' train "$model" -t1 -d x.idx
bad 2 '--epochs wants 1 or more' train "$model" -t1 -d x.idx -l y.idx -e 0
bad 2 '--batch wants 1 or more' train "$model" -t1 -d x.idx -l y.idx -b 0
bad 2 '--limit wants 1 or more' train "$model" -t1 -d x.idx -l y.idx --limit 0
bad 2 '--learning-rate is only for --optimizer' train "$model" -t1 -d x.idx -l y.idx -r 1
bad 2 '--metrics is only for --loss' evaluate "$model" -t1 -d x.idx -l y.idx --metrics accuracy
bad 1 'cannot write /nowhere/w.safetensors' train "$model" -d x.idx -l y.idx \
    -o /nowhere/w.safetensors
bad 1 'cannot write /nowhere/s.safetensors' train "$model" -d none.idx -l y.idx \
    --state /nowhere/s.safetensors
mkdir folder.keras
bad 1 'cannot write folder.keras: it is no file' train "$model" -d none.idx -l y.idx \
    -o folder.keras
bad 2 'are the same file' train "$model" -d none.idx -l y.idx -o a.keras --state a.keras
for name in m.kears x.txt model .keras x.h5; do
    bad 2 "which $name does not" train "$model" -d x.idx -l y.idx -o "$name"
    [ ! -e "$name" ] || fail "$name is written"
done
bad 3 'cannot read "none.idx"' train "$model" -t1 -d none.idx -l y.idx
bad 3 'a sample of target 0 is u8[], but "class" wants f32[B,2]' evaluate "$model" \
    -d x.idx -l y.idx

# ---- predict ----

good predict "$model" -t1 -w w.safetensors -d x.idx -q
[ "$(awk 'NF == 2' out | wc -l)" -eq 8 ] || fail "not eight lines of two values: $(cat out)"
cp out all
good predict "$model" -t1 -w w.safetensors -d x.idx -q -b 3
cmp -s out all || fail 'batches of another size give other bits'
good predict "$model" -t1 -w w.safetensors -d x.idx -q --json
holds '.schema == "cornu.predict/1" and .samples == 8 and .outputs[0].shape == [8, 2]'
holds '[.outputs[0].values[] | add - 1 | fabs] | max < 1e-5'
printf 'none\nbright\n' >names
good predict "$model" -t1 -w w.safetensors -d x.idx -q --classes names
says '^bright (1.0|0.[5-9])[0-9]*$'
good predict "$model" -t1 -w w.safetensors -d x.idx -q --top 2 --limit 2 --json
holds '.outputs[0].top | length == 2 and all(.[]; .[0].value >= .[1].value)'
holds '.outputs[0].top | all(.[]; map(.class) | add == 1)'
printf '#include <cornu.h>\ncn_model *model(cn_context *c) { /* NaN, 0, 1, NaN, 3 */
    cn_tensor x = cn_input(c, {5});
    return cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_rescaling(c, 1), x)});
}\n' >nan.c
{
    printf '\000\000\015\002\000\000\000\001\000\000\000\005'
    printf '\177\300\000\000\000\000\000\000\077\200\000\000\177\300\000\000\100\100\000\000'
} >nan.idx
good predict nan.c --backend ref -d nan.idx -q --top 5 --json
holds '.outputs[0].top[0] | map(.class) == [4, 2, 1, 0, 3]'
good predict "$model" -t1 -w w.safetensors -d x.idx -q -f npy
cp out stdout.npy
good predict "$model" -t1 -w w.safetensors -d x.idx -q -o file.npy
cmp -s stdout.npy file.npy || fail 'stdout and file differ'
bad 2 '--top 3, but output class has 2 values' predict "$model" -t1 -d x.idx --top 3
bad 2 '--format has no effect with --json' predict "$model" -t1 -d x.idx -f npy --json
bad 2 '--top has no effect with --output' predict "$model" -t1 -d x.idx --top 1 -o y.npy
bad 2 '--json has no effect with --output' predict "$model" -t1 -d x.idx --json -o y.npy
bad 2 '--top wants 1 or more' predict "$model" -t1 -d x.idx --top -1
bad 2 'arrays are written as .npy, .npz or .safetensors' predict "$model" -t1 -d x.idx -o y.txt
bad 1 '/nowhere' predict "$model" -t1 -d x.idx -o /nowhere/y.npy
bad 3 'cannot read none' predict "$model" -t1 -d x.idx --classes none
bad 3 'a sample of input 0 is u8[]' predict "$model" -t1 -d y.idx

# ---- convert and data ----

good convert w.safetensors w.npz
good convert w.npz again.safetensors --model "$model"
cmp -s w.safetensors again.safetensors || fail 'weights change on the way through .npz'
good convert s.safetensors again.safetensors --model "$model" --prefix model/ --json
holds '.schema == "cornu.convert/1" and .arrays == 4'
cmp -s w.safetensors again.safetensors || fail 'the weights of a state are others'
good convert y.idx y.npy
good data info y.npy --json
holds '.schema == "cornu.data/1" and .files[0].format == "npy"'
holds '.files[0].arrays[0] | .dtype == "u8" and .shape == [8] and .least == 0 and .mean == 0.5'
good data info x.idx w.safetensors
says '^x.idx: idx, 1 array$'
says '^  f32 \[8, 3\], 96 bytes, 0 to 1, mean 0.5$'
says '^  dense/kernel: f32 \[3, 4\]'
good data head -n 2 x.idx
says '^\[1\] 0 0 1$'
good data head -n 2 x.idx --json
holds '.files[0].arrays[0].values == [[0, 0, 0], [0, 0, 1]]'
printf '\000\000\010\003\000\000\000\001\000\000\000\002\000\000\000\002\000\377\200\000' >image.idx
good data head image.idx
says '^ @$'
bad 3 'has 1 arrays, the model has 4 weights' convert y.npy w2.safetensors --model "$model"
bad 3 'has no array whose name begins with no/' convert w.npz w2.npz --prefix no/
bad 3 '.onnx is not converted' convert model.onnx w.npz
bad 2 'written as .npy' convert w.npz w.txt
bad 2 '.npy holds one array, not 4' convert w.npz w.npy
bad 1 '/nowhere' convert w.npz /nowhere/w.npz
bad 3 'is neither .npy, .npz, .safetensors nor IDX' data info names
echo 'a text: with a blank in the ninth place' >blank
bad 3 'is neither .npy, .npz, .safetensors nor IDX' data info blank
bad 2 'unknown action "tail"' data tail x.idx
bad 2 '--count wants 1 or more' data head x.idx -n 0
