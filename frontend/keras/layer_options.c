/* Options of layers to and from Keras' configurations.
 *
 * A row of a layer's table (frontend/layers.h) says Keras' key, the kind of value and where it
 * lies; fields of custom layers (cn_field) are such rows too, in the program's own struct. What a file
 * says is exact, while zero in options means the default: so built-in layers get CN_ZERO for
 * zero, and after they are made their options hold plain numbers again.
 */
#include "frontend/keras/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct option_reader {
    keras_reader *r;
    const char *place, *key;
    const json_t *said;
    bool exact; /* zero is zero: of a custom layer */
} option_reader;

static void mismatch(const option_reader *o, const char *wanted) {
    keras_problem(o->r, o->place, "\"%s\" is %s, not %s", o->key,
                  keras_words(o->r->scratch, o->said), wanted);
}

static bool whole(const json_t *j, int64_t *out) {
    if (json_is_integer(j)) {
        *out = json_integer_value(j);
        return *out != CN_ZERO;
    }
    double x = json_is_real(j) ? json_real_value(j) : (double)NAN;
    if (!(x == floor(x) && fabs(x) < 0x1p53))
        return false;
    *out = (int64_t)x;
    return true;
}

static void read_integer(const option_reader *o, int64_t *out) {
    int64_t x;
    if (!whole(o->said, &x))
        mismatch(o, "a whole number");
    else
        *out = x == 0 && !o->exact ? CN_ZERO : x;
}

static void read_number(const option_reader *o, double *out) {
    if (!json_is_number(o->said))
        mismatch(o, "a number");
    else
        *out = o->exact ? json_number_value(o->said) : cn_exact(json_number_value(o->said));
}

static void read_flag(const option_reader *o, bool opposite, bool *out) {
    if (!json_is_boolean(o->said))
        mismatch(o, "true or false");
    else
        *out = json_is_true(o->said) != opposite;
}

static void read_padding(const option_reader *o, cn_padding *out) {
    const char *words = json_string_value(o->said);
    if (words != NULL && strcmp(words, "valid") == 0)
        *out = CN_VALID;
    else if (words != NULL && strcmp(words, "same") == 0)
        *out = CN_SAME;
    else
        mismatch(o, "\"valid\" or \"same\"");
}

/* [2, 2], or 2 for both. */
static bool pair_of(const json_t *j, int64_t out[2]) {
    if (whole(j, &out[0])) {
        out[1] = out[0];
        return true;
    }
    return json_array_size(j) == 2 && whole(json_array_get(j, 0), &out[0]) &&
           whole(json_array_get(j, 1), &out[1]);
}

static void read_pair(const option_reader *o, int64_t out[2]) {
    int64_t pair[2];
    if (!pair_of(o->said, pair) || pair[0] < 1 || pair[1] < 1)
        mismatch(o, "one or two numbers above zero");
    else
        memcpy(out, pair, sizeof pair);
}

/* 1, [1, 2] for height and width, or [[top, bottom], [left, right]]. */
static void read_margins(const option_reader *o, int64_t out[2][2]) {
    int64_t m[2][2], both[2];
    if (pair_of(o->said, both)) {
        m[0][0] = m[0][1] = both[0];
        m[1][0] = m[1][1] = both[1];
    } else if (json_array_size(o->said) != 2 || !pair_of(json_array_get(o->said, 0), m[0]) ||
               !pair_of(json_array_get(o->said, 1), m[1])) {
        mismatch(o, "[[top, bottom], [left, right]]");
        return;
    }
    for (int i = 0; i < 4; i++)
        out[i / 2][i % 2] = m[i / 2][i % 2] == 0 ? CN_ZERO : m[i / 2][i % 2];
}

static void read_shape(const option_reader *o, bool null_is_open, int64_t *out) {
    size_t count = json_array_size(o->said);
    int64_t shape[CN_MAX_RANK] = {0};
    bool ok = json_is_array(o->said) && count <= CN_MAX_RANK;
    for (size_t i = 0; ok && i < count; i++) {
        const json_t *extent = json_array_get(o->said, i);
        shape[i] = CN_BATCH;
        ok = (null_is_open && json_is_null(extent)) || (whole(extent, &shape[i]) && shape[i] != 0);
    }
    if (ok)
        memcpy(out, shape, sizeof shape);
    else
        mismatch(o, "a list of at most 8 sizes");
}

static void read_text(const option_reader *o, const char **out) {
    if (!json_is_string(o->said))
        mismatch(o, "a text");
    else
        *out = arena_string(o->r->context->arena, json_string_value(o->said));
}

static void read_fixed(const option_reader *o, const char *words) {
    char *said = json_dumps(o->said, JSON_ENCODE_ANY | JSON_COMPACT);
    bool same = said != NULL && strcmp(said, words) == 0;
    free(said);
    if (!same)
        keras_problem(o->r, o->place, "\"%s\" is %s; Cornu has only %s", o->key,
                      keras_words(o->r->scratch, o->said), words);
}

static void read_activation(const option_reader *o, const cn_activation **out) {
    const cn_activation *a = keras_read_activation(o->r, o->place, o->said);
    *out = a == NULL ? CN_LINEAR : a; /* layers of their own need one */
}

static void read_option(const option_reader *o, layer_option_kind kind, const char *words,
                        void *place) {
    if (json_is_null(o->said) && kind != OPTION_FIXED)
        return; /* Keras' default: so is what stands there */
    switch (kind) {
    case OPTION_INTEGER:
        read_integer(o, place);
        break;
    case OPTION_NUMBER:
        read_number(o, place);
        break;
    case OPTION_NUMBER_OR_NONE:
        read_number(o, place);
        break;
    case OPTION_FLAG:
        read_flag(o, false, place);
        break;
    case OPTION_NOT:
        read_flag(o, true, place);
        break;
    case OPTION_TEXT:
        read_text(o, place);
        break;
    case OPTION_PADDING:
        read_padding(o, place);
        break;
    case OPTION_PAIR:
        read_pair(o, place);
        break;
    case OPTION_MARGINS:
        read_margins(o, place);
        break;
    case OPTION_LIST:
    case OPTION_SHAPE:
        read_shape(o, kind == OPTION_SHAPE, place);
        break;
    case OPTION_ACTIVATION:
        read_activation(o, place);
        break;
    case OPTION_INITIALIZER:
        *(const cn_initializer **)place = keras_read_initializer(o->r, o->place, o->said);
        break;
    case OPTION_REGULARIZER:
        *(const cn_regularizer **)place = keras_read_regularizer(o->r, o->place, o->said);
        break;
    case OPTION_FIXED:
    case OPTION_REFUSED:
        read_fixed(o, words);
        break;
    case OPTION_FREE:
        break;
    }
}

/* What every layer's configuration may say; read elsewhere, or without meaning here. */
static bool is_common(const char *key) {
    static const char *const keys[] = {"name",   "trainable",         "dtype",      "autocast",
                                       "sparse", "batch_input_shape", "batch_shape"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void refuse_unknown(keras_reader *r, const char *place, const char *key,
                           const json_t *said) {
    if (!json_is_null(said) && !is_common(key))
        keras_problem(r, place, "option \"%s\" (%s) is not known", key,
                      keras_words(r->scratch, said));
}

void keras_read_layer_options(keras_reader *r, const char *place, const layer_kind *kind,
                              const json_t *config, void *options) {
    const char *key;
    json_t *said;
    json_object_foreach((json_t *)(uintptr_t)config, key, said) {
        const layer_option *row = kind->options;
        while (row != NULL && row->key != NULL && strcmp(row->key, key) != 0)
            row++;
        option_reader o = {r, place, key, said, false};
        if (row == NULL || row->key == NULL)
            refuse_unknown(r, place, key, said);
        else
            read_option(&o, row->kind, row->words, (char *)options + row->offset);
    }
}

void keras_read_fields(keras_reader *r, const char *place, const cn_custom_layer_options *class,
                       const json_t *config, void *user) {
    const char *key;
    json_t *said;
    json_object_foreach((json_t *)(uintptr_t)config, key, said) {
        size_t i = 0;
        while (i < class->field_count && strcmp(class->fields[i].name, key) != 0)
            i++;
        option_reader o = {r, place, key, said, true};
        if (i == class->field_count)
            refuse_unknown(r, place, key, said);
        else
            read_option(&o, (layer_option_kind) class->fields[i].type, NULL,
                        (char *)user + class->fields[i].offset);
    }
}

/* ---- writing ---------------------------------------------------------------------------- */

static void write_list(json_writer *w, const char *key, const int64_t *list, int count) {
    json_open(w, key, '[');
    for (int i = 0; i < count; i++)
        json_put_integer(w, NULL, list[i]);
    json_close(w, ']');
}

static void write_shape(json_writer *w, const char *key, const int64_t *shape, bool open_is_null) {
    if (shape[0] == 0) {
        json_put_null(w, key);
        return;
    }
    json_open(w, key, '[');
    for (int i = 0; i < CN_MAX_RANK && shape[i] != 0; i++)
        if (shape[i] == CN_BATCH && open_is_null)
            json_put_null(w, NULL);
        else
            json_put_integer(w, NULL, shape[i]);
    json_close(w, ']');
}

static void write_option(keras_writer *w, const char *place, const char *key,
                         layer_option_kind kind, const char *words, const void *at) {
    json_writer *j = &w->json;
    const int64_t *list = at;
    switch (kind) {
    case OPTION_INTEGER:
        json_put_integer(j, key, *list);
        break;
    case OPTION_NUMBER:
        json_put_number(j, key, *(const double *)at);
        break;
    case OPTION_NUMBER_OR_NONE:
        if (*(const double *)at == 0)
            json_put_null(j, key);
        else
            json_put_number(j, key, option_number(*(const double *)at, 0));
        break;
    case OPTION_FLAG:
        json_put_flag(j, key, *(const bool *)at);
        break;
    case OPTION_NOT:
        json_put_flag(j, key, !*(const bool *)at);
        break;
    case OPTION_TEXT:
        json_put_text(j, key, *(const char *const *)at);
        break;
    case OPTION_PADDING:
        json_put_text(j, key, *(const cn_padding *)at == CN_SAME ? "same" : "valid");
        break;
    case OPTION_PAIR:
        write_list(j, key, list, 2);
        break;
    case OPTION_MARGINS:
        json_open(j, key, '[');
        write_list(j, NULL, list, 2);
        write_list(j, NULL, list + 2, 2);
        json_close(j, ']');
        break;
    case OPTION_LIST:
    case OPTION_SHAPE:
        write_shape(j, key, list, kind == OPTION_SHAPE);
        break;
    case OPTION_ACTIVATION:
        keras_write_activation(w, key, place, *(const cn_activation *const *)at);
        break;
    case OPTION_INITIALIZER:
        keras_write_initializer(w, key, place, *(const cn_initializer *const *)at);
        break;
    case OPTION_REGULARIZER:
        keras_write_regularizer(w, key, place, *(const cn_regularizer *const *)at);
        break;
    case OPTION_FIXED:
        json_put_raw(j, key, words);
        break;
    case OPTION_REFUSED:
    case OPTION_FREE:
        break;
    }
}

void keras_write_layer_options(keras_writer *w, const char *place, const layer_kind *kind,
                               const void *options) {
    for (const layer_option *o = kind->options; o != NULL && o->key != NULL; o++)
        write_option(w, place, o->key, o->kind, o->words, (const char *)options + o->offset);
}

void keras_write_fields(keras_writer *w, const char *place, const cn_custom_layer_options *class) {
    for (size_t i = 0; i < class->field_count; i++) {
        const cn_field *f = &class->fields[i];
        write_option(w, place, f->name, (layer_option_kind)f->type, NULL,
                     (const char *)class->user + f->offset);
    }
}
