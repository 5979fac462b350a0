#!/bin/sh
# Runs a program that must fail with a message: run.sh PROGRAM SOURCE. Each `// expect: TEXT` of the
# source must stand in what the program prints, and the program itself must end well.
set -eu
printed=$("$1")
grep -q '^// expect: ' "$2" || { echo "$2 expects nothing"; exit 1; }
grep '^// expect: ' "$2" | sed 's|^// expect: ||' | while read -r expected; do
    case $printed in
    *"$expected"*) ;;
    *)
        printf '%s\nexpected: %s\nprinted:  %s\n' "$2" "$expected" "$printed"
        exit 1
        ;;
    esac
done
