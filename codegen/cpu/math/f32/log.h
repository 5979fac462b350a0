/*
 * log(x) and log(1 + x) in float.
 *
 * x = 2^k (1 + f) with 1 + f in [2/3, 4/3), so that f is exact and log(x) = k ln2 + log(1 + f)
 * never cancels. log(1 + f) = f - f^2/2 + f^3 q(f), with q from scripts/derive_math.py
 * ("log_f32"); the parts are added smallest first. For log1p the sum 1 + x only chooses k: f is
 * made from x itself by one fused step, so no digit of a small x is lost.
 */
#ifndef CN_MATH_F32_LOG_H
#define CN_MATH_F32_LOG_H

#include "../bits.h"

/* x, or where x is subnormal 2^23 x, which is not. */
static inline float cn_normal_f32(float x) {
    return x < 0x1p-126f ? x * 0x1p23f : x;
}

/* k of x = 2^k (1 + f), for positive finite x. 0x3f2aaaab is 2/3. */
static inline float cn_log_octave_f32(float x) {
    int k = (int)(cn_bits_f32(cn_normal_f32(x)) - 0x3f2aaaabu) >> 23;
    return (float)k - (x < 0x1p-126f ? 23.0f : 0.0f);
}

/* f of x = 2^k (1 + f), for positive finite x. */
static inline float cn_log_fraction_f32(float x) {
    unsigned bits = cn_bits_f32(cn_normal_f32(x));
    return cn_from_bits_f32(bits - ((bits - 0x3f2aaaabu) & 0xff800000u)) - 1.0f;
}

/* k ln2 + log(1 + f) for -1/3 <= f <= 1/3. */
static inline float cn_log_sum_f32(float k, float f) {
    float q = __builtin_fmaf(-0x1.09236p-3f, f, 0x1.1e90aap-3f);
    q = __builtin_fmaf(q, f, -0x1.f29a72p-4f);
    q = __builtin_fmaf(q, f, 0x1.1ecf92p-3f);
    q = __builtin_fmaf(q, f, -0x1.55a192p-3f);
    q = __builtin_fmaf(q, f, 0x1.99d088p-3f);
    q = __builtin_fmaf(q, f, -0x1.fffedep-3f);
    q = __builtin_fmaf(q, f, 0x1.555506p-2f);
    float small = __builtin_fmaf(f * f, __builtin_fmaf(q, f, -0.5f), k * -0x1.05c61p-29f);
    return __builtin_fmaf(k, 0x1.62e43p-1f, f + small);
}

/* log(x): -inf at zeros, NaN below. */
static inline float cn_log_f32(float x) {
    float result = cn_log_sum_f32(cn_log_octave_f32(x), cn_log_fraction_f32(x));
    result = x < __builtin_inff() ? result : x;
    float outside = x == 0.0f ? -__builtin_inff() : __builtin_nanf("");
    return x > 0.0f ? result : outside;
}

/* log(1 + x): -inf at -1, NaN below. 4 * 2^-k stays normal where 2^-k would not. */
static inline float cn_log1p_f32(float x) {
    unsigned k = (cn_bits_f32(x + 1.0f) - 0x3f2aaaabu) & 0xff800000u;
    float scaled = cn_from_bits_f32(cn_bits_f32(x) - k);
    float f = scaled + __builtin_fmaf(0.25f, cn_from_bits_f32(0x40800000u - k), -1.0f);
    float result = cn_log_sum_f32((float)((int)k >> 23), f);
    result = __builtin_fabsf(x) < 0x1p-25f ? x : result;
    result = x < __builtin_inff() ? result : x;
    float outside = x == -1.0f ? -__builtin_inff() : __builtin_nanf("");
    return x > -1.0f ? result : outside;
}

#endif
