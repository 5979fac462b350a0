/* One line of JSON; see json.h. */
#include "tools/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at s, 0 when there is none: overlong forms, surrogates and what
 * lies beyond U+10FFFF are refused by the range of the second byte. */
static size_t character_length(const unsigned char *s) {
    static const struct {
        unsigned char first, last, low, high;
        size_t length;
    } forms[] = {
        {0x20, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        if (s[0] < forms[k].first || s[0] > forms[k].last)
            continue;
        size_t length = forms[k].length, good = 1;
        if (length > 1 && (s[1] < forms[k].low || s[1] > forms[k].high))
            return 0;
        while (good < length && (s[good] & 0xc0) == 0x80)
            good++;
        return good == length ? length : 0;
    }
    return 0;
}

static void write_string(FILE *out, const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    fputc('"', out);
    while (*s != 0) {
        size_t length = character_length(s);
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s++);
        else if (*s == '\n')
            fputs("\\n", out), s++;
        else if (*s < 0x20)
            fprintf(out, "\\u%04x", *s++);
        else if (length == 0)
            fputs("\\ufffd", out), s++;
        else
            s += fprintf(out, "%.*s", (int)length, (const char *)s);
    }
    fputc('"', out);
}

static void write_key(json *j, const char *key) {
    if (j->comma)
        fputs(", ", j->out);
    j->comma = true;
    if (key == NULL)
        return;
    write_string(j->out, key);
    fputs(": ", j->out);
}

json json_begin(FILE *out, schema name) {
    static const char *const schemas[] = {
#define X(name, version, writer, keys) "cornu." #name "/" #version,
        SCHEMA_MAP(X)
#undef X
    };
    json j = {.out = out};
    fputc('{', out);
    json_text(&j, "schema", schemas[name]);
    return j;
}

void json_end(json *j) {
    fputs("}\n", j->out);
    fflush(j->out);
}

void json_open(json *j, const char *key, char bracket) {
    write_key(j, key);
    fputc(bracket, j->out);
    j->comma = false;
}

void json_close(json *j, char bracket) {
    fputc(bracket, j->out);
    j->comma = true;
}

void json_text(json *j, const char *key, const char *text) {
    write_key(j, key);
    if (text == NULL)
        fputs("null", j->out);
    else
        write_string(j->out, text);
}

void json_integer(json *j, const char *key, int64_t x) {
    write_key(j, key);
    fprintf(j->out, "%" PRId64, x);
}

void json_number(json *j, const char *key, double x) {
    char digits[32] = "null";
    for (int precision = 15; isfinite(x) && precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (strtod(digits, NULL) == x)
            break;
    }
    write_key(j, key);
    fputs(digits, j->out);
}

void json_float(json *j, const char *key, float x) {
    char digits[32] = "null";
    for (int precision = 6; isfinite(x) && precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)x);
        if (strtof(digits, NULL) == x)
            break;
    }
    write_key(j, key);
    fputs(digits, j->out);
}

void json_flag(json *j, const char *key, bool x) {
    write_key(j, key);
    fputs(x ? "true" : "false", j->out);
}
