/* Products of vectors, matrices and batches of them. */
#include "golden.h"

static void matrices_and_vectors(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor m = golden_matrix(c, 2, 3, 1, 2, 3, 4, 5, 6);
    cn_tensor n = golden_matrix(c, 3, 2, 1, 0, 0, 1, 1, 1), v = golden_vector(c, 1, 1, 1);
    golden_expect(cn_op_matmul(m, n), CN_F32, 4, 5, 10, 11);
    golden_expect(cn_op_matmul(m, v), CN_F32, 6, 15);
    golden_expect(cn_op_matmul(v, n), CN_F32, 2, 2);
    golden_expect(cn_op_matmul(v, v), CN_F32, 3);
    golden_expect_failure(cn_op_matmul(m, m), "the first of the second");
    cn_context_free(c);
}

static void leading_axes_broadcast(void **state) {
    (void)state;
    cn_context *c = golden_context();
    const float a[] = {1, 2, 3, 4}, b[] = {1, 2, 3, 4};
    cn_tensor x = cn_op_array(c, CN_F32, 3, (const int64_t[]){2, 1, 2}, a);
    cn_tensor y = cn_op_array(c, CN_F32, 3, (const int64_t[]){1, 2, 2}, b);
    golden_expect(cn_op_matmul(x, y), CN_F32, 7, 10, 15, 22);
    cn_tensor z = cn_op_array(c, CN_F32, 3, (const int64_t[]){2, 2, 1}, b);
    golden_expect(cn_op_matmul(x, z), CN_F32, 5, 25);
    golden_expect_failure(cn_op_matmul(x, x), "cannot multiply");
    cn_context_free(c);
}

static void integers_promote(void **state) {
    (void)state;
    cn_context *c = golden_context();
    const uint8_t bytes[] = {1, 0, 1};
    cn_tensor x = cn_op_array(c, CN_BOOL, 1, (const int64_t[]){3}, bytes);
    golden_expect(cn_op_matmul(x, x), CN_I32, 2);
    golden_expect(cn_op_matmul(x, golden_vector(c, 0.5f, 1, 1)), CN_F32, 1.5);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_and_vectors),
        cmocka_unit_test(leading_axes_broadcast),
        cmocka_unit_test(integers_promote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
