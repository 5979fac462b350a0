/*
 * Casts, 16-bit floats, integers, max and min, Philox: each against a plain definition, over all
 * inputs where they can be listed and over the corners where they cannot.
 */
#include "test.h"

#include <math.h>

#include "base/philox.h"
#include "codegen/cpu/math/casts.h"
#include "codegen/cpu/math/halves.h"
#include "codegen/cpu/math/integer.h"
#include "codegen/cpu/math/minmax.h"
#include "codegen/cpu/math/philox.h"
#include "codegen/cpu/math/shift.h"

/* ---- casts to integers ---------------------------------------------------------------------- */

/* The definition: truncated, clamped, NaN to 0. Bounds that are no double are never returned. */
static long long saturated(double x, double low, double high, long long least, long long most) {
    if (isnan(x)) return 0;
    if (x <= low) return least;
    return x >= high ? most : (long long)x;
}

static void expect_casts(float narrow, double wide) {
    double x = (double)narrow;
    assert_int_equal(cn_cast_f32_i32(narrow), saturated(x, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX));
    assert_int_equal(cn_cast_f64_i32(wide), saturated(wide, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX));
    assert_int_equal(cn_cast_f32_i64(narrow), saturated(x, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX));
    assert_int_equal(cn_cast_f64_i64(wide), saturated(wide, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX));
    assert_int_equal(cn_cast_f32_u32(narrow), saturated(x, 0, 0x1p32, 0, UINT32_MAX));
    assert_int_equal(cn_cast_f64_u32(wide), saturated(wide, 0, 0x1p32, 0, UINT32_MAX));
    assert_int_equal(cn_cast_f32_u8(narrow), saturated(x, 0, 256, 0, 255));
    assert_int_equal(cn_cast_f64_u8(wide), saturated(wide, 0, 256, 0, 255));
    assert_int_equal(cn_cast_f32_i8(narrow), saturated(x, -129, 128, -128, 127));
    assert_int_equal(cn_cast_f64_i8(wide), saturated(wide, -129, 128, -128, 127));
}

static void casts_truncate_and_saturate(void **state) {
    (void)state;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 65521) {
        float x = cn_from_bits_f32((uint32_t)bits);
        expect_casts(x, (double)x * (1 + 0x1p-40));
    }
    static const double edges[] = {0x1p7, 0x1p8, 0x1p31, 0x1p32, 0x1p63, INFINITY, 0};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double x = sign * edges[i];
            expect_casts((float)x, x);
            expect_casts(nextafterf((float)x, 0), nextafter(x, 0));
            expect_casts(nextafterf((float)x, 2 * (float)x), nextafter(x, 2 * x));
        }
    expect_casts(NAN, (double)NAN);
}

/* ---- 16-bit floats -------------------------------------------------------------------------- */

/* The value of a 16-bit pattern with so many bits of mantissa and this bias. */
static double half_value(unsigned half, int mantissa_bits, int bias) {
    int exponent = (int)(half >> mantissa_bits) & (2 * bias + 1);
    double mantissa = half & ((1u << mantissa_bits) - 1);
    double sign = half & 0x8000u ? -1 : 1;
    if (exponent == 2 * bias + 1) return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(mantissa, 1 - bias - mantissa_bits);
    return sign * ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

static void widening_is_exact(void **state) {
    (void)state;
    for (unsigned half = 0; half < 0x10000u; half++) {
        double brain = half_value(half, 7, 127), ieee = half_value(half, 10, 15);
        float got_brain = cn_cast_bf16_f32((unsigned short)half);
        float got_ieee = cn_cast_f16_f32((unsigned short)half);
        assert_true(isnan(brain) ? isnan(got_brain) : (double)got_brain == brain);
        assert_true(isnan(ieee) ? isnan(got_ieee) : (double)got_ieee == ieee);
        assert_int_equal(signbit(got_ieee) != 0, half >> 15);
    }
}

/* Between two neighbours the halfway point goes to the even one, and all else to the nearer. */
static void expect_rounding(unsigned half, int mantissa_bits, int bias,
                            unsigned short (*narrow)(float), unsigned short (*from_wide)(double)) {
    double low = half_value(half, mantissa_bits, bias);
    double high = half_value(half + 1, mantissa_bits, bias);
    if (!isfinite(low) || isnan(high)) return;
    if (isinf(high)) high = 2 * low - half_value(half - 1, mantissa_bits, bias);
    double middle = low + (high - low) / 2;
    unsigned even = half + (half & 1u);
    assert_int_equal(narrow((float)low), half);
    assert_int_equal(narrow((float)middle), even);
    assert_int_equal(narrow(nextafterf((float)middle, (float)low)), half);
    assert_int_equal(narrow(nextafterf((float)middle, INFINITY)), half + 1);
    assert_int_equal(narrow(-(float)middle), even | 0x8000u);
    assert_int_equal(from_wide(low), half);
    assert_int_equal(from_wide(middle), even);
    assert_int_equal(from_wide(nextafter(middle, low)), half);
    assert_int_equal(from_wide(nextafter(middle, (double)INFINITY)), half + 1);
    assert_int_equal(from_wide(-nextafter(middle, low)), half | 0x8000u);
}

static void narrowing_rounds_to_nearest_even(void **state) {
    (void)state;
    for (unsigned half = 1; half < 0x7fffu; half++) {
        expect_rounding(half, 10, 15, cn_cast_f32_f16, cn_cast_f64_f16);
        expect_rounding(half, 7, 127, cn_cast_f32_bf16, cn_cast_f64_bf16);
    }
    assert_int_equal(cn_cast_f32_f16(0x1p-25f), 0);
    assert_int_equal(cn_cast_f32_f16(0x1.000002p-25f), 1);
    assert_int_equal(cn_cast_f64_f16(0x1.0000000000001p-25), 1);
    assert_int_equal(cn_cast_f32_f16(-0.0f), 0x8000);
    assert_int_equal(cn_cast_f32_f16(INFINITY), 0x7c00);
    assert_int_equal(cn_cast_f64_bf16(1e300), 0x7f80);
    assert_true(isnan(cn_round_f16(NAN)) && isnan(cn_round_bf16(NAN)));
    assert_true(isnan(cn_round_f64_f16((double)NAN)) && isnan(cn_round_f64_bf16((double)NAN)));
    assert_true(isnan(cn_round_bf16(cn_from_bits_f32(0x7f800001u)))); /* payload in the low half */
    assert_true(cn_round_bf16(1.00390625f) == 1.0f && cn_round_f16(2049.0f) == 2048.0f);
}

/* ---- integers ------------------------------------------------------------------------------- */

static long long divided(long long a, long long b) {
    return b == 0 ? 0 : a / b;
}

static long long remaining(long long a, long long b) {
    return b == 0 ? 0 : a % b;
}

/* By repeated multiplication, modulo 2^32. */
static long long power(long long a, long long b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    uint32_t product = 1;
    for (; b > 0; b--)
        product *= (uint32_t)a;
    return product;
}

static long long shifted(long long a, long long count, bool left) {
    if (count < 0 || count >= 8) return 0;
    return left ? (long long)((uint64_t)a << count) : a >> count;
}

static void expect_i8(int x, int y) {
    signed char a = (signed char)x, b = (signed char)y;
    assert_int_equal(cn_add_i8(a, b), (signed char)(x + y));
    assert_int_equal(cn_sub_i8(a, b), (signed char)(x - y));
    assert_int_equal(cn_mul_i8(a, b), (signed char)(x * y));
    assert_int_equal(cn_div_i8(a, b), (signed char)divided(x, y));
    assert_int_equal(cn_rem_i8(a, b), remaining(x, y));
    assert_int_equal(cn_pow_i8(a, b), (signed char)power(x, y));
    assert_int_equal(cn_shl_i8(a, b), (signed char)shifted(x, y, true));
    assert_int_equal(cn_shr_i8(a, b), shifted(x, y, false));
    assert_int_equal(cn_max_i8(a, b), x > y ? x : y);
    assert_int_equal(cn_min_i8(a, b), x < y ? x : y);
}

static void expect_u8(int x, int y) {
    unsigned char a = (unsigned char)x, b = (unsigned char)y;
    assert_int_equal(cn_add_u8(a, b), (unsigned char)(x + y));
    assert_int_equal(cn_sub_u8(a, b), (unsigned char)(x - y));
    assert_int_equal(cn_mul_u8(a, b), (unsigned char)(x * y));
    assert_int_equal(cn_div_u8(a, b), divided(x, y));
    assert_int_equal(cn_rem_u8(a, b), remaining(x, y));
    assert_int_equal(cn_pow_u8(a, b), (unsigned char)power(x, y));
    assert_int_equal(cn_shl_u8(a, b), (unsigned char)shifted(x, y, true));
    assert_int_equal(cn_shr_u8(a, b), shifted(x, y, false));
    assert_int_equal(cn_max_u8(a, b), x > y ? x : y);
    assert_int_equal(cn_min_u8(a, b), x < y ? x : y);
}

static void bytes_compute_as_defined(void **state) {
    (void)state;
    for (int x = -128; x < 128; x++) {
        assert_int_equal(cn_neg_i8((signed char)x), (signed char)-x);
        assert_int_equal(cn_abs_i8((signed char)x), (signed char)abs(x));
        assert_int_equal(cn_sign_i8((signed char)x), (x > 0) - (x < 0));
        for (int y = -128; y < 128; y++) {
            expect_i8(x, y);
            expect_u8(x + 128, y + 128);
        }
    }
    assert_int_equal(cn_neg_u8(1), 255);
    assert_int_equal(cn_abs_u8(255), 255);
    assert_int_equal(cn_sign_u8(255), 1);
}

static void expect_i32(long long x, long long y) {
    int a = (int)x, b = (int)y;
    assert_int_equal(cn_add_i32(a, b), (int)(x + y));
    assert_int_equal(cn_sub_i32(a, b), (int)(x - y));
    assert_int_equal(cn_mul_i32(a, b), (int)(x * y));
    assert_int_equal(cn_div_i32(a, b), (int)divided(x, y));
    assert_int_equal(cn_rem_i32(a, b), remaining(x, y));
    assert_int_equal(cn_max_i32(a, b), x > y ? x : y);
    assert_int_equal(cn_min_i32(a, b), x < y ? x : y);
    if (y < 100) assert_int_equal(cn_pow_i32(a, b), (int)power(x, y));
}

static void expect_u32(unsigned a, unsigned b) {
    assert_int_equal(cn_add_u32(a, b), a + b);
    assert_int_equal(cn_sub_u32(a, b), a - b);
    assert_int_equal(cn_mul_u32(a, b), a * b);
    assert_int_equal(cn_div_u32(a, b), divided(a, b));
    assert_int_equal(cn_rem_u32(a, b), remaining(a, b));
    assert_int_equal(cn_max_u32(a, b), a > b ? a : b);
    assert_int_equal(cn_min_u32(a, b), a < b ? a : b);
    if (b < 100) assert_int_equal(cn_pow_u32(a, b), power(a, b));
}

static void words_compute_as_defined(void **state) {
    (void)state;
    static const long long list[] = {0, 1, -1, 2, -2, 3, 7, -7, 31, 33, 65536, -65537,
                                     INT32_MAX, INT32_MIN, INT32_MAX - 1, INT32_MIN + 1};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (size_t j = 0; j < sizeof list / sizeof *list; j++) {
            expect_i32(list[i], list[j]);
            expect_u32((unsigned)list[i], (unsigned)list[j]);
        }
    assert_int_equal(cn_neg_i32(INT32_MIN), INT32_MIN);
    assert_int_equal(cn_abs_i32(INT32_MIN), INT32_MIN);
    assert_int_equal(cn_sign_i32(-5), -1);
    assert_int_equal(cn_shl_i32(-1, 31), INT32_MIN);
    assert_int_equal(cn_shl_i32(1, 32), 0);
    assert_int_equal(cn_shr_i32(-8, 1), -4);
    assert_int_equal(cn_shr_i32(-8, -1), 0);
    assert_int_equal(cn_shr_u32(0x80000000u, 31), 1);
    assert_int_equal(cn_shr_u32(1, 0x80000000u), 0);
}

static void long_words_wrap_and_never_trap(void **state) {
    (void)state;
    assert_int_equal(cn_add_i64(INT64_MAX, 1), INT64_MIN);
    assert_int_equal(cn_sub_i64(INT64_MIN, 1), INT64_MAX);
    assert_int_equal(cn_mul_i64(INT64_MAX, 2), -2);
    assert_int_equal(cn_neg_i64(INT64_MIN), INT64_MIN);
    assert_int_equal(cn_abs_i64(INT64_MIN), INT64_MIN);
    assert_int_equal(cn_sign_i64(INT64_MIN), -1);
    assert_int_equal(cn_div_i64(INT64_MIN, -1), INT64_MIN);
    assert_int_equal(cn_rem_i64(INT64_MIN, -1), 0);
    assert_int_equal(cn_div_i64(-7, 2), -3);
    assert_int_equal(cn_rem_i64(-7, 2), -1);
    assert_int_equal(cn_div_i64(5, 0), 0);
    assert_int_equal(cn_rem_i64(5, 0), 0);
    assert_int_equal(cn_pow_i64(-3, 3), -27);
    assert_int_equal(cn_pow_i64(3, 41), (long long)UINT64_C(18026252303461234787));
    assert_int_equal(cn_pow_i64(-1, -3), -1);
    assert_int_equal(cn_shl_i64(3, 63), INT64_MIN);
    assert_int_equal(cn_shl_i64(1, 64), 0);
    assert_int_equal(cn_shr_i64(INT64_MIN, 63), -1);
    assert_int_equal(cn_max_i64(INT64_MIN, INT64_MAX), INT64_MAX);
    assert_int_equal(cn_min_i64(INT64_MIN, INT64_MAX), INT64_MIN);
}

/* ---- max, min, Philox ----------------------------------------------------------------------- */

static void max_and_min_propagate_nan(void **state) {
    (void)state;
    assert_true(cn_max_f32(1.0f, 2.0f) == 2.0f && cn_min_f32(1.0f, 2.0f) == 1.0f);
    assert_true(cn_max_f64(2.0, 1.0) == 2.0 && cn_min_f64(2.0, 1.0) == 1.0);
    assert_true(isnan(cn_max_f32(NAN, 1.0f)) && isnan(cn_max_f32(1.0f, NAN)));
    assert_true(isnan(cn_min_f32(NAN, 1.0f)) && isnan(cn_min_f32(1.0f, NAN)));
    assert_true(isnan(cn_max_f64((double)NAN, 1.0)) && isnan(cn_max_f64(1.0, (double)NAN)));
    assert_true(isnan(cn_min_f64((double)NAN, 1.0)) && isnan(cn_min_f64(1.0, (double)NAN)));
    assert_true(cn_max_f32(-INFINITY, -1e38f) == -1e38f);
}

static void philox_equals_the_hosts(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t counter[4] = {i, i * 77777777u, ~i, 5}, key[2] = {i * 0x85a308d3u, 9 - i};
        uint32_t expected[4], out[4];
        philox4x32(counter, key, expected);
        cn_philox4x32_10(counter, key, out);
        assert_memory_equal(out, expected, sizeof out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(casts_truncate_and_saturate),
        cmocka_unit_test(widening_is_exact),
        cmocka_unit_test(narrowing_rounds_to_nearest_even),
        cmocka_unit_test(bytes_compute_as_defined),
        cmocka_unit_test(words_compute_as_defined),
        cmocka_unit_test(long_words_wrap_and_never_trap),
        cmocka_unit_test(max_and_min_propagate_nan),
        cmocka_unit_test(philox_equals_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
