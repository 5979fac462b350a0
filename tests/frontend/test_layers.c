/* Constructing layers: options are copied, may be of an older size, and are checked. */
#include "golden.h"

static void options_are_copied(void **state) {
    (void)state;
    cn_context *c = golden_context();
    char name[] = "fc1";
    cn_reshape_options o = {.context = c, .target_shape = {2, 3}, .name = name};
    cn_layer *layer = cn_reshape_at(CN_HERE(cn_reshape_options), &o);
    memset(name, 'x', 3);
    memset(&o, 0xff, sizeof o);
    int64_t shape[CN_MAX_RANK];
    assert_int_equal(cn_tensor_shape(cn_apply(layer, cn_input(c, {6})), shape), 3);
    assert_true(shape[1] == 2 && shape[2] == 3);
    assert_string_equal(cn_layer_name(layer), "fc1");
    cn_context_free(c);
}

/* A program compiled when cn_conv2d_options ended after its strides: the rest reads as zero. */
static void options_of_an_older_size_are_understood(void **state) {
    (void)state;
    cn_context *c = golden_context();
    struct {
        cn_conv2d_options options;
        int64_t after[8];
    } program;
    memset(&program, 0xee, sizeof program);
    size_t known = offsetof(cn_conv2d_options, dilation_rate);
    memset(&program, 0, known);
    program.options.context = c;
    program.options.filters = 2;
    program.options.kernel_size[0] = 3;
    cn_layer *layer = cn_conv2d_at((cn_source){"old.c", 7, known}, &program.options);
    assert_int_equal(cn_error_status(c), CN_OK);
    assert_true(cn_tensor_ok(cn_apply(layer, cn_input(c, {5, 5, 1}))));
    cn_context_free(c);
}

static void no_context_gives_a_layer_that_does_nothing(void **state) {
    (void)state;
    cn_layer *layer = cn_dense(NULL, 4);
    assert_non_null(layer);
    assert_string_equal(cn_layer_name(layer), "");
    assert_ptr_equal(cn_apply(layer, CN_END).context, NULL);
}

static void a_failed_layer_gives_poison(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = cn_input(c, {4});
    cn_layer *layer = cn_dense(c, -3);
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(cn_error_message(c), "dense: .units is -3; it must be at least 1"));
    assert_false(cn_tensor_ok(cn_apply(layer, x)));
    assert_non_null(cn_apply(layer, x).context);
    cn_context_free(c);
}

/* Sharing: built once, applied twice, one set of weights. */
static void a_shared_layer_has_one_set_of_weights(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_layer *layer = cn_dense(c, 2);
    cn_tensor a = cn_apply(layer, cn_input(c, {4}));
    cn_tensor b = cn_apply(layer, cn_input(c, {4}));
    assert_true(cn_tensor_ok(a) && cn_tensor_ok(b));
    assert_int_equal(layer->weights.count, 2);
    assert_int_equal(layer->calls.count, 2);
    cn_context_free(c);
}

static void activity_is_regularized_per_sample(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_layer *layer = cn_dense(c, 2, .kernel_initializer = CN_ONES, .no_bias = true,
                               .activity_regularizer = cn_regularizer_l2(c, 0.5));
    cn_tensor x = cn_input(c, {1});
    cn_apply(layer, x);
    const layer_call *call = &c->calls.items[layer->calls.items[0]];
    assert_int_equal(call->losses.count, 1);
    golden_run run = {.c = c, .batch = 2};
    golden_feed(&run, x, (const double[]){1, 3});
    golden_want(&run, tensor_of(c, call->losses.items[0]));
    golden_execute(&run, "activity");
    assert_true(fabs(run.results[0]->items[0].f - 0.5 * (1 + 1 + 9 + 9) / 2) < 1e-9);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(options_of_an_older_size_are_understood),
        cmocka_unit_test(no_context_gives_a_layer_that_does_nothing),
        cmocka_unit_test(a_failed_layer_gives_poison),
        cmocka_unit_test(a_shared_layer_has_one_set_of_weights),
        cmocka_unit_test(activity_is_regularized_per_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
