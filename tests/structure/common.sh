# shellcheck shell=sh
# What the structure tests share: the list of sources, and a verdict.
# A test is `{ print a line per defect } | verdict 'what is counted'`.

# sources FOLDER... - every .c and .h below, in a fixed order.
sources() {
    for folder; do
        if [ -d "$folder" ]; then
            find "$folder" -name '*.[ch]' | LC_ALL=C sort
        fi
    done
}

# verdict NAME - reads defects from stdin; says so and fails when there are any.
verdict() {
    found=$(cat)
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        printf '%s: %s defects\n' "$1" "$(printf '%s\n' "$found" | wc -l)"
        exit 1
    fi
    echo "$1: none"
}
