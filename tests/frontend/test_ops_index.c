/* take, take_along_axis, one_hot. */
#include "golden.h"

static cn_tensor indices(cn_context *c, int rows, int columns, const int32_t *data) {
    return cn_op_array(c, CN_I32, columns == 0 ? 1 : 2, (const int64_t[]){rows, columns}, data);
}

static void take_counts_from_the_end_and_clamps(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 3, 2, 1, 2, 3, 4, 5, 6);
    cn_tensor at = indices(c, 4, 0, (const int32_t[]){2, -1, 0, 7});
    golden_expect(cn_op_take(x, at, 0), CN_F32, 5, 6, 5, 6, 1, 2, 5, 6);
    cn_tensor columns = indices(c, 1, 2, (const int32_t[]){1, 0});
    golden_expect(cn_op_take(x, columns, 1), CN_F32, 2, 1, 4, 3, 6, 5);
    golden_expect_failure(cn_op_take(x, x, 0), "indices are integers");
    cn_context_free(c);
}

static void take_along_axis_picks_per_row(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 3, 2, 1, 2, 3, 4, 5, 6);
    cn_tensor at = indices(c, 3, 1, (const int32_t[]){1, 0, -1});
    golden_expect(cn_op_take_along_axis(x, at, 1), CN_F32, 2, 3, 6);
    cn_tensor shared = indices(c, 1, 2, (const int32_t[]){2, 0}); /* one row for all */
    golden_expect(cn_op_take_along_axis(x, shared, 0), CN_F32, 5, 2);
    cn_tensor wrong = indices(c, 2, 1, (const int32_t[]){0, 0});
    golden_expect_failure(cn_op_take_along_axis(x, wrong, 1), "do not fit");
    cn_context_free(c);
}

static void one_hot_of_strangers_is_zero(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor labels = indices(c, 3, 0, (const int32_t[]){1, -1, 3});
    golden_expect(cn_op_one_hot(labels, 3, CN_DTYPE_DEFAULT), CN_F32, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    golden_expect(cn_op_one_hot(labels, 2, CN_BOOL), CN_BOOL, 0, 1, 0, 0, 0, 0);
    golden_expect_failure(cn_op_one_hot(labels, 0, CN_F32), "0 classes");
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_counts_from_the_end_and_clamps),
        cmocka_unit_test(take_along_axis_picks_per_row),
        cmocka_unit_test(one_hot_of_strangers_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
