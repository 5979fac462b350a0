/* Text files as datasets of sequences.
 *
 * The file is read twice: once for its vocabulary and length, once for its items, which are kept as
 * numbers of one, two or four bytes, whichever the vocabulary needs. A sample is a window on them.
 *
 * Characters are numbered by code point from 0. Words are numbered as by Keras' TextVectorization:
 * 0 is padding, which windows never need, 1 any word that has no number of its own, and then the
 * words by how often they come, equal ones in falling order of their bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cornu/data_files.h"
#include "frontend/dataset.h"
#include "runtime/io/text_file.h"

enum { SPECIAL_WORDS = 2, UNKNOWN = 1, MANY_WORDS = 1 << 16, BYTES_PER_WORD = 64 };
static const uint32_t no_number = UINT32_MAX;

typedef struct sequence {
    const void *items;
    int item_bytes; /* 1, 2 or 4 */
    int64_t length, stride;
    bool last; /* the target is one item, not as many as the input */
} sequence;

typedef struct reader {
    cn_dataset *d;
    const cn_dataset_text_options *o;
    diagnostics *diag;
    const char **names; /* of numbers */
    uint32_t name_count;
    uint32_t *numbers; /* of code points */
    map words;         /* -> how often, then number */
    uint64_t bytes;    /* of words so far */
    uint8_t *items;
    int item_bytes;
    int64_t count, filled;
} reader;

/* ---- Samples ----------------------------------------------------------------------------- */

static int32_t item_at(const sequence *s, int64_t i) {
    if (s->item_bytes == 1)
        return ((const uint8_t *)s->items)[i];
    return s->item_bytes == 2 ? ((const uint16_t *)s->items)[i]
                              : (int32_t)((const uint32_t *)s->items)[i];
}

static bool read_sample(void *user, int64_t index, void *const *inputs, void *const *targets,
                        diagnostics *d) {
    const sequence *s = user;
    int32_t *input = inputs[0], *target_items = targets[0];
    int64_t first = index * s->stride;
    (void)d;
    for (int64_t i = 0; input != NULL && i < s->length; i++)
        input[i] = item_at(s, first + i);
    for (int64_t i = s->last ? s->length - 1 : 0; target_items != NULL && i < s->length; i++)
        *target_items++ = item_at(s, first + i + 1);
    return true;
}

/* ---- Characters --------------------------------------------------------------------------- */

static bool count_point(void *user, uint32_t point, diagnostics *d) {
    reader *r = user;
    if (r->o->vocabulary != NULL && r->numbers[point] == no_number) {
        char word[5] = "";
        text_encode(point, word);
        return diag_fail(d, CN_ERROR_DATA,
                         "\"%s\": character %lld, \"%s\" (U+%04X), is not in .vocabulary",
                         r->o->path, (long long)r->count, word, point);
    }
    if (r->o->vocabulary == NULL)
        r->numbers[point] = 0;
    r->count++;
    return true;
}

static void name_points(reader *r) {
    uint32_t count = 0;
    for (uint32_t p = 0; p <= MOST_CODE_POINT; p++)
        if (r->numbers[p] != no_number)
            r->numbers[p] = count++;
    r->names = ARENA_ARRAY(r->d->own, const char *, count);
    r->name_count = count;
    for (uint32_t p = 0; p <= MOST_CODE_POINT; p++) {
        char word[4];
        if (r->numbers[p] != no_number)
            r->names[r->numbers[p]] = arena_string_n(r->d->own, word, text_encode(p, word));
    }
}

/* The one code point of a text, or none. */
static uint32_t point_of(const char *word) {
    const uint8_t *b = (const uint8_t *)word;
    size_t length = strlen(word);
    uint32_t point = b[0];
    if (length > 1)
        point = b[0] & (0x7fu >> length);
    for (size_t i = 1; i < length && i < 4; i++)
        point = point << 6 | (b[i] & 0x3f);
    char again[4];
    bool same = length > 0 && length <= 4 && point <= MOST_CODE_POINT &&
                text_encode(point, again) == length && memcmp(again, word, length) == 0;
    return same ? point : no_number;
}

static bool take_given_points(reader *r) {
    const cn_dataset_text_options *o = r->o;
    r->names = ARENA_ARRAY(r->d->own, const char *, o->vocabulary_count);
    r->name_count = (uint32_t)o->vocabulary_count;
    for (uint32_t i = 0; i < r->name_count; i++) {
        uint32_t point = point_of(o->vocabulary[i]);
        if (point == no_number || r->numbers[point] != no_number)
            return diag_fail(r->diag, CN_ERROR_INVALID_ARGUMENT,
                             ".vocabulary[%u], \"%.40s\", is %s", i, o->vocabulary[i],
                             point == no_number ? "not one character" : "there twice");
        r->numbers[point] = i;
        r->names[i] = arena_string(r->d->own, o->vocabulary[i]);
    }
    return true;
}

static bool survey_points(reader *r) {
    r->numbers = ARENA_ARRAY(r->d->own, uint32_t, MOST_CODE_POINT + 1);
    memset(r->numbers, 0xff, sizeof *r->numbers * (MOST_CODE_POINT + 1));
    if (r->o->vocabulary != NULL && !take_given_points(r))
        return false;
    if (!text_scan_points(r->o->path, count_point, r, r->diag))
        return false;
    if (r->o->vocabulary == NULL)
        name_points(r);
    return true;
}

/* ---- Words -------------------------------------------------------------------------------- */

/* The table of words must not outgrow the file. */
static bool count_word(void *user, const char *word, size_t length, diagnostics *d) {
    reader *r = user;
    r->count++;
    r->bytes += length + 1;
    if (r->o->vocabulary != NULL)
        return true;
    ++*map_put(&r->words, word, length, NULL);
    return r->words.count <= MANY_WORDS + r->bytes / BYTES_PER_WORD ||
           diag_fail(d, CN_ERROR_DATA,
                     "\"%s\": %u different words among %lld: give .vocabulary, or take characters",
                     r->o->path, r->words.count, (long long)r->count);
}

static int by_count(const void *a, const void *b) {
    const map_entry *x = *(const map_entry *const *)a, *y = *(const map_entry *const *)b;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    size_t common = x->key_bytes < y->key_bytes ? x->key_bytes : y->key_bytes;
    int order = memcmp(y->key, x->key, common);
    return order != 0 ? order : x->key_bytes > y->key_bytes ? -1 : 1;
}

static void begin_names(reader *r, size_t count) {
    r->names = ARENA_ARRAY(r->d->own, const char *, count + SPECIAL_WORDS);
    r->names[0] = "";
    r->names[UNKNOWN] = "[UNK]";
    r->name_count = SPECIAL_WORDS;
}

static void name_words(reader *r) {
    uint32_t found = r->words.count, kept = found;
    map_entry **order = ARENA_ARRAY(r->d->own, map_entry *, found);
    if (r->o->max_tokens > 0 && r->o->max_tokens - SPECIAL_WORDS < (int64_t)found)
        kept = (uint32_t)(r->o->max_tokens - SPECIAL_WORDS);
    for (uint32_t i = 0; i < found; i++)
        order[i] = &r->words.entries[i];
    qsort(order, found, sizeof(map_entry *), by_count);
    begin_names(r, kept);
    for (uint32_t i = 0; i < found; i++) {
        bool named = i < kept;
        order[i]->value = named ? r->name_count : UNKNOWN;
        if (named)
            r->names[r->name_count++] =
                arena_string_n(r->d->own, order[i]->key, order[i]->key_bytes);
    }
}

static bool take_given_words(reader *r) {
    const cn_dataset_text_options *o = r->o;
    begin_names(r, o->vocabulary_count);
    for (size_t i = 0; i < o->vocabulary_count; i++) {
        bool found;
        *map_put_text(&r->words, o->vocabulary[i], &found) = r->name_count;
        if (found)
            return diag_fail(r->diag, CN_ERROR_INVALID_ARGUMENT,
                             ".vocabulary[%zu], \"%.40s\", is there twice", i, o->vocabulary[i]);
        r->names[r->name_count++] = arena_string(r->d->own, o->vocabulary[i]);
    }
    return true;
}

static bool survey_words(reader *r) {
    map_init(&r->words, r->d->own);
    if (r->o->vocabulary != NULL && !take_given_words(r))
        return false;
    if (!text_scan_words(r->o->path, r->o->as_written, count_word, r, r->diag))
        return false;
    if (r->o->vocabulary == NULL)
        name_words(r);
    return true;
}

/* ---- Items -------------------------------------------------------------------------------- */

static bool keep_item(reader *r, uint32_t number) {
    if (r->filled == r->count || number >= r->name_count)
        return diag_fail(r->diag, CN_ERROR_FILE, "\"%s\" was changed while it was read",
                         r->o->path);
    memcpy(r->items + r->filled++ * r->item_bytes, &number, (size_t)r->item_bytes);
    return true;
}

static bool keep_point(void *user, uint32_t point, diagnostics *d) {
    reader *r = user;
    (void)d;
    return keep_item(r, r->numbers[point]);
}

static bool keep_word(void *user, const char *word, size_t length, diagnostics *d) {
    reader *r = user;
    (void)d;
    const uint64_t *number = map_find(&r->words, word, length);
    return keep_item(r, number == NULL ? UNKNOWN : (uint32_t)*number);
}

static bool read_items(reader *r) {
    bool words = r->o->unit == CN_TEXT_WORDS;
    r->item_bytes = r->name_count <= 1 << 8 ? 1 : r->name_count <= 1 << 16 ? 2 : 4;
    r->items = arena_alloc_array(r->d->own, (size_t)r->count, (size_t)r->item_bytes);
    bool ok = words ? text_scan_words(r->o->path, r->o->as_written, keep_word, r, r->diag)
                    : text_scan_points(r->o->path, keep_point, r, r->diag);
    if (ok && r->filled != r->count)
        return keep_item(r, no_number);
    return ok;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool check_options(const cn_dataset_text_options *o, diagnostics *d) {
    const char *words = NULL;
    if (o->path == NULL)
        words = "no file is named";
    else if (o->sequence_length < 1 || o->sequence_length > INT32_MAX)
        words = ".sequence_length is missing, or no number of items";
    else if (o->sequence_stride < 0)
        words = ".sequence_stride is negative";
    else if ((unsigned)o->unit > CN_TEXT_WORDS)
        words = ".unit is CN_TEXT_CHARACTERS or CN_TEXT_WORDS";
    else if (o->unit == CN_TEXT_CHARACTERS && (o->as_written || o->max_tokens != 0))
        words = ".as_written and .max_tokens are for words";
    else if (o->max_tokens < 0 || (o->max_tokens > 0 && o->max_tokens <= SPECIAL_WORDS))
        words = ".max_tokens is 3 or more: two are padding and unknown words";
    else if (o->vocabulary != NULL && (o->vocabulary_count < 1 || o->max_tokens != 0))
        words = ".vocabulary comes with .vocabulary_count, and without .max_tokens";
    for (size_t i = 0; words == NULL && o->vocabulary != NULL && i < o->vocabulary_count; i++)
        if (o->vocabulary[i] == NULL)
            words = "an entry of .vocabulary is NULL";
    return words == NULL || diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "%s", words);
}

static bool make_windows(reader *r) {
    const cn_dataset_text_options *o = r->o;
    cn_dataset *d = r->d;
    sequence *s = ARENA_NEW(d->own, sequence);
    *s = (sequence){r->items, r->item_bytes, o->sequence_length,
                    o->sequence_stride > 0 ? o->sequence_stride : 1, o->last_only};
    if (r->count <= s->length)
        return diag_fail(r->diag, CN_ERROR_DATA,
                         "\"%s\" has %lld %s; a sequence of %lld and the next are more", o->path,
                         (long long)r->count, o->unit == CN_TEXT_WORDS ? "words" : "characters",
                         (long long)s->length);
    d->rows.count = (r->count - s->length - 1) / s->stride + 1;
    d->rows.read = read_sample;
    d->rows.user = s;
    d->class_names = r->names;
    d->class_count = r->name_count;
    return dataset_add_column(d, false, NULL, CN_I32, 1, &s->length, NULL) &&
           dataset_add_column(d, true, NULL, CN_I32, s->last ? 0 : 1, &s->length, NULL);
}

static bool fill(cn_dataset *d, const void *options) {
    const cn_dataset_text_options *o = options;
    reader *r = ARENA_NEW(d->own, reader);
    *r = (reader){.d = d, .o = o, .diag = &d->context->diag};
    if (!check_options(o, r->diag))
        return false;
    return (o->unit == CN_TEXT_WORDS ? survey_words(r) : survey_points(r)) && read_items(r) &&
           make_windows(r);
}

cn_dataset *cn_dataset_text_at(cn_source where, const cn_dataset_text_options *options) {
    cn_dataset_text_options o = {0};
    OPTIONS_COPY(o, options, where);
    return dataset_make(o.context, where, "dataset_text", fill, &o);
}
