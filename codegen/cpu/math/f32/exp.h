/*
 * e^x and e^x - 1 in float.
 *
 * x = n ln2 + r with n an integer and |r| <= ln2/2, so e^x = 2^n e^r; ln2 is split in two floats
 * and the fused products make r nearly exact (Cody and Waite). Adding 1.5 * 2^23 rounds to the
 * nearest integer and leaves n in the low bits of the sum: no conversion, hence nothing
 * undefined when x is NaN. e^r = 1 + r + r^2 q(r), with q from scripts/derive_math.py ("exp_f32").
 * NaN passes every comparison below unchanged and reaches the result.
 */
#ifndef CN_MATH_F32_EXP_H
#define CN_MATH_F32_EXP_H

#include "../bits.h"

/* x / ln2 rounded to an integer n, left in the low bits of n + 1.5 * 2^23. */
static inline float cn_octaves_f32(float x) {
    return __builtin_fmaf(x, 0x1.715476p+0f, 0x1.8p23f);
}

/* x - n ln2. */
static inline float cn_within_octave_f32(float x, float n) {
    return __builtin_fmaf(n, 0x1.05c61p-29f, __builtin_fmaf(n, -0x1.62e43p-1f, x));
}

/* q(r) of e^r = 1 + r + r^2 q(r) for |r| <= ln2/2. */
static inline float cn_exp_tail_f32(float r) {
    float q = __builtin_fmaf(0x1.6e5452p-10f, r, 0x1.123436p-7f);
    q = __builtin_fmaf(q, r, 0x1.555446p-5f);
    q = __builtin_fmaf(q, r, 0x1.5554ap-3f);
    return __builtin_fmaf(q, r, 0.5f);
}

/* e^x. Two scalings by half of n each, so that a subnormal result is rounded only once. */
static inline float cn_exp_f32(float x) {
    float bounded = x < -104.0f ? -104.0f : x;
    bounded = bounded > 89.0f ? 89.0f : bounded;
    float shifted = cn_octaves_f32(bounded);
    float r = cn_within_octave_f32(bounded, shifted - 0x1.8p23f);
    float power = __builtin_fmaf(__builtin_fmaf(cn_exp_tail_f32(r), r, 1.0f), r, 1.0f);
    int n = (int)(cn_bits_f32(shifted) - 0x4b400000u);
    int half = n >> 1;
    float scale = cn_from_bits_f32(((unsigned)half + 127u) << 23);
    float rest = cn_from_bits_f32(((unsigned)n - (unsigned)half + 127u) << 23);
    return power * scale * rest;
}

/* e^x - 1 without cancellation. Works with 2^(n-1), which is finite where e^x is. */
static inline float cn_expm1_f32(float x) {
    float bounded = x < -18.0f ? -18.0f : x;
    bounded = bounded > 89.0f ? 89.0f : bounded;
    float shifted = cn_octaves_f32(bounded);
    float r = cn_within_octave_f32(bounded, shifted - 0x1.8p23f);
    float power = __builtin_fmaf(r * r, cn_exp_tail_f32(r), r);
    float scale = cn_from_bits_f32((cn_bits_f32(shifted) - 0x4b400000u + 126u) << 23);
    float result = 2.0f * __builtin_fmaf(power, scale, scale - 0.5f);
    return __builtin_fabsf(x) < 0x1p-25f ? x : result;
}

#endif
