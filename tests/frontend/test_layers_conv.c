/* Conv2D and DepthwiseConv2D against Keras: values, gradients of image, kernel and bias. */
#include "golden_layers.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d_is_keras),
        cmocka_unit_test(depthwise_conv2d_is_keras),
        cmocka_unit_test(one_number_stands_for_both_axes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
