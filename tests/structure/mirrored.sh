#!/bin/sh
# Every source has its test: FOLDER/FILE.c is tested by tests/FOLDER/test_FILE.c, or stands in
# unmirrored.txt with the reason. Entries that are no longer needed are defects too.
set -eu
cd "$1"
. tests/structure/common.sh
list=tests/structure/unmirrored.txt

{
    sources base ir passes runtime codegen frontend | grep '\.c$' | while read -r file; do
        test=tests/$(dirname "$file")/test_$(basename "$file")
        listed=$(awk -v file="$file" '$1 == file && NF > 1' "$list")
        if [ ! -f "$test" ] && [ -z "$listed" ]; then
            echo "$file: no $test, and no reason in $list"
        elif [ -f "$test" ] && [ -n "$listed" ]; then
            echo "$list: $file has a test now"
        fi
    done
    grep -vE '^(#|$)' "$list" | while read -r file _; do
        [ -f "$file" ] || echo "$list: there is no $file"
    done
} | verdict 'sources without tests'
