#!/bin/sh
# Sizes a reader can hold: files of at most 800 lines, functions of at most 80 (120 with a
# reason, `/* long: why */`, on the line before), lines of at most 100 columns.
set -eu
cd "$1"
. tests/structure/common.sh

# A function begins at the last line that starts in the first column with a name and a "(",
# and ends at a "}" in the first column.
# shellcheck disable=SC2016 # the program is awk's
{
    sources base ir passes runtime codegen frontend tools include examples bench tests
    ls codegen/*/*.template # C too
} |
    LC_ALL=C.UTF-8 xargs awk '
    function report(line, text) { print FILENAME ":" line ": " text }
    FNR == 1 { begin = 0; open = 0; reason = 0 }
    FNR == 801 { report(FNR, "the file is longer than 800 lines") }
    length($0) > 100 && !/^\/\/ expect: / { report(FNR, "the line is longer than 100 columns") }
    !open && /^[A-Za-z_].*\(/ && !/^(typedef|struct|enum|union) [^(]*\{/ {
        begin = FNR; reason = previous ~ /\/\* long: ./
    }
    !open && begin && /;$/ { begin = 0 }
    !open && begin && /\{$/ { open = 1 }
    open && /^}/ {
        limit = reason ? 120 : 80
        if (FNR - begin + 1 > limit)
            report(begin, "a function of " FNR - begin + 1 " lines, more than " limit)
        begin = 0; open = 0
    }
    { previous = $0 }' | verdict 'sizes'
