/* Dense, Activation, Dropout and Rescaling against Keras; dropout's mask by its properties. */
#include "golden_layers.h"
#include "layer_weights.h"

static cn_layer *make_dense(cn_context *c, const json_t *config, bool frozen) {
    return cn_dense(c, golden_integer(config, "units", 0), golden_activation(config),
                    .no_bias = !golden_bool(config, "use_bias", true), .frozen = frozen);
}
static cn_layer *make_activation(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_activation(c, golden_activation(config));
}
static cn_layer *make_dropout(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_dropout(c, golden_number(config, "rate", -1));
}
static cn_layer *make_rescaling(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_rescaling(c, golden_number(config, "scale", 0),
                        cn_exact(golden_number(config, "offset", 0)));
}

static void dense_is_keras(void **state) {
    (void)state;
    golden_layers("Dense", make_dense, 7);
}
static void activation_is_keras(void **state) {
    (void)state;
    golden_layers("Activation", make_activation, 4);
}
static void dropout_without_training_is_keras(void **state) {
    (void)state;
    golden_layers("Dropout", make_dropout, 3);
}
static void rescaling_is_keras(void **state) {
    (void)state;
    golden_layers("Rescaling", make_rescaling, 3);
}

/* ---- dropout in training ---------------------------------------------------------------- */

enum { ROWS = 50, COLUMNS = 40 };

/* Ones through dropout; the result in `out`. */
static void drop_ones(cn_layer *layer, bool training_step, double *out) {
    cn_context *c = layer->context;
    double ones[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        ones[i] = 1;
    cn_tensor x = cn_input(c, {COLUMNS});
    golden_run run = {.c = c, .training = training_step, .batch = ROWS};
    golden_feed(&run, x, ones);
    golden_want(&run, cn_apply(layer, x));
    golden_execute(&run, "dropout");
    for (int i = 0; i < ROWS * COLUMNS; i++)
        out[i] = run.results[0]->items[i].f;
}

static cn_context *new_context(uint64_t seed) {
    return cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .seed = seed});
}

static void dropout_drops_the_rate_and_scales_the_rest(void **state) {
    (void)state;
    cn_context *c = new_context(1);
    double y[ROWS * COLUMNS];
    int dropped = 0;
    drop_ones(cn_dropout(c, 0.25), true, y);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        assert_true(y[i] == 0 || fabs(y[i] - 4.0 / 3) < 1e-6);
        dropped += y[i] == 0;
    }
    /* 500 expected of 2000, standard deviation 19 */
    assert_in_range(dropped, 420, 580);
    cn_context_free(c);
}

static void dropout_is_identity_outside_training(void **state) {
    (void)state;
    cn_context *c = new_context(1);
    double y[ROWS * COLUMNS];
    drop_ones(cn_dropout(c, 0.5), false, y);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_true(y[i] == 1);
    cn_context_free(c);
}

static void dropout_of_nothing_is_identity(void **state) {
    (void)state;
    cn_context *c = new_context(1);
    double y[ROWS * COLUMNS];
    drop_ones(cn_dropout(c, cn_exact(0)), true, y);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_true(y[i] == 1);
    cn_context_free(c);
}

static void dropout_of_everything_is_zero(void **state) {
    (void)state;
    cn_context *c = new_context(1);
    double y[ROWS * COLUMNS];
    drop_ones(cn_dropout(c, 1), true, y);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_true(y[i] == 0);
    cn_context_free(c);
}

static void noise_shape_shares_the_mask(void **state) {
    (void)state;
    cn_context *c = new_context(2);
    double y[ROWS * COLUMNS];
    int kept_rows = 0;
    drop_ones(cn_dropout(c, 0.5, .noise_shape = {CN_BATCH, 1}), true, y);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 1; j < COLUMNS; j++)
            assert_true(y[i * COLUMNS + j] == y[i * COLUMNS]);
        kept_rows += y[i * COLUMNS] != 0;
    }
    assert_in_range(kept_rows, 10, 40);
    cn_context_free(c);
}

static void masks_depend_on_seed_and_layer(void **state) {
    (void)state;
    static double first[ROWS * COLUMNS], again[ROWS * COLUMNS], other[ROWS * COLUMNS];
    cn_context *c = new_context(3), *d = new_context(3), *e = new_context(4);
    drop_ones(cn_dropout(c, 0.5, "a"), true, first);
    drop_ones(cn_dropout(d, 0.5, "a"), true, again);
    drop_ones(cn_dropout(e, 0.5, "a"), true, other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    drop_ones(cn_dropout(d, 0.5, "b"), true, other);
    assert_memory_not_equal(first, other, sizeof first);
    cn_context_free(c);
    cn_context_free(d);
    cn_context_free(e);
}

static void weights_of_dense_start_and_are_penalized_as_told(void **state) {
    (void)state;
    cn_context *c = new_context(1);
    cn_tensor x = cn_input(c, {4});
    cn_layer *layer = cn_dense(c, 3, .kernel_initializer = cn_initializer_constant(c, 0.5),
                               .bias_initializer = cn_initializer_constant(c, 0.25),
                               .kernel_regularizer = cn_regularizer_l1_l2(c, 0.1, 0.01),
                               .bias_regularizer = cn_regularizer_l2(c, 1));
    cn_model *m = model_of_layer(x, layer);
    weight_is(m, "kernel", 12, 0.5F);
    weight_is(m, "bias", 3, 0.25F);
    double want = 0.1 * 12 * 0.5 + 0.01 * 12 * 0.25 + 3 * 0.0625;
    assert_true(fabs(penalties(m, x, 3, 0.25F) - want) < 1e-6);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_is_keras),
        cmocka_unit_test(activation_is_keras),
        cmocka_unit_test(dropout_without_training_is_keras),
        cmocka_unit_test(rescaling_is_keras),
        cmocka_unit_test(dropout_drops_the_rate_and_scales_the_rest),
        cmocka_unit_test(dropout_is_identity_outside_training),
        cmocka_unit_test(dropout_of_nothing_is_identity),
        cmocka_unit_test(dropout_of_everything_is_zero),
        cmocka_unit_test(noise_shape_shares_the_mask),
        cmocka_unit_test(masks_depend_on_seed_and_layer),
        cmocka_unit_test(weights_of_dense_start_and_are_penalized_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
