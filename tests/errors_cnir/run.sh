#!/bin/sh
# Graphs with a mistake each: run.sh CORNU FILE... Every file begins with `# expect: MESSAGE`, which
# `cornu dump` must end with, by exit code 3 and without any output. With --update the messages are
# written into the files.
set -u
update=no
if [ "$1" = --update ]; then
    update=yes
    shift
fi
cornu=$1
shift
status=0
for file; do
    output=$("$cornu" dump "$file" 2>/dev/null)
    message=$("$cornu" dump "$file" 2>&1 >/dev/null)
    code=$?
    got=${message#"cornu dump: $file: "}
    if [ $update = yes ]; then
        text=$(tail -n +2 "$file" | base64 -w0)
        printf '# expect: %s\n' "$got" >"$file"
        printf %s "$text" | base64 -d >>"$file"
        continue
    fi
    expected=$(head -n 1 "$file" | sed 's/^# expect: //')
    if [ $code -ne 3 ] || [ -n "$output" ] || [ "$got" != "$expected" ]; then
        printf '%s: exit code %d\n  expected: %s\n  got:      %s\n' "$file" $code "$expected" "$got"
        status=1
    fi
done
exit $status
