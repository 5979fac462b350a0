#!/bin/sh
# What is supported, as a table in Markdown: read from the public headers as the compiler sees
# them, so that the table can promise nothing that is not declared. (A test of its own makes sure
# that all that is declared is exported.)
# Usage: support.sh SOURCE_FOLDER
set -eu
cd "$1"

declared=$(cc -E -P -DCN_BUILDING_LIBRARY -Iinclude include/cornu.h | tr '\n' ' ')

# found PATTERN - in the order of declaration, `\1` of a sed pattern over "type name".
found() {
    printf '%s\n' "$declared" | tr ';' '\n' | tr ',' '\n' | tr -s ' ' |
        sed -nE "s/^.*[ *]?cn_$1[ (].*\$/\\1/p; s/^.*[ *]?cn_$1\$/\\1/p" | awk '!seen[$0]++'
}

# row WHAT NAME... - a row of the table.
row() {
    printf '| %s | %s' "$1" "$2"
    shift 2
    [ $# -eq 0 ] || printf ', %s' "$@"
    echo ' |'
}

echo '| | |'
echo '|---|---|'
# shellcheck disable=SC2046 # lists of names
{
    row layers $(found 'layer \*cn_([a-z0-9_]*)_at' | grep -v custom_layer) 'your own'
    row activations $(found 'activation_object_([a-z0-9_]*)') 'your own'
    row losses $(found 'loss_object_([a-z0-9_]*)') 'your own'
    row metrics $(found 'metric_object_([a-z0-9_]*)') 'your own'
    row optimizers $(found 'optimizer \*cn_([a-z0-9_]*)_at')
    row schedules $(found 'schedule \*cn_([a-z0-9_]*)')
    row initializers $(found 'initializer_object_([a-z0-9_]*)') constant
    row regularizers $(found 'regularizer \*cn_regularizer_([a-z0-9_]*)')
    row callbacks $(found 'callback \*cn_([a-z0-9_]*)' | sed 's/_at$//' | grep -v callback_new) 'your own'
    row 'ops on tensors' $(found 'tensor cn_op_([a-z0-9_]*)')
}
