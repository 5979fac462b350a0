/* Elementwise ops: values, element types and edges. */
#include "golden.h"

static cn_tensor integers(cn_context *c, int32_t x, int32_t y, int32_t z) {
    return cn_op_array(c, CN_I32, 1, (const int64_t[]){3}, (const int32_t[]){x, y, z});
}
static cn_tensor bools(cn_context *c, uint8_t x, uint8_t y) {
    return cn_op_array(c, CN_BOOL, 1, (const int64_t[]){2}, (const uint8_t[]){x, y});
}

static void unary_ops_compute(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_vector(c, -1.5f, 0, 2.5f);
    golden_expect(cn_op_negative(x), CN_F32, 1.5, 0, -2.5);
    golden_expect(cn_op_absolute(x), CN_F32, 1.5, 0, 2.5);
    golden_expect(cn_op_sign(x), CN_F32, -1, 0, 1);
    golden_expect(cn_op_floor(x), CN_F32, -2, 0, 2);
    golden_expect(cn_op_ceil(x), CN_F32, -1, 0, 3);
    golden_expect(cn_op_round(x), CN_F32, -2, 0, 2);
    golden_expect(cn_op_square(x), CN_F32, 2.25, 0, 6.25);
    golden_expect(cn_op_reciprocal(x), CN_F32, -1 / 1.5, INFINITY, 0.4);
    golden_expect(cn_op_relu(x), CN_F32, 0, 0, 2.5);
    golden_expect(cn_op_exp(x), CN_F32, exp(-1.5), 1, exp(2.5));
    golden_expect(cn_op_expm1(x), CN_F32, expm1(-1.5), 0, expm1(2.5));
    golden_expect(cn_op_log(x), CN_F32, NAN, -INFINITY, log(2.5));
    golden_expect(cn_op_log1p(x), CN_F32, NAN, 0, log1p(2.5));
    golden_expect(cn_op_sqrt(x), CN_F32, NAN, 0, sqrt(2.5));
    golden_expect(cn_op_rsqrt(x), CN_F32, NAN, INFINITY, 1 / sqrt(2.5));
    golden_expect(cn_op_sin(x), CN_F32, sin(-1.5), 0, sin(2.5));
    golden_expect(cn_op_cos(x), CN_F32, cos(-1.5), 1, cos(2.5));
    golden_expect(cn_op_tanh(x), CN_F32, tanh(-1.5), 0, tanh(2.5));
    golden_expect(cn_op_sigmoid(x), CN_F32, 1 / (1 + exp(1.5)), 0.5, 1 / (1 + exp(-2.5)));
    golden_expect(cn_op_erf(x), CN_F32, erf(-1.5), 0, erf(2.5));
    golden_expect(cn_op_softplus(x), CN_F32, log1p(exp(-1.5)), log(2), log1p(exp(2.5)));
    golden_expect(cn_op_stop_gradient(x), CN_F32, -1.5, 0, 2.5);
    cn_context_free(c);
}

static void integers_stay_or_become_f32(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = integers(c, -3, 0, 4);
    golden_expect(cn_op_square(x), CN_I32, 9, 0, 16);
    golden_expect(cn_op_round(x), CN_I32, -3, 0, 4);
    golden_expect(cn_op_exp(x), CN_F32, exp(-3), 1, exp(4));
    golden_expect(cn_op_divide(x, integers(c, 2, 1, 8)), CN_F32, -1.5, 0, 0.5);
    golden_expect(cn_op_scale(x, 2), CN_I32, -6, 0, 8);
    golden_expect(cn_op_scale(x, 0.5), CN_F32, -1.5, 0, 2);
    golden_expect(cn_op_add(bools(c, 1, 0), bools(c, 1, 1)), CN_I32, 2, 1);
    golden_expect(cn_op_add(x, golden_vector(c, 0.5f)), CN_F32, -2.5, 0.5, 4.5);
    cn_context_free(c);
}

static void binary_ops_compute(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_vector(c, 5, -5, 5, -5), y = golden_vector(c, 3, 3, -3, -3);
    golden_expect(cn_op_subtract(x, y), CN_F32, 2, -8, 8, -2);
    golden_expect(cn_op_multiply(x, y), CN_F32, 15, -15, -15, 15);
    golden_expect(cn_op_mod(x, y), CN_F32, 2, 1, -1, -2); /* Python's sign */
    golden_expect(cn_op_mod(integers(c, 5, -5, 6), integers(c, 3, 3, -3)), CN_I32, 2, 1, 0);
    golden_expect(cn_op_power(y, cn_op_constant(c, 2, CN_F32)), CN_F32, 9, 9, 9, 9);
    golden_expect(cn_op_maximum(x, y), CN_F32, 5, 3, 5, -3);
    golden_expect(cn_op_minimum(x, y), CN_F32, 3, -5, -3, -5);
    cn_tensor zero = golden_vector(c, 0, 2, 0, NAN);
    golden_expect(cn_op_divide_no_nan(x, zero), CN_F32, 0, -2.5, 0, NAN);
    cn_context_free(c);
}

static void comparisons_give_bools(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_vector(c, 1, 2, NAN), y = golden_vector(c, 2, 2, NAN);
    golden_expect(cn_op_equal(x, y), CN_BOOL, 0, 1, 0);
    golden_expect(cn_op_not_equal(x, y), CN_BOOL, 1, 0, 1);
    golden_expect(cn_op_less(x, y), CN_BOOL, 1, 0, 0);
    golden_expect(cn_op_less_equal(x, y), CN_BOOL, 1, 1, 0);
    golden_expect(cn_op_greater(y, x), CN_BOOL, 1, 0, 0);
    golden_expect(cn_op_greater_equal(y, x), CN_BOOL, 1, 1, 0);
    golden_expect(cn_op_logical_and(bools(c, 1, 1), bools(c, 0, 1)), CN_BOOL, 0, 1);
    golden_expect(cn_op_logical_or(bools(c, 1, 0), bools(c, 0, 0)), CN_BOOL, 1, 0);
    golden_expect(cn_op_logical_not(bools(c, 1, 0)), CN_BOOL, 0, 1);
    cn_context_free(c);
}

static void scalars_choice_and_casts(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_vector(c, -1, 0.25f, 3);
    golden_expect(cn_op_shift(x, 1), CN_F32, 0, 1.25, 4);
    golden_expect(cn_op_maximum_of(x, 0), CN_F32, 0, 0.25, 3);
    golden_expect(cn_op_minimum_of(x, 0), CN_F32, -1, 0, 0);
    golden_expect(cn_op_clip(x, 0, 1), CN_F32, 0, 0.25, 1);
    golden_expect(cn_op_zeros_like(x), CN_F32, 0, 0, 0);
    golden_expect(cn_op_ones_like(x), CN_F32, 1, 1, 1);
    golden_expect(cn_op_cast(x, CN_I32), CN_I32, -1, 0, 3);
    cn_tensor positive = cn_op_greater(x, cn_op_zeros_like(x));
    golden_expect(cn_op_where(positive, x, cn_op_constant(c, 7, CN_I32)), CN_F32, 7, 0.25, 3);
    golden_expect_failure(cn_op_cast(x, (cn_dtype)99), "99 is not an element type");
    golden_expect_failure(cn_op_where(positive, x, golden_vector(c, 1, 2)), "shapes do not fit");
    cn_context_free(c);
}

static void constants_are_copied(void **state) {
    (void)state;
    cn_context *c = golden_context();
    float data[2] = {1, 2};
    cn_tensor x = cn_op_array(c, CN_F32, 1, (const int64_t[]){2}, data);
    data[0] = 9;
    golden_expect(x, CN_F32, 1, 2);
    golden_expect(cn_op_constant(c, 3.5, CN_DTYPE_DEFAULT), CN_F32, 3.5);
    golden_expect_failure(cn_op_array(c, CN_F32, 9, NULL, NULL), "9 axes are not from 0 to 8");
    golden_expect_failure(cn_op_array(c, CN_F32, 1, (const int64_t[]){-1}, data), "size -1");
    const int64_t huge[] = {INT64_MAX, 4};
    golden_expect_failure(cn_op_array(c, CN_F32, 2, huge, data), "more elements than");
    cn_context_free(c);
}

/* 0 / 0 must not reach the gradient of what guards against it. */
static void divide_no_nan_has_a_finite_gradient(void **state) {
    (void)state;
    cn_context *c = golden_context();
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(2)});
    double y[] = {0, 2}, ones[] = {1, 1};
    golden_tensor cotangent = {.type = t, .count = 2, .data = ones};
    golden_run run = {.c = c, .batch = 1};
    cn_tensor divisor = record_input(c, &t), gradient;
    golden_feed(&run, divisor, y);
    golden_gradients(&run, cn_op_divide_no_nan(golden_vector(c, 3, 3), divisor), &cotangent,
                     &divisor, 1, &gradient);
    golden_want(&run, gradient);
    golden_execute(&run, "divide_no_nan");
    assert_true(run.results[0]->items[0].f == 0);
    assert_true(fabs(run.results[0]->items[1].f + 0.75) < 1e-9);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_ops_compute),
        cmocka_unit_test(integers_stay_or_become_f32),
        cmocka_unit_test(binary_ops_compute),
        cmocka_unit_test(comparisons_give_bools),
        cmocka_unit_test(scalars_choice_and_casts),
        cmocka_unit_test(constants_are_copied),
        cmocka_unit_test(divide_no_nan_has_a_finite_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
