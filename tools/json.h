/* Writing JSON, a call per value, on one line. Commas, escapes and nesting are its business.
 *
 *     json j = json_begin(i->out, SCHEMA_cache);
 *     json_text(&j, "folder", folder);
 *     json_open(&j, "entries", '[');
 *     json_integer(&j, NULL, 3);
 *     json_close(&j, ']');
 *     json_end(&j);
 *
 * A key is NULL inside of a list. Some names occur in jansson too, which the library uses; they
 * stay apart because the command exports nothing.
 */
#ifndef CORNU_TOOLS_JSON_H
#define CORNU_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/schemas.h"

typedef struct json {
    FILE *out;
    bool comma; /* a value stands before */
} json;

/* Opens the document and writes its "schema". */
json json_begin(FILE *out, schema name);
void json_end(json *j);
/* Opens an object '{' or a list '['; closes with '}' or ']'. */
void json_open(json *j, const char *key, char bracket);
void json_close(json *j, char bracket);
/* Any bytes: those that are no UTF-8 become U+FFFD. NULL becomes null. */
void json_text(json *j, const char *key, const char *text);
void json_integer(json *j, const char *key, int64_t x);
/* In the fewest digits that give the same double back; null when it is not finite. */
void json_number(json *j, const char *key, double x);
/* The same of what was a float32. */
void json_float(json *j, const char *key, float x);
void json_flag(json *j, const char *key, bool x);

#endif
