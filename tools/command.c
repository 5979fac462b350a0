/* Reading a command line by the tables of verb.h.
 *
 * Options and arguments may come in any order until `--`. A value is the next word, or stands
 * behind `=` (or right behind the letter); it is checked here, so that a verb sees valid values
 * only. Every mistake ends in exit code 2 with a line that names it, and, where one word lies
 * close, what was probably meant.
 */
#define _GNU_SOURCE
#include "tools/command.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct parsed_option {
    const option_row *row;
    const char *text; /* NULL for flags */
};

const option_row common_options[] = {
    {"help", 'h', OPTION_FLAG, NULL, NULL, "show this help", {0}},
    {0},
};

const exit_row exit_rows[] = {
    {EXIT_OK, "success"},
    {EXIT_RUN, "the work failed: out of memory, an unwritable file, a failed step"},
    {EXIT_USAGE, "the command line is wrong: an unknown verb or option, a malformed value"},
    {EXIT_INPUT, "a model, graph or data file is missing, damaged or does not fit"},
    {EXIT_BACKEND, "there is no compiler or target for what is asked"},
    {EXIT_DIFFERS, "results depart from the reference (verify)"},
    {EXIT_DIVERGED, "a value is not finite (train)"},
    {EXIT_INTERRUPTED, "stopped by Ctrl-C, after a save where there is something to save"},
    {0},
};

/* ---- Failures ---------------------------------------------------------------------------- */

exit_code fail(const invocation *i, exit_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(i->err,
            i->verb == NULL ? "cornu: " : "cornu %s: ", i->verb == NULL ? "" : i->verb->name);
    vfprintf(i->err, format, arguments);
    fputc('\n', i->err);
    va_end(arguments);
    return code;
}

static const struct {
    cn_status status;
    exit_code code;
} status_codes[] = {
    {CN_ERROR_OUT_OF_MEMORY, EXIT_RUN},      {CN_ERROR_INTERNAL, EXIT_RUN},
    {CN_ERROR_NOT_COMPILED, EXIT_RUN},       {CN_ERROR_BUSY, EXIT_RUN},
    {CN_ERROR_COMPILER, EXIT_BACKEND},       {CN_ERROR_UNSUPPORTED, EXIT_BACKEND},
    {CN_ERROR_NOT_FINITE, EXIT_DIVERGED},    {CN_ERROR_INTERRUPTED, EXIT_INTERRUPTED},
    {CN_ERROR_INVALID_ARGUMENT, EXIT_INPUT},
};

/* All that is not in the table concerns what was read: shapes, files, formats. */
static exit_code status_code(cn_status status) {
    for (size_t k = 0; k < sizeof status_codes / sizeof *status_codes; k++)
        if (status_codes[k].status == status)
            return status_codes[k].code;
    return EXIT_INPUT;
}

exit_code fail_context(const invocation *i, const cn_context *c) {
    if (c == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    return fail(i, status_code(cn_error_status(c)), "%s", cn_error_message(c));
}

/* ---- What was probably meant ------------------------------------------------------------- */

enum { LONGEST_WORD = 32 };

/* Edits that turn a into b; LONGEST_WORD when b is too long for a name of ours. */
static size_t edit_distance(const char *a, const char *b) {
    size_t length = strlen(b), row[LONGEST_WORD + 1];
    if (length > LONGEST_WORD)
        return LONGEST_WORD;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != 0; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[length];
}

const char *nearest_name(const char *word, const char *(*name_of)(const void *list, int k),
                         const void *list) {
    const char *best = NULL, *name;
    size_t least = 3; /* three edits make another word */
    for (int k = 0; (name = name_of(list, k)) != NULL; k++) {
        size_t distance = edit_distance(name, word);
        if (distance < least && distance < strlen(name)) {
            least = distance;
            best = name;
        }
    }
    return best;
}

static const char *verb_name(const void *list, int k) {
    const verb *v = ((const verb *const *)list)[k];
    return v == NULL ? NULL : v->name;
}

static const char *option_name(const void *v, int k) {
    const option_row *row = verb_option(v, k);
    return row == NULL ? NULL : row->name;
}

/* ---- Finding rows ------------------------------------------------------------------------ */

const verb *verb_find(const char *name) {
    for (const verb *const *v = verbs; *v != NULL; v++)
        if (strcmp((*v)->name, name) == 0)
            return *v;
    return NULL;
}

const option_row *verb_option(const verb *v, int k) {
    const option_row *row = v->options;
    for (; row != NULL && row->name != NULL; row++)
        if (k-- == 0)
            return row;
    for (row = common_options; row->name != NULL; row++)
        if (k-- == 0)
            return row;
    return NULL;
}

/* By the first `length` characters of a name, or by a letter when `name` is NULL. */
static const option_row *find_option(const verb *v, const char *name, size_t length, char letter) {
    const option_row *row;
    for (int k = 0; (row = verb_option(v, k)) != NULL; k++)
        if (name == NULL ? row->letter == letter
                         : strlen(row->name) == length && strncmp(row->name, name, length) == 0)
            return row;
    return NULL;
}

/* ---- Values ------------------------------------------------------------------------------ */

static bool is_choice(const char *choices, const char *text) {
    size_t length = strlen(text);
    for (const char *c = choices; c != NULL; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (strcspn(c, "|") == length && strncmp(c, text, length) == 0)
            return true;
    return false;
}

static bool is_integer(const char *text) {
    char *end;
    errno = 0;
    (void)strtoll(text, &end, 10);
    return end != text && *end == 0 && errno == 0;
}

static bool is_number(const char *text) {
    char *end;
    double x = strtod(text, &end);
    return end != text && *end == 0 && isfinite(x);
}

static exit_code check_value(const invocation *i, const option_row *row, const char *text) {
    if (row->kind == OPTION_INTEGER && !is_integer(text))
        return fail(i, EXIT_USAGE, "--%s wants a whole number, got \"%s\"", row->name, text);
    if (row->kind == OPTION_NUMBER && !is_number(text))
        return fail(i, EXIT_USAGE, "--%s wants a number, got \"%s\"", row->name, text);
    if (row->kind == OPTION_CHOICE && !is_choice(row->choices, text))
        return fail(i, EXIT_USAGE, "--%s wants one of %s, got \"%s\"", row->name, row->choices,
                    text);
    if (*text == 0)
        return fail(i, EXIT_USAGE, "--%s wants %s, got nothing", row->name, row->value_name);
    return EXIT_OK;
}

/* ---- Parsing ----------------------------------------------------------------------------- */

typedef struct words {
    char **items;
    int count, next;
} words;

static exit_code unknown_option(const invocation *i, const char *word, size_t length) {
    char name[LONGEST_WORD + 1] = "";
    if (length <= LONGEST_WORD)
        snprintf(name, sizeof name, "%.*s", (int)length, word + strspn(word, "-"));
    const char *near = *name == 0 ? NULL : nearest_name(name, option_name, i->verb);
    if (near != NULL)
        return fail(i, EXIT_USAGE, "unknown option %s; did you mean --%s?", word, near);
    return fail(i, EXIT_USAGE, "unknown option %s; cornu %s --help lists them", word,
                i->verb->name);
}

static exit_code add_option(invocation *i, const option_row *row, const char *text) {
    for (int k = 0; k < i->option_count && !row->rules.repeats; k++)
        if (i->options[k].row == row && row->kind != OPTION_FLAG)
            return fail(i, EXIT_USAGE, "--%s is given twice", row->name);
    exit_code code = text == NULL ? EXIT_OK : check_value(i, row, text);
    if (code == EXIT_OK)
        i->options[i->option_count++] = (struct parsed_option){row, text};
    return code;
}

/* One option, whose word begins with "-"; its value may be the next word. */
static exit_code parse_option(invocation *i, words *w) {
    const char *word = w->items[w->next++], *text = NULL;
    const option_row *row;
    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");
        row = find_option(i->verb, word + 2, length, 0);
        text = word[2 + length] == '=' ? word + 3 + length : NULL;
        if (row == NULL)
            return unknown_option(i, word, length);
    } else {
        row = find_option(i->verb, NULL, 0, word[1]);
        text = word[2] != 0 ? word + 2 : NULL;
        if (row == NULL)
            return unknown_option(i, word, strlen(word + 1));
    }
    if (row->kind == OPTION_FLAG) {
        if (text != NULL)
            return fail(i, EXIT_USAGE, "--%s takes no value, got %s", row->name, word);
        return add_option(i, row, NULL);
    }
    if (text == NULL && w->next < w->count)
        text = w->items[w->next++];
    if (text == NULL)
        return fail(i, EXIT_USAGE, "--%s wants a value: --%s %s", row->name, row->name,
                    row->value_name);
    return add_option(i, row, text);
}

static exit_code check_count(const invocation *i) {
    const verb *v = i->verb;
    if (i->argument_count < v->least) {
        fail(i, EXIT_USAGE, "an argument is missing: %s", v->arguments);
    } else if (v->most >= 0 && i->argument_count > v->most) {
        fail(i, EXIT_USAGE, "\"%s\" is one argument too many", i->arguments[v->most]);
    } else {
        return EXIT_OK;
    }
    fputs("usage: ", i->err);
    usage_write(i->err, v);
    return EXIT_USAGE;
}

/* Arguments are gathered at the front of the words, whose texts are kept. */
static exit_code parse(invocation *i, words *w) {
    exit_code code = EXIT_OK;
    bool options = true;
    i->arguments = w->items;
    while (code == EXIT_OK && w->next < w->count && !option_given(i, "help")) {
        char *word = w->items[w->next];
        if (options && strcmp(word, "--") == 0) {
            options = false;
            w->next++;
        } else if (options && word[0] == '-' && word[1] != 0) {
            code = parse_option(i, w);
        } else {
            i->arguments[i->argument_count++] = word;
            w->next++;
        }
    }
    return code;
}

/* ---- Variables --------------------------------------------------------------------------- */

static const char *variable_name(const void *list, int k) {
    return ((const char *const *)list)[k];
}

/* A variable of ours that nothing reads was misspelt, as a rule. */
static void warn_of_variables(const invocation *i) {
#define X(name, value, meaning) name,
    static const char *const known[] = {CN_ENVIRONMENT_MAP(X) NULL};
#undef X
    for (char **v = environ; v != NULL && *v != NULL; v++) {
        char name[LONGEST_WORD + 1];
        size_t length = strcspn(*v, "="), k = 0;
        if (strncmp(*v, "CORNU_", 6) != 0 || length > LONGEST_WORD)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)length, *v);
        while (known[k] != NULL && strcmp(known[k], name) != 0)
            k++;
        if (known[k] != NULL)
            continue;
        const char *near = nearest_name(name, variable_name, known);
        fprintf(i->err, "cornu %s: warning: nothing reads %s%s%s%s\n", i->verb->name, name,
                near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                near != NULL ? "?" : "");
    }
}

static exit_code run_verb(invocation *i, words *w) {
    exit_code code = parse(i, w);
    if (code == EXIT_OK && option_given(i, "help")) {
        help_write_verb(i->out, i->verb);
        return EXIT_OK;
    }
    if (code == EXIT_OK)
        code = check_count(i);
    if (code == EXIT_OK)
        code = conditions_check(i);
    i->json = option_known(i, "json") && option_given(i, "json");
    i->quiet = option_known(i, "quiet") && option_given(i, "quiet");
    if (code != EXIT_OK)
        return code;
    if (option_known(i, "quiet") && !i->quiet)
        warn_of_variables(i);
    return i->verb->run(i);
}

exit_code command_run(int argc, char **argv, FILE *out, FILE *err) {
    invocation i = {.out = out, .log = err, .err = err};
    const char *first = argc < 2 ? NULL : argv[1];
    if (first == NULL) {
        help_write(err);
        return EXIT_USAGE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return help_write(out), EXIT_OK;
    if (strcmp(first, "--version") == 0)
        return fprintf(out, "cornu %s\n", cn_version()), EXIT_OK;
    if ((i.verb = verb_find(first)) == NULL) {
        const char *near = nearest_name(first, verb_name, verbs);
        if (near != NULL)
            return fail(&i, EXIT_USAGE, "unknown verb \"%s\"; did you mean %s?", first, near);
        return fail(&i, EXIT_USAGE, "unknown verb \"%s\"; cornu --help lists them", first);
    }
    words w = {argv + 2, argc - 2, 0};
    i.options = calloc((size_t)argc, sizeof *i.options);
    exit_code code = i.options == NULL ? fail(&i, EXIT_RUN, "out of memory") : run_verb(&i, &w);
    free(i.options);
    return code;
}

/* ---- Options, for verbs ------------------------------------------------------------------ */

bool option_known(const invocation *i, const char *name) {
    return find_option(i->verb, name, strlen(name), 0) != NULL;
}

static const struct parsed_option *given(const invocation *i, const char *name, int n) {
    assert(option_known(i, name));
    for (int k = 0; k < i->option_count; k++)
        if (strcmp(i->options[k].row->name, name) == 0 && n-- == 0)
            return &i->options[k];
    return NULL;
}

bool option_given(const invocation *i, const char *name) {
    return given(i, name, 0) != NULL;
}

const char *option_text(const invocation *i, const char *name, const char *otherwise) {
    const struct parsed_option *o = given(i, name, 0);
    return o == NULL ? otherwise : o->text;
}

const char *option_repeated(const invocation *i, const char *name, int n) {
    const struct parsed_option *o = given(i, name, n);
    return o == NULL ? NULL : o->text;
}

int64_t option_integer(const invocation *i, const char *name, int64_t otherwise) {
    const struct parsed_option *o = given(i, name, 0);
    return o == NULL ? otherwise : strtoll(o->text, NULL, 10);
}

double option_number(const invocation *i, const char *name, double otherwise) {
    const struct parsed_option *o = given(i, name, 0);
    return o == NULL ? otherwise : strtod(o->text, NULL);
}
