#!/bin/sh
# What comes after training: the model that fashion_mnist saved becomes native code, and the program
# that lies beside it (main.c) is built by one line and asked about ten test images.
# Usage: ship.sh BUILD_FOLDER [DATA_FOLDER]     where fashion_mnist.keras is
set -eu
build=$1
data=${2:-/usr/share/datasets/fashion-mnist}
classes=$(dirname "$0")/fashion_mnist.classes
images=10

"$build/cornu" compile fashion_mnist.keras --classes "$classes" --output garment.so

# An IDX file has a header of 16 bytes, one of labels 8; an image has 28 x 28 bytes.
gzip -dc "$data/t10k-images-idx3-ubyte.gz" | tail -c +17 | head -c $((images * 784)) >images.raw
gzip -dc "$data/t10k-labels-idx1-ubyte.gz" | tail -c +9 | head -c $images | od -An -v -t u1 -w1 |
    while read -r label; do sed -n "$((label + 1))p" "$classes"; done >truth

cc main.c ./garment.so -o garment_main
./garment_main images.raw >answers
echo "main.c on $images test images:"
sed -n 's/^class: //p' answers | paste -d '|' - truth |
    awk -F '|' '{ printf "%-12s it is: %s\n", $1, $2; right += $1 == $2 }
        END { printf "%d of %d right\n", right, NR }'
