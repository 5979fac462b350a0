/* String builder in an arena; what every printer writes to. */
#ifndef CORNU_BASE_TEXT_H
#define CORNU_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct text {
    arena *arena;
    char *data; /* NUL-terminated after every call */
    size_t length, capacity;
} text;

void text_init(text *t, arena *a);
void text_append(text *t, const char *s);
void text_append_n(text *t, const char *s, size_t n);
void text_printf(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_printf_list(text *t, const char *format, va_list arguments);
/* `"..."` with \" \\ \n \t \xHH escapes; reads back by the .cnir parser. */
void text_quote(text *t, const char *s);
/* A JSON string; bytes that are no UTF-8 read as Latin-1. */
void text_json(text *t, const char *s);
/* Text between tags of XML: & < > and quotes become entities, control characters '?'. */
void text_xml(text *t, const char *s);
void text_indent(text *t, int levels); /* 4 spaces each */
/* With text_c_string the one way for bytes of a user into generated source: keeps [A-Za-z0-9_],
 * others become '_', at most 48 characters. */
void text_identifier(text *t, const char *s);
/* A string literal of C: letters, digits and _ / . : - and space as they are, other bytes as octal
 * escapes, so that nothing of a user can end it. */
void text_c_string(text *t, const char *s);
/* Whether s ends in the suffix and has something before it, as file names do. */
bool text_has_suffix(const char *s, const char *suffix);
/* The same for files of data, which cameras and spreadsheets name as they like: ".PNG" is ".png",
 * of ASCII's letters, whatever the locale. */
bool text_has_suffix_of_any_case(const char *s, const char *suffix);
/* Shortest decimal that reads back to the same float or double; inf, -inf and nan as such. */
void text_float(text *t, double value, int is_f32);

#endif
