#!/bin/sh
# Tables of what files of Keras may hold, in Markdown.
# Usage: keras.sh layers|ops SOURCE_FOLDER BUILD_FOLDER
set -eu
what=$1 build=$3
cd "$2"

# Every `cn_...` of a table on standard input is declared; prints the table.
declared() {
    table=$(cat)
    # shellcheck disable=SC2016 # backquotes of Markdown
    printf '%s\n' "$table" | grep -o '`cn_[a-z0-9_]*`' | tr -d '`' | sort -u | while read -r name; do
        grep -qE "\b$name(_at)?\(|X\(${name#cn_op_}\)" include/cornu/layers.h include/cornu/ops.h ||
            { echo "there is no $name" >&2 && false; }
    done
    printf '%s\n' "$table"
}

# Names of the operations that files may hold, by how C has them.
ops() {
    sed -n '/^\(static \)*const op_row /,/^};/p' frontend/keras/ops.c frontend/keras/ops_shape.c |
        tr '\n' ' ' | sed 's/[A-Z]*(\([A-Z][A-Za-z0-9]*\),/\n\1,/g; s/\.class_name = "/\n/g' |
        sed -n 's/^\([A-Z][A-Za-z0-9]*\)[",].*/\1/p' | grep -v ReLU | sort -u |
        sed 's/\([a-z0-9]\)\([A-Z]\)/\1_\2/g' | tr '[:upper:]' '[:lower:]' |
        while read -r name; do
            if grep -qE "\bcn_op_$name\(|X\($name\)" include/cornu/ops.h; then
                echo "cn_op_$name $name"
            elif grep -qE "X\([A-Z0-9_]+, $name\)" include/cornu/activations.h; then
                echo "CN_ $name"
            else
                echo "- $name"
            fi
        done | awk '
            { kind = $1 ~ /^cn_op_/ ? 1 : $1 == "CN_" ? 2 : 3
              list[kind] = list[kind] (list[kind] != "" ? ", " : "") "`" $2 "`" }
            END {
                print "| | `keras.ops` |\n|---|---|"
                print "| `cn_op_` and the name | " list[1] " |"
                print "| activations | " list[2] " |"
                print "| composed of others | " list[3] " |"
            }'
}

case $what in
layers) "$build/tests/docs/layers" | declared ;;
ops) ops ;;
esac
