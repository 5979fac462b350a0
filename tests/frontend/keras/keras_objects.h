/* A reader and a writer of Keras' objects over one context, and the golden objects of real Keras:
 * what is read and written again says the same, and nobody has anything to remark.
 */
#ifndef CORNU_TESTS_FRONTEND_KERAS_OBJECTS_H
#define CORNU_TESTS_FRONTEND_KERAS_OBJECTS_H

#include "test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/keras/options.h"

typedef struct objects {
    cn_context *c;
    keras_reader reader;
    keras_writer writer;
    text written;
} objects;

static inline void objects_open(objects *o) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    *o = (objects){.c = c};
    text_init(&o->written, c->arena);
    o->reader = (keras_reader){.context = c, .scratch = c->arena};
    o->writer = (keras_writer){.context = c, .scratch = c->arena, .json = {.out = &o->written}};
    text_init(&o->reader.problems, c->arena);
    text_init(&o->writer.problems, c->arena);
}

static inline void objects_close(objects *o) {
    cn_context_free(o->c);
}

static inline json_t *json_of(const char *words) {
    json_error_t error;
    json_t *j = json_loads(words, JSON_DECODE_ANY, &error);
    if (j == NULL)
        fail_msg("%s in %s", error.text, words);
    return j;
}

/* Members that Keras writes and that say nothing, or nothing that Cornu knows. */
static inline bool may_be_absent(const char *key, const json_t *want) {
    static const char *const keys[] = {"name", "trainable", "dtype"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return json_is_null(want);
}

/* Members that Keras reads and forgets to write. */
static inline bool may_be_more(const char *key) {
    return strcmp(key, "delta") == 0 || strcmp(key, "gain") == 0;
}

static inline bool same_json(const json_t *want, const json_t *got);

static inline bool same_object(const json_t *want, const json_t *got) {
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)got, key, member) {
        const json_t *wanted = json_object_get(want, key);
        if (strcmp(key, "jit_compile") != 0 && !(wanted == NULL && may_be_more(key)) &&
            !same_json(wanted, member))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)want, key, member) {
        if (json_object_get(got, key) == NULL && !may_be_absent(key, member))
            return false;
    }
    return true;
}

static inline bool same_json(const json_t *want, const json_t *got) {
    if (json_is_number(want) && json_is_number(got)) {
        double x = json_number_value(want), y = json_number_value(got);
        return fabs(x - y) <= 1e-8 * fabs(x);
    }
    if (json_is_object(want) && json_is_object(got))
        return same_object(want, got);
    if (!json_is_array(want) || json_array_size(want) != json_array_size(got))
        return json_equal(want, got);
    for (size_t i = 0; i < json_array_size(want); i++)
        if (!same_json(json_array_get(want, i), json_array_get(got, i)))
            return false;
    return true;
}

/* Nothing was noted, and what was written since the opening brace says the same as `want`. */
static inline void objects_check(objects *o, const char *name, const json_t *want) {
    if (o->reader.problem_count + o->writer.problem_count != 0)
        fail_msg("%s:%s%s", name, o->reader.problems.data, o->writer.problems.data);
    assert_string_equal(cn_error_message(o->c), "");
    json_close(&o->writer.json, '}');
    json_t *got = json_of(o->written.data);
    if (!same_json(want, json_object_get(got, "it"))) {
        char *wanted = json_dumps(want, JSON_ENCODE_ANY);
        fail_msg("%s: wrote\n%s\nfor\n%s", name, o->written.data, wanted);
    }
    json_decref(got);
}

/* Adds the case, and under "it" what was written, as a line to the file that the environment names:
 * scripts/golden/check_objects.py has Keras read it. */
static inline void objects_keep(const objects *o, const json_t *json) {
    const char *path = getenv("CORNU_OBJECTS_WRITTEN");
    FILE *f = path == NULL ? NULL : fopen(path, "a");
    if (f == NULL)
        return;
    json_t *line = json_of(o->written.data);
    json_object_update(line, (json_t *)(uintptr_t)json);
    json_dumpf(line, f, JSON_COMPACT);
    fputc('\n', f);
    json_decref(line);
    fclose(f);
}

/* Every golden object of a kind; `again` reads `given` and writes it under the key "it". */
static inline size_t objects_each(const char *kind, void (*again)(objects *o, const json_t *json)) {
    json_error_t error;
    json_t *file =
        json_load_file(CORNU_SOURCE_FOLDER "/tests/golden/keras/keras_objects.json", 0, &error);
    if (file == NULL)
        fail_msg("%s, line %d", error.text, error.line);
    size_t i, count = 0;
    json_t *json;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (strcmp(json_string_value(json_object_get(json, "kind")), kind) != 0)
            continue;
        objects o;
        objects_open(&o);
        json_open(&o.writer.json, NULL, '{');
        again(&o, json);
        const char *name = json_string_value(json_object_get(json, "name"));
        objects_check(&o, name, json_object_get(json, "want"));
        objects_keep(&o, json);
        objects_close(&o);
        count++;
    }
    json_decref(file);
    return count;
}

#endif
