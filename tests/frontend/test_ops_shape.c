/* Ops that move elements. */
#include "golden.h"

#define AXES(...) ((const int64_t[]){__VA_ARGS__})

static void assert_shape(cn_tensor x, int rank, const int64_t *want) {
    int64_t shape[CN_MAX_RANK];
    golden_check_context(x.context, "shape");
    assert_int_equal(cn_tensor_shape(x, shape), rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(shape[i], want[i]);
}

static void reshape_infers(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = cn_input(c, {4, 6});
    assert_shape(cn_op_reshape(x, 2, AXES(CN_BATCH, 24)), 2, AXES(CN_BATCH, 24));
    assert_shape(cn_op_reshape(x, 3, AXES(CN_BATCH, -1, 2)), 3, AXES(CN_BATCH, 12, 2));
    /* one -1 takes what is left, samples merged with rows */
    assert_shape(cn_op_reshape(x, 2, AXES(-1, 6)), 2, AXES(CN_BATCH, 6));
    assert_true(dim_equal(tensor_type(cn_op_reshape(x, 2, AXES(-1, 6)))->dims[0], dim_batch(4)));
    assert_shape(cn_op_reshape(golden_vector(c, 1, 2, 3, 4), 2, AXES(2, -1)), 2, AXES(2, 2));
    golden_expect_failure(cn_op_reshape(x, 2, AXES(CN_BATCH, 23)), "cannot make [-1,23]");
    golden_expect_failure(cn_op_reshape(x, 2, AXES(4, 6)), "cannot make [4,6]");
    golden_expect_failure(cn_op_reshape(x, 3, AXES(-1, -1, -1)), "one more -1");
    golden_expect_failure(cn_op_reshape(x, 2, AXES(-2, 12)), "cannot make");
    cn_context_free(c);
}

static void axes_come_and_go(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = cn_input(c, {3});
    assert_shape(cn_op_expand_dims(x, -1), 3, AXES(CN_BATCH, 3, 1));
    assert_shape(cn_op_expand_dims(x, 0), 3, AXES(1, CN_BATCH, 3));
    assert_shape(cn_op_squeeze(cn_op_expand_dims(x, 1), -2), 2, AXES(CN_BATCH, 3));
    golden_expect_failure(cn_op_squeeze(x, 1), "is not of size 1");
    golden_expect_failure(cn_op_expand_dims(x, 3), "axis 3");
    cn_context_free(c);
}

static void orders_change(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 2, 3, 1, 2, 3, 4, 5, 6);
    golden_expect(cn_op_transpose(x, AXES(1, 0)), CN_F32, 1, 4, 2, 5, 3, 6);
    golden_expect(cn_op_flip(x, -1), CN_F32, 3, 2, 1, 6, 5, 4);
    cn_tensor row = golden_vector(c, 7, 8, 9), column = golden_matrix(c, 2, 1, 1, 2);
    golden_expect(cn_op_broadcast_like(row, x), CN_F32, 7, 8, 9, 7, 8, 9);
    golden_expect(cn_op_broadcast_like(column, x), CN_F32, 1, 1, 1, 2, 2, 2);
    golden_expect_failure(cn_op_broadcast_like(x, row), "does not broadcast");
    golden_expect_failure(cn_op_transpose(x, AXES(1, 1)), "given twice");
    cn_context_free(c);
}

static void parts_are_cut_padded_and_joined(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 2, 3, 1, 2, 3, 4, 5, 6);
    golden_expect(cn_op_slice(x, 1, 1, 2), CN_F32, 2, 3, 5, 6);
    golden_expect(cn_op_slice(x, -1, -1, 1), CN_F32, 3, 6);
    golden_expect(cn_op_pad(x, 1, 1, 0, 9), CN_F32, 9, 1, 2, 3, 9, 4, 5, 6);
    const cn_tensor pair[] = {x, cn_op_cast(cn_op_slice(x, 1, 0, 1), CN_I32)};
    golden_expect(cn_op_concatenate(pair, 2, 1), CN_F32, 1, 2, 3, 1, 4, 5, 6, 4);
    golden_expect_failure(cn_op_slice(x, 1, 2, 2), "are not in axis 1");
    golden_expect_failure(cn_op_slice(x, 1, 0, INT64_MAX), "are not in axis 1");
    golden_expect_failure(cn_op_pad(x, 1, -1, 0, 0), "not negative");
    golden_expect_failure(cn_op_concatenate(pair, 2, 0), "differ in more than");
    golden_expect_failure(cn_op_pad(cn_input(c, {3}), 0, 1, 1, 0), "is the batch");
    assert_ptr_equal(cn_op_concatenate(NULL, 0, 0).context, NULL);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_infers),
        cmocka_unit_test(axes_come_and_go),
        cmocka_unit_test(orders_change),
        cmocka_unit_test(parts_are_cut_padded_and_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
