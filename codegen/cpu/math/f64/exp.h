/*
 * e^x and e^x - 1 in double: the method of f32/exp.h with a longer polynomial ("exp_f64" in
 * scripts/derive_math.py).
 */
#ifndef CN_MATH_F64_EXP_H
#define CN_MATH_F64_EXP_H

#include "../bits.h"

/* x / ln2 rounded to an integer n, left in the low bits of n + magic. */
static inline double cn_octaves_f64(double x, double magic) {
    return __builtin_fma(x, 0x1.71547652b82fep+0, magic);
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

/* 2^n x, where shifted = n + 1.5 * 2^52 + 2046: 2046 is the exponent bias of both halves of n. */
static inline double cn_scale_f64(double x, double shifted) {
    unsigned long long n = cn_bits_f64(shifted), half = n >> 1;
    return x * cn_from_bits_f64(half << 52) * cn_from_bits_f64((n - half) << 52);
}

static inline double cn_exp_f64(double x) {
    double magic = 0x1.8p52 + 2046.0;
    double bounded = x < -746.0 ? -746.0 : x;
    bounded = bounded > 710.0 ? 710.0 : bounded;
    double shifted = cn_octaves_f64(bounded, magic);
    double r = cn_within_octave_f64(bounded, shifted - magic);
    double power = __builtin_fma(__builtin_fma(cn_exp_tail_f64(r), r, 1.0), r, 1.0);
    return cn_scale_f64(power, shifted);
}

/* Works with 2^(n-1), which is finite where e^x is. */
static inline double cn_expm1_f64(double x) {
    double magic = 0x1.8p52 + 1022.0;
    double bounded = x < -40.0 ? -40.0 : x;
    bounded = bounded > 710.0 ? 710.0 : bounded;
    double shifted = cn_octaves_f64(bounded, magic);
    double r = cn_within_octave_f64(bounded, shifted - magic);
    double power = __builtin_fma(r * r, cn_exp_tail_f64(r), r);
    double scale = cn_from_bits_f64(cn_bits_f64(shifted) << 52);
    double result = 2.0 * __builtin_fma(power, scale, scale - 0.5);
    return __builtin_fabs(x) < 0x1p-54 ? x : result;
}

#endif
