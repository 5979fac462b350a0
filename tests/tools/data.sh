#!/bin/sh
# Tables, folders of images, texts and CIFAR's records: looked at, trained on, predicted for.
# Usage: data.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
model=$2/tests/tools/tiny_model.c # three values, two classes
cd "$work"

printf 'a,b,c,kind\n' >t.csv
for row in 0,0,0 0,0,1 0,1,0 0,1,1 1,0,0 1,0,1 1,1,0 1,1,1; do
    case $row in 1*) echo "$row,up" ;; *) echo "$row,down" ;; esac
done >>t.csv
mkdir -p pictures/black pictures/white
echo iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNgYAAAAAMAAbitOmMAAAAASUVORK5CYII= |
    base64 -d >pictures/black/1.png
echo iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg== |
    base64 -d >pictures/white/1.png
printf 'to be or not to be, that is the question' >t.txt
{
    printf '\006'
    head -c 3072 /dev/zero
} >c.bin

# ---- looking ----

good data info t.csv --target kind
says '^t.csv: table, 8 samples$'
says 'f32 \[8, 3\], 96 bytes, 0 to 1, mean 0.5$'
says '^  2 classes: down, up$'
good data info t.csv --target kind --input c --json
holds '.files[0].format == "table" and .files[0].classes == ["down", "up"] and
       .files[0].arrays[0].name == "c" and .files[0].arrays[1].dtype == "i32"'
good data head t.csv --target kind -n 1
says '^kind\[0\] 0$'
good data info pictures
says '^pictures: images, 2 samples$'
says '^  2 classes: black, white$'
good data head pictures -n 2
says '^@{48}$'
good data head pictures --json # the samples as they are, no drawing
holds '.files[0].arrays[0] | .shape == [2, 256, 256, 3] and .dtype == "f32"'
mkdir -p many/all # more samples than are in memory at a time
for k in 1 2 3 4 5 6 7 8; do
    cp pictures/white/1.png many/all/$k.png
done
cp pictures/black/1.png many/all/9.png
good data info many --json
holds '.files[0].arrays[0] | .least < 1 and .most == 255 and .mean > 220 and .mean < 255'
good data info t.txt c.bin
says '^t.txt: text, 24 samples$'
says '^c.bin: cifar, 1 samples$'
says 'airplane, automobile'
bad 3 'dataset_text: "t.txt" has 10 words; a sequence of 16' data info t.txt --words
bad 2 '--words is for texts; t.csv is table' data info t.csv --words
bad 2 '--target is for tables and arrays; pictures is images' data info pictures --target x
bad 3 'has no column "x"; it has 4: a, b, c, kind' data info t.csv --target x
printf '1;2;down\n;4;up\n5;6;up\n' >bare.CSV # names of endings in any case
good data info bare.CSV --no-header --separator ';' --missing skip --target 2
says '^bare.CSV: table, 2 samples$'
says '^  2 classes: down, up$'
good data head bare.CSV --no-header --separator ';' --missing nan --input 0,1 --target 2
says '\[1\] -?nan 4$'
bad 3 'bare.CSV' data info bare.CSV --no-header --separator ';' --target 2
good data info bare.CSV --no-header --separator '\t'
says ': table, 3 samples$'
bad 2 '--separator wants one character' data info t.csv --separator ',,'
bad 2 '--missing is for tables; t.txt is text' data info t.txt --missing nan
printf 'GIF89a' >pictures/white/2.png
bad 3 'pictures/white/2.png" is neither PNG nor JPEG' data info pictures

mkfifo f.npy f.csv f.keras f.c # nothing waits for a writer
bad 3 '"f.npy" is not a regular file' data info f.npy
bad 3 '"f.csv" is not a regular file' data info f.csv
bad 3 'f.keras is not a regular file' summary f.keras
bad 3 'f.c is not a regular file' summary f.c
bad 3 '"f.keras" is not a regular file' summary "$model" -w f.keras

# ---- training ----

settings='-t1 --loss sparse_categorical_crossentropy -q'
# shellcheck disable=SC2086 # options
{
    good train "$model" $settings -d t.csv --target kind -e 40 -b 4 --optimizer sgd -r 1
    good evaluate "$model" $settings -d t.csv --target kind -w model.safetensors
    says '^accuracy: 1$'
    good predict "$model" -t1 -d t.csv --input a..c -w model.safetensors --top 1 -q
    says '^up 0[.]'
    sed 1d t.csv >bare.csv
    good evaluate "$model" $settings -d bare.csv --no-header --target 3 -w model.safetensors
    says '^accuracy: 1$'
    bad 2 '--no-header is for tables' predict "$model" -t1 -d y.idx --no-header
    bad 2 '--target COLUMNS is missing' train "$model" $settings -d t.csv
    bad 2 '--labels goes with arrays; --data is table' train "$model" $settings -d t.csv \
        --target kind -l y.npy
    [ "$(cat model.classes)" = "$(printf 'down\nup')" ] || fail "classes: $(cat model.classes)"
    bad 3 'a sample of input 0 is' evaluate "$model" $settings -d t.csv --input a --target c
}

# ---- classes ----

# Data that hold some of the classes number them as those did that were trained on.
# shellcheck disable=SC2086 # options
{
    grep -v down t.csv >up.csv
    good evaluate "$model" $settings -d up.csv --target kind -w model.safetensors
    says '^accuracy: 1$'
    good predict "$model" -t1 -d up.csv --input a..c -w model.safetensors --top 1 -q
    says '^up 0[.]'
    mv model.classes names
    bad 3 'up.csv has 1 classes, but output' evaluate "$model" $settings -d up.csv --target kind \
        -w model.safetensors
    good evaluate "$model" $settings -d up.csv --target kind -w model.safetensors --classes names
    says '^accuracy: 1$'
    printf 'up\r\ndown\r\n' >turned # lines of another system
    good evaluate "$model" $settings -d up.csv --target kind -w model.safetensors -c turned
    says '^accuracy: 0$'
    good predict "$model" -t1 -d up.csv --input a..c -w model.safetensors -c turned -q
    says '^down 0[.]'
    ! grep -q "$(printf '\r')" out || fail 'a carriage return is part of a name'
    good train "$model" $settings -d up.csv --target kind -o kept.keras -c names
    cmp -s names kept.classes || fail "classes: $(cat kept.classes)"
    good train kept.keras -t1 -d up.csv --target kind -o again.keras
    grep -q '^classes: again.classes$' err || fail "nothing tells of the classes: $(cat err)"
    cmp -s names again.classes || fail "classes: $(cat again.classes)"

    printf 'down\nup\nother\n' >three
    : >empty
    bad 3 'three has 3 classes, but output' train "$model" $settings -d t.csv --target kind -c three
    bad 3 'three names 3 classes, but output' predict "$model" -t1 -d t.csv --input a..c -c three
    bad 3 'empty names no classes' predict "$model" -t1 -d t.csv --input a..c -c empty
    bad 3 '/dev/zero is not a regular file' predict "$model" -t1 -d t.csv --input a..c -c /dev/zero
    head -c 17000000 /dev/zero >zeros
    bad 3 'names of classes are 16 MiB at most' predict "$model" -t1 -d t.csv --input a..c -c zeros
    bad 2 '--classes has no effect on arrays' predict "$model" -t1 -d t.csv -c names -o y.npy
    bad 2 '--classes has no effect: --data is cifar' evaluate "$model" $settings -d c.bin -c names
}

# A model of images, another of characters.
printf '#include <cornu.h>
cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {1, 1, 1});
    cn_tensor y = cn_apply(cn_dense(c, 2, .activation = CN_SOFTMAX), cn_apply(cn_flatten(c), x));
    return cn_model_new(c, .inputs = {x}, .outputs = {y});\n}\n' >grey.c
printf '#include <cornu.h>
cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {2}, .dtype = CN_I32);
    cn_tensor y = cn_apply(cn_flatten(c), cn_op_one_hot(x, 4, CN_F32));
    y = cn_apply(cn_dense(c, 4, .activation = CN_SOFTMAX), y);
    return cn_model_new(c, .inputs = {x}, .outputs = {y});\n}\n' >text.c
# shellcheck disable=SC2086 # options
{
    rm pictures/white/2.png
    good train grey.c $settings -d pictures -o grey.keras --from-logits
    mkdir -p white/white
    cp pictures/white/1.png white/white
    bad 3 'white has no folder "black", a class that grey.classes names' evaluate grey.keras \
        -d white
    mkdir white/black
    good evaluate grey.keras -t1 -d white -q
    good predict grey.keras -t1 -d white -q --top 1
    says '^white/1.png (black|white) '
    good predict grey.keras -t1 -d many -q
    [ "$(cut -d ' ' -f 1 out | sort | uniq | wc -l)" -eq 9 ] || fail "no names: $(cat out)"
    good predict grey.keras -t1 -d many -q --json --limit 2
    holds '.files == ["all/1.png", "all/2.png"]'
    printf 'ab\\\nab\\\na' >lines.txt
    good train text.c $settings -d lines.txt -o text.safetensors
    [ "$(cat text.classes)" = "$(printf '\\n\n\\\\\na\nb')" ] || fail "$(cat text.classes)"
    printf 'abab' >ab.txt
    good evaluate text.c $settings -d ab.txt -w text.safetensors
    bad 3 'ab.txt has 2 classes, but output dense tells 4 apart' evaluate text.c $settings \
        -d ab.txt # in numbers of its own
}
