/* String builder: a buffer in an arena that doubles; every printer of Cornu writes to one.
 *
 * What is printed is read back by our parser or by a C compiler, so nothing here may depend
 * on the locale of the program that uses the library: numbers with a fraction go through
 * text_float, never through text_printf.
 */
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum { FIRST_BYTES = 256, LONGEST_IDENTIFIER = 48 };

/* Room for `extra` more characters and the terminator. */
static char *text_reserve(text *t, size_t extra) {
    size_t needed, doubled;
    if (!size_add(t->length, extra, &needed) || !size_add(needed, 1, &needed))
        diag_unwind(arena_diagnostics(t->arena), CN_ERROR_OUT_OF_MEMORY,
                    "out of memory: a text of more than %zu bytes", t->length);
    if (needed > t->capacity) {
        size_t capacity = size_mul(t->capacity, 2, &doubled) && doubled > needed ? doubled : needed;
        char *data = arena_alloc(t->arena, capacity);
        memcpy(data, t->data, t->length);
        t->data = data;
        t->capacity = capacity;
    }
    return t->data + t->length;
}

void text_init(text *t, arena *a) {
    *t = (text){.arena = a, .data = arena_alloc(a, FIRST_BYTES), .capacity = FIRST_BYTES};
}

void text_append(text *t, const char *s) {
    text_append_n(t, s, strlen(s));
}

void text_append_n(text *t, const char *s, size_t n) {
    char *end = text_reserve(t, n);
    if (n != 0)
        memcpy(end, s, n);
    end[n] = '\0';
    t->length += n;
}

void text_printf(text *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_printf_list(t, format, arguments);
    va_end(arguments);
}

void text_printf_list(text *t, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    size_t room = t->capacity - t->length;
    int length = vsnprintf(t->data + t->length, room, format, arguments);
    assert(length >= 0);
    if ((size_t)length >= room) {
        char *end = text_reserve(t, (size_t)length);
        vsnprintf(end, (size_t)length + 1, format, again);
    }
    va_end(again);
    t->length += (size_t)length;
}

void text_quote(text *t, const char *s) {
    text_append(t, "\"");
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else if (c == '\n')
            text_append(t, "\\n");
        else if (c == '\t')
            text_append(t, "\\t");
        else if (c < 0x20 || c == 0x7f)
            text_printf(t, "\\x%02x", c);
        else /* bytes from 0x80 stay: names in UTF-8 are readable */
            text_append_n(t, s, 1);
    }
    text_append(t, "\"");
}

/* Bytes of the UTF-8 character at s: 1 to 4; 0 when there is none (overlong, surrogate, cut). */
static int utf8_length(const unsigned char *s) {
    static const struct {
        unsigned char first, last, low, high; /* of the lead byte; of the byte behind it */
        int length;
    } rows[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s[0] < rows[i].first || s[0] > rows[i].last)
            continue;
        bool whole = rows[i].length == 1 || (s[1] >= rows[i].low && s[1] <= rows[i].high);
        for (int k = 2; whole && k < rows[i].length; k++)
            whole = s[k] >= 0x80 && s[k] <= 0xbf;
        return whole ? rows[i].length : 0;
    }
    return 0;
}

void text_json(text *t, const char *s) {
    text_append(t, "\"");
    while (*s != '\0') {
        unsigned char c = (unsigned char)*s;
        int length = utf8_length((const unsigned char *)s);
        if (c == '"' || c == '\\')
            text_printf(t, "\\%c", c);
        else if (c < 0x20 || length == 0)
            text_printf(t, "\\u%04x", c);
        else
            text_append_n(t, s, (size_t)length);
        s += length == 0 ? 1 : length;
    }
    text_append(t, "\"");
}

void text_xml(text *t, const char *s) {
    while (*s != '\0') {
        unsigned char c = (unsigned char)*s;
        int length = utf8_length((const unsigned char *)s);
        if (c == '&' || c == '<' || c == '>' || c == '"')
            text_printf(t, "&#%d;", c);
        else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || length == 0)
            text_append(t, "?");
        else
            text_append_n(t, s, (size_t)length);
        s += length == 0 ? 1 : length;
    }
}

void text_indent(text *t, int levels) {
    for (int i = 0; i < levels; i++)
        text_append(t, "    ");
}

/* Not isalnum: its answer depends on the locale. */
static bool is_identifier_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void text_identifier(text *t, const char *s) {
    for (int i = 0; i < LONGEST_IDENTIFIER && s[i] != '\0'; i++)
        text_append_n(t, is_identifier_character(s[i]) ? &s[i] : "_", 1);
}

void text_c_string(text *t, const char *s) {
    text_append(t, "\"");
    for (; *s != '\0'; s++)
        if (is_identifier_character(*s) || strchr("/.:- ", *s) != NULL)
            text_append_n(t, s, 1);
        else
            text_printf(t, "\\%03o", (unsigned)(unsigned char)*s);
    text_append(t, "\"");
}

static bool reads_back(const char *digits, double value, bool is_f32) {
    return is_f32 ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value;
}

/* Turns what %g gave into what C and .cnir read: the locale's decimal point (any bytes that
 * are neither digit, sign nor exponent) becomes '.', and 1e-07 becomes 1e-7. */
static void append_canonical(text *t, const char *digits) {
    const char *p = digits;
    for (; *p != '\0' && *p != 'e'; p++) {
        bool is_number = (*p >= '0' && *p <= '9') || *p == '-';
        bool starts_point = p == digits || (p[-1] >= '0' && p[-1] <= '9');
        if (is_number)
            text_append_n(t, p, 1);
        else if (starts_point)
            text_append(t, ".");
    }
    if (*p == 'e')
        text_printf(t, "e%d", atoi(p + 1));
}

void text_float(text *t, double value, int is_f32) {
    if (isnan(value)) {
        text_append(t, "nan");
    } else if (isinf(value)) {
        text_append(t, value < 0 ? "-inf" : "inf");
    } else {
        char digits[64];
        int precision = 1, enough = is_f32 ? 9 : 17;
        do
            snprintf(digits, sizeof digits, "%.*g", precision, value);
        while (!reads_back(digits, value, is_f32 != 0) && precision++ < enough);
        append_canonical(t, digits);
    }
}

bool text_has_suffix(const char *s, const char *suffix) {
    size_t length = strlen(s), tail = strlen(suffix);
    return length > tail && strcmp(s + length - tail, suffix) == 0;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_has_suffix_of_any_case(const char *s, const char *suffix) {
    size_t length = strlen(s), tail = strlen(suffix);
    for (size_t i = 0; i < tail && tail < length; i++)
        if (lower(s[length - tail + i]) != lower(suffix[i]))
            return false;
    return length > tail;
}
