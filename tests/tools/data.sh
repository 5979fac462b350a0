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
good data info t.txt c.bin
says '^t.txt: text, 24 samples$'
says '^c.bin: cifar, 1 samples$'
says 'airplane, automobile'
bad 3 'dataset_text: "t.txt" has 10 words; a sequence of 16' data info t.txt --words
bad 2 '--words is for texts; t.csv is table' data info t.csv --words
bad 2 '--target is for tables and arrays; pictures is images' data info pictures --target x
bad 3 'has no column "x"; it has 4: a, b, c, kind' data info t.csv --target x
printf 'GIF89a' >pictures/white/2.png
bad 3 'pictures/white/2.png" is neither PNG nor JPEG' data info pictures

# ---- training ----

settings='-t1 --loss sparse_categorical_crossentropy -q'
# shellcheck disable=SC2086 # options
{
    good train "$model" $settings -d t.csv --target kind -e 40 -b 4 --optimizer sgd -r 1
    good evaluate "$model" $settings -d t.csv --target kind -w model.safetensors
    says '^accuracy: 1$'
    good predict "$model" -t1 -d t.csv --input a..c -w model.safetensors --top 1 -q
    says '^1 0[.]'
    bad 2 '--target COLUMNS is missing' train "$model" $settings -d t.csv
    bad 2 '--labels goes with arrays; --data is table' train "$model" $settings -d t.csv \
        --target kind -l y.npy
    bad 3 'a sample of input 0 is' evaluate "$model" $settings -d t.csv --input a --target c
}
