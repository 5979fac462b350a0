/* Reductions, softmax and its kin, and the mean over a batch of any size. */
#include "golden.h"

static const int64_t first[] = {0}, last[] = {-1};

static void reductions_compute(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 2, 3, 1, 5, 3, -2, 0, 4);
    golden_expect(cn_op_sum(x, 1, first, false), CN_F32, -1, 5, 7);
    golden_expect(cn_op_sum(x, 0, NULL, false), CN_F32, 11);
    golden_expect(cn_op_mean(x, 1, last, true), CN_F32, 3, 2. / 3);
    golden_expect(cn_op_max(x, 1, last, false), CN_F32, 5, 4);
    golden_expect(cn_op_min(x, 1, first, false), CN_F32, -2, 0, 3);
    golden_expect(cn_op_prod(x, 1, last, false), CN_F32, 15, 0);
    golden_expect(cn_op_any(x, 1, first, false), CN_BOOL, 1, 1, 1);
    golden_expect(cn_op_all(x, 1, last, false), CN_BOOL, 1, 0);
    golden_expect(cn_op_argmax(x, 1), CN_I32, 1, 2);
    golden_expect(cn_op_argmin(x, -2), CN_I32, 1, 1, 0);
    cn_context_free(c);
}

static void keepdims_keeps_axes(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 2, 3, 1, 5, 3, -2, 0, 4);
    int64_t shape[CN_MAX_RANK];
    assert_int_equal(cn_tensor_shape(cn_op_sum(x, 0, NULL, true), shape), 2);
    assert_true(shape[0] == 1 && shape[1] == 1);
    cn_context_free(c);
}

static void small_integers_sum_wide(void **state) {
    (void)state;
    cn_context *c = golden_context();
    const uint8_t bytes[] = {200, 100};
    cn_tensor x = cn_op_array(c, CN_U8, 1, (const int64_t[]){2}, bytes);
    golden_expect(cn_op_sum(x, 0, NULL, false), CN_U32, 300);
    golden_expect(cn_op_mean(x, 0, NULL, false), CN_F32, 150);
    golden_expect(cn_op_sum(cn_op_cast(x, CN_BOOL), 0, NULL, false), CN_I32, 2);
    cn_context_free(c);
}

static void softmax_is_safe_far_out(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 2, 2, 1000, 1000, 0, -1000);
    golden_expect(cn_op_softmax(x, -1), CN_F32, 0.5, 0.5, 1, 0);
    golden_expect(cn_op_log_softmax(x, 1), CN_F32, -log(2), -log(2), 0, -1000);
    golden_expect(cn_op_logsumexp(x, 1, false), CN_F32, 1000 + log(2), 0);
    golden_expect(cn_op_logsumexp(golden_vector(c, -INFINITY, -INFINITY), 0, false), CN_F32,
                  -INFINITY);
    golden_expect(cn_op_logsumexp(golden_vector(c, INFINITY, 1), 0, true), CN_F32, INFINITY);
    cn_context_free(c);
}

/* Mean over batch and columns: divided by the batch there is. */
static void means_divide_by_the_actual_batch(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = cn_input(c, {2});
    const double data[] = {1, 2, 3, 4, 5, 9};
    for (int64_t batch = 1; batch <= 3; batch++) {
        golden_run run = {.c = c, .batch = batch};
        golden_feed(&run, x, data);
        golden_want(&run, cn_op_mean(x, 0, NULL, false));
        golden_want(&run, cn_op_size(x, 0, CN_I64));
        golden_execute(&run, "mean");
        double sum = 0;
        for (int64_t i = 0; i < 2 * batch; i++)
            sum += data[i];
        assert_true(fabs(run.results[0]->items[0].f - sum / (2 * (double)batch)) < 1e-9);
        assert_int_equal(run.results[1]->items[0].i, batch);
    }
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions_compute),
        cmocka_unit_test(keepdims_keeps_axes),
        cmocka_unit_test(small_integers_sum_wide),
        cmocka_unit_test(softmax_is_safe_far_out),
        cmocka_unit_test(means_divide_by_the_actual_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
