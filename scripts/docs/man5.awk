# docs/cnir.md as the manual page cornu-ir(5).
#
# Of Markdown it knows what that document uses: sections, paragraphs, lists of "- **Name** text",
# fenced blocks, `code` and **bold** in lines, and the table of ops. Comments are left out.
#
# Variable: version.

function inline(s, out) {
    gsub(/\\\|/, "|", s) # in a table
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    out = ""
    while (match(s, /`[^`]+`|\*\*[^*]+\*\*|\[[^]]+\]\([^)]+\)/)) {
        part = substr(s, RSTART, RLENGTH)
        out = out substr(s, 1, RSTART - 1)
        if (part ~ /^`/)
            out = out "\\fB" substr(part, 2, RLENGTH - 2) "\\fR"
        else if (part ~ /^\*/)
            out = out "\\fB" substr(part, 3, RLENGTH - 4) "\\fR"
        else
            out = out substr(part, 2, index(part, "]") - 2)
        s = substr(s, RSTART + RLENGTH)
    }
    out = out s
    return out ~ /^[.']/ ? "\\&" out : out
}

function literal(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    return s ~ /^[.']/ ? "\\&" s : s
}

function op_row(s, cells) {
    gsub(/\\\|/, "\001", s) # a bar within a cell
    split(s, cells, /[ ]*\|[ ]*/)
    gsub(/`/, "", cells[2])
    for (i = 2; i <= 4; i++)
        gsub(/\001/, "|", cells[i])
    print ".TP\n\\fB" inline(cells[2]) "\\fR"
    print inline(cells[3])
    if (cells[4] != "")
        print ".br\nAttributes: " inline(cells[4]) "."
}

BEGIN {
    print ".TH CORNU\\-IR 5 \"\" \"Cornu " version "\" \"Cornu\""
    print ".SH NAME\ncornu\\-ir \\- the text of graphs of the Cornu compiler: .cnir"
    print ".SH SYNOPSIS\n.nf"
    print "cornu dump \\fIFILE\\fR.cnir"
    print "cornu dump \\fIFILE\\fR.cnir \\-\\-passes \\fIPASS\\fR,... [\\-\\-format svg]"
    print ".fi\n.SH DESCRIPTION"
}

/^<!--/ { next }
/^# / { next }
/^```/ {
    print open ? ".fi\n.in" : ".PP\n.in +4\n.nf"
    open = !open
    next
}
open { print $0 == "" ? ".sp" : literal($0); next }
/^## / { print ".SH " toupper(substr($0, 4)); fresh = 1; next }
/^\|/ {
    if ($0 !~ /^\| op \|/ && $0 !~ /^\|-/)
        op_row($0)
    next
}
/^- / { print ".IP \\(bu 2\n" inline(substr($0, 3)); fresh = 1; next }
/^$/ { blank = 1; next }
{
    sub(/^ +/, "")
    if (blank && !fresh && NR > 3)
        print ".PP"
    blank = fresh = 0
    print inline($0)
}

END {
    print ".SH SEE ALSO"
    print ".BR cornu (1),\n.BR cornu\\-inspect (3)"
}
