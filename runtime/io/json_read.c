/* Reading JSON with jansson, inside of limits that jansson has not.
 *
 * One scan over the bytes comes first. It knows no more of the grammar than where strings are, and
 * counts: how deep brackets stand in each other (jansson recurses), and how many values there are,
 * because `[],[],` makes a hundred bytes of memory of each three. Both are held against the length,
 * so that a document takes at most 16 MiB and a few times its size. The limits are far above what
 * weight files and model descriptions hold: 100,000 tensors, lists of a million words.
 *
 * Keys that stand twice, text that is no UTF-8 and anything behind the end are jansson's to refuse.
 */
#include "runtime/io/json_read.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 64, FREE_LISTS = 1 << 16, FREE_VALUES = 1 << 18 };

typedef struct scan {
    const char *title;
    const uint8_t *bytes;
    size_t length, place; /* of the next byte */
    size_t levels, lists, values;
    bool names; /* NaN or Infinity may stand there */
    diagnostics *d;
} scan;

static bool refuse(const scan *s, const char *words) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i + 1 < s->place; i++) {
        column = s->bytes[i] == '\n' ? 1 : column + 1;
        line += s->bytes[i] == '\n';
    }
    return diag_fail(s->d, CN_ERROR_FORMAT, "\"%s\", line %zu, column %zu: %s", s->title, line,
                     column, words);
}

/* To behind the quote that ends a string; a string without one is jansson's to refuse. */
static void skip_string(scan *s) {
    while (s->place < s->length) {
        uint8_t c = s->bytes[s->place++];
        if (c == '\\')
            s->place++;
        if (c == '"')
            return;
    }
}

static bool open_bracket(scan *s) {
    s->lists++;
    s->values++;
    return ++s->levels <= MOST_LEVELS || refuse(s, "more than 64 levels of brackets");
}

static bool check(scan *s) {
    while (s->place < s->length) {
        uint8_t c = s->bytes[s->place++];
        if (c == '"')
            skip_string(s);
        else if ((c == '[' || c == '{') && !open_bracket(s))
            return false;
        else if ((c == ']' || c == '}') && s->levels > 0)
            s->levels--;
        else if (c == ',')
            s->values++;
        else if (c == 'N' || c == 'I')
            s->names = true;
    }
    return (s->lists <= FREE_LISTS + s->length / 32 && s->values <= FREE_VALUES + s->length / 8) ||
           refuse(s, "more values than a file of this size has reason to hold");
}

/* ---- numbers that are none -------------------------------------------------------------- */

static const struct {
    const char *bare, *text, *quoted;
    double value;
} names[] = {{"NaN", "nan", "\"nan\"", (double)NAN},
             {"Infinity", "inf", "\"inf\"", (double)INFINITY},
             {"-Infinity", "-inf", "\"-inf\"", -(double)INFINITY}};
enum { NAMES = sizeof names / sizeof *names };

bool json_read_number(const json_t *x, double *out) {
    const char *text = json_string_value(x);
    for (size_t i = 0; text != NULL && i < NAMES; i++) {
        if (strcmp(text, names[i].text) != 0)
            continue;
        *out = names[i].value;
        return true;
    }
    *out = json_number_value(x);
    return json_is_number(x);
}

/* The text for a bare name at the scan's place, which moves behind it; NULL: none is there. */
static const char *take_name(scan *s) {
    for (size_t i = 0; i < NAMES; i++) {
        size_t length = strlen(names[i].bare);
        if (length > s->length - s->place ||
            memcmp(s->bytes + s->place, names[i].bare, length) != 0)
            continue;
        s->place += length;
        return names[i].quoted;
    }
    return NULL;
}

/* A copy (malloc) with texts in place of bare names: at most 5 bytes for 3. */
static char *quote_names(const scan *s, size_t *length) {
    scan from = {.bytes = s->bytes, .length = s->length};
    char *copy = malloc(s->length * 2);
    *length = 0;
    while (copy != NULL && from.place < from.length) {
        size_t begin = from.place;
        const char *text = take_name(&from);
        if (text == NULL && from.bytes[from.place++] == '"')
            skip_string(&from);
        if (from.place > from.length) /* a backslash was the last byte */
            from.place = from.length;
        size_t bytes = text != NULL ? strlen(text) : from.place - begin;
        memcpy(copy + *length, text != NULL ? (const void *)text : from.bytes + begin, bytes);
        *length += bytes;
    }
    return copy;
}

static json_t *parse(const scan *s, json_error_t *error) {
    size_t length = s->length;
    char *copy = s->names ? quote_names(s, &length) : NULL;
    const char *bytes = copy != NULL ? copy : (const char *)s->bytes;
    json_t *root = json_loadb(length > 0 ? bytes : "", length, JSON_REJECT_DUPLICATES, error);
    free(copy);
    return root;
}

json_t *json_read(const char *title, const void *bytes, size_t length, diagnostics *d) {
    scan s = {.title = title, .bytes = bytes, .length = length, .d = d};
    json_error_t error;
    if (!check(&s))
        return NULL;
    json_t *root = parse(&s, &error);
    if (root == NULL)
        diag_fail(d, CN_ERROR_FORMAT, "\"%s\", line %d, column %d: %s", title, error.line,
                  error.column, error.text);
    return root;
}
