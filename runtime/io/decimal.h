/* Decimal numbers in text files: whatever the program's locale, the whole text or nothing. */
#ifndef CORNU_RUNTIME_IO_DECIMAL_H
#define CORNU_RUNTIME_IO_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* [+-] digits [. digits] [e [+-] digits], rounded to the nearest double. False for anything else,
 * also for what no double holds; NaN and infinity have no digits. */
bool decimal_parse(const char *text, size_t length, double *out);

#endif
