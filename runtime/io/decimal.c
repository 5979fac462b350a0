/* Reading decimal numbers.
 *
 * Up to 15 digits and a power of ten up to 22 are both exact as doubles, so one multiplication or
 * division rounds correctly (Clinger, "How to read floating point numbers accurately", 1990): most
 * numbers in data files. The rest goes to strtod, with the decimal point its locale wants.
 */
#include "runtime/io/decimal.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_DIGITS = 15, EXACT_POWER = 22, LONGEST = 400 };

typedef struct decimal {
    bool negative;
    uint64_t digits; /* without the point */
    int significant; /* how many of them count, leading zeros not */
    int exponent;    /* of ten, of the digits as an integer */
    size_t point;    /* its place in the text; SIZE_MAX = none */
} decimal;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Returns the place behind the digits; `fraction` ones move the point. */
static size_t scan_digits(const char *text, size_t at, size_t end, bool fraction, decimal *x) {
    for (; at < end && is_digit(text[at]); at++) {
        x->significant += x->significant > 0 || text[at] != '0';
        if (x->significant <= EXACT_DIGITS)
            x->digits = x->digits * 10 + (uint64_t)(text[at] - '0');
        x->exponent -= fraction;
    }
    return at;
}

static bool scan_exponent(const char *text, size_t at, size_t end, decimal *x) {
    bool negative = at < end && text[at] == '-';
    int value = 0;
    at += at < end && (text[at] == '-' || text[at] == '+');
    if (at == end)
        return false;
    for (; at < end && is_digit(text[at]); at++)
        value = value > 9999 ? value : value * 10 + (text[at] - '0');
    x->exponent += negative ? -value : value;
    return at == end;
}

static bool scan(const char *text, size_t end, decimal *x) {
    size_t at = end > 0 && (text[0] == '-' || text[0] == '+'), first = at;
    *x = (decimal){.negative = end > 0 && text[0] == '-', .point = SIZE_MAX};
    at = scan_digits(text, at, end, false, x);
    size_t count = at - first;
    if (at < end && text[at] == '.') {
        x->point = at++;
        size_t begin = at;
        at = scan_digits(text, at, end, true, x);
        count += at - begin;
    }
    if (count == 0)
        return false;
    if (at < end && (text[at] == 'e' || text[at] == 'E'))
        return scan_exponent(text, at + 1, end, x);
    return at == end;
}

static bool by_library(const char *text, size_t length, size_t point, double *out) {
    char copy[LONGEST + 16];
    const char *mark = localeconv()->decimal_point;
    size_t marks = strlen(mark), before = point == SIZE_MAX ? length : point;
    if (length > LONGEST || marks > 8)
        return false;
    memcpy(copy, text, before);
    char *end = copy + before;
    if (point != SIZE_MAX) {
        memcpy(end, mark, marks);
        memcpy(end + marks, text + point + 1, length - point - 1);
        end += marks + length - point - 1;
    }
    *end = 0;
    char *stop = copy;
    *out = strtod(copy, &stop);
    return stop == end && isfinite(*out);
}

bool decimal_parse(const char *text, size_t length, double *out) {
    static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal x;
    if (!scan(text, length, &x))
        return false;
    if (x.significant > EXACT_DIGITS || x.exponent > EXACT_POWER || x.exponent < -EXACT_POWER)
        return by_library(text, length, x.point, out);
    double value = (double)x.digits;
    value = x.exponent < 0 ? value / powers[-x.exponent] : value * powers[x.exponent];
    *out = x.negative ? -value : value;
    return true;
}
