/* Sizes of scratch and workspace are C text over B, which compiled programs compute. What is
 * written ahead of time states them as numbers, for a processor that need not be this one; so the
 * few operators that the emitter uses are computed here, by precedence climbing.
 */
#include "codegen/cpu/size_text.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct scan {
    const char *at;
    int64_t batch;
} scan;

static int64_t conditional(scan *s);

static char peek(scan *s) {
    while (*s->at == ' ')
        s->at++;
    return *s->at;
}

static bool accept(scan *s, char c) {
    bool found = peek(s) == c;
    s->at += found;
    return found;
}

static int64_t primary(scan *s) {
    if (accept(s, '(')) {
        int64_t inner = conditional(s);
        bool closed = accept(s, ')');
        assert(closed);
        (void)closed;
        return inner;
    }
    if (accept(s, 'B'))
        return s->batch;
    assert(isdigit((unsigned char)peek(s)));
    int64_t number = 0;
    while (isdigit((unsigned char)*s->at))
        number = 10 * number + (*s->at++ - '0');
    return number;
}

static int level_of(char operator) {
    static const char *const levels[] = {">", "+-", "*/%"};
    for (int i = 0; operator&& i<3; i++)
        if (strchr(levels[i], operator) != NULL)
            return i;
    return -1;
}

static int64_t apply(char operator, int64_t a, int64_t b) {
    switch (operator) {
    case '>':
        return a > b;
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '*':
        return a * b;
    case '/':
        return a / b;
    default:
        return a % b;
    }
}

static int64_t binary(scan *s, int level) {
    int64_t value = primary(s);
    for (int of; (of = level_of(peek(s))) >= level;) {
        char operator= * s->at++;
        value = apply(operator, value, binary(s, of + 1));
    }
    return value;
}

static int64_t conditional(scan *s) {
    int64_t value = binary(s, 0);
    if (!accept(s, '?'))
        return value;
    int64_t yes = conditional(s);
    bool has_else = accept(s, ':');
    assert(has_else);
    (void)has_else;
    int64_t no = conditional(s);
    return value ? yes : no;
}

int64_t size_text_value(const char *expression, int64_t batch) {
    scan s = {expression, batch};
    int64_t value = conditional(&s);
    assert(peek(&s) == '\0');
    return value;
}
