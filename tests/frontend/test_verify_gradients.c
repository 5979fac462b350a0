/* cn_check_gradients: agrees on a model of most kinds of layers, within float32 and no closer. */
#include "test.h"

#include <math.h>

#include "cornu/verify.h"
#include "frontend/frontend.h"

static cn_model *describe(cn_context *c) {
    cn_tensor image = cn_input(c, {6, 5, 2}, .name = "image");
    cn_tensor x = cn_chain(image, cn_conv2d(c, 3, {3}, CN_TANH, CN_SAME, .name = "conv"),
                           cn_batch_normalization(c, .name = "norm"),
                           cn_average_pooling2d(c, .name = "pool"));
    x = cn_chain(x, cn_flatten(c), cn_dropout(c, 0.4), cn_dense(c, 4, CN_GELU, .name = "hidden"),
                 cn_dense(c, 3, CN_SOFTMAX, .name = "digit"));
    return cn_model_new(c, {image}, {x});
}

static cn_gradient_check *must_check(cn_context *c, cn_model *m, double tolerance) {
    cn_gradient_check *g = cn_check_gradients(m, .batch_size = 4, .tolerance = tolerance);
    if (g == NULL)
        fail_msg("%s", cn_error_message(c));
    return g;
}

static void right_gradients_agree(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_model *m = describe(c);
    cn_gradient_check *g = must_check(c, m, 0);
    assert_int_equal(g->count, 8);
    assert_string_equal(g->rows[0].weight, "conv/kernel");
    for (size_t i = 0; i < g->count; i++) {
        if (!g->rows[i].agrees)
            fail_msg("%s: %g, exactly %g", g->rows[i].weight, g->rows[i].compiled,
                     g->rows[i].exact);
        assert_true(g->rows[i].relative < 2e-4);
    }
    assert_true(fabs(g->rows[0].exact) > 1e-4);
    assert_int_equal(g->first, g->count);
    cn_gradient_check_free(g);
    cn_context_free(c);
}

/* float32 against float64: the numbers are not the same ones. */
static void what_departs_is_told(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_model *m = describe(c);
    cn_gradient_check *g = must_check(c, m, 1e-14);
    assert_int_equal(g->first, 0);
    assert_true(!g->rows[0].agrees && g->rows[0].relative > 1e-14);
    cn_gradient_check_free(g);
    cn_context_free(c);
}

static void what_cannot_be_checked_is_refused(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor x = cn_input(c, {3}, .name = "x");
    cn_model *m = cn_model_new(c, {x}, {cn_op_argmax(x, -1)});
    assert_null(cn_check_gradients(m));
    assert_int_equal(cn_error_status(c), CN_ERROR_DTYPE);
    cn_error_clear(c);
    assert_null(cn_check_gradients(m, .batch_size = -1));
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    assert_null(cn_check_gradients(NULL));
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(right_gradients_agree),
                                       cmocka_unit_test(what_departs_is_told),
                                       cmocka_unit_test(what_cannot_be_checked_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
