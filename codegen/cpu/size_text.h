/* The value of a size that the emitter has written as text. */
#ifndef CORNU_CODEGEN_CPU_SIZE_TEXT_H
#define CORNU_CODEGEN_CPU_SIZE_TEXT_H

#include <stdint.h>

/* Of an integer expression of C over B: numbers, B, + - * / %, comparison by >, ?: and parentheses,
 * as C computes it. */
int64_t size_text_value(const char *expression, int64_t batch);

#endif
