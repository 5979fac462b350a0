#!/bin/sh
# few_images.sh FROM TO COUNT - TO becomes a folder of Fashion-MNIST whose test set is the first
# COUNT (under 256) samples of the one in FROM: judging all 10,000 takes longer than training.
set -eu
from=$1 to=$2 count=$3
mkdir -p "$to"

# cut_file FILE HEADER_BYTES SAMPLE_BYTES - the number of samples follows four bytes of type.
cut_file() {
    whole=$to/whole
    zcat "$from/$1" >"$whole"
    {
        head -c 4 "$whole"
        # shellcheck disable=SC2059 # an escape is meant
        printf "$(printf '\\000\\000\\000\\%03o' "$count")"
        tail -c +9 "$whole" | head -c $(($2 - 8 + count * $3))
    } | gzip -1 >"$to/$1"
    rm "$whole"
}

cut_file t10k-images-idx3-ubyte.gz 16 784
cut_file t10k-labels-idx1-ubyte.gz 8 1
ln -sf "$from/train-images-idx3-ubyte.gz" "$from/train-labels-idx1-ubyte.gz" "$to"
