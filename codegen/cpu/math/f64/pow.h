/*
 * x^y in double.
 *
 * 2^(y log2|x|), where the logarithm needs some 11 bits more than a double has: it is carried as
 * a pair high + low. log(1 + f) = 2 atanh(s), s = f / (2 + f), and only the first two terms of
 * atanh(s) = s (1 + s^2/3 + s^4 q(s^2)) have to be pairs ("pow_f64" in scripts/derive_math.py).
 * Products of pairs follow Dekker (1971), with a fused multiply-add for the rounding error. The
 * special cases are those of C's annex F, as in f32/pow.h.
 */
#ifndef CN_MATH_F64_POW_H
#define CN_MATH_F64_POW_H

#include "../bits.h"
#include "exp.h"
#include "log.h"

/* a * b for pairs: returns the high part and stores the low one. */
static inline double cn_pair_product_f64(double a, double a_low, double b, double b_low,
                                         double *low) {
    double product = a * b;
    *low = __builtin_fma(a, b, -product) + __builtin_fma(a, b_low, a_low * b);
    return product;
}

/* atanh(s) / s as a pair, for the pair s. */
static inline double cn_atanh_ratio_f64(double s, double s_low, double *low) {
    double z_low, third_low;
    double z = cn_pair_product_f64(s, s_low, s, s_low, &z_low);
    double q = __builtin_fma(0x1.0e42bd3b16b6fp-4, z, 0x1.0f7fe84666ac6p-4);
    q = __builtin_fma(q, z, 0x1.3b1eec13e1fc8p-4);
    q = __builtin_fma(q, z, 0x1.745ce9e34b426p-4);
    q = __builtin_fma(q, z, 0x1.c71c722d662dep-4);
    q = __builtin_fma(q, z, 0x1.2492492457d63p-3);
    q = __builtin_fma(q, z, 0x1.9999999999b3p-3);
    double third = cn_pair_product_f64(z, z_low, 0x1.5555555555555p-2, 0x1.5555555555555p-56,
                                       &third_low);
    double sum = 1.0 + third;
    double rest = (1.0 - sum) + third + __builtin_fma(z * z, q, third_low);
    double ratio = sum + rest;
    *low = rest - (ratio - sum);
    return ratio;
}

/* log2(x) as a pair, for positive finite x. */
static inline double cn_log2_pair_f64(double x, double *low) {
    double f = cn_log_fraction_f64(x), k = cn_log_octave_f64(x);
    double divisor = 2.0 + f, divisor_low = f - (divisor - 2.0);
    double s = f / divisor;
    double s_low = __builtin_fma(-s, divisor_low, __builtin_fma(-s, divisor, f)) / divisor;
    double ratio_low, product_low, part_low;
    double ratio = cn_atanh_ratio_f64(s, s_low, &ratio_low);
    double product = cn_pair_product_f64(s, s_low, ratio, ratio_low, &product_low);
    double part = cn_pair_product_f64(product, product_low, 0x1.71547652b82fep+1,
                                      0x1.777d0ffda0d24p-55, &part_low);
    double sum = k + part;
    *low = (k - sum) + part + part_low;
    return sum; /* |part| < |k| unless k is 0: nothing is lost */
}

/* 2^(z + low) for a low that is tiny beside 1. */
static inline double cn_exp2_pair_f64(double z, double low) {
    double magic = 0x1.8p52 + 2046.0;
    double bounded = z < -1100.0 ? -1100.0 : z;
    bounded = bounded > 1050.0 ? 1050.0 : bounded;
    double shifted = bounded + magic;
    double f = (bounded - (shifted - magic)) + (bounded == z ? low : 0.0);
    double r = f * 0x1.62e42fefa39efp-1;
    double power = __builtin_fma(r * r, cn_exp_tail_f64(r), r) + 1.0;
    return cn_scale_f64(power, shifted);
}

static inline double cn_pow_f64(double x, double y) {
    double a = __builtin_fabs(x), low;
    double exponent = cn_log2_pair_f64(a, &low);
    exponent = a < __builtin_inf() ? exponent : a;
    exponent = a == 0.0 ? -__builtin_inf() : exponent;
    double product = y * exponent;
    product = a == 1.0 && y == y ? 0.0 : product; /* where y is infinite, too */
    double product_low = __builtin_fma(y, exponent, -product) + y * low;
    double result = cn_exp2_pair_f64(product, a == 1.0 ? 0.0 : product_low);

    int integer = __builtin_rint(y) == y;
    int odd = integer && __builtin_rint(0.5 * y) != 0.5 * y;
    unsigned long long sign = odd ? cn_bits_f64(x) & 0x8000000000000000ull : 0ull;
    result = cn_from_bits_f64(cn_bits_f64(result) | sign);
    result = x < 0.0 && a < __builtin_inf() && !integer ? __builtin_nan("") : result;
    return x == 1.0 || y == 0.0 ? 1.0 : result;
}

#endif
