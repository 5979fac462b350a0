/* The files of tests/golden/keras_files, which real Keras wrote, and what it does with them (see
 * scripts/golden/keras_files.py): opening one, what it predicts, how it goes on training. */
#ifndef CORNU_TESTS_FRONTEND_KERAS_GOLDEN_FILES_H
#define CORNU_TESTS_FRONTEND_KERAS_GOLDEN_FILES_H

#include "test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cornu/saving.h"
#include "custom_layers.h"

#define GOLDEN_FILES CORNU_SOURCE_FOLDER "/tests/golden/keras_files"

typedef struct golden_file {
    const char *name, *folder;
    cn_context *c;
    cn_model *m;
    cn_array_file *arrays; /* what Keras says; NULL of files that are refused */
    bool failed;           /* and said so: the other files have their turn all the same */
} golden_file;

static inline void golden_fail(golden_file *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void golden_fail(golden_file *f, const char *format, ...) {
    char words[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    print_error("%s/%s: %s\n", strrchr(f->folder, '/') + 1, f->name, words);
    f->failed = true;
}

static const char *const golden_versions[] = {"3.0.5",  "3.3.3",  "3.6.0",
                                              "3.10.0", "3.12.1", "3.15.1"};
enum { GOLDEN_VERSIONS = sizeof golden_versions / sizeof *golden_versions };

static inline json_t *golden_cases(const char *folder) {
    char path[1024];
    snprintf(path, sizeof path, "%s/cases.json", folder);
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return file;
}

static inline const char *golden_word(const json_t *c, const char *key) {
    const char *words = json_string_value(json_object_get(c, key));
    return words != NULL ? words : "";
}

/* ---- arrays ------------------------------------------------------------------------------ */

/* The array "KIND/NAME"; without data when there is none. */
static inline cn_array golden_array(const golden_file *f, const char *kind, const char *name) {
    char full[256];
    snprintf(full, sizeof full, "%s/%s", kind, name);
    for (size_t i = 0; i < cn_array_file_count(f->arrays); i++) {
        cn_array x = cn_array_file_get(f->arrays, i);
        if (strcmp(x.name, full) == 0) {
            x.name = NULL;
            return x;
        }
    }
    return (cn_array){.data = NULL};
}

static inline cn_array golden_numbered(const golden_file *f, const char *kind, size_t i) {
    char name[24];
    snprintf(name, sizeof name, "%zu", i);
    return golden_array(f, kind, name);
}

static inline size_t golden_element_size(cn_dtype dtype) {
    static const size_t bytes[] = {0,
#define X(name, text, bytes) bytes,
                                   CN_DTYPE_MAP(X)
#undef X
    };
    return bytes[dtype];
}

static inline size_t golden_count(const cn_array *x, int from_axis) {
    size_t count = 1;
    for (int i = from_axis; i < x->rank; i++)
        count *= (size_t)x->shape[i];
    return count;
}

static inline double golden_item(const cn_array *x, size_t i) {
    switch (x->dtype) {
    case CN_BOOL:
    case CN_U8:
        return ((const uint8_t *)x->data)[i];
    case CN_I32:
        return ((const int32_t *)x->data)[i];
    case CN_I64:
        return (double)((const int64_t *)x->data)[i];
    case CN_F64:
        return ((const double *)x->data)[i];
    case CN_F32:
        return (double)((const float *)x->data)[i];
    default:
        fail_msg("an element type that no golden file has");
        return 0;
    }
}

/* Samples [begin, begin + count) of x. */
static inline cn_array golden_rows(const cn_array *x, size_t begin, size_t count) {
    cn_array part = *x;
    part.data = (uint8_t *)x->data + begin * golden_count(x, 1) * golden_element_size(x->dtype);
    part.shape[0] = (int64_t)count;
    return part;
}

/* ---- opening ----------------------------------------------------------------------------- */

static inline void golden_load_weights(golden_file *f, const json_t *c) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", f->folder, golden_word(c, "weights"));
    if (cn_load_weights(f->m, path) != CN_OK)
        golden_fail(f, "%s", cn_error_message(f->c));
}

static inline void golden_open(golden_file *f, const char *folder, const json_t *c,
                               const char *backend) {
    char path[1024];
    *f = (golden_file){.name = golden_word(c, "name"), .folder = folder};
    f->c = cn_context_new(
        &(cn_context_options){.backend = backend, .threads = 1, .seed = 1, .quiet = true});
    register_custom_layers(f->c);
    assert_int_equal(cn_error_status(f->c), CN_OK);
    snprintf(path, sizeof path, "%s/%s.npz", folder, f->name);
    bool refused = strcmp(golden_word(c, "kind"), "refuse") == 0;
    f->arrays = refused ? NULL : cn_array_file_read(f->c, path);
    snprintf(path, sizeof path, "%s/%s", folder, golden_word(c, "file"));
    f->m = cn_load(f->c, path);
    if (refused)
        return;
    if (cn_error_status(f->c) != CN_OK)
        golden_fail(f, "%s", cn_error_message(f->c));
    else if (json_object_get(c, "weights") != NULL)
        golden_load_weights(f, c);
}

static inline void golden_close(golden_file *f) {
    if (f->arrays != NULL)
        cn_array_file_free(f->arrays);
    cn_context_free(f->c);
}

/* Puts in place of the model what it is after it was saved and opened again. */
static inline void golden_save_and_open(golden_file *f, const char *path) {
    if (f->failed)
        return;
    if (cn_save(f->m, path) != CN_OK) {
        golden_fail(f, "cn_save: %s", cn_error_message(f->c));
        return;
    }
    f->m = cn_load(f->c, path);
    if (cn_error_status(f->c) != CN_OK)
        golden_fail(f, "opened again: %s", cn_error_message(f->c));
}

/* ---- what the file's model does ---------------------------------------------------------- */

static inline cn_array golden_input_array(golden_file *f, const char *kind, size_t i) {
    cn_array of = cn_model_input(f->m, i), x = golden_array(f, kind, of.name);
    if (x.data == NULL)
        golden_fail(f, "Keras has no input \"%s\"", of.name);
    return x;
}

/* Room for output i of `samples`; the caller frees its data. */
static inline cn_array golden_output_room(const golden_file *f, size_t i, int64_t samples) {
    cn_array y = cn_model_output(f->m, i);
    y.shape[0] = samples;
    for (int k = 0; k < y.rank; k++)
        assert_true(y.shape[k] >= 0);
    y.name = NULL;
    y.data = calloc(golden_count(&y, 0) + 1, golden_element_size(y.dtype));
    return y;
}

static inline void golden_compare_output(golden_file *f, size_t k, const cn_array *got) {
    cn_array want = golden_numbered(f, "output", k);
    if (want.data == NULL || want.rank != got->rank || want.dtype != got->dtype ||
        golden_count(&want, 0) != golden_count(got, 0)) {
        golden_fail(f, "output %zu has another shape or type than Keras'", k);
        return;
    }
    for (size_t i = 0; i < golden_count(got, 0); i++) {
        double x = golden_item(got, i), y = golden_item(&want, i);
        if (!(fabs(x - y) <= 1e-5 + 1e-5 * fabs(y))) {
            golden_fail(f, "output %zu [%zu] is %.9g, Keras' is %.9g", k, i, x, y);
            return;
        }
    }
}

static inline void golden_predict(golden_file *f) {
    if (f->failed)
        return;
    cn_predict_options o = {.model = f->m};
    size_t outputs = cn_output_count(f->m);
    for (size_t i = 0; i < cn_input_count(f->m); i++)
        o.inputs[i] = golden_input_array(f, "input", i);
    for (size_t i = 0; i < outputs; i++)
        o.outputs[i] = golden_output_room(f, i, o.inputs[0].shape[0]);
    if (cn_predict_at(CN_HERE(cn_predict_options), &o) != CN_OK)
        golden_fail(f, "%s", cn_error_message(f->c));
    if (golden_numbered(f, "output", outputs).data != NULL)
        golden_fail(f, "Keras has more than %zu outputs", outputs);
    for (size_t i = 0; i < outputs; i++) {
        if (!f->failed)
            golden_compare_output(f, i, &o.outputs[i]);
        free(o.outputs[i].data);
    }
}

static inline void golden_compare_logs(golden_file *f, size_t step) {
    for (size_t i = 0; i < cn_array_file_count(f->arrays); i++) {
        cn_array log = cn_array_file_get(f->arrays, i);
        if (strncmp(log.name, "log/", 4) != 0)
            continue;
        double x = cn_logs_get(cn_model_logs(f->m), log.name + 4), y = golden_item(&log, step);
        if (!(fabs(x - y) <= 1e-6 + 1e-4 * fabs(y)))
            golden_fail(f, "step %zu: %s is %.9g, Keras' is %.9g", step, log.name + 4, x, y);
    }
}

/* Batch `step` of `steps` that the arrays hold. */
static inline cn_batch_options golden_batch(golden_file *f, size_t step, size_t steps) {
    cn_batch_options o = {.model = f->m};
    size_t batch = 0;
    for (size_t i = 0; i < cn_input_count(f->m); i++) {
        cn_array x = golden_input_array(f, "x", i);
        batch = (size_t)x.shape[0] / steps;
        o.inputs[i] = golden_rows(&x, step * batch, batch);
    }
    for (size_t i = 0; i < cn_output_count(f->m); i++) {
        cn_array y = golden_numbered(f, "y", i), w = golden_numbered(f, "weight", i);
        o.targets[i] = golden_rows(&y, step * batch, batch);
        if (w.data != NULL)
            o.sample_weights[i] = golden_rows(&w, step * batch, batch);
    }
    return o;
}

/* One training step on each of Keras' batches. */
static inline void golden_train(golden_file *f) {
    size_t steps = (size_t)golden_array(f, "log", "loss").shape[0];
    for (size_t step = 0; step < steps && !f->failed; step++) {
        cn_batch_options o = golden_batch(f, step, steps);
        if (cn_train_on_batch_at(CN_HERE(cn_batch_options), &o) != CN_OK)
            golden_fail(f, "%s", cn_error_message(f->c));
        else
            golden_compare_logs(f, step);
    }
}

#endif
