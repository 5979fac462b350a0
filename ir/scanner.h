/* Scanner: the tokens of .cnir, read from bytes that need not be text at all.
 *
 * A function that reads something skips spaces and comments, reads it and returns true; or it
 * records line, column and what it expected, and returns false. Nothing is read twice but by
 * going back to an offset on purpose.
 */
#ifndef CORNU_IR_SCANNER_H
#define CORNU_IR_SCANNER_H

#include "ir/ir.h"

typedef struct scanner {
    arena *arena; /* strings are made here, failures recorded in its diagnostics */
    const char *source;
    size_t length, at;
} scanner;

void scan_space(scanner *s); /* spaces and comments */
bool scan_at_end(scanner *s);
/* Reads the words or punctuation if they are next. A word must end where `token` does. */
bool scan_if(scanner *s, const char *token);
bool scan_expect(scanner *s, const char *token);
/* "line 3, column 8: expected <what>, found 'x'"; always false. */
bool scan_expected(scanner *s, const char *what);
/* "line 3, column 8: <message>"; always false. Also puts the place before a message that is
 * already recorded (an op's own, say). */
bool scan_fail(scanner *s, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool scan_fail_recorded(scanner *s, size_t at);

/* Letters, digits and '_'; borrowed from the source. */
bool scan_word(scanner *s, const char *what, const char **word, size_t *length);
bool scan_string(scanner *s, const char **out); /* in double quotes, with escapes */
bool scan_integer(scanner *s, int64_t *out);
bool scan_dim(scanner *s, dim *out);
bool scan_dtype(scanner *s, cn_dtype *out);
bool scan_type(scanner *s, type *out);
/* A number of the dtype: decimal, inf, nan, bits as 0x..., or true and false; as its bytes. */
bool scan_element(scanner *s, cn_dtype dtype, void *bytes);
/* Reads the rest of the line if it is a comment `# file:line layer`; else leaves it. */
void scan_location(scanner *s, location *out);

#endif
