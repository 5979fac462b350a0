/* The tokens of .cnir; see the header.
 *
 * Numbers must not depend on the locale of the program that uses the library, though strtod
 * does: the decimal point is exchanged for whatever the locale calls it before strtod sees it.
 */
#include "ir/scanner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/interpret.h"

enum { LONGEST_NUMBER = 64 };

static bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* '\0' stands for the end; a real NUL byte fits no token either. */
static char peek(const scanner *s, size_t ahead) {
    return ahead < s->length - s->at ? s->source[s->at + ahead] : '\0';
}

/* ---- failures --------------------------------------------------------------------------- */

static void find_place(const scanner *s, size_t at, int *line, int *column) {
    *line = *column = 1;
    for (size_t i = 0; i < at && i < s->length; i++) {
        *column = s->source[i] == '\n' ? 1 : *column + 1;
        *line += s->source[i] == '\n';
    }
}

bool scan_fail_recorded(scanner *s, size_t at) {
    int line, column;
    find_place(s, at, &line, &column);
    diag_prefix(arena_diagnostics(s->arena), "line %d, column %d: ", line, column);
    return false;
}

bool scan_fail(scanner *s, size_t at, const char *format, ...) {
    diagnostics *d = arena_diagnostics(s->arena);
    if (!diag_ok(d))
        return false;
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(d, CN_ERROR_SYNTAX, format, arguments);
    va_end(arguments);
    return scan_fail_recorded(s, at);
}

bool scan_expected(scanner *s, const char *what) {
    char c = peek(s, 0);
    if (s->at == s->length)
        return scan_fail(s, s->at, "expected %s, found the end", what);
    if ((unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f)
        return scan_fail(s, s->at, "expected %s, found byte 0x%02x", what, (unsigned char)c);
    return scan_fail(s, s->at, "expected %s, found '%c'", what, c);
}

/* ---- words and punctuation ----------------------------------------------------------------- */

void scan_space(scanner *s) {
    for (; s->at < s->length; s->at++) {
        char c = peek(s, 0);
        if (c == '#') /* up to the line break, which the loop then steps over */
            while (s->at + 1 < s->length && s->source[s->at + 1] != '\n')
                s->at++;
        else if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
            return;
    }
}

bool scan_at_end(scanner *s) {
    scan_space(s);
    return s->at == s->length;
}

bool scan_if(scanner *s, const char *token) {
    size_t length = strlen(token);
    scan_space(s);
    if (s->length - s->at < length || memcmp(s->source + s->at, token, length) != 0)
        return false;
    if (is_word_character(token[length - 1]) && is_word_character(peek(s, length)))
        return false;
    s->at += length;
    return true;
}

bool scan_expect(scanner *s, const char *token) {
    if (scan_if(s, token))
        return true;
    char what[32];
    snprintf(what, sizeof what, "'%s'", token);
    return scan_expected(s, what);
}

bool scan_word(scanner *s, const char *what, const char **word, size_t *length) {
    scan_space(s);
    *word = s->source + s->at;
    *length = 0;
    while (is_word_character(peek(s, *length)))
        ++*length;
    if (*length == 0)
        return scan_expected(s, what);
    s->at += *length;
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex_digit(char c) {
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Where the quote stands that ends the string opened at `start`; 0 when the line ends first. */
static size_t find_closing_quote(const scanner *s, size_t start) {
    for (size_t i = start + 1; i < s->length && s->source[i] != '\n'; i++) {
        if (s->source[i] == '"')
            return i;
        i += s->source[i] == '\\';
    }
    return 0;
}

/* Reads one character at s->at, which lies before `end`; false when there is no such. */
static bool scan_character(scanner *s, size_t end, char *out) {
    *out = s->source[s->at++];
    if (*out != '\\')
        return *out != '\0';
    char c = s->source[s->at++]; /* find_closing_quote skipped it: it lies before `end` */
    *out = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    if (c != 'x')
        return c == 'n' || c == 't' || c == '"' || c == '\\';
    if (end - s->at < 2)
        return false;
    int high = hex_digit(s->source[s->at]), low = hex_digit(s->source[s->at + 1]);
    s->at += 2;
    *out = (char)(high * 16 + low);
    return high >= 0 && low >= 0 && *out != '\0';
}

bool scan_string(scanner *s, const char **out) {
    scan_space(s);
    size_t start = s->at, length = 0;
    if (peek(s, 0) != '"')
        return scan_expected(s, "a string in double quotes");
    size_t end = find_closing_quote(s, start);
    if (end == 0)
        return scan_fail(s, start, "the string that begins here has no end");
    char *copy = arena_alloc(s->arena, end - start);
    for (s->at++; s->at < end; length++) {
        size_t character = s->at;
        if (!scan_character(s, end, &copy[length]))
            return scan_fail(s, character,
                             "no such character in a string; expected \\\" \\\\ \\n "
                             "\\t or \\x and two hexadecimal digits");
    }
    s->at++;
    *out = copy; /* the arena's zeros end it */
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

bool scan_integer(scanner *s, int64_t *out) {
    scan_space(s);
    size_t start = s->at;
    bool negative = peek(s, 0) == '-';
    if (!is_digit(peek(s, negative)))
        return scan_expected(s, "an integer");
    int64_t sum = 0; /* kept negative: its range is the larger one */
    for (s->at += negative; is_digit(peek(s, 0)); s->at++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, peek(s, 0) - '0', &sum))
            return scan_fail(s, start, "the integer does not fit 64 bits");
    if (!negative && sum == INT64_MIN)
        return scan_fail(s, start, "the integer does not fit 64 bits");
    *out = negative ? sum : -sum;
    return true;
}

bool scan_dim(scanner *s, dim *out) {
    *out = dim_batch(1);
    if (scan_if(s, "B"))
        return true;
    size_t start = s->at;
    if (!is_digit(peek(s, 0)))
        return scan_expected(s, "a size: 28, B or 7*B");
    if (!scan_integer(s, &out->count))
        return false;
    out->symbolic = scan_if(s, "*");
    if (out->symbolic && !scan_expect(s, "B"))
        return false;
    if (out->symbolic && out->count == 0)
        return scan_fail(s, start, "0*B is written 0");
    return true;
}

bool scan_dtype(scanner *s, cn_dtype *out) {
    const char *word;
    size_t length;
    if (!scan_word(s, "an element type", &word, &length))
        return false;
    if (dtype_parse(word, length, out))
        return true;
    return scan_fail(s, s->at - length,
                     "no element type is called '%.*s'; expected f32 f64 bf16 f16 i64 i32 u32 i8 "
                     "u8 or bool",
                     (int)length, word);
}

bool scan_type(scanner *s, type *out) {
    *out = (type){0};
    if (!scan_dtype(s, &out->dtype) || !scan_expect(s, "["))
        return false;
    if (scan_if(s, "]"))
        return true;
    do {
        if (out->rank == MAX_RANK)
            return scan_fail(s, s->at, "more than %d axes", MAX_RANK);
        if (!scan_dim(s, &out->dims[out->rank++]))
            return false;
    } while (scan_if(s, ","));
    return scan_expect(s, "]");
}

/* What the locale puts between the digits; one character or more. */
static size_t decimal_point(char *out) {
    char half[16];
    int length = snprintf(half, sizeof half, "%.1f", 0.5);
    size_t point = length > 2 ? (size_t)length - 2 : 0;
    memcpy(out, half + 1, point);
    return point;
}

/* Reads a decimal as a double, or as a float in a double: rounding twice would be wrong. */
static bool scan_decimal(scanner *s, bool is_f32, double *out) {
    char digits[LONGEST_NUMBER + 16];
    size_t count = 0, start = s->at;
    for (; count < LONGEST_NUMBER; s->at++) {
        char c = peek(s, 0);
        if (c == '.')
            count += decimal_point(digits + count);
        else if (is_digit(c) || c == '-' || c == '+' || c == 'e' || c == 'E')
            digits[count++] = c;
        else
            break;
    }
    digits[count] = '\0';
    char *end = digits;
    if (count > 0 && count < LONGEST_NUMBER)
        *out = is_f32 ? (double)strtof(digits, &end) : strtod(digits, &end);
    if (count > 0 && end == digits + count)
        return true;
    s->at = start;
    return scan_expected(s, "a number");
}

static bool scan_bits(scanner *s, int bytes, void *out) {
    uint64_t bits = 0;
    size_t start = s->at, count = 0;
    for (s->at += 2; hex_digit(peek(s, 0)) >= 0 && count <= 16; s->at++, count++)
        bits = bits << 4 | (uint64_t)hex_digit(peek(s, 0));
    if (count == 0 || count > (size_t)bytes * 2)
        return scan_fail(s, start, "expected %d hexadecimal digits", bytes * 2);
    memcpy(out, &bits, (size_t)bytes); /* the host is little-endian */
    return true;
}

static bool scan_float(scanner *s, cn_dtype dtype, void *out) {
    number x = {.f = 0};
    if (peek(s, 0) == '0' && peek(s, 1) == 'x')
        return scan_bits(s, dtype_bytes(dtype), out);
    if (scan_if(s, "nan"))
        x.f = __builtin_nan("");
    else if (scan_if(s, "inf"))
        x.f = __builtin_inf();
    else if (scan_if(s, "-inf"))
        x.f = -__builtin_inf();
    else if (!scan_decimal(s, dtype != CN_F64, &x.f))
        return false;
    number_to_bytes(dtype, x, out);
    return true;
}

bool scan_element(scanner *s, cn_dtype dtype, void *bytes) {
    number x = {.i = 0};
    scan_space(s);
    size_t start = s->at;
    if (dtype_is_float(dtype))
        return scan_float(s, dtype, bytes);
    if (dtype == CN_BOOL && (scan_if(s, "true") || scan_if(s, "false")))
        x.i = s->source[start] == 't';
    else if (!scan_integer(s, &x.i))
        return false;
    number_to_bytes(dtype, x, bytes);
    if (number_from_bytes(dtype, bytes).i != x.i)
        return scan_fail(s, start, "%lld does not fit %s", (long long)x.i, dtype_name(dtype));
    return true;
}

/* ---- locations --------------------------------------------------------------------------- */

/* Where ":digits" followed by a space or the end lies in the comment; its length if nowhere. */
static size_t find_line_number(const char *comment, size_t length, int *line) {
    for (size_t i = 0; i < length; i++) {
        size_t k = i + 1;
        int64_t sum = 0;
        if (comment[i] != ':')
            continue;
        for (; k < length && is_digit(comment[k]) && sum <= INT32_MAX; k++)
            sum = sum * 10 + comment[k] - '0';
        if (k > i + 1 && sum <= INT32_MAX && (k == length || comment[k] == ' ')) {
            *line = (int)sum;
            return i;
        }
    }
    return length;
}

void scan_location(scanner *s, location *out) {
    *out = (location){0};
    size_t at = s->at;
    while (at < s->length && (s->source[at] == ' ' || s->source[at] == '\t'))
        at++;
    if (at == s->length || s->source[at] != '#')
        return;
    at += at + 1 < s->length && s->source[at + 1] == ' ' ? 2 : 1;
    const char *comment = s->source + at;
    size_t length = 0, number_end;
    while (at + length < s->length && comment[length] != '\n' && comment[length] != '\0')
        length++;
    size_t colon = find_line_number(comment, length, &out->line);
    if (colon == length)
        return;
    if (colon > 0)
        out->file = arena_string_n(s->arena, comment, colon);
    for (number_end = colon + 1; number_end < length && is_digit(comment[number_end]);)
        number_end++;
    if (number_end < length)
        out->layer = arena_string_n(s->arena, comment + number_end + 1, length - number_end - 1);
}
