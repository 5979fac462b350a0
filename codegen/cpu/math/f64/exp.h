/*
 * e^x and e^x - 1 in double: the method of f32/exp.h with a longer polynomial ("exp_f64" in
 * scripts/derive_math.py).
 */
#ifndef CN_MATH_F64_EXP_H
#define CN_MATH_F64_EXP_H

#include "../bits.h"

/* x / ln2 rounded to an integer n, left in the low bits of n + 1.5 * 2^52. */
static inline double cn_octaves_f64(double x) {
    return __builtin_fma(x, 0x1.71547652b82fep+0, 0x1.8p52);
}

/* x - n ln2. */
static inline double cn_within_octave_f64(double x, double n) {
    return __builtin_fma(n, -0x1.abc9e3b39803fp-56, __builtin_fma(n, -0x1.62e42fefa39efp-1, x));
}

/* q(r) of e^r = 1 + r + r^2 q(r) for |r| <= ln2/2. */
static inline double cn_exp_tail_f64(double r) {
    double q = __builtin_fma(0x1.1f3877226b1edp-29, r, 0x1.af5d2528a4f4cp-26);
    q = __builtin_fma(q, r, 0x1.27e4f67ac0793p-22);
    q = __builtin_fma(q, r, 0x1.71ddf938f9e04p-19);
    q = __builtin_fma(q, r, 0x1.a01a01a0402abp-16);
    q = __builtin_fma(q, r, 0x1.a01a01af9b424p-13);
    q = __builtin_fma(q, r, 0x1.6c16c16c161dbp-10);
    q = __builtin_fma(q, r, 0x1.111111110f6f8p-7);
    q = __builtin_fma(q, r, 0x1.5555555555559p-5);
    q = __builtin_fma(q, r, 0x1.5555555555559p-3);
    return __builtin_fma(q, r, 0.5);
}

/* 2^n x for the integer n that the low bits of shifted hold, in two steps of half of n each, so
 * that a subnormal result is rounded only once. */
static inline double cn_scale_f64(double x, double shifted) {
    long long n = (long long)(cn_bits_f64(shifted) - 0x4338000000000000ull);
    long long half = n >> 1;
    double scale = cn_from_bits_f64(((unsigned long long)half + 1023u) << 52);
    double rest = cn_from_bits_f64(((unsigned long long)(n - half) + 1023u) << 52);
    return x * scale * rest;
}

static inline double cn_exp_f64(double x) {
    double bounded = x < -746.0 ? -746.0 : x;
    bounded = bounded > 710.0 ? 710.0 : bounded;
    double shifted = cn_octaves_f64(bounded);
    double r = cn_within_octave_f64(bounded, shifted - 0x1.8p52);
    double power = __builtin_fma(__builtin_fma(cn_exp_tail_f64(r), r, 1.0), r, 1.0);
    return cn_scale_f64(power, shifted);
}

/* Works with 2^(n-1), which is finite where e^x is. */
static inline double cn_expm1_f64(double x) {
    double bounded = x < -40.0 ? -40.0 : x;
    bounded = bounded > 710.0 ? 710.0 : bounded;
    double shifted = cn_octaves_f64(bounded);
    double r = cn_within_octave_f64(bounded, shifted - 0x1.8p52);
    double power = __builtin_fma(r * r, cn_exp_tail_f64(r), r);
    double scale = cn_from_bits_f64((cn_bits_f64(shifted) + 1022u) << 52);
    double result = 2.0 * __builtin_fma(power, scale, scale - 0.5);
    return __builtin_fabs(x) < 0x1p-54 ? x : result;
}

#endif
