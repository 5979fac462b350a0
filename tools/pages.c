/* The man page and the bash completion, made of the rows that parsing goes by.
 *
 * roff: a backslash is \e, a hyphen \- (so that options can be copied), and a line may not begin
 * with a dot or a quote. bash: per verb, what may follow an option, then the verb's options; words
 * come from our own tables only, so none needs quoting.
 */
#include <ctype.h>
#include <string.h>

#include "tools/command.h"
#include "tools/schemas.h"

/* ---- roff -------------------------------------------------------------------------------- */

/* A text on lines of its own; "\n\n" begins a paragraph. */
static void roff(FILE *out, const char *text) {
    bool begins = true;
    for (const char *c = text; *c != 0; c++) {
        if (strncmp(c, "\n\n", 2) == 0) {
            fputs("\n.PP\n", out);
            begins = true;
            c++;
            continue;
        }
        if (begins && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        if (*c == '\\')
            fputs("\\e", out);
        else if (*c == '-')
            fputs("\\-", out);
        else
            fputc(*c, out);
        begins = *c == '\n';
    }
    fputc('\n', out);
}

static void roff_bold(FILE *out, const char *text) {
    fputs("\\fB", out);
    for (const char *c = text; *c != 0; c++)
        fputs(*c == '-' ? "\\-" : (const char[]){*c, 0}, out);
    fputs("\\fR", out);
}

static void roff_condition(FILE *out, const char *begin, const char *terms) {
    char words[256];
    if (terms == NULL)
        return;
    condition_describe(terms, words, sizeof words);
    fprintf(out, "(%s ", begin);
    roff(out, words);
    fputs(")\n", out);
}

static void roff_option(FILE *out, const option_row *row) {
    fputs(".TP\n", out);
    if (row->letter != 0) {
        roff_bold(out, (const char[]){'-', row->letter, 0});
        fputs(", ", out);
    }
    roff_bold(out, "--");
    roff_bold(out, row->name);
    if (row->value_name != NULL)
        fprintf(out, " \\fI%s\\fR", row->value_name);
    fputc('\n', out);
    roff(out, row->help);
    if (row->choices != NULL) {
        fputs("(one of ", out);
        for (const char *c = row->choices; *c != 0; c++)
            fputs(*c == '|' ? ", " : (const char[]){*c, 0}, out);
        fputs(")\n", out);
    }
    if (row->rules.repeats)
        fputs("(may be repeated)\n", out);
    roff_condition(out, "only for", row->rules.only_for);
    roff_condition(out, "not with", row->rules.not_with);
}

static void man_verb(FILE *out, const verb *v) {
    fprintf(out, ".SS %s\n", v->name);
    roff_bold(out, "cornu ");
    roff_bold(out, v->name);
    needs_write(out, v);
    fprintf(out, " [\\fIOPTION\\fR...]%s%s\n.PP\n", *v->arguments ? " " : "", v->arguments);
    roff(out, v->description);
    for (const option_row *row = v->options; row != NULL && row->name != NULL; row++)
        roff_option(out, row);
    for (const verb_example *e = v->examples; e != NULL && e->command != NULL; e++) {
        fputs(".PP\n", out);
        roff(out, e->meaning);
        fputs(".RS 4\n.nf\n", out);
        roff(out, e->command);
        fputs(".fi\n.RE\n", out);
    }
}

static void man_term(FILE *out, const char *term, const char *value, const char *meaning) {
    fputs(".TP\n", out);
    roff_bold(out, term);
    if (value != NULL)
        fprintf(out, "=\\fI%s\\fR", value);
    fputc('\n', out);
    roff(out, meaning);
}

static void man_variables(FILE *out) {
    fputs(".SH ENVIRONMENT\n", out);
    man_term(out, "CC", "COMMAND", "the C compiler for MODEL; default: cc, clang or gcc");
#define X(name, value, meaning) man_term(out, name, value, meaning);
    CN_ENVIRONMENT_MAP(X)
#undef X
    man_term(out, "TMPDIR", "FOLDER", "for temporary files; default: /tmp");
}

static void man_schemas(FILE *out) {
    fputs(".SH JSON\n", out);
    roff(out,
         "With --json a verb writes one document, an object whose \"schema\" says which keys it "
         "has. Within a version of a schema keys are added, never taken away.");
#define X(name, version, writer, keys) \
    man_term(out, "cornu." #name "/" #version, NULL, writer ":\n" keys);
    SCHEMA_MAP(X)
#undef X
}

void man_write(FILE *out) {
    fprintf(out, ".TH CORNU 1 \"\" \"Cornu %s\" \"User Commands\"\n", cn_version());
    fputs(".SH NAME\ncornu \\- deep learning for C programs\n"
          ".SH SYNOPSIS\n.B cornu\n\\fIVERB\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.br\n"
          ".B cornu\n\\fIVERB\\fR \\fB\\-\\-help\\fR\n.SH DESCRIPTION\n",
          out);
    roff(out, command_description);
    fputs(".SH OPTIONS\nEvery verb has these:\n", out);
    for (const option_row *row = common_options; row->name != NULL; row++)
        roff_option(out, row);
    fputs(".SH VERBS\n", out);
    for (const verb *const *v = verbs; *v != NULL; v++)
        man_verb(out, *v);
    fputs(".SH EXIT STATUS\n", out);
    for (const exit_row *e = exit_rows; e->meaning != NULL; e++) {
        char code[8];
        snprintf(code, sizeof code, "%d", (int)e->code);
        man_term(out, code, NULL, e->meaning);
    }
    man_schemas(out);
    man_variables(out);
    fputs(".SH SEE ALSO\n.BR cornu (3),\n.BR cornu\\-ir (5)\n", out);
}

/* ---- bash -------------------------------------------------------------------------------- */

/* "a|b" as the words a and b. */
static void write_words(FILE *out, const char *choices) {
    for (const char *c = choices; *c != 0; c++)
        fputc(*c == '|' ? ' ' : *c, out);
}

/* What may follow an option; NULL for text that nobody can guess. */
static const char *completion_of(option_kind kind) {
    switch (kind) {
    case OPTION_FILE:
        return "-f";
    case OPTION_FOLDER:
        return "-d";
    case OPTION_CHOICE:
        return "-W";
    default:
        return NULL;
    }
}

static void bash_value(FILE *out, const option_row *row) {
    const char *completion = completion_of(row->kind);
    if (row->kind == OPTION_FLAG)
        return;
    fprintf(out, "        --%s", row->name);
    if (row->letter != 0)
        fprintf(out, " | -%c", row->letter);
    fputs(") ", out);
    if (completion != NULL) {
        fprintf(out, "mapfile -t COMPREPLY < <(compgen %s ", completion);
        if (row->choices != NULL) {
            fputs("'", out);
            write_words(out, row->choices);
            fputs("' ", out);
        }
        fputs("-- \"$word\"); ", out);
    }
    fputs("return ;;\n", out);
}

/* A verb whose first argument is one of some words names them: "ls|clear|path". */
static void bash_arguments(FILE *out, const verb *v) {
    if (!islower((unsigned char)v->arguments[0]))
        return;
    fprintf(out, "        ((COMP_CWORD == 2)) && words='%.*s'\n", (int)strcspn(v->arguments, " "),
            v->arguments);
    fputs("        words=${words//|/ }\n", out);
}

static void bash_verb(FILE *out, const verb *v) {
    const option_row *row;
    fprintf(out, "    %s)\n        case $before in\n", v->name);
    for (int k = 0; (row = verb_option(v, k)) != NULL; k++)
        bash_value(out, row);
    fputs("        esac\n", out);
    bash_arguments(out, v);
    fputs("        options='", out);
    for (int k = 0; (row = verb_option(v, k)) != NULL; k++)
        fprintf(out, "%s--%s", k > 0 ? " " : "", row->name);
    fputs("' ;;\n", out);
}

static void bash_verb_names(FILE *out) {
    for (const verb *const *v = verbs; *v != NULL; v++)
        fprintf(out, "%s ", (*v)->name);
    fputs("--help --version", out);
}

void bash_write(FILE *out) {
    fputs("# bash completion of cornu; made by `cornu help --bash`\n_cornu() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local words='' options=''\n"
          "    if ((COMP_CWORD == 1)); then\n        mapfile -t COMPREPLY < <(compgen -W '",
          out);
    bash_verb_names(out);
    fputs("' -- \"$word\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", out);
    for (const verb *const *v = verbs; *v != NULL; v++)
        bash_verb(out, *v);
    fputs("    esac\n    case $word in\n"
          "    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;\n"
          "    *)\n        if [[ -n $words ]]; then\n"
          "            mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "        else\n            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "        fi ;;\n    esac\n}\ncomplete -o filenames -F _cornu cornu\n",
          out);
}
