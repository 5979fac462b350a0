#!/bin/sh
# Every block of C or of a graph in the documents is made, run or parsed by some test: C stands
# behind a comment `block:` or `save:`, a graph behind one too or is whole.
# Usage: fences.sh SOURCE_FOLDER
set -eu
cd "$1"
. tests/structure/common.sh

awk '
    FNR == 1 { open = 0 }
    graph { if ($0 != "cornu-ir 1") print FILENAME ":" FNR ": a part of a graph by hand" }
    { graph = 0 }
    !open && /^```/ {
        open = 1
        if (previous !~ /^<!-- (block|save): / && $0 == "```c")
            print FILENAME ":" FNR ": C that nothing compiles"
        graph = previous !~ /^<!-- block: / && $0 == "```cnir"
        next
    }
    open && $0 == "```" { open = 0 }
    { previous = $0 }' README.md docs/*.md | verdict 'blocks that nothing checks'
