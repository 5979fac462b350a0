/* Same seed, same bits: one training run, done in every way that may not matter.
 *
 * A convolutional network with dropout, batch normalisation and Adam, shuffled, with a short last
 * batch, is trained for two epochs; its checksum covers all parameters and the optimizer's state.
 * Runs differ in threads, compiler, instruction set, cache, order of kernels, and in
 * whether they were interrupted. What a machine lacks (a compiler, AVX-512) is left out.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "codegen/cpu/isa.h"
#include "cornu.h"

enum { SAMPLES = 70, SIDE = 9, BATCH = 16, BATCHES = 5 };
static float images[SAMPLES][SIDE][SIDE][2];
static int32_t labels[SAMPLES];

typedef struct way {
    const char *compiler, *isa, *passes; /* of the environment; NULL = default */
    int threads;
    const char *cache; /* NULL = none */
    int stop_after;    /* batches of the second epoch; 0 = uninterrupted */
} way;

static void fill_samples(void) {
    uint32_t seed = 3;
    float *x = &images[0][0][0][0];
    for (size_t i = 0; i < sizeof images / sizeof *x; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (1 << 24) - 0.5f;
    }
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = images[i][4][4][0] > 0 ? 2 : images[i][2][2][1] > 0;
}

static cn_model *small_convnet(cn_context *c) {
    cn_model *m = cn_sequential(c, {SIDE, SIDE, 2},
                                {cn_conv2d(c, 6, {3, 3}, .padding = CN_SAME, .no_bias = true),
                                 cn_batch_normalization(c), cn_relu(c), cn_max_pooling2d(c),
                                 cn_conv2d(c, 10, {3, 3}, .activation = CN_TANH), cn_flatten(c),
                                 cn_dropout(c, 0.3), cn_dense(c, 40, CN_GELU), cn_dropout(c, 0.2),
                                 cn_dense(c, 3, CN_SOFTMAX)});
    if (cn_compile(m, .optimizer = cn_adam(c, 0.01), .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                   .metrics = {CN_ACCURACY}) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    return m;
}

static cn_dataset *samples(cn_context *c) {
    return cn_dataset_arrays(c, .inputs = {{.data = images, .shape = {SAMPLES, SIDE, SIDE, 2}}},
                             .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}});
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void set_variable(const char *name, const char *value) {
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static cn_context *open_context(const way *w) {
    set_variable("CORNU_CC", w->compiler);
    set_variable("CORNU_ISA", w->isa);
    set_variable("CORNU_PASSES", w->passes);
    return cn_context_new(&(cn_context_options){.threads = w->threads,
                                                .seed = 11,
                                                .cache_directory = w->cache ? w->cache : "",
                                                .quiet = true});
}

typedef struct interruption {
    const char *path;
    int64_t epoch, batch;
    bool in_epoch;
} interruption;

static void on_epoch(cn_model *m, int64_t epoch, void *user) {
    interruption *i = user;
    (void)m;
    i->in_epoch = epoch == i->epoch;
}

static void on_batch(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    const interruption *i = user;
    (void)logs;
    if (!i->in_epoch || batch != i->batch)
        return;
    assert_int_equal(cn_save_state(m, i->path), CN_OK);
    cn_stop_training(m);
}

static void train_whole(const way *w, char checksum[65]) {
    cn_context *c = open_context(w);
    cn_model *m = small_convnet(c);
    if (cn_fit(m, samples(c), .epochs = 2, .batch_size = BATCH) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    assert_true(isfinite(cn_history_get(cn_model_history(m), "loss", -1)));
    cn_checksum(m, checksum);
    cn_context_free(c);
}

/* Trains, saves after a batch, stops, and goes on in another context. */
static void train_in_parts(const way *w, int64_t epoch, int64_t batch, char checksum[65]) {
    interruption at = {"determinism-state.safetensors", epoch, batch, false};
    cn_context *c = open_context(w);
    cn_model *m = small_convnet(c);
    cn_callback_functions f = {.user = &at, .epoch_begin = on_epoch, .batch_end = on_batch};
    if (cn_fit(m, samples(c), .epochs = 2, .batch_size = BATCH,
               .callbacks = {cn_callback_new(c, &f)}) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_context_free(c);
    c = open_context(w);
    m = small_convnet(c);
    if (cn_load_state(m, at.path) != CN_OK ||
        cn_fit(m, samples(c), .epochs = 2, .batch_size = BATCH) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_checksum(m, checksum);
    cn_context_free(c);
    unlink(at.path);
}

static char first[65]; /* of one thread, with the default compiler */
static char warm_cache[] = "determinism-warm-XXXXXX"; /* for runs that compile nothing new */

static int train_first(void **state) {
    (void)state;
    fill_samples();
    if (mkdtemp(warm_cache) == NULL)
        return -1;
    train_whole(&(way){.threads = 1}, first);
    return 0;
}

static int remove_folder(const char *folder) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int remove_cache(void **state) {
    (void)state;
    return remove_folder(warm_cache);
}

static const char *or_default(const char *words) {
    return words == NULL ? "by default" : words;
}

static void expect_first(const way *w) {
    char checksum[65];
    train_whole(w, checksum);
    if (strcmp(checksum, first) != 0)
        fail_msg("other bits: %d threads, compiler %s, level %s, passes %s", w->threads,
                 or_default(w->compiler), or_default(w->isa), or_default(w->passes));
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_second_run(void **state) {
    (void)state;
    expect_first(&(way){.threads = 1});
}

static void threads(void **state) {
    (void)state;
    expect_first(&(way){.threads = 2, .cache = warm_cache});
    expect_first(&(way){.threads = 4, .cache = warm_cache});
}

static void another_seed_is_another_run(void **state) {
    (void)state;
    char checksum[65];
    cn_context *c = cn_context_new(&(cn_context_options){.threads = 1, .seed = 12, .quiet = true});
    cn_model *m = small_convnet(c);
    assert_int_equal(cn_fit(m, samples(c), .epochs = 2, .batch_size = BATCH), CN_OK);
    cn_checksum(m, checksum);
    cn_context_free(c);
    assert_string_not_equal(checksum, first);
}

static void a_cold_and_a_warm_cache(void **state) {
    (void)state;
    char folder[] = "determinism-cache-XXXXXX";
    assert_non_null(mkdtemp(folder));
    way w = {.threads = 2, .cache = folder};
    expect_first(&w);
    expect_first(&w);
    assert_int_equal(remove_folder(folder), 0);
}

static void compilers(void **state) {
    static const char *const commands[] = {"gcc", "clang-19", "clang"};
    (void)state;
    if (getenv("CORNU_SANITIZE_GENERATED") != NULL) /* which only the build's own compiler can */
        skip();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char command[64];
        snprintf(command, sizeof command, "command -v %s >/dev/null", commands[i]);
        if (system(command) == 0)
            expect_first(&(way){.threads = 2, .compiler = commands[i]});
    }
}

static void instruction_sets(void **state) {
    (void)state;
    for (int i = 0; i < isa_count(); i++)
        if (isa_at(i)->has_fma && isa_runs_here(isa_at(i)))
            expect_first(&(way){.threads = 2, .isa = isa_at(i)->name});
}

static void kernels_in_another_order(void **state) {
    (void)state;
    expect_first(&(way){.threads = 1, .passes = "-order,-inplace"});
}

/* ---- updates --------------------------------------------------------------------------------- */

typedef struct clipping {
    double clipnorm, clipvalue, global_clipnorm;
} clipping;

enum { ROWS = 700, WIDE = 24, FEW = 60, SPLIT = 600 };
static float rows[ROWS][WIDE], sums[ROWS];

static void fill_rows(void) {
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < WIDE; k++)
            rows[i][k] = (float)(((i * WIDE + k) * 37) % 101) / 101 - 0.5f;
        sums[i] = rows[i][0] - 2 * rows[i][3];
    }
}

/* What an update waits for decides where it is computed, and fusion whether it is a kernel of its
 * own: of the layers here some are used twice, some have a penalty, some both, some neither. */
static cn_model *layers_of_all_kinds(cn_context *c) {
    const cn_regularizer *l2 = cn_regularizer_l2(c, 1e-3);
    cn_tensor in = cn_input(c, {WIDE});
    cn_layer *twice = cn_dense(c, WIDE, CN_TANH);
    cn_layer *twice_penalized = cn_dense(c, WIDE, CN_TANH, .kernel_regularizer = l2);
    cn_tensor out = cn_chain(in, twice, twice_penalized, twice, twice_penalized,
                             cn_dense(c, WIDE, CN_TANH, .kernel_regularizer = l2),
                             cn_dense(c, WIDE, CN_TANH), cn_dense(c, 1));
    return cn_model_new(c, .inputs = {in}, .outputs = {out});
}

/* Programs are the same for any number of rows: a cache spares the second compilation. */
static void train_updates(const clipping *clip, int64_t batch_size, const char *passes,
                          char checksum[65]) {
    int64_t count = batch_size == SPLIT ? ROWS : 2 * FEW;
    cn_context *c = open_context(&(way){.threads = 2, .passes = passes, .cache = warm_cache});
    cn_model *m = layers_of_all_kinds(c);
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = rows, .shape = {count, WIDE}}},
                                         .targets = {{.data = sums, .shape = {count, 1}}});
    cn_optimizer *adam = cn_adam(c, 0.01, .clipnorm = clip->clipnorm, .clipvalue = clip->clipvalue,
                                 .global_clipnorm = clip->global_clipnorm);
    if (cn_compile(m, .optimizer = adam, .loss = CN_MEAN_SQUARED_ERROR) != CN_OK ||
        cn_fit(m, data, .epochs = 2, .batch_size = batch_size) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_checksum(m, checksum);
    cn_context_free(c);
}

/* By batches of few rows, and of so many that they are summed in several blocks. */
static void updates_fused_and_apart(void **state) {
    static const clipping clippings[] = {
        {0, 0, 0}, {.clipnorm = 0.01}, {.clipvalue = 0.001}, {.global_clipnorm = 0.01}};
    (void)state;
    fill_rows();
    for (int64_t batch_size = FEW; batch_size <= SPLIT; batch_size += SPLIT - FEW) {
        char free_run[65], fused[65], apart[65];
        for (size_t i = 0; i < sizeof clippings / sizeof *clippings; i++) {
            train_updates(&clippings[i], batch_size, NULL, fused);
            train_updates(&clippings[i], batch_size, "-fuse", apart);
            if (strcmp(fused, apart) != 0)
                fail_msg("other bits with -fuse: clipping %d, batches of %d", (int)i,
                         (int)batch_size);
            if (i == 0)
                memcpy(free_run, fused, sizeof free_run);
            else
                assert_string_not_equal(fused, free_run); /* the clipping is felt */
        }
    }
}

static void interrupted_and_resumed(void **state) {
    char checksum[65];
    (void)state;
    for (int batch = 0; batch < BATCHES; batch++) {
        train_in_parts(&(way){.threads = 1 + batch % 2, .cache = warm_cache}, 1, batch, checksum);
        assert_string_equal(checksum, first);
    }
    train_in_parts(&(way){.threads = 2, .cache = warm_cache}, 0, 2, checksum);
    assert_string_equal(checksum, first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run),
        cmocka_unit_test(threads),
        cmocka_unit_test(another_seed_is_another_run),
        cmocka_unit_test(a_cold_and_a_warm_cache),
        cmocka_unit_test(compilers),
        cmocka_unit_test(instruction_sets),
        cmocka_unit_test(kernels_in_another_order),
        cmocka_unit_test(updates_fused_and_apart),
        cmocka_unit_test(interrupted_and_resumed),
    };
    return cmocka_run_group_tests(tests, train_first, remove_cache);
}
