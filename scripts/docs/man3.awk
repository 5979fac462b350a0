# A public header as a manual page.
#
# A header is paragraphs between blank lines: the comment that opens it (its first sentence is the
# page's name), section titles (`/* ---- layers ---- */`), and comments followed by what they are
# about. Comments become prose, indented lines in them and all code literal text. What serves the
# compiler alone (guards, includes, extern "C") is left out; the macros at the end, which call
# functions by position and name, become a list.
#
# Variables: page, path, version; others: pages that cornu(3) leads to; links: a file that "NAME
# PAGE" is appended to.

function escape(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    if (s ~ /^[.']/)
        s = "\\&" s
    return s
}

function heading(s) {
    print ".SH \"" toupper(escape(s)) "\""
    begun = 0
}

# Literal text, kept together.
function literal(lines, count, i) {
    while (count > 0 && lines[count] == "")
        count--
    if (count == 0)
        return
    print (begun ? ".PP" : "") "\n.in +4\n.nf"
    for (i = 1; i <= count; i++)
        print lines[i] == "" ? ".sp" : escape(lines[i])
    print ".fi\n.in"
    begun = 1
}

# A comment: paragraphs; lines indented by four, and tables, as they stand.
function prose(lines, count, i, n, block, open) {
    for (i = 1; i <= count + 1; i++) {
        if (i <= count && lines[i] ~ /^    / && (n > 0 || i == 1 || lines[i - 1] == "")) {
            block[++n] = substr(lines[i], 5)
            continue
        }
        if (i <= count && lines[i] ~ /[^ .]   +[^ ]/) {
            block[++n] = lines[i]
            continue
        }
        if (n > 0 && i <= count && lines[i] == "") {
            block[++n] = ""
            continue
        }
        if (n > 0) {
            literal(block, n)
            n = 0
            open = 0
        }
        if (i > count)
            break
        if (lines[i] == "") {
            open = 0
            continue
        }
        if (!open && begun)
            print ".PP"
        open = begun = 1
        gsub(/^ +/, "", lines[i])
        print escape(lines[i])
    }
}

# The words of a comment line, without its marks.
function uncomment(s) {
    sub(/ *\*\/ *$/, "", s)
    sub(/^[ ]*\/\* ?/, "", s)
    sub(/^ \*? ?/, "", s)
    return s
}

function link(name) {
    if (!(name in linked))
        print name, page >>links
    linked[name] = 1
}

# Names that an X-macro declares: those of its list, after what stands before ##name.
function note_list(s, prefix, i) {
    if (s ~ /^#define CN_[A-Z_]+MAP\(X\)/)
        item_count = 0
    if (match(s, /cn_[a-z_]*##name\(/)) {
        prefix = substr(s, RSTART, RLENGTH - 7)
        for (i = 1; i <= item_count; i++)
            link(prefix items[i])
    }
    while (s !~ /^#define X/ && match(s, /X\([a-z0-9_]+\)/)) {
        items[++item_count] = substr(s, RSTART + 2, RLENGTH - 3)
        s = substr(s, RSTART + RLENGTH)
    }
}

# The names that a line of code declares at its outermost level; a function's may stand on the line
# after its type.
function note_names(s) {
    if (s ~ /^CN_API/)
        expecting = 1
    if (expecting && match(s, /cn_[a-z0-9_]+\(/)) {
        link(substr(s, RSTART, RLENGTH - 1))
        expecting = 0
    }
    if (s ~ /^(typedef|\})/ && match(s, /cn_[a-z0-9_]+( \{|;)$/)) {
        s = substr(s, RSTART, RLENGTH)
        sub(/[ ;{]+$/, "", s)
        link(s)
    }
}

function flush_comment() {
    if (comment_count > 0)
        prose(comment, comment_count)
    comment_count = 0
}

function flush_code() {
    if (code_count > 0)
        literal(code, code_count)
    code_count = 0
}

function flush() {
    flush_comment()
    flush_code()
}

# The opening comment: its first sentence names the page.
function open_page(i, title) {
    title = comment[1]
    for (i = 2; i <= comment_count && comment[i] != ""; i++)
        title = title " " comment[i]
    sub(/[.;] .*$/, "", title)
    sub(/[.;]$/, "", title)
    sub(/^Cornu: /, "", title)
    printf ".TH %s 3 \"\" \"Cornu %s\" \"Cornu\"\n", page, version
    print ".SH NAME"
    print page " \\- " escape(title)
    print ".SH SYNOPSIS"
    print ".nf\n#include <" path ">\n.fi"
    print ".SH DESCRIPTION"
    begun = 0
    flush_comment()
}

function short_form(s, name) {
    sub(/^#define /, "", s)
    name = s
    sub(/\(.*/, "", name)
    if (name !~ /^cn_/)
        return
    sub(/\).*/, ")", s)
    shorts[++short_count] = s
    link(name)
}

function end_comment() {
    in_comment = 0
    if (!opened) {
        open_page()
        opened = 1
    }
}

in_comment {
    comment[++comment_count] = uncomment($0)
    if (/\*\//)
        end_comment()
    next
}
/^\/\* ---- .* -+ \*\/$/ {
    flush()
    title = $0
    gsub(/^\/\* -+ | -+ \*\/$/, "", title)
    heading(title)
    next
}
/^\/\*/ && depth == 0 {
    flush()
    comment[++comment_count] = uncomment($0)
    if (/\*\//)
        end_comment()
    else
        in_comment = 1
    next
}
/^#ifndef __cplusplus/ { flush(); in_shorts = 1; next }
in_shorts {
    if (/^#define/)
        short_form($0)
    if (/^#endif/)
        in_shorts = 0
    next
}
/^#ifdef __cplusplus/ { skipping = 1; next }
skipping { if (/^#endif/) skipping = 0; next }
/^#(ifndef|endif|include|undef)/ || /^#define CORNU(_[A-Z]+)*_H$/ || /^extern CN_API/ { next }
/^$/ {
    if (depth == 0)
        flush()
    else
        code[++code_count] = ""
    next
}
{
    if (depth == 0 || /^\}/) {
        note_list($0)
        note_names($0)
    }
    code[++code_count] = $0
    gsub(/CN_API |CN_NODISCARD /, "", code[code_count])
    stripped = $0
    gsub(/\/\*[^*]*\*\/|"[^"]*"/, "", stripped)
    depth += gsub(/\{/, "", stripped) - gsub(/\}/, "", stripped)
}
END {
    flush()
    if (short_count > 0) {
        heading("Short forms")
        begun = 0
        explanation[1] = "In C, functions whose names end in _at are called by macros: required " \
            "arguments by position, the others by name, in any order."
        prose(explanation, 1)
        literal(shorts, short_count)
    }
    print ".SH SEE ALSO"
    if (page != "cornu")
        others = "cornu"
    count = split(others, pages, " ")
    for (i = 1; i <= count; i++)
        print ".BR " escape(pages[i]) " (3)" (i < count ? "," : "")
}
