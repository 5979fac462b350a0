/* Writing JSON into a text. */
#include "base/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void begin(json_writer *w, const char *key) {
    if (w->comma)
        text_append(w->out, ", ");
    w->comma = true;
    if (key == NULL)
        return;
    text_json(w->out, key);
    text_append(w->out, ": ");
}

void json_open(json_writer *w, const char *key, char bracket) {
    begin(w, key);
    text_append_n(w->out, &bracket, 1);
    w->comma = false;
}

void json_close(json_writer *w, char bracket) {
    text_append_n(w->out, &bracket, 1);
    w->comma = true;
}

void json_put_raw(json_writer *w, const char *key, const char *json) {
    begin(w, key);
    text_append(w->out, json);
}

void json_put_text(json_writer *w, const char *key, const char *value) {
    begin(w, key);
    if (value == NULL)
        text_append(w->out, "null");
    else
        text_json(w->out, value);
}

void json_put_integer(json_writer *w, const char *key, int64_t x) {
    begin(w, key);
    text_printf(w->out, "%lld", (long long)x);
}

void json_put_number(json_writer *w, const char *key, double x) {
    begin(w, key);
    if (isnan(x) || isinf(x)) {
        text_append(w->out, isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity");
        return;
    }
    size_t start = w->out->length;
    text_float(w->out, x, 0);
    if (strpbrk(w->out->data + start, ".e") == NULL)
        text_append(w->out, ".0");
}

void json_put_flag(json_writer *w, const char *key, bool x) {
    json_put_raw(w, key, x ? "true" : "false");
}

void json_put_null(json_writer *w, const char *key) {
    json_put_raw(w, key, "null");
}
