/* Conv2D and DepthwiseConv2D against Keras: values, gradients of image, kernel and bias. */
#include "golden_layers.h"
#include "layer_weights.h"

static cn_layer *make_conv2d(cn_context *c, const json_t *config, bool frozen) {
    cn_conv2d_options o = {.context = c,
                           .filters = golden_integer(config, "filters", 0),
                           .groups = golden_integer(config, "groups", 0),
                           .padding = golden_padding(config),
                           .activation = golden_activation(config),
                           .no_bias = !golden_bool(config, "use_bias", true),
                           .frozen = frozen};
    golden_integers(config, "kernel_size", o.kernel_size, 2);
    golden_integers(config, "strides", o.strides, 2);
    golden_integers(config, "dilation_rate", o.dilation_rate, 2);
    return cn_conv2d_at(CN_HERE(cn_conv2d_options), &o);
}

static cn_layer *make_depthwise(cn_context *c, const json_t *config, bool frozen) {
    cn_depthwise_conv2d_options o = {.context = c,
                                     .depth_multiplier =
                                         golden_integer(config, "depth_multiplier", 0),
                                     .padding = golden_padding(config),
                                     .activation = golden_activation(config),
                                     .no_bias = !golden_bool(config, "use_bias", true),
                                     .frozen = frozen};
    golden_integers(config, "kernel_size", o.kernel_size, 2);
    golden_integers(config, "strides", o.strides, 2);
    golden_integers(config, "dilation_rate", o.dilation_rate, 2);
    return cn_depthwise_conv2d_at(CN_HERE(cn_depthwise_conv2d_options), &o);
}

static void conv2d_is_keras(void **state) {
    (void)state;
    golden_layers("Conv2D", make_conv2d, 14);
}
static void depthwise_conv2d_is_keras(void **state) {
    (void)state;
    golden_layers("DepthwiseConv2D", make_depthwise, 5);
}

static void one_number_stands_for_both_axes(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor y = cn_apply(cn_conv2d(c, 2, {3}, .strides = {2}), cn_input(c, {9, 7, 1}));
    int64_t shape[CN_MAX_RANK];
    assert_int_equal(cn_tensor_shape(y, shape), 4);
    assert_int_equal(shape[0], CN_BATCH);
    assert_int_equal(shape[1], 4);
    assert_int_equal(shape[2], 3);
    assert_int_equal(shape[3], 2);
    cn_context_free(c);
}

static void weights_start_and_are_penalized_as_told(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    const cn_initializer *half = cn_initializer_constant(c, 0.5),
                         *quarter = cn_initializer_constant(c, 0.25);
    const cn_regularizer *l2 = cn_regularizer_l2(c, 0.01), *l1 = cn_regularizer_l1(c, 0.1);
    cn_tensor x = cn_input(c, {4, 4, 2});
    cn_model *m = model_of_layer(
        x, cn_conv2d(c, 3, {2, 2}, .kernel_initializer = half, .bias_initializer = quarter,
                     .kernel_regularizer = l2, .bias_regularizer = l1));
    weight_is(m, "kernel", 2 * 2 * 2 * 3, 0.5F);
    weight_is(m, "bias", 3, 0.25F);
    assert_true(fabs(penalties(m, x, 27, 0.25F) - (0.01 * 24 * 0.25 + 0.1 * 3 * 0.25)) < 1e-6);
    x = cn_input(c, {4, 4, 2});
    m = model_of_layer(x, cn_depthwise_conv2d(c, {2, 2}, .depth_multiplier = 3,
                                              .depthwise_initializer = half,
                                              .bias_initializer = quarter,
                                              .depthwise_regularizer = l2, .bias_regularizer = l1));
    weight_is(m, "kernel", 2 * 2 * 2 * 3, 0.5F);
    weight_is(m, "bias", 6, 0.25F);
    assert_true(fabs(penalties(m, x, 54, 0.25F) - (0.01 * 24 * 0.25 + 0.1 * 6 * 0.25)) < 1e-6);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d_is_keras),
        cmocka_unit_test(depthwise_conv2d_is_keras),
        cmocka_unit_test(one_number_stands_for_both_axes),
        cmocka_unit_test(weights_start_and_are_penalized_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
