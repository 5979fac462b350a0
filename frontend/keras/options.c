/* Options by tables: how each kind is read from JSON and written.
 *
 * A row (frontend/options.h) says Keras' key, the kind of value, where it lies in Cornu's struct
 * and the default; fields of custom layers (cn_field) are such rows too, in the program's own
 * struct.
 * What a file says is exact, while zero in public options means the default: so kinds that go by
 * that rule get CN_ZERO for zero.
 */
#include <math.h>
#include <string.h>

#include "frontend/keras/options.h"

#include "runtime/io/json_read.h"

/* ---- numbers, flags, texts -------------------------------------------------------------- */

bool keras_number_of(const json_t *j, double *out) {
    keras_object o;
    if (json_is_object(j) && keras_object_of(j, &o) &&
        (strcmp(o.class_name, "__tensor__") == 0 || strcmp(o.class_name, "__numpy__") == 0))
        j = json_object_get(o.config, "value");
    return json_read_number(j, out);
}

/* `given`: NULL where the file says nothing, and the row's default counts. */
typedef bool (*option_reader)(keras_reader *r, const json_t *given, const option_row *row,
                              void *at);
typedef void (*option_writer)(keras_writer *w, const option_row *row, const void *at);

static bool any_number(const json_t *given, const option_row *row, double *out) {
    *out = row->number;
    return given == NULL || keras_number_of(given, out);
}

static bool whole(double x) {
    return x == floor(x) && fabs(x) < 0x1p53;
}

static bool read_number(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r;
    return any_number(given, row, at);
}
static void write_number(keras_writer *w, const option_row *row, const void *at) {
    json_put_number(&w->json, row->key, option_number(*(const double *)at, 0));
}

static bool read_whole(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r;
    return any_number(given, row, at) && whole(*(double *)at);
}
static void write_whole(keras_writer *w, const option_row *row, const void *at) {
    json_put_integer(&w->json, row->key, (int64_t) * (const double *)at);
}

static bool read_number_by_rule(keras_reader *r, const json_t *given, const option_row *row,
                                void *at) {
    double x;
    bool ok = read_number(r, given, row, &x);
    *(double *)at = x == 0 ? (double)CN_ZERO : x;
    return ok;
}

static bool read_number_or_none(keras_reader *r, const json_t *given, const option_row *row,
                                void *at) {
    *(double *)at = 0;
    return given == NULL || json_is_null(given) || read_number_by_rule(r, given, row, at);
}
static void write_number_or_none(keras_writer *w, const option_row *row, const void *at) {
    if (*(const double *)at == 0)
        json_put_null(&w->json, row->key);
    else
        write_number(w, row, at);
}

static bool read_integer_by_rule(keras_reader *r, const json_t *given, const option_row *row,
                                 void *at) {
    double x;
    bool ok = read_whole(r, given, row, &x);
    *(int64_t *)at = !ok ? 0 : x == 0 ? CN_ZERO : (int64_t)x;
    return ok;
}
static void write_integer(keras_writer *w, const option_row *row, const void *at) {
    json_put_integer(&w->json, row->key, option_integer(*(const int64_t *)at, 0));
}

static bool read_integer_or_none(keras_reader *r, const json_t *given, const option_row *row,
                                 void *at) {
    *(int64_t *)at = 0;
    return given == NULL || json_is_null(given) || read_integer_by_rule(r, given, row, at);
}
static void write_integer_or_none(keras_writer *w, const option_row *row, const void *at) {
    if (*(const int64_t *)at == 0)
        json_put_null(&w->json, row->key);
    else
        write_integer(w, row, at);
}

static void write_rare_integer(keras_writer *w, const option_row *row, const void *at) {
    if (option_integer(*(const int64_t *)at, (int64_t)row->number) != (int64_t)row->number)
        write_integer(w, row, at);
}

static bool read_flag(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r;
    *(bool *)at = given == NULL ? row->number != 0 : json_is_true(given);
    return given == NULL || json_is_boolean(given);
}
static void write_flag(keras_writer *w, const option_row *row, const void *at) {
    json_put_flag(&w->json, row->key, *(const bool *)at);
}

static bool read_word(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r;
    *(int *)at = (int)row->number;
    const char *word = json_string_value(given);
    for (int i = 0; word != NULL && option_words(row)[i] != NULL; i++)
        if (strcmp(option_words(row)[i], word) == 0) {
            *(int *)at = i;
            return true;
        }
    return given == NULL;
}
static void write_word(keras_writer *w, const option_row *row, const void *at) {
    json_put_text(&w->json, row->key, option_words(row)[*(const int *)at]);
}

static bool read_name(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)row;
    const char *name = json_string_value(given);
    *(const char **)at = name == NULL ? NULL : arena_string(r->context->arena, name);
    return given == NULL || json_is_null(given) || name != NULL;
}
static void write_name(keras_writer *w, const option_row *row, const void *at) {
    if (*(const char *const *)at != NULL)
        json_put_text(&w->json, row->key, *(const char *const *)at);
}

/* A generator of seeds counts as the seed it began with. */
static bool read_seed(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)row;
    keras_object o;
    if (json_is_object(given) && keras_object_of(given, &o))
        given = json_object_get(o.config, "seed");
    json_int_t seed = json_integer_value(given);
    bool none = given == NULL || json_is_null(given);
    *(uint64_t *)at = none ? 0 : (uint64_t)(seed == 0 ? CN_ZERO : seed);
    return none || json_is_integer(given);
}
static void write_seed(keras_writer *w, const option_row *row, const void *at) {
    write_integer_or_none(w, row, at);
}

static bool read_fixed(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)at;
    const char *words = given == NULL ? NULL : keras_words(r->scratch, given);
    for (int i = 0; words != NULL && option_words(row)[i] != NULL; i++)
        if (strcmp(option_words(row)[i], words) == 0)
            return true;
    return given == NULL;
}
static bool read_free(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)given, (void)row, (void)at;
    return true;
}
static void write_fixed(keras_writer *w, const option_row *row, const void *at) {
    (void)at;
    if (option_words(row) != NULL && option_words(row)[0][0] != 0)
        json_put_raw(&w->json, row->key, option_words(row)[0]);
}

static bool read_not(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r;
    *(bool *)at = given != NULL ? json_is_false(given) : row->number != 0;
    return given == NULL || json_is_boolean(given);
}
static void write_not(keras_writer *w, const option_row *row, const void *at) {
    json_put_flag(&w->json, row->key, !*(const bool *)at);
}

static bool read_integer(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    bool ok = read_integer_by_rule(r, given, row, at);
    *(int64_t *)at = option_integer(*(int64_t *)at, 0);
    return ok;
}

static void write_text(keras_writer *w, const option_row *row, const void *at) {
    json_put_text(&w->json, row->key, *(const char *const *)at);
}

/* ---- lists of integers ------------------------------------------------------------------ */

static bool integer_of(const json_t *j, int64_t *out) {
    double x;
    *out = 0;
    if (json_is_integer(j)) {
        *out = json_integer_value(j);
        return *out != CN_ZERO;
    }
    bool ok = keras_number_of(j, &x) && whole(x);
    *out = ok ? (int64_t)x : 0;
    return ok;
}

/* [2, 2], or 2 for both. */
static bool pair_of(const json_t *j, int64_t out[2]) {
    if (integer_of(j, &out[0])) {
        out[1] = out[0];
        return true;
    }
    return json_array_size(j) == 2 && integer_of(json_array_get(j, 0), &out[0]) &&
           integer_of(json_array_get(j, 1), &out[1]);
}

static bool says_nothing(const json_t *given) {
    return given == NULL || json_is_null(given);
}

static bool read_pair(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)row;
    int64_t *pair = at;
    if (says_nothing(given)) {
        memset(pair, 0, 2 * sizeof *pair);
        return true;
    }
    return pair_of(given, pair) && pair[0] >= 1 && pair[1] >= 1;
}

static void write_integers(keras_writer *w, const char *key, const int64_t *list, int count) {
    json_open(&w->json, key, '[');
    for (int i = 0; i < count; i++)
        json_put_integer(&w->json, NULL, list[i]);
    json_close(&w->json, ']');
}

static void write_pair(keras_writer *w, const option_row *row, const void *at) {
    write_integers(w, row->key, at, 2);
}

/* 1, [1, 2] for height and width, or [[top, bottom], [left, right]]. */
static bool read_margins(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)row;
    int64_t *margins = at, both[2];
    if (says_nothing(given))
        return true;
    if (pair_of(given, both)) {
        margins[0] = margins[1] = both[0];
        margins[2] = margins[3] = both[1];
    } else if (json_array_size(given) != 2 || !pair_of(json_array_get(given, 0), margins) ||
               !pair_of(json_array_get(given, 1), margins + 2)) {
        return false;
    }
    bool ok = true;
    for (int i = 0; i < 4; i++) {
        ok = ok && margins[i] >= 0;
        margins[i] = margins[i] == 0 ? CN_ZERO : margins[i];
    }
    return ok;
}
static void write_margins(keras_writer *w, const option_row *row, const void *at) {
    json_open(&w->json, row->key, '[');
    write_integers(w, NULL, at, 2);
    write_integers(w, NULL, (const int64_t *)at + 2, 2);
    json_close(&w->json, ']');
}

static bool read_sizes(const json_t *given, bool null_is_open, int64_t *out) {
    size_t count = json_array_size(given);
    memset(out, 0, CN_MAX_RANK * sizeof *out);
    if (says_nothing(given))
        return true;
    bool ok = json_is_array(given) && count <= CN_MAX_RANK;
    for (size_t i = 0; ok && i < count; i++) {
        const json_t *extent = json_array_get(given, i);
        ok = (integer_of(extent, &out[i]) && out[i] != 0) || (null_is_open && json_is_null(extent));
        out[i] = json_is_null(extent) ? CN_BATCH : out[i];
    }
    return ok;
}
static void write_sizes(keras_writer *w, const char *key, const int64_t *list, bool open_is_null) {
    if (list[0] == 0) {
        json_put_null(&w->json, key);
        return;
    }
    json_open(&w->json, key, '[');
    for (int i = 0; i < CN_MAX_RANK && list[i] != 0; i++)
        if (list[i] == CN_BATCH && open_is_null)
            json_put_null(&w->json, NULL);
        else
            json_put_integer(&w->json, NULL, list[i]);
    json_close(&w->json, ']');
}

static bool read_list(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)row;
    return read_sizes(given, false, at);
}
static void write_list(keras_writer *w, const option_row *row, const void *at) {
    write_sizes(w, row->key, at, false);
}
static bool read_shape(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    (void)r, (void)row;
    return read_sizes(given, true, at);
}
static void write_shape(keras_writer *w, const option_row *row, const void *at) {
    write_sizes(w, row->key, at, true);
}

/* ---- objects: what is wrong with them is noted where they are read ----------------------- */

static bool read_activation(keras_reader *r, const json_t *given, const option_row *row, void *at) {
    const cn_activation *a = keras_read_activation(r, r->place, given);
    (void)row;
    *(const cn_activation **)at = a == NULL && !says_nothing(given) ? CN_LINEAR : a;
    return true;
}
static void write_activation(keras_writer *w, const option_row *row, const void *at) {
    keras_write_activation(w, row->key, w->place, *(const cn_activation *const *)at);
}
static bool read_initializer(keras_reader *r, const json_t *given, const option_row *row,
                             void *at) {
    (void)row;
    *(const cn_initializer **)at = keras_read_initializer(r, r->place, given);
    return true;
}
static void write_initializer(keras_writer *w, const option_row *row, const void *at) {
    keras_write_initializer(w, row->key, w->place, *(const cn_initializer *const *)at);
}
static bool read_regularizer(keras_reader *r, const json_t *given, const option_row *row,
                             void *at) {
    (void)row;
    *(const cn_regularizer **)at = keras_read_regularizer(r, r->place, given);
    return true;
}
static void write_regularizer(keras_writer *w, const option_row *row, const void *at) {
    keras_write_regularizer(w, row->key, w->place, *(const cn_regularizer *const *)at);
}

/* ---- kinds ------------------------------------------------------------------------------ */

static const struct {
    option_reader read;
    option_writer write;
    const char *wants;
} kinds[] = {
    [OPTION_INTEGER] = {read_integer, write_integer, "an integer"},
    [OPTION_NUMBER] = {read_number, write_number, "a number"},
    [OPTION_FLAG] = {read_flag, write_flag, "true or false"},
    [OPTION_TEXT] = {read_name, write_text, "a text"},
    [OPTION_ACTIVATION] = {read_activation, write_activation, ""},
    [OPTION_INITIALIZER] = {read_initializer, write_initializer, ""},
    [OPTION_REGULARIZER] = {read_regularizer, write_regularizer, ""},
    [OPTION_WHOLE] = {read_whole, write_whole, "an integer"},
    [OPTION_NUMBER_BY_RULE] = {read_number_by_rule, write_number, "a number"},
    [OPTION_NUMBER_OR_NONE] = {read_number_or_none, write_number_or_none, "a number or null"},
    [OPTION_INTEGER_BY_RULE] = {read_integer_by_rule, write_integer, "an integer"},
    [OPTION_INTEGER_OR_NONE] = {read_integer_or_none, write_integer_or_none, "an integer or null"},
    [OPTION_RARE_INTEGER] = {read_integer_by_rule, write_rare_integer, "an integer"},
    [OPTION_NOT] = {read_not, write_not, "true or false"},
    [OPTION_WORD] = {read_word, write_word, "one of "},
    [OPTION_NAME] = {read_name, write_name, "a text"},
    [OPTION_SEED] = {read_seed, write_seed, "an integer or null"},
    [OPTION_PAIR] = {read_pair, write_pair, "one or two integers above zero"},
    [OPTION_MARGINS] = {read_margins, write_margins, "[[top, bottom], [left, right]]"},
    [OPTION_LIST] = {read_list, write_list, "a list of at most 8 integers but zero"},
    [OPTION_SHAPE] = {read_shape, write_shape, "a list of at most 8 sizes"},
    [OPTION_FIXED] = {read_fixed, write_fixed, ""},
    [OPTION_FREE] = {read_free, write_fixed, ""},
};

/* ---- options ---------------------------------------------------------------------------- */

/* "red, green" or, of JSON, "null or 1". */
static const char *words_of(keras_reader *r, const option_row *row, const char *between) {
    text words;
    text_init(&words, r->scratch);
    for (int i = 0; option_words(row) != NULL && option_words(row)[i] != NULL; i++)
        if (option_words(row)[i][0] != 0)
            text_printf(&words, "%s%s", words.length == 0 ? "" : between, option_words(row)[i]);
    return words.data;
}

static void refuse_value(keras_reader *r, const char *what, const json_t *given,
                         const option_row *row) {
    const char *is = keras_words(r->scratch, given);
    if (row->kind == OPTION_FIXED)
        keras_problem(r, r->place, "%s\"%s\" is %s; in Cornu it is %s", what, row->key, is,
                      words_of(r, row, " or "));
    else
        keras_problem(r, r->place, "%s\"%s\" is %s; it is %s%s", what, row->key, is,
                      kinds[row->kind].wants,
                      row->kind == OPTION_WORD ? words_of(r, row, ", ") : "");
}

static bool has_row(const option_row *rows, const char *key) {
    for (; rows != NULL && rows->key != NULL; rows++)
        if (strcmp(rows->key, key) == 0)
            return true;
    return false;
}

/* What no row is for and yet is given a value. */
static bool refuse_others(keras_reader *r, const char *what, const json_t *config,
                          const option_row *rows) {
    const char *key;
    json_t *given;
    bool ok = true;
    json_object_foreach((json_t *)(uintptr_t)config, key, given) {
        if (has_row(rows, key) || json_is_null(given) || keras_is_common(key))
            continue;
        keras_problem(r, r->place, "%sCornu has no option \"%s\", which is %s", what, key,
                      keras_words(r->scratch, given));
        ok = false;
    }
    return ok;
}

bool keras_read_options(keras_reader *r, const char *place, const char *what, const json_t *config,
                        const option_row *rows, void *out) {
    const char *outer = r->place;
    bool ok = true;
    r->place = place;
    what = what == NULL ? "" : arena_format(r->scratch, "%s: ", what);
    for (const option_row *row = rows; row != NULL && row->key != NULL; row++) {
        const json_t *given = json_object_get(config, row->key);
        if (kinds[row->kind].read(r, given, row, (char *)out + row->offset))
            continue;
        refuse_value(r, what, given, row);
        ok = false;
    }
    ok = refuse_others(r, what, config, rows) && ok;
    r->place = outer;
    return ok;
}

void keras_write_options(keras_writer *w, const char *place, const option_row *rows,
                         const void *from) {
    const char *outer = w->place;
    w->place = place;
    for (; rows != NULL && rows->key != NULL; rows++)
        kinds[rows->kind].write(w, rows, (const char *)from + rows->offset);
    w->place = outer;
}

/* ---- layers ----------------------------------------------------------------------------- */

bool keras_is_common(const char *key) {
    static const char *const keys[] = {"name",   "trainable",         "dtype",      "autocast",
                                       "sparse", "batch_input_shape", "batch_shape"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* Fields as rows; of those that a configuration says nothing about, when it is given, none: the
 * program's own values stay. */
static const option_row *rows_of(arena *a, const cn_custom_layer_options *class,
                                 const json_t *config) {
    option_row *rows = ARENA_ARRAY(a, option_row, class->field_count + 1), *next = rows;
    for (size_t i = 0; i < class->field_count; i++) {
        const cn_field *f = &class->fields[i];
        if (config == NULL || json_object_get(config, f->name) != NULL)
            *next++ =
                (option_row){.key = f->name, .kind = (option_kind)f->type, .offset = f->offset};
    }
    return rows;
}

void keras_read_fields(keras_reader *r, const char *place, const cn_custom_layer_options *class,
                       const json_t *config, void *user) {
    keras_read_options(r, place, NULL, config, rows_of(r->scratch, class, config), user);
}

void keras_write_fields(keras_writer *w, const char *place, const cn_custom_layer_options *class) {
    keras_write_options(w, place, rows_of(w->scratch, class, NULL), class->user);
}
