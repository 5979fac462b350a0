/*
 * exp, log, tanh and their like: special values, the edges of overflow and underflow, accuracy
 * in double, and one checksum over all of them that every compiler must reproduce. Accuracy in
 * float, and equal bits at every vector width, are measured by sweep.c.
 */
#include "test.h"

#include <math.h>

#include "codegen/cpu/math/f32/all.h"
#include "codegen/cpu/math/f64/all.h"
#include "codegen/cpu/math/rem.h"

/* ---- special values ------------------------------------------------------------------------- */

/* Equal bits, or both NaN. */
static bool same_f32(float a, float b) {
    return (isnan(a) && isnan(b)) || cn_bits_f32(a) == cn_bits_f32(b);
}

static bool same_f64(double a, double b) {
    return (isnan(a) && isnan(b)) || cn_bits_f64(a) == cn_bits_f64(b);
}

typedef struct unary {
    const char *name;
    float (*narrow)(float);
    double (*wide)(double);
    double (*reference)(double);
} unary;

static double sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double rsqrt(double x) {
    return 1 / sqrt(x);
}

static double sign(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static const unary unaries[] = {
    {"exp", cn_exp_f32, cn_exp_f64, exp},
    {"expm1", cn_expm1_f32, cn_expm1_f64, expm1},
    {"log", cn_log_f32, cn_log_f64, log},
    {"log1p", cn_log1p_f32, cn_log1p_f64, log1p},
    {"tanh", cn_tanh_f32, cn_tanh_f64, tanh},
    {"sigmoid", cn_sigmoid_f32, cn_sigmoid_f64, sigmoid},
    {"erf", cn_erf_f32, cn_erf_f64, erf},
    {"sin", cn_sin_f32, cn_sin_f64, sin},
    {"cos", cn_cos_f32, cn_cos_f64, cos},
    {"sqrt", cn_sqrt_f32, cn_sqrt_f64, sqrt},
    {"rsqrt", cn_rsqrt_f32, cn_rsqrt_f64, rsqrt},
    {"floor", cn_floor_f32, cn_floor_f64, floor},
    {"round", cn_round_f32, cn_round_f64, rint},
    {"abs", cn_abs_f32, cn_abs_f64, fabs},
    {"sign", cn_sign_f32, cn_sign_f64, sign},
};

enum { UNARY_COUNT = sizeof unaries / sizeof *unaries };

static void exact_results_are_exact(void **state) {
    (void)state;
    static const double points[] = {0.0, -0.0, INFINITY, -INFINITY, NAN};
    for (int f = 0; f < UNARY_COUNT; f++)
        for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
            double expected = unaries[f].reference(points[i]);
            if (!same_f32(unaries[f].narrow((float)points[i]), (float)expected))
                fail_msg("%s(%g) in float", unaries[f].name, points[i]);
            if (!same_f64(unaries[f].wide(points[i]), expected))
                fail_msg("%s(%g) in double", unaries[f].name, points[i]);
        }
    assert_true(cn_exp_f32(0.0f) == 1.0f && cn_exp_f64(0.0) == 1.0);
    assert_true(cn_log_f32(1.0f) == 0.0f && cn_log_f64(1.0) == 0.0);
    assert_true(cn_round_f32(2.5f) == 2.0f && cn_round_f32(-3.5f) == -4.0f);
}

static void outside_the_domain_is_nan(void **state) {
    (void)state;
    assert_true(isnan(cn_log_f32(-1e-45f)) && isnan(cn_log_f64(-5e-324)));
    assert_true(isnan(cn_log1p_f32(-1.0000001f)) && isnan(cn_log1p_f64(-1.0000000000000002)));
    assert_true(cn_log1p_f32(-1.0f) == -INFINITY && cn_log1p_f64(-1.0) == -INFINITY);
    assert_true(isnan(cn_sqrt_f32(-1.0f)) && isnan(cn_rsqrt_f32(-1.0f)));
}

/* The last x before and the first x after e^x leaves the range. */
static void exp_overflows_and_vanishes_where_it_should(void **state) {
    (void)state;
    assert_true(cn_exp_f32(0x1.62e42ep+6f) < INFINITY);
    assert_true(cn_exp_f32(0x1.62e43p+6f) == INFINITY);
    assert_true(cn_exp_f32(-0x1.9fe368p+6f) == 0x1p-149f);
    assert_true(cn_exp_f32(-0x1.9fe36ap+6f) == 0.0f);
    assert_true(cn_exp_f64(0x1.62e42fefa39efp+9) < (double)INFINITY);
    assert_true(cn_exp_f64(0x1.62e42fefa39fp+9) == (double)INFINITY);
    assert_true(cn_exp_f64(-0x1.74910d52d3051p+9) == 0x1p-1074);
    assert_true(cn_exp_f64(-0x1.74910d52d3052p+9) == 0.0);
    assert_true(cn_expm1_f32(89.0f) == INFINITY && cn_expm1_f32(-100.0f) == -1.0f);
    assert_true(cn_sigmoid_f32(-100.0f) > 0.0f && cn_sigmoid_f32(100.0f) == 1.0f);
}

static void tiny_arguments_keep_every_bit(void **state) {
    (void)state;
    float x = 0x1.6p-140f; /* subnormal */
    assert_true(cn_expm1_f32(x) == x && cn_log1p_f32(x) == x);
    assert_true(cn_tanh_f32(-x) == -x && cn_sin_f32(-x) == -x);
    assert_true(cn_log_f32(0x1p-149f) < -103.27f && cn_log_f32(0x1p-149f) > -103.28f);
}

static void bounded_functions_stay_bounded(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += 9973) {
        float x = cn_from_bits_f32(bits);
        assert_true(fabsf(cn_tanh_f32(x)) <= 1 && fabsf(cn_erf_f32(x)) <= 1);
        assert_true(fabsf(cn_sin_f32(x)) <= 1 && fabsf(cn_cos_f32(x)) <= 1);
        assert_true(cn_sigmoid_f32(x) <= 1 && cn_sigmoid_f32(-x) >= 0);
    }
}

/* ---- pow and rem: every pair of a list, against libm ---------------------------------------- */

static const double corners[] = {
    0.0,      -0.0,     1,        -1,       2,         -2,         3,         -3,
    0.5,      -0.5,     INFINITY, -INFINITY, NAN,      1e-40,      -1e-40,    1e38,
    -1e38,    1.5,      -1.5,     10,       0.1,       100,        126,       127,
    128,      -126,     -149,     -150,     -151,      16777215,   16777216,  -16777215,
    33554432, 8388607.5, 0x1.fffffep-1, 0x1.000002p0, -0x1.000002p0, 0x1p-149, 0x1p-126};

enum { CORNER_COUNT = sizeof corners / sizeof *corners };

static bool near_f32(float got, double exact) {
    float rounded = (float)exact;
    return same_f32(got, rounded) ||
           (got != 0 && isfinite(got) && fabs((double)got / exact - 1) < 1e-7);
}

static bool near_f64(double got, double exact) {
    return same_f64(got, exact) || (got != 0 && isfinite(got) && fabs(got / exact - 1) < 4e-16);
}

static void pow_follows_annex_f(void **state) {
    (void)state;
    for (int i = 0; i < CORNER_COUNT; i++)
        for (int j = 0; j < CORNER_COUNT; j++) {
            float x = (float)corners[i], y = (float)corners[j];
            if (!near_f32(cn_pow_f32(x, y), pow((double)x, (double)y)))
                fail_msg("pow(%a, %a) = %a in float", (double)x, (double)y,
                         (double)cn_pow_f32(x, y));
            if (!near_f64(cn_pow_f64(corners[i], corners[j]), pow(corners[i], corners[j])))
                fail_msg("pow(%a, %a) = %a", corners[i], corners[j],
                         cn_pow_f64(corners[i], corners[j]));
        }
}

static void rem_is_exact(void **state) {
    (void)state;
    for (int i = 0; i < CORNER_COUNT; i++)
        for (int j = 0; j < CORNER_COUNT; j++) {
            float x = (float)corners[i], y = (float)corners[j];
            assert_true(same_f32(cn_rem_f32(x, y), fmodf(x, y)));
            assert_true(same_f64(cn_rem_f64(corners[i], corners[j]), fmod(corners[i], corners[j])));
        }
    assert_true(cn_rem_f64(0x1.fffffffffffffp1023, 5e-324) == 0.0);
    assert_true(same_f64(cn_rem_f64(0x1.fffffffffffffp1023, 0x1.8p-1022),
                         fmod(0x1.fffffffffffffp1023, 0x1.8p-1022)));
}

/* ---- accuracy in double --------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed;
}

static double uniform(uint64_t *seed, double low, double high) {
    return low + (high - low) * ((double)(next_random(seed) >> 11) * 0x1p-53);
}

/* The error of got in units of the last place of exact. */
static double ulps(double got, long double exact) {
    int exponent;
    frexpl(exact, &exponent);
    return (double)(fabsl((long double)got - exact) / ldexpl(1, exponent - 53));
}

static long double sigmoidl(long double x) {
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

typedef struct sampled {
    const char *name;
    double (*function)(double);
    long double (*reference)(long double);
    double low, high, bound;
} sampled;

static const sampled samples[] = {
    {"exp", cn_exp_f64, expl, -700, 700, 1},      {"expm1", cn_expm1_f64, expm1l, -2, 2, 2},
    {"expm1", cn_expm1_f64, expm1l, -50, 700, 2}, {"log", cn_log_f64, logl, 0, 4, 1},
    {"log", cn_log_f64, logl, 0, 1e300, 1},       {"log1p", cn_log1p_f64, log1pl, -1, 3, 2},
    {"tanh", cn_tanh_f64, tanhl, -1, 1, 3},       {"tanh", cn_tanh_f64, tanhl, -20, 20, 3},
    {"sigmoid", cn_sigmoid_f64, sigmoidl, -40, 40, 2},
    {"erf", cn_erf_f64, erfl, -1, 1, 3},          {"erf", cn_erf_f64, erfl, -6, 6, 3},
    {"sin", cn_sin_f64, sinl, -10, 10, 2},        {"sin", cn_sin_f64, sinl, -1e9, 1e9, 2},
    {"cos", cn_cos_f64, cosl, -10, 10, 2},        {"cos", cn_cos_f64, cosl, -1e9, 1e9, 2},
};

/* Needs a long double with more digits than double, as on x86-64 and AArch64. */
static void doubles_are_accurate(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        for (int n = 0; n < 20000; n++) {
            const sampled *s = &samples[i];
            double x = uniform(&seed, s->low, s->high);
            double error = ulps(s->function(x), s->reference((long double)x));
            if (error > s->bound) fail_msg("%s(%a): %.2f ulp", s->name, x, error);
        }
}

static void pow_is_accurate(void **state) {
    (void)state;
    uint64_t seed = 2;
    for (int n = 0; n < 50000; n++) {
        double x = uniform(&seed, 0.4, n % 2 ? 2.5 : 1000);
        double y = uniform(&seed, -1000, 1000) / log2(x);
        long double exact = powl((long double)x, (long double)y);
        double wide = ulps(cn_pow_f64(x, y), exact);
        if (wide > 2) fail_msg("pow(%a, %a): %.2f ulp in double", x, y, wide);
        float a = (float)x, b = (float)(y / 9);
        double product = pow((double)a, (double)b);
        double narrow = fabs((double)cn_pow_f32(a, b) / product - 1) * 0x1p23;
        if (narrow > 1) fail_msg("pow(%a, %a): error %.2f in float", (double)a, (double)b, narrow);
    }
}

/* ---- equal bits ----------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t hash, uint64_t bits) {
    return (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15) ^ (hash >> 29);
}

/* NaN has many bit patterns and compilers choose among them: they count as one. */
static uint64_t mixed_f32(uint64_t hash, float x) {
    return mixed(hash, isnan(x) ? 1 : cn_bits_f32(x));
}

static uint64_t mixed_f64(uint64_t hash, double x) {
    return mixed(hash, isnan(x) ? 1 : cn_bits_f64(x));
}

static uint64_t hash_unary(const unary *f, uint64_t hash) {
    for (uint32_t i = 0; i < 16384; i++) {
        float x = cn_from_bits_f32(i * 262139u);
        hash = mixed_f32(hash, f->narrow(x));
        hash = mixed_f64(hash, f->wide((double)x * 1.0000000001));
    }
    return hash;
}

/* A changed coefficient changes this number, and every result of every trained model with it. */
static void bits_are_the_same_everywhere(void **state) {
    (void)state;
    uint64_t hash = 0;
    for (int f = 0; f < UNARY_COUNT; f++)
        hash = hash_unary(&unaries[f], hash);
    for (int i = 0; i < CORNER_COUNT; i++)
        for (int j = 0; j < CORNER_COUNT; j++) {
            hash = mixed_f32(hash, cn_pow_f32((float)corners[i], (float)corners[j]));
            hash = mixed_f64(hash, cn_pow_f64(corners[i], corners[j]));
        }
    assert_int_equal(hash, UINT64_C(0x020a6cb806a0210a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_results_are_exact),
        cmocka_unit_test(outside_the_domain_is_nan),
        cmocka_unit_test(exp_overflows_and_vanishes_where_it_should),
        cmocka_unit_test(tiny_arguments_keep_every_bit),
        cmocka_unit_test(bounded_functions_stay_bounded),
        cmocka_unit_test(pow_follows_annex_f),
        cmocka_unit_test(rem_is_exact),
        cmocka_unit_test(doubles_are_accurate),
        cmocka_unit_test(pow_is_accurate),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
