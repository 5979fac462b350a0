#!/bin/sh
# Every relative link of the documents leads to a file or folder of the project, every file that is
# named in `code` with a folder exists, and the tour lists every variable of the environment.
# Usage: links.sh SOURCE_FOLDER
set -eu
cd "$1"
. tests/structure/common.sh

{
    for document in README.md docs/*.md; do
        folder=$(dirname "$document")
        grep -oE '\]\([^)#]+' "$document" | cut -c3- | grep -vE '^[a-z]+:' | while read -r link; do
            [ -e "$folder/$link" ] || echo "$document: there is no $link"
        done
        # shellcheck disable=SC2016 # backquotes of Markdown
        grep -oE '`[a-z]+/[A-Za-z0-9_/]*\.(c|h|sh|md|cpp)`' "$document" | tr -d '`' |
            grep -v '^build/' | while read -r file; do
            [ -e "$file" ] || echo "$document: there is no $file"
        done
    done

    sources codegen frontend | xargs grep -ohE '(environment_text|getenv)\("CORNU_[A-Z_]+"' |
        sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r variable; do
        grep -q "^| \`$variable\`" docs/tour.md || echo "docs/tour.md: $variable is not listed"
    done
} | verdict 'links that lead nowhere'
