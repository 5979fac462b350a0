#!/bin/sh
# A call takes no more of the stack than the header states. Usage: stack.sh CORNU PROJECT
. "$(dirname "$0")/common.sh"

# measure FOLDER
measure() {
    build cc "$work/$1/stack" -O1 -I "$work/$1" "$here/stack.c" "$work/$1/model.o" -pthread
    run "$work/$1/stack"
}

make small "$small" o --march x86-64-v3
measure small
make convnet "$project/examples/convnet_model.c" o
measure convnet
