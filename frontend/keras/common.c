/* What every reader and writer of Keras' files shares: problems, serialised objects, options.
 *
 * A problem is noted and reading goes on, so that one message lists all of them. An object is
 * {"module": ..., "class_name": ..., "config": {...}, "registered_name": ...}; functions and plain
 * strings are read as objects without a configuration. Source: keras/src/saving,
 * serialization_lib.py.
 */
#include <math.h>
#include <string.h>

#include "frontend/keras/options.h"

/* ---- problems --------------------------------------------------------------------------- */

void keras_problem(keras_reader *r, const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_printf(&r->problems, "\n  %s: ", place);
    text_printf_list(&r->problems, format, arguments);
    va_end(arguments);
    r->problem_count++;
}

void keras_write_problem(keras_writer *w, const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_printf(&w->problems, "\n  %s: ", place);
    text_printf_list(&w->problems, format, arguments);
    va_end(arguments);
    w->problem_count++;
}

bool keras_made(keras_reader *r, const char *place) {
    diagnostics *d = &r->context->diag;
    if (diag_ok(d))
        return true;
    if (d->status == CN_ERROR_OUT_OF_MEMORY)
        return false; /* the failure of the whole reading, not of this place */
    keras_problem(r, place, "%s", d->message);
    diag_clear(d);
    return false;
}

const char *keras_words(arena *a, const json_t *j) {
    char words[64];
    size_t length =
        json_dumpb(j, words, sizeof words,
                   JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
    if (length <= sizeof words)
        return arena_string_n(a, words, length);
    return arena_format(a, "%.*s...", (int)sizeof words - 4, words);
}

/* ---- objects ---------------------------------------------------------------------------- */

static bool of_keras(const char *module) {
    return module == NULL || strcmp(module, "builtins") == 0 || strncmp(module, "keras", 5) == 0;
}

/* Of a class that is not Keras': the name it is registered under, else its own. Keras says null for
 * its own classes, or the class again; for others whose module it cannot tell, that is null. */
static const char *foreign_name(const json_t *j, const keras_object *o) {
    const char *name = json_string_value(json_object_get(j, "registered_name"));
    if (name == NULL || strcmp(name, "function") == 0)
        name = o->class_name;
    bool lost = json_is_null(json_object_get(j, "module")) && o->class_name[0] != '_';
    return strchr(name, '>') != NULL || lost || !of_keras(o->module) ? name : NULL;
}

bool keras_object_of(const json_t *j, keras_object *out) {
    *out = (keras_object){.class_name = json_string_value(j)};
    if (!json_is_object(j)) {
        if (out->class_name != NULL && strchr(out->class_name, '>') != NULL)
            out->registered_name = out->class_name;
        return out->class_name != NULL;
    }
    const json_t *config = json_object_get(j, "config");
    out->class_name = json_string_value(json_object_get(j, "class_name"));
    if (out->class_name == NULL)
        return false;
    if (json_is_string(config) && strcmp(out->class_name, "function") == 0)
        out->class_name = json_string_value(config);
    out->module = json_string_value(json_object_get(j, "module"));
    out->config = json_is_object(config) ? config : NULL;
    out->registered_name = foreign_name(j, out);
    return true;
}

void keras_refuse(keras_reader *r, const char *place, const char *kind, const keras_object *o) {
    const char *name = o->registered_name != NULL ? o->registered_name : o->class_name;
    if (strcmp(name, "__lambda__") == 0)
        keras_problem(r, place, "its %s is a Python lambda, and code in a file is never run", kind);
    else if (o->registered_name != NULL)
        keras_problem(r, place, "%s \"%s\" is not Keras' own; Cornu cannot have it", kind, name);
    else
        keras_problem(r, place, "Cornu has no %s \"%s\"", kind, name);
}

void keras_open_object(keras_writer *w, const char *key, const char *module,
                       const char *class_name) {
    json_open(&w->json, key, '{');
    json_put_text(&w->json, "module", module);
    json_put_text(&w->json, "class_name", class_name);
    json_open(&w->json, "config", '{');
}

void keras_close_object(keras_writer *w) {
    json_close(&w->json, '}');
    json_put_null(&w->json, "registered_name");
    json_close(&w->json, '}');
}

/* ---- kinds of options ------------------------------------------------------------------- */

bool keras_number_of(const json_t *j, double *out) {
    keras_object o;
    if (json_is_object(j) && keras_object_of(j, &o) &&
        (strcmp(o.class_name, "__tensor__") == 0 || strcmp(o.class_name, "__numpy__") == 0))
        j = json_object_get(o.config, "value");
    *out = json_number_value(j);
    return json_is_number(j);
}

/* `given`: NULL where the file says nothing, and the row's default counts. */
typedef bool (*option_reader)(keras_reader *r, const json_t *given, const keras_option *row,
                              void *at);
typedef void (*option_writer)(json_writer *w, const keras_option *row, const void *at);

static bool any_number(const json_t *given, const keras_option *row, double *out) {
    *out = row->number;
    return given == NULL || keras_number_of(given, out);
}

static bool whole(double x) {
    return x == floor(x) && fabs(x) < 0x1p53;
}

static bool read_number(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r;
    return any_number(given, row, at);
}
static void write_number(json_writer *w, const keras_option *row, const void *at) {
    json_put_number(w, row->key, option_number(*(const double *)at, 0));
}

static bool read_whole(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r;
    return any_number(given, row, at) && whole(*(double *)at);
}
static void write_whole(json_writer *w, const keras_option *row, const void *at) {
    json_put_integer(w, row->key, (int64_t) * (const double *)at);
}

static bool read_number_option(keras_reader *r, const json_t *given, const keras_option *row,
                               void *at) {
    double x;
    bool ok = read_number(r, given, row, &x);
    *(double *)at = x == 0 ? (double)CN_ZERO : x;
    return ok;
}

static bool read_number_or_none(keras_reader *r, const json_t *given, const keras_option *row,
                                void *at) {
    *(double *)at = 0;
    return given == NULL || json_is_null(given) || read_number_option(r, given, row, at);
}
static void write_number_or_none(json_writer *w, const keras_option *row, const void *at) {
    if (*(const double *)at == 0)
        json_put_null(w, row->key);
    else
        write_number(w, row, at);
}

static bool read_integer_option(keras_reader *r, const json_t *given, const keras_option *row,
                                void *at) {
    double x;
    bool ok = read_whole(r, given, row, &x);
    *(int64_t *)at = !ok ? 0 : x == 0 ? CN_ZERO : (int64_t)x;
    return ok;
}
static void write_integer(json_writer *w, const keras_option *row, const void *at) {
    json_put_integer(w, row->key, option_integer(*(const int64_t *)at, 0));
}

static bool read_integer_or_none(keras_reader *r, const json_t *given, const keras_option *row,
                                 void *at) {
    *(int64_t *)at = 0;
    return given == NULL || json_is_null(given) || read_integer_option(r, given, row, at);
}
static void write_integer_or_none(json_writer *w, const keras_option *row, const void *at) {
    if (*(const int64_t *)at == 0)
        json_put_null(w, row->key);
    else
        write_integer(w, row, at);
}

static void write_rare_integer(json_writer *w, const keras_option *row, const void *at) {
    if (option_integer(*(const int64_t *)at, (int64_t)row->number) != (int64_t)row->number)
        write_integer(w, row, at);
}

static bool read_flag(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r;
    *(bool *)at = given == NULL ? row->number != 0 : json_is_true(given);
    return given == NULL || json_is_boolean(given);
}
static void write_flag(json_writer *w, const keras_option *row, const void *at) {
    json_put_flag(w, row->key, *(const bool *)at);
}

static bool read_word(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r;
    *(int *)at = (int)row->number;
    const char *word = json_string_value(given);
    for (int i = 0; word != NULL && row->words[i] != NULL; i++)
        if (strcmp(row->words[i], word) == 0) {
            *(int *)at = i;
            return true;
        }
    return given == NULL;
}
static void write_word(json_writer *w, const keras_option *row, const void *at) {
    json_put_text(w, row->key, row->words[*(const int *)at]);
}

static bool read_name(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)row;
    const char *name = json_string_value(given);
    *(const char **)at = name == NULL ? NULL : arena_string(r->context->arena, name);
    return given == NULL || json_is_null(given) || name != NULL;
}
static void write_name(json_writer *w, const keras_option *row, const void *at) {
    if (*(const char *const *)at != NULL)
        json_put_text(w, row->key, *(const char *const *)at);
}

/* A generator of seeds counts as the seed it began with. */
static bool read_seed(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r, (void)row;
    keras_object o;
    if (json_is_object(given) && keras_object_of(given, &o))
        given = json_object_get(o.config, "seed");
    json_int_t seed = json_integer_value(given);
    bool none = given == NULL || json_is_null(given);
    *(uint64_t *)at = none ? 0 : (uint64_t)(seed == 0 ? CN_ZERO : seed);
    return none || json_is_integer(given);
}
static void write_seed(json_writer *w, const keras_option *row, const void *at) {
    write_integer_or_none(w, row, at);
}

static bool read_fixed(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)at;
    const char *words = given == NULL ? NULL : keras_words(r->scratch, given);
    for (int i = 0; words != NULL && row->words[i] != NULL; i++)
        if (strcmp(row->words[i], words) == 0)
            return true;
    return given == NULL;
}
static bool read_free(keras_reader *r, const json_t *given, const keras_option *row, void *at) {
    (void)r, (void)given, (void)row, (void)at;
    return true;
}
static void write_fixed(json_writer *w, const keras_option *row, const void *at) {
    (void)at;
    if (row->words != NULL && row->words[0][0] != 0)
        json_put_raw(w, row->key, row->words[0]);
}

static const struct {
    option_reader read;
    option_writer write;
    const char *wants;
} kinds[] = {
    [KERAS_NUMBER] = {read_number, write_number, "a number"},
    [KERAS_WHOLE] = {read_whole, write_whole, "an integer"},
    [KERAS_NUMBER_OPTION] = {read_number_option, write_number, "a number"},
    [KERAS_NUMBER_OR_NONE] = {read_number_or_none, write_number_or_none, "a number or null"},
    [KERAS_INTEGER_OPTION] = {read_integer_option, write_integer, "an integer"},
    [KERAS_INTEGER_OR_NONE] = {read_integer_or_none, write_integer_or_none, "an integer or null"},
    [KERAS_RARE_INTEGER] = {read_integer_option, write_rare_integer, "an integer"},
    [KERAS_FLAG] = {read_flag, write_flag, "true or false"},
    [KERAS_WORD] = {read_word, write_word, "one of "},
    [KERAS_NAME] = {read_name, write_name, "a text"},
    [KERAS_SEED] = {read_seed, write_seed, "an integer or null"},
    [KERAS_FIXED] = {read_fixed, write_fixed, ""},
    [KERAS_FREE] = {read_free, write_fixed, ""},
};

/* ---- options ---------------------------------------------------------------------------- */

/* "red, green" or, of JSON, "null or 1". */
static const char *words_of(keras_reader *r, const keras_option *row, const char *between) {
    text words;
    text_init(&words, r->scratch);
    for (int i = 0; row->words != NULL && row->words[i] != NULL; i++)
        if (row->words[i][0] != 0)
            text_printf(&words, "%s%s", words.length == 0 ? "" : between, row->words[i]);
    return words.data;
}

static void refuse_value(keras_reader *r, const char *place, const char *what, const json_t *given,
                         const keras_option *row) {
    const char *is = keras_words(r->scratch, given);
    if (row->kind == KERAS_FIXED)
        keras_problem(r, place, "%s: \"%s\" is %s; in Cornu it is %s", what, row->key, is,
                      words_of(r, row, " or "));
    else
        keras_problem(r, place, "%s: \"%s\" is %s; it is %s%s", what, row->key, is,
                      kinds[row->kind].wants, words_of(r, row, ", "));
}

static bool has_row(const keras_option *rows, const char *key) {
    for (; rows->key != NULL; rows++)
        if (strcmp(rows->key, key) == 0)
            return true;
    return false;
}

bool keras_read_options(keras_reader *r, const char *place, const char *what, const json_t *config,
                        const keras_option *rows, void *out) {
    bool ok = true;
    for (const keras_option *row = rows; row->key != NULL; row++) {
        const json_t *given = json_object_get(config, row->key);
        if (kinds[row->kind].read(r, given, row, (char *)out + row->offset))
            continue;
        refuse_value(r, place, what, given, row);
        ok = false;
    }
    const char *key;
    json_t *given;
    json_object_foreach((json_t *)(uintptr_t)config, key, given) { /* which changes nothing */
        if (has_row(rows, key) || json_is_null(given))
            continue;
        keras_problem(r, place, "%s: Cornu has no option \"%s\", which is %s", what, key,
                      keras_words(r->scratch, given));
        ok = false;
    }
    return ok;
}

void keras_write_options(keras_writer *w, const keras_option *rows, const void *from) {
    for (; rows->key != NULL; rows++)
        kinds[rows->kind].write(&w->json, rows, (const char *)from + rows->offset);
}
