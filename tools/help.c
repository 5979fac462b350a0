/* --help of the command and of each verb, for a screen of 80 columns. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/schemas.h"

enum { SCREEN = 79, HELP_COLUMN = 26 };

/* Words of a text from a column on, wrapped; "\n\n" begins a paragraph. */
static void write_wrapped(FILE *out, const char *text, int indent, int column) {
    while (*text != 0) {
        int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > SCREEN) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", length, text);
        text += length;
        if (strncmp(text, "\n\n", 2) == 0) {
            fprintf(out, "\n\n%*s", indent, "");
            column = indent;
        }
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

/* A term at the left, its meaning in a column of its own. */
static void write_entry(FILE *out, const char *term, const char *meaning) {
    int column = fprintf(out, "  %s", term);
    if (column > HELP_COLUMN - 2) {
        fputc('\n', out);
        column = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - column, "");
    write_wrapped(out, meaning, HELP_COLUMN, HELP_COLUMN);
}

static void describe_condition(char *text, size_t size, const char *begin, const char *terms) {
    if (terms == NULL)
        return;
    size_t length = (size_t)snprintf(text, size, "%s", begin);
    condition_describe(terms, text + length, size - length);
}

/* The help of an option, its choices as a list that can be wrapped. */
static void describe_option(char *text, size_t size, const option_row *row) {
    int length = snprintf(text, size, "%s%s", row->help, row->choices ? " (" : "");
    for (const char *c = row->choices; c != NULL && *c != 0; c++)
        length += snprintf(text + length, size - (size_t)length, "%c%s", *c == '|' ? ',' : *c,
                           *c == '|' ? " " : "");
    if (row->choices != NULL)
        length += snprintf(text + length, size - (size_t)length, ")");
    if (row->rules.repeats)
        length += snprintf(text + length, size - (size_t)length, "; may be repeated");
    describe_condition(text + length, size - (size_t)length, "; only for ", row->rules.only_for);
    length = (int)strlen(text);
    describe_condition(text + length, size - (size_t)length, "; not with ", row->rules.not_with);
}

static void write_option(FILE *out, const option_row *row) {
    char term[128], letter[8] = "    ", meaning[1024];
    if (row->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(term, sizeof term, "%s--%s%s%s", letter, row->name, row->value_name ? " " : "",
             row->value_name ? row->value_name : "");
    describe_option(meaning, sizeof meaning, row);
    write_entry(out, term, meaning);
}

void usage_write(FILE *out, const verb *v) {
    fprintf(out, "cornu %s", v->name);
    needs_write(out, v);
    fprintf(out, " [OPTION...]%s%s\n", *v->arguments ? " " : "", v->arguments);
}

void help_write_verb(FILE *out, const verb *v) {
    fputs("usage: ", out);
    usage_write(out, v);
    fputc('\n', out);
    write_wrapped(out, v->description, 0, 0);
    fputs("\noptions:\n", out);
    const option_row *row;
    for (int k = 0; (row = verb_option(v, k)) != NULL; k++)
        write_option(out, row);
    if (v->examples != NULL && v->examples->command != NULL)
        fputs("\nexamples:\n", out);
    for (const verb_example *e = v->examples; e != NULL && e->command != NULL; e++)
        fprintf(out, "  %s\n      %s\n", e->command, e->meaning);
}

const char command_description[] =
    "Looks into models, trains them, and ships them as native code.\n\n"
    "MODEL is a .keras file (or an old .h5), or a C source that defines `cn_model "
    "*model(cn_context *c)`. A source is compiled on the fly by the machine's C compiler against "
    "Cornu's headers, so it is as trusted as any program that one builds and runs; a file runs no "
    "code of its own, and custom layers in it come from a source (--layers). Weights may come from "
    "a file of their own (--weights). Verbs that work on graphs take .cnir files too, and say "
    "so.\n\n"
    "Results go to stdout; progress, warnings and messages to stderr. With --json a verb writes "
    "one document with a \"schema\", or, while training, one a line. Options stand anywhere behind "
    "the verb, as --name VALUE or --name=VALUE; -- ends them.";

void help_write(FILE *out) {
    fputs("usage: cornu VERB [OPTION...] [ARGUMENT...]\n\n", out);
    write_wrapped(out, command_description, 0, 0);
    fputs("\nverbs:\n", out);
    for (const verb *const *v = verbs; *v != NULL; v++)
        write_entry(out, (*v)->name, (*v)->summary);
    fputs("\ncornu VERB --help tells more of one; cornu --version.\n\nexit codes:\n", out);
    for (const exit_row *e = exit_rows; e->meaning != NULL; e++) {
        char code[8];
        snprintf(code, sizeof code, "%d", (int)e->code);
        write_entry(out, code, e->meaning);
    }
}

void schemas_write(FILE *out) {
#define X(name, version, writer, keys) \
    fputs("cornu." #name "/" #version "  " writer "\n    ", out), write_wrapped(out, keys, 4, 4);
    SCHEMA_MAP(X)
#undef X
}
