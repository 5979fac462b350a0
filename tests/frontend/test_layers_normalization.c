/* BatchNormalization against Keras: training, inference, frozen, and the moving statistics. */
#include "golden_layers.h"
#include "layer_weights.h"

static cn_layer *make_batch_normalization(cn_context *c, const json_t *config, bool frozen) {
    return cn_batch_normalization(c, golden_integer(config, "axis", 0),
                                  .momentum = cn_exact(golden_number(config, "momentum", 0.99)),
                                  .epsilon = golden_number(config, "epsilon", 0),
                                  .no_center = !golden_bool(config, "center", true),
                                  .no_scale = !golden_bool(config, "scale", true),
                                  .frozen = frozen);
}

static void batch_normalization_is_keras(void **state) {
    (void)state;
    golden_layers("BatchNormalization", make_batch_normalization, 16);
}

static void weights_start_and_are_penalized_as_told(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor x = cn_input(c, {5, 3});
    cn_layer *layer = cn_batch_normalization(
        c, .gamma_initializer = cn_initializer_constant(c, 2),
        .beta_initializer = cn_initializer_constant(c, 0.5), .moving_mean_initializer = CN_ZEROS,
        .moving_variance_initializer = cn_initializer_constant(c, 4),
        .gamma_regularizer = cn_regularizer_l2(c, 0.01),
        .beta_regularizer = cn_regularizer_l1(c, 0.1));
    cn_model *m = model_of_layer(x, layer);
    weight_is(m, "gamma", 3, 2);
    weight_is(m, "beta", 3, 0.5F);
    weight_is(m, "moving_variance", 3, 4);
    assert_true(fabs(penalties(m, x, 15, 0.5F) - (0.01 * 3 * 4 + 0.1 * 3 * 0.5)) < 1e-6);
    x = cn_input(c, {5, 3});
    m = model_of_layer(x, cn_batch_normalization(
                              c, .moving_mean_initializer = cn_initializer_constant(c, 0.25)));
    weight_is(m, "moving_mean", 3, 0.25F);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(batch_normalization_is_keras),
                                       cmocka_unit_test(weights_start_and_are_penalized_as_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
