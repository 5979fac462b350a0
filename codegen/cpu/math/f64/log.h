/*
 * log(x) and log(1 + x) in double.
 *
 * The reduction of f32/log.h, with 1 + f in [sqrt(1/2), sqrt(2)), and the series of fdlibm's
 * e_log.c: log(1 + f) = 2s + s R(s^2) with s = f / (2 + f) converges twice as fast as one in f
 * ("log_f64" in scripts/derive_math.py).
 */
#ifndef CN_MATH_F64_LOG_H
#define CN_MATH_F64_LOG_H

#include "../bits.h"

/* k ln2 + log(1 + f), written as f - (f^2/2 - s (f^2/2 + R)) so that f itself is not rounded. */
static inline double cn_log_sum_f64(double k, double f) {
    double s = f / (2.0 + f);
    double z = s * s;
    double r = __builtin_fma(0x1.2f02d5f93cfbbp-3, z, 0x1.39a1ffb713a82p-3);
    r = __builtin_fma(r, z, 0x1.74663c0c03b79p-3);
    r = __builtin_fma(r, z, 0x1.c71c521868a31p-3);
    r = __builtin_fma(r, z, 0x1.24924941dce76p-2);
    r = __builtin_fma(r, z, 0x1.999999997ff51p-2);
    r = __builtin_fma(r, z, 0x1.5555555555592p-1);
    double half_square = 0.5 * f * f;
    double small = __builtin_fma(s, __builtin_fma(r, z, half_square), k * 0x1.abc9e3b39803fp-56);
    return __builtin_fma(k, 0x1.62e42fefa39efp-1, f + (small - half_square));
}

/* x, or where x is subnormal 2^54 x, which is not. */
static inline double cn_normal_f64(double x) {
    return x < 0x1p-1022 ? x * 0x1p54 : x;
}

/* k of x = 2^k (1 + f), for positive finite x. 0x3fe6a09e667f3bcd is sqrt(1/2). */
static inline double cn_log_octave_f64(double x) {
    long long k = (long long)(cn_bits_f64(cn_normal_f64(x)) - 0x3fe6a09e667f3bcdull) >> 52;
    return (double)(int)k - (x < 0x1p-1022 ? 54.0 : 0.0);
}

/* f of x = 2^k (1 + f), for positive finite x. */
static inline double cn_log_fraction_f64(double x) {
    unsigned long long bits = cn_bits_f64(cn_normal_f64(x));
    unsigned long long k = (bits - 0x3fe6a09e667f3bcdull) & 0xfff0000000000000ull;
    return cn_from_bits_f64(bits - k) - 1.0;
}

/* log(x): -inf at zeros, NaN below. */
static inline double cn_log_f64(double x) {
    double result = cn_log_sum_f64(cn_log_octave_f64(x), cn_log_fraction_f64(x));
    result = x < __builtin_inf() ? result : x;
    double outside = x == 0.0 ? -__builtin_inf() : __builtin_nan("");
    return x > 0.0 ? result : outside;
}

/* log(1 + x): -inf at -1, NaN below. 4 * 2^-k stays normal where 2^-k would not. */
static inline double cn_log1p_f64(double x) {
    unsigned long long k = (cn_bits_f64(x + 1.0) - 0x3fe6a09e667f3bcdull) & 0xfff0000000000000ull;
    double scaled = cn_from_bits_f64(cn_bits_f64(x) - k);
    double f = scaled + __builtin_fma(0.25, cn_from_bits_f64(0x4010000000000000ull - k), -1.0);
    double result = cn_log_sum_f64((double)(int)((long long)k >> 52), f);
    result = __builtin_fabs(x) < 0x1p-54 ? x : result;
    result = x < __builtin_inf() ? result : x;
    double outside = x == -1.0 ? -__builtin_inf() : __builtin_nan("");
    return x > -1.0 ? result : outside;
}

#endif
