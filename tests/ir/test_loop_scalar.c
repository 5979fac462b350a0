/* Scalar semantics for all inputs: the promises of the table in ir/loop.h. */
#include "test.h"

#include <math.h>

#include "base/philox.h"
#include "ir/loop_scalar.h"

static scalar of_float(double x) {
    return (scalar){x, 0};
}

static scalar of_integer(int64_t x) {
    return (scalar){0, x};
}

static scalar two(scalar_op op, cn_dtype dtype, scalar x, scalar y) {
    return scalar_evaluate(op, dtype, dtype, (scalar[]){x, y}, SCALAR_ROUNDED);
}

static scalar one(scalar_op op, cn_dtype dtype, cn_dtype from, scalar x) {
    return scalar_evaluate(op, dtype, from, &x, SCALAR_ROUNDED);
}

static void integers_wrap(void **state) {
    (void)state;
    assert_int_equal(two(SCALAR_ADD, CN_I8, of_integer(127), of_integer(1)).i, -128);
    assert_int_equal(two(SCALAR_SUB, CN_U32, of_integer(0), of_integer(1)).i, UINT32_MAX);
    assert_int_equal(two(SCALAR_MUL, CN_I64, of_integer(INT64_MAX), of_integer(2)).i, -2);
    assert_int_equal(one(SCALAR_ABS, CN_I64, CN_I64, of_integer(INT64_MIN)).i, INT64_MIN);
    assert_int_equal(one(SCALAR_NOT, CN_BOOL, CN_BOOL, of_integer(1)).i, 0);
    assert_int_equal(one(SCALAR_NOT, CN_U8, CN_U8, of_integer(1)).i, 254);
}

static void division_by_zero_gives_zero(void **state) {
    (void)state;
    assert_int_equal(two(SCALAR_DIV, CN_I32, of_integer(7), of_integer(0)).i, 0);
    assert_int_equal(two(SCALAR_REM, CN_I32, of_integer(7), of_integer(0)).i, 0);
    assert_int_equal(two(SCALAR_DIV, CN_I64, of_integer(INT64_MIN), of_integer(-1)).i, INT64_MIN);
    assert_int_equal(two(SCALAR_REM, CN_I32, of_integer(-7), of_integer(3)).i, -1);
    assert_true(isinf(two(SCALAR_DIV, CN_F32, of_float(1), of_float(0)).f));
}

static void shifts_beyond_the_width_give_zero(void **state) {
    (void)state;
    assert_int_equal(two(SCALAR_SHIFT_LEFT, CN_U32, of_integer(1), of_integer(31)).i, 0x80000000);
    assert_int_equal(two(SCALAR_SHIFT_LEFT, CN_U32, of_integer(1), of_integer(32)).i, 0);
    assert_int_equal(two(SCALAR_SHIFT_RIGHT, CN_U32, of_integer(UINT32_MAX), of_integer(28)).i, 15);
}

static void casts_saturate(void **state) {
    (void)state;
    assert_int_equal(one(SCALAR_CAST, CN_I32, CN_F32, of_float(1e20)).i, INT32_MAX);
    assert_int_equal(one(SCALAR_CAST, CN_U8, CN_F32, of_float(-3)).i, 0);
    assert_int_equal(one(SCALAR_CAST, CN_I64, CN_F64, of_float(NAN)).i, 0);
    assert_int_equal(one(SCALAR_CAST, CN_I64, CN_F64, of_float(0x1p63)).i, INT64_MAX);
    assert_int_equal(one(SCALAR_CAST, CN_BOOL, CN_F32, of_float(0.5)).i, 1);
    /* Rounded once: through double it would round to even twice. */
    int64_t x = (INT64_C(1) << 54) + (INT64_C(1) << 30) + 1;
    assert_true(one(SCALAR_CAST, CN_F32, CN_I64, of_integer(x)).f == (double)(float)x);
}

static void nan_wins_extremes(void **state) {
    (void)state;
    assert_true(isnan(two(SCALAR_MAX, CN_F32, of_float(NAN), of_float(1)).f));
    assert_true(isnan(two(SCALAR_MIN, CN_F32, of_float(1), of_float(NAN)).f));
    assert_true(isnan(one(SCALAR_SIGN, CN_F32, CN_F32, of_float(NAN)).f));
    assert_int_equal(two(SCALAR_LT, CN_F32, of_float(NAN), of_float(1)).i, 0);
    scalar nans[] = {of_float(NAN), of_float(NAN)};
    assert_int_equal(scalar_evaluate(SCALAR_NE, CN_BOOL, CN_F32, nans, SCALAR_ROUNDED).i, 1);
}

static void floats_round_to_their_dtype(void **state) {
    (void)state;
    assert_true(two(SCALAR_ADD, CN_F32, of_float(1), of_float(0x1p-25)).f == 1);
    assert_true(two(SCALAR_ADD, CN_BF16, of_float(1), of_float(0x1p-9)).f == 1);
    assert_true(isinf(two(SCALAR_MUL, CN_F16, of_float(65504), of_float(2)).f));
    assert_true(one(SCALAR_ROUND, CN_F32, CN_F32, of_float(2.5)).f == 2);
    scalar x[] = {of_float(1), of_float(0x1p-40)};
    assert_true(scalar_evaluate(SCALAR_ADD, CN_F32, CN_F32, x, SCALAR_EXACT).f > 1);
}

static void random_bits_are_philox(void **state) {
    (void)state;
    uint32_t words[4], counter[] = {5, 0, 7, 9}, key[] = {1, 2};
    philox4x32(counter, key, words);
    scalar x[] = {of_integer(1), of_integer(2), of_integer(4 * 5 + 3), of_integer(7),
                  of_integer(9)};
    assert_int_equal(scalar_evaluate(SCALAR_RANDOM, CN_U32, CN_U32, x, SCALAR_ROUNDED).i, words[3]);
}

static void identities_are_neutral(void **state) {
    (void)state;
    static const fold_kind folds[] = {FOLD_SUM, FOLD_PROD, FOLD_MAX, FOLD_MIN};
    static const cn_dtype dtypes[] = {CN_I32, CN_U8, CN_I64, CN_F32};
    for (int f = 0; f < 4; f++)
        for (int t = 0; t < 4; t++) {
            scalar x = dtype_is_float(dtypes[t]) ? of_float(3) : of_integer(3);
            scalar y = scalar_fold(folds[f], dtypes[t], scalar_identity(folds[f], dtypes[t]), x,
                                   SCALAR_ROUNDED);
            assert_true(y.f == x.f && y.i == x.i);
        }
    assert_int_equal(scalar_fold(FOLD_AND, CN_BOOL, scalar_identity(FOLD_AND, CN_BOOL),
                                 of_integer(1), SCALAR_ROUNDED)
                         .i,
                     1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_wrap),
        cmocka_unit_test(division_by_zero_gives_zero),
        cmocka_unit_test(shifts_beyond_the_width_give_zero),
        cmocka_unit_test(casts_saturate),
        cmocka_unit_test(nan_wins_extremes),
        cmocka_unit_test(floats_round_to_their_dtype),
        cmocka_unit_test(random_bits_are_philox),
        cmocka_unit_test(identities_are_neutral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
