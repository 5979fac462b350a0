/* Whether the options of a command line go together; the rows of verb.h say what does.
 *
 * A condition is a term of the texts `only_for` and `not_with`: the name of an option, or of what
 * an option is and its values as patterns of a shell ("argument" is the first argument). Options
 * that would change nothing are refused rather than ignored: whoever gives one believes that it
 * does something. Help tells the conditions in the same words as the refusal.
 */
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "tools/command.h"

/* "argument=*.cnir|-": a term, as lengths of its parts. */
typedef struct term {
    const char *name, *patterns; /* patterns NULL = any value */
    int name_length, patterns_length;
} term;

/* The next term of a text; false behind the last. */
static bool next_term(const char **text, term *t) {
    *text += strspn(*text, " ");
    int length = (int)strcspn(*text, " ");
    if (length == 0)
        return false;
    t->name = *text;
    t->name_length = (int)strcspn(*text, "= ");
    t->patterns = t->name_length < length ? *text + t->name_length + 1 : NULL;
    t->patterns_length = length - t->name_length - 1;
    *text += length;
    return true;
}

static bool is_argument(const term *t) {
    return t->name_length == 8 && strncmp(t->name, "argument", 8) == 0;
}

static bool matches(const term *t, const char *value) {
    const char *p = t->patterns;
    char pattern[64];
    while (p < t->patterns + t->patterns_length) {
        int length = (int)strcspn(p, "| ");
        snprintf(pattern, sizeof pattern, "%.*s", length, p);
        if (fnmatch(pattern, value, 0) == 0)
            return true;
        p += length + 1;
    }
    return false;
}

static bool holds(const invocation *i, const term *t) {
    char name[32];
    if (is_argument(t))
        return i->argument_count > 0 && (t->patterns == NULL || matches(t, i->arguments[0]));
    snprintf(name, sizeof name, "%.*s", t->name_length, t->name);
    return option_given(i, name) && (t->patterns == NULL || matches(t, option_text(i, name, "")));
}

/* The first term that holds. */
static bool find_holding(const invocation *i, const char *text, term *t) {
    while (next_term(&text, t))
        if (holds(i, t))
            return true;
    return false;
}

/* ---- words ------------------------------------------------------------------------------- */

/* Appends to words of which `length` bytes are written, as far as there is room. */
static size_t say(char *words, size_t size, size_t length, int count, const char *text) {
    int added = snprintf(words + length, size - length, "%.*s", count, text);
    return length + (size_t)added < size ? length + (size_t)added : size - 1;
}

/* "--program train or evaluate", "*.cnir or -", "--train-step". */
static size_t say_term(char *words, size_t size, size_t length, const term *t) {
    if (is_argument(t) && t->patterns == NULL)
        return say(words, size, length, INT_MAX, "an argument");
    if (!is_argument(t)) {
        length = say(words, size, length, INT_MAX, "--");
        length = say(words, size, length, t->name_length, t->name);
    }
    for (int at = 0, next; t->patterns != NULL && at < t->patterns_length; at = next + 1) {
        next = at + (int)strcspn(t->patterns + at, "| ");
        if (at > 0 || !is_argument(t))
            length = say(words, size, length, INT_MAX, at > 0 ? " or " : " ");
        length = say(words, size, length, next - at, t->patterns + at);
    }
    return length;
}

void condition_describe(const char *text, char *words, size_t size) {
    size_t length = 0;
    term t;
    *words = 0;
    for (int n = 0; next_term(&text, &t); n++) {
        length = say(words, size, length, INT_MAX, n > 0 ? " or " : "");
        length = say_term(words, size, length, &t);
    }
}

static exit_code refuse_with(const invocation *i, const option_row *row, const term *t) {
    char words[128];
    if (is_argument(t))
        return fail(i, EXIT_USAGE, "--%s has no effect on %s", row->name, i->arguments[0]);
    say_term(words, sizeof words, 0, t);
    return fail(i, EXIT_USAGE, "--%s has no effect with %s", row->name, words);
}

static exit_code check_option(const invocation *i, const option_row *row) {
    char words[256];
    term t;
    if (row->rules.not_with != NULL && find_holding(i, row->rules.not_with, &t))
        return refuse_with(i, row, &t);
    if (row->rules.only_for == NULL || find_holding(i, row->rules.only_for, &t))
        return EXIT_OK;
    condition_describe(row->rules.only_for, words, sizeof words);
    return fail(i, EXIT_USAGE, "--%s is only for %s", row->name, words);
}

/* ---- what is needed ---------------------------------------------------------------------- */

static void write_option(FILE *out, const option_row *row) {
    fprintf(out, "--%s%s%s", row->name, row->value_name ? " " : "",
            row->value_name ? row->value_name : "");
}

void needs_write(FILE *out, const verb *v) {
    const option_row *row;
    int alternatives = 0;
    for (int k = 0; (row = verb_option(v, k)) != NULL; k++) {
        if (row->rules.need == NEED_NONE)
            continue;
        fputs(row->rules.need == NEED_ALWAYS ? " " : alternatives++ == 0 ? " (" : "|", out);
        write_option(out, row);
    }
    if (alternatives > 0)
        fputs(")", out);
}

static exit_code check_needs(const invocation *i) {
    const option_row *row;
    int alternatives = 0, given = 0;
    for (int k = 0; (row = verb_option(i->verb, k)) != NULL; k++) {
        if (row->rules.need == NEED_ALWAYS && !option_given(i, row->name))
            return fail(i, EXIT_USAGE, "--%s %s is missing", row->name, row->value_name);
        alternatives += row->rules.need == NEED_ONE_OF;
        given += row->rules.need == NEED_ONE_OF && option_given(i, row->name);
    }
    if (alternatives == 0 || given == 1)
        return EXIT_OK;
    fprintf(i->err, "cornu %s: one of these is needed, and no more:", i->verb->name);
    needs_write(i->err, i->verb);
    fputc('\n', i->err);
    return EXIT_USAGE;
}

exit_code conditions_check(const invocation *i) {
    const option_row *row;
    exit_code code = check_needs(i);
    for (int k = 0; code == EXIT_OK && (row = verb_option(i->verb, k)) != NULL; k++)
        if (option_given(i, row->name))
            code = check_option(i, row);
    return code;
}
