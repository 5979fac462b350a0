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

/* x / ln2 rounded to an integer n, left in the low bits of n + magic. */
static inline float cn_octaves_f32(float x, float magic) {
    return __builtin_fmaf(x, 0x1.715476p+0f, magic);
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

/* e^x. It is scaled by half of n twice, so that a subnormal result is rounded only once. The
 * magic number carries 254, the exponent bias of both halves; bits above the exponent drop out. */
static inline float cn_exp_f32(float x) {
    float magic = 0x1.8p23f + 254.0f;
    float bounded = x < -104.0f ? -104.0f : x;
    bounded = bounded > 89.0f ? 89.0f : bounded;
    float shifted = cn_octaves_f32(bounded, magic);
    float r = cn_within_octave_f32(bounded, shifted - magic);
    float power = __builtin_fmaf(__builtin_fmaf(cn_exp_tail_f32(r), r, 1.0f), r, 1.0f);
    unsigned n = cn_bits_f32(shifted), half = n >> 1;
    return power * cn_from_bits_f32(half << 23) * cn_from_bits_f32((n - half) << 23);
}

/* e^x - 1 without cancellation. Works with 2^(n-1), which is finite where e^x is. */
static inline float cn_expm1_f32(float x) {
    float magic = 0x1.8p23f + 126.0f;
    float bounded = x < -18.0f ? -18.0f : x;
    bounded = bounded > 89.0f ? 89.0f : bounded;
    float shifted = cn_octaves_f32(bounded, magic);
    float r = cn_within_octave_f32(bounded, shifted - magic);
    float power = __builtin_fmaf(r * r, cn_exp_tail_f32(r), r);
    float scale = cn_from_bits_f32(cn_bits_f32(shifted) << 23);
    float result = 2.0f * __builtin_fmaf(power, scale, scale - 0.5f);
    return __builtin_fabsf(x) < 0x1p-25f ? x : result;
}

#endif
