/* Writing JSON into a text, a call per value; commas, escapes and nesting are its business.
 *
 *     json_writer w = {.out = &t};
 *     json_open(&w, NULL, '{');
 *     json_put_text(&w, "name", "dense");
 *     json_close(&w, '}');
 *
 * A key is NULL inside of a list and for the document itself.
 */
#ifndef CORNU_BASE_JSON_WRITER_H
#define CORNU_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef struct json_writer {
    text *out;
    bool comma; /* a value stands before */
} json_writer;

void json_open(json_writer *w, const char *key, char bracket);
void json_close(json_writer *w, char bracket);
void json_put_text(json_writer *w, const char *key, const char *value); /* NULL: null */
void json_put_integer(json_writer *w, const char *key, int64_t x);
/* In the fewest digits that give the same double back, always with a point or an exponent, as
 * Python writes a float; NaN and Infinity as Python does too. */
void json_put_number(json_writer *w, const char *key, double x);
void json_put_flag(json_writer *w, const char *key, bool x);
void json_put_null(json_writer *w, const char *key);
/* JSON that is written already. */
void json_put_raw(json_writer *w, const char *key, const char *json);

#endif
