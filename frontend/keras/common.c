/* What every reader and writer of Keras' files shares: problems and serialised objects.
 *
 * A problem is noted and reading goes on, so that one message lists all of them. An object is
 * {"module": ..., "class_name": ..., "config": {...}, "registered_name": ...}; functions and plain
 * strings are read as objects without a configuration. Source: keras/src/saving,
 * serialization_lib.py.
 */
#include <math.h>
#include <string.h>

#include "frontend/keras/options.h"

/* ---- problems --------------------------------------------------------------------------- */

void keras_problem(keras_reader *r, const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_printf(&r->problems, "\n  %s: ", place);
    text_printf_list(&r->problems, format, arguments);
    va_end(arguments);
    r->problem_count++;
}

void keras_write_problem(keras_writer *w, const char *place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_printf(&w->problems, "\n  %s: ", place);
    text_printf_list(&w->problems, format, arguments);
    va_end(arguments);
    w->problem_count++;
}

bool keras_made(keras_reader *r, const char *place) {
    diagnostics *d = &r->context->diag;
    if (diag_ok(d))
        return true;
    if (d->status == CN_ERROR_OUT_OF_MEMORY)
        return false; /* the failure of the whole reading, not of this place */
    keras_problem(r, place, "%s", d->message);
    diag_clear(d);
    return false;
}

const char *keras_words(arena *a, const json_t *j) {
    char words[64];
    size_t length =
        json_dumpb(j, words, sizeof words,
                   JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
    if (length <= sizeof words)
        return arena_string_n(a, words, length);
    return arena_format(a, "%.*s...", (int)sizeof words - 4, words);
}

/* ---- objects ---------------------------------------------------------------------------- */

static bool of_keras(const char *module) {
    return module == NULL || strcmp(module, "builtins") == 0 || strncmp(module, "keras", 5) == 0;
}

/* Of a class that is not Keras': the name it is registered under, else its own. Keras says null for
 * its own classes, or the class again; for others whose module it cannot tell, that is null. */
static const char *foreign_name(const json_t *j, const keras_object *o) {
    const char *name = json_string_value(json_object_get(j, "registered_name"));
    if (name == NULL || strcmp(name, "function") == 0)
        name = o->class_name;
    bool lost = json_is_null(json_object_get(j, "module")) && o->class_name[0] != '_';
    return strchr(name, '>') != NULL || lost || !of_keras(o->module) ? name : NULL;
}

bool keras_object_of(const json_t *j, keras_object *out) {
    *out = (keras_object){.class_name = json_string_value(j)};
    if (!json_is_object(j)) {
        if (out->class_name != NULL && strchr(out->class_name, '>') != NULL)
            out->registered_name = out->class_name;
        return out->class_name != NULL;
    }
    const json_t *config = json_object_get(j, "config");
    out->class_name = json_string_value(json_object_get(j, "class_name"));
    if (out->class_name == NULL)
        return false;
    if (json_is_string(config) && strcmp(out->class_name, "function") == 0)
        out->class_name = json_string_value(config);
    out->module = json_string_value(json_object_get(j, "module"));
    out->config = json_is_object(config) ? config : NULL;
    out->registered_name = foreign_name(j, out);
    return true;
}

void keras_refuse(keras_reader *r, const char *place, const char *kind, const keras_object *o) {
    const char *name = o->registered_name != NULL ? o->registered_name : o->class_name;
    if (strcmp(name, "__lambda__") == 0)
        keras_problem(r, place, "its %s is a Python lambda, and code in a file is never run", kind);
    else if (o->registered_name != NULL)
        keras_problem(r, place, "%s \"%s\" is not Keras' own; Cornu cannot have it", kind, name);
    else
        keras_problem(r, place, "Cornu has no %s \"%s\"", kind, name);
}

void keras_open_object(keras_writer *w, const char *key, const char *module,
                       const char *class_name) {
    json_open(&w->json, key, '{');
    json_put_text(&w->json, "module", module);
    json_put_text(&w->json, "class_name", class_name);
    json_open(&w->json, "config", '{');
}

void keras_close_object(keras_writer *w) {
    json_close(&w->json, '}');
    json_put_null(&w->json, "registered_name");
    json_close(&w->json, '}');
}
