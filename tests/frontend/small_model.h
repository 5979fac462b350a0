/* A model of two layers with dropout on 22 made-up samples, on the interpreter, and what its
 * context writes: for tests of what is done with models. */
#ifndef CORNU_TESTS_FRONTEND_SMALL_MODEL_H
#define CORNU_TESTS_FRONTEND_SMALL_MODEL_H

#include "test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "frontend/frontend.h"

enum { SAMPLES = 22, FEATURES = 3 };
static float features[SAMPLES][FEATURES];
static int32_t labels[SAMPLES];

/* What the context wrote. */
typedef struct small {
    cn_context *c;
    cn_model *m;
    cn_dataset *data;
    char written[1 << 16];
    size_t length;
} small;

static inline void keep_text(void *user, const char *words, size_t length) {
    small *s = user;
    if (s->length + length >= sizeof s->written)
        length = sizeof s->written - 1 - s->length;
    memcpy(s->written + s->length, words, length);
    s->length += length;
    s->written[s->length] = 0;
}

static inline void fill_samples(void) {
    for (int i = 0; i < SAMPLES; i++) {
        for (int k = 0; k < FEATURES; k++)
            features[i][k] = (float)((i * 7 + k * 5) % 11) / 11;
        labels[i] = (i * 7) % 3;
    }
}

static inline void open_small(small *s, cn_context_options options) {
    fill_samples();
    *s = (small){.length = 0};
    options.backend = "ref";
    if (options.writer == NULL) {
        options.writer = keep_text;
        options.writer_user = s;
    }
    s->c = cn_context_new(&options);
    s->m = cn_sequential(
        s->c, {FEATURES},
        {cn_dense(s->c, 4, CN_TANH), cn_dropout(s->c, 0.25), cn_dense(s->c, 3, CN_SOFTMAX)});
    s->data = cn_dataset_arrays(s->c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                                .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}});
    assert_int_equal(cn_compile(s->m, .optimizer = cn_adam(s->c, 0.01),
                                .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                .metrics = {CN_ACCURACY}),
                     CN_OK);
}

static inline void close_small(small *s) {
    cn_context_free(s->c);
}

static inline void must_fail(small *s, cn_status got, cn_status want, const char *words) {
    if (got != want || strstr(cn_error_message(s->c), words) == NULL)
        fail_msg("wanted %s: ...%s..., got %s: %s", cn_status_text(want), words,
                 cn_status_text(got), cn_error_message(s->c));
    cn_error_clear(s->c);
}

static inline void must_work(small *s) {
    if (cn_fit(s->m, s->data, .batch_size = 8, .verbose = -1) != CN_OK)
        fail_msg("the model does not work any more: %s", cn_error_message(s->c));
}

/* A folder for the files of a test; removed with all in it. */
static inline void make_folder(char path[64]) {
    strcpy(path, "/tmp/cornu-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static inline void remove_folder(const char *path) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

#endif
