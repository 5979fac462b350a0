/* cn_verify against real Keras: a convnet that is right, and the same with one thing wrong. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "cornu/verify.h"
#include "frontend/frontend.h"
#include "runtime/io/npz.h"

static const char golden[] = CORNU_SOURCE_FOLDER "/tests/golden/keras/verify.npz";

/* What can be wrong with the model that scripts/golden/verify.py describes. */
typedef struct mistakes {
    cn_padding padding;            /* of "conv_2" */
    const cn_activation *hidden;   /* of "hidden"; NULL = none */
    double epsilon, slope;         /* of "norm", "leaky"; 0 = Keras' */
    double scale;                  /* of the result of "mean"; 0 = 1 */
    bool no_bias, softmax_missing; /* of "hidden"; of "digit" */
    bool first_same_not;           /* "conv" with valid padding: shapes depart */
} mistakes;

typedef struct loaded {
    cn_context *c;
    cn_model *m;
    memory *memory;
    diagnostics diagnostics;
    arena *arena;
    npz file;
} loaded;

static cn_tensor times(cn_context *c, cn_tensor x, double scale) {
    return scale == 0 ? x : cn_chain(x, cn_rescaling(c, scale, .name = "scaled"));
}

static cn_model *describe(cn_context *c, const mistakes *k) {
    cn_tensor image = cn_input(c, {9, 8, 3}, .name = "image");
    cn_tensor x = cn_chain(
        image,
        cn_conv2d(c, 4, {3}, CN_RELU, k->first_same_not ? CN_VALID : CN_SAME, .name = "conv"),
        cn_batch_normalization(c, .epsilon = k->epsilon, .name = "norm"),
        cn_max_pooling2d(c, .name = "pool"),
        cn_conv2d(c, 6, {2}, .padding = k->padding, .name = "conv_2"));
    cn_tensor y = cn_apply(cn_leaky_relu(c, .negative_slope = k->slope, .name = "leaky"), x);
    x = cn_apply(cn_add(c, .name = "sum"), x, y);
    x = times(c, cn_apply(cn_global_average_pooling2d(c, .name = "mean"), x), k->scale);
    x = cn_chain(x, cn_dropout(c, 0.5, .name = "dropout"),
                 cn_dense(c, 5, k->hidden, .no_bias = k->no_bias, .name = "hidden"),
                 cn_dense(c, 3, k->softmax_missing ? NULL : CN_SOFTMAX, .name = "digit"));
    return cn_model_new(c, {image}, {x});
}

static void load_weights(loaded *l) {
    for (size_t i = 0; i < cn_weight_count(l->m); i++) {
        cn_array w = cn_weight(l->m, i);
        const npy_array *x = npz_find(&l->file, w.name);
        assert_non_null(x);
        w.data = (void *)(uintptr_t)x->data;
        assert_int_equal(cn_set_weight(l->m, w.name, &w), CN_OK);
    }
}

static const mistakes none = {.hidden = CN_RELU};

static void open_loaded(loaded *l, const mistakes *k, bool weights) {
    *l = (loaded){.memory = memory_new(0)};
    diag_init(&l->diagnostics);
    l->arena = arena_new(l->memory, &l->diagnostics);
    assert_true(npz_read(golden, l->arena, &l->diagnostics, &l->file));
    l->c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    l->m = describe(l->c, k);
    if (weights)
        load_weights(l);
}

static void close_loaded(loaded *l) {
    cn_context_free(l->c);
    arena_free(l->arena);
    assert_int_equal(memory_live(l->memory), 0);
    memory_free(l->memory);
}

static cn_verification *must_verify(loaded *l, const char *path) {
    cn_verification *v = cn_verify(l->m, path);
    if (v == NULL)
        fail_msg("%s", cn_error_message(l->c));
    return v;
}

static void the_right_model_agrees(void **state) {
    (void)state;
    loaded l;
    open_loaded(&l, &none, true);
    cn_verification *v = must_verify(&l, golden);
    static const char *const names[] = {"conv", "norm", "pool",    "conv_2", "leaky",
                                        "sum",  "mean", "dropout", "hidden", "digit"};
    assert_int_equal(v->count, 10);
    for (size_t i = 0; i < v->count; i++) {
        assert_string_equal(v->rows[i].name, names[i]);
        assert_int_equal(v->rows[i].verdict, CN_AGREES);
        assert_true(v->rows[i].relative < 2e-6 && isnan(v->rows[i].alone));
    }
    assert_string_equal(v->rows[3].class_name, "Conv2D");
    assert_true(v->rows[3].rank == 4 && v->rows[3].shape[0] == 4 && v->rows[3].shape[3] == 6);
    assert_int_equal(v->first, v->count);
    assert_null(v->cause);
    assert_int_equal(v->unused_count, 0);
    cn_verification_free(v);
    close_loaded(&l);
}

static void mistakes_are_found_and_named(void **state) {
    (void)state;
    static const struct {
        const char *layer, *cause;
        mistakes mistakes;
    } rows[] = {
        {"conv_2",
         ".padding is valid in the reference, same here",
         {.padding = CN_SAME, .hidden = CN_RELU}},
        {"conv",
         ".padding is same in the reference, valid here",
         {.first_same_not = true, .hidden = CN_RELU}},
        {"hidden", ".activation is relu in the reference, linear here", {.hidden = NULL}},
        {"hidden", ".activation is relu in the reference, tanh here", {.hidden = CN_TANH}},
        {"norm",
         ".epsilon is 0.001 in the reference, 1e-05 here",
         {.epsilon = 1e-5, .hidden = CN_RELU}},
        {"leaky",
         ".negative_slope is 0.3 in the reference, 0.01 here",
         {.slope = 0.01, .hidden = CN_RELU}},
        {"digit",
         ".activation is softmax in the reference, linear here",
         {.softmax_missing = true, .hidden = CN_RELU}},
        {"dropout", "the reference is 0.5 times", {.scale = 2, .hidden = CN_RELU}},
        {"hidden",
         "has a weight \"hidden/bias\" in the reference, none here",
         {.no_bias = true, .hidden = CN_RELU}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        loaded l;
        open_loaded(&l, &rows[i].mistakes, true);
        cn_verification *v = must_verify(&l, golden);
        assert_true(v->first < v->count);
        if (strcmp(v->rows[v->first].name, rows[i].layer) != 0 || v->cause == NULL ||
            strstr(v->cause, rows[i].cause) == NULL)
            fail_msg("wanted %s: %s, got %s: %s", rows[i].layer, rows[i].cause,
                     v->rows[v->first].name, v->cause != NULL ? v->cause : "");
        cn_verification *again = must_verify(&l, golden); /* nothing was changed */
        assert_string_equal(again->rows[again->first].name, rows[i].layer);
        assert_true(again->rows[again->first].largest == v->rows[v->first].largest ||
                    isnan(v->rows[v->first].largest));
        cn_verification_free(again);
        cn_verification_free(v);
        close_loaded(&l);
    }
}

/* The layers after it are right, whatever they were given. */
static void only_the_wrong_layer_departs_alone(void **state) {
    (void)state;
    loaded l;
    open_loaded(&l, &(mistakes){.epsilon = 0.1, .hidden = CN_RELU}, true);
    cn_verification *v = must_verify(&l, golden);
    assert_int_equal(v->first, 1);
    assert_true(v->rows[1].alone > 1e-3);
    for (size_t i = 2; i < v->count; i++)
        if (v->rows[i].verdict == CN_DEPARTS)
            assert_true(v->rows[i].alone < 1e-5);
    cn_verification_free(v);
    close_loaded(&l);
}

static void foreign_weights_are_told(void **state) {
    (void)state;
    loaded l;
    open_loaded(&l, &none, false);
    cn_verification *v = must_verify(&l, golden);
    assert_string_equal(v->rows[v->first].name, "conv");
    assert_non_null(strstr(v->cause, "\"conv/kernel\" differs from the reference's"));
    cn_verification_free(v);
    close_loaded(&l);
}

/* ---- references made here --------------------------------------------------------------- */

static char path[64];

/* The golden reference without entries whose names contain `without`, and with one changed. */
static void write_reference(loaded *l, const char *without, const char *renamed, const char *to) {
    npy_array *kept = ARENA_ARRAY(l->arena, npy_array, l->file.entry_count);
    size_t count = 0;
    for (size_t i = 0; i < l->file.entry_count; i++) {
        npy_array x = l->file.entries[i];
        if (without != NULL && strstr(x.name, without) != NULL)
            continue;
        if (renamed != NULL && strcmp(x.name, renamed) == 0)
            x.name = to;
        kept[count++] = x;
    }
    strcpy(path, "/tmp/cornu-verify-XXXXXX");
    close(mkstemp(path));
    assert_true(npz_write(path, kept, count, &l->diagnostics));
}

static void weights_that_no_layer_has_are_a_cause(void **state) {
    (void)state;
    loaded l;
    open_loaded(&l, &none, false);
    write_reference(&l, "/", NULL, NULL);
    cn_verification *v = must_verify(&l, path);
    assert_non_null(strstr(v->cause, "were they loaded?"));
    cn_verification_free(v);
    close_loaded(&l);
    unlink(path);
}

static void inputs_may_be_numbered_and_layers_left_out(void **state) {
    (void)state;
    loaded l;
    open_loaded(&l, &none, true);
    write_reference(&l, "mean", "image", "input_0");
    cn_verification *v = must_verify(&l, path);
    assert_int_equal(v->first, v->count);
    assert_int_equal(v->rows[6].verdict, CN_NOT_JUDGED);
    cn_verification_free(v);
    unlink(path);
    write_reference(&l, NULL, "pool", "pooled");
    v = must_verify(&l, path);
    assert_int_equal(v->unused_count, 1);
    assert_string_equal(v->unused[0], "pooled");
    cn_verification_free(v);
    close_loaded(&l);
    unlink(path);
}

static void references_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *without, *renamed, *to, *words;
    } rows[] = {{"image", NULL, NULL, "no array \"image\" (or \"input_0\")"},
                {"image", "mean", "image", "input \"image\" is f32[4,6]"}};
    loaded l;
    open_loaded(&l, &none, true);
    for (size_t i = 0; i < 2; i++) {
        write_reference(&l, rows[i].without, rows[i].renamed, rows[i].to);
        assert_null(cn_verify(l.m, path));
        if (strstr(cn_error_message(l.c), rows[i].words) == NULL)
            fail_msg("%s", cn_error_message(l.c));
        cn_error_clear(l.c);
        unlink(path);
    }
    for (size_t i = 0; i < l.file.entry_count; i++) /* the input alone: nothing is compared */
        if (strcmp(l.file.entries[i].name, "image") == 0)
            assert_true(npz_write(path, &l.file.entries[i], 1, &l.diagnostics));
    assert_null(cn_verify(l.m, path));
    assert_int_equal(cn_error_status(l.c), CN_ERROR_DATA);
    assert_non_null(strstr(cn_error_message(l.c), "holds the output of no layer"));
    cn_error_clear(l.c);
    unlink(path);
    assert_null(cn_verify(l.m, path));
    assert_int_equal(cn_error_status(l.c), CN_ERROR_FILE);
    cn_error_clear(l.c);
    assert_null(cn_verify(l.m));
    assert_int_equal(cn_error_status(l.c), CN_ERROR_INVALID_ARGUMENT);
    assert_null(cn_verify(NULL, path));
    close_loaded(&l);
}

static void running_out_of_memory_is_clean(void **state) {
    (void)state;
    loaded l;
    bool done = false;
    open_loaded(&l, &(mistakes){.epsilon = 0.1, .hidden = CN_RELU}, true);
    for (int64_t n = 1; !done; n += 1 + n / 4) {
        memory_fail_at(l.c->memory, n, true);
        cn_verification *v = cn_verify(l.m, golden);
        memory_fail_at(l.c->memory, 0, false);
        done = v != NULL;
        assert_int_equal(cn_error_status(l.c), done ? CN_OK : CN_ERROR_OUT_OF_MEMORY);
        cn_error_clear(l.c);
        cn_verification_free(v);
    }
    close_loaded(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_right_model_agrees),
                                       cmocka_unit_test(mistakes_are_found_and_named),
                                       cmocka_unit_test(only_the_wrong_layer_departs_alone),
                                       cmocka_unit_test(foreign_weights_are_told),
                                       cmocka_unit_test(weights_that_no_layer_has_are_a_cause),
                                       cmocka_unit_test(inputs_may_be_numbered_and_layers_left_out),
                                       cmocka_unit_test(references_that_do_not_fit_are_refused),
                                       cmocka_unit_test(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
