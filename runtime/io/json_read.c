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

#include <stdint.h>

enum { MOST_LEVELS = 64, FREE_LISTS = 1 << 16, FREE_VALUES = 1 << 18 };

typedef struct scan {
    const char *title;
    const uint8_t *bytes;
    size_t length, place; /* of the next byte */
    size_t levels, lists, values;
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
    }
    return (s->lists <= FREE_LISTS + s->length / 32 && s->values <= FREE_VALUES + s->length / 8) ||
           refuse(s, "more values than a file of this size has reason to hold");
}

json_t *json_read(const char *title, const void *bytes, size_t length, diagnostics *d) {
    scan s = {.title = title, .bytes = bytes, .length = length, .d = d};
    json_error_t error;
    if (!check(&s))
        return NULL;
    json_t *root = json_loadb(length > 0 ? bytes : "", length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        diag_fail(d, CN_ERROR_FORMAT, "\"%s\", line %d, column %d: %s", title, error.line,
                  error.column, error.text);
    return root;
}
