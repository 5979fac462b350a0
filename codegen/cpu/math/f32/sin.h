/*
 * Sine and cosine in float.
 *
 * x = n pi + r with |r| <= pi/2, and sin(x) = (-1)^n sin(r); for the cosine n is an integer less
 * a half. The reduction is done in double with pi as a sum of two: it is exact to the last bit
 * of r for |x| up to 2^45, and no float up to there needs the tables of Payne and Hanek. Beyond,
 * where neighbouring floats are many periods apart, results lose their meaning gradually and
 * stay in [-1, 1]. sin(r) = r + r^3 p(r^2), with p from scripts/derive_math.py ("sin_f32").
 */
#ifndef CN_MATH_F32_SIN_H
#define CN_MATH_F32_SIN_H

#include "../bits.h"

/* (-1)^n sin(r), where n is the low bit of the bit pattern of shifted. The cube is rounded only
 * once: near pi/2 its error would otherwise be the largest. */
static inline float cn_sin_reduced_f32(double r, double shifted) {
    float s = (float)r;
    s = s > 2.0f ? 2.0f : s;
    s = s < -2.0f ? -2.0f : s;
    float square = s * s;
    float cube = __builtin_fmaf(s, square, s * __builtin_fmaf(s, s, -square));
    float p = __builtin_fmaf(0x1.5dc8c4p-19f, square, -0x1.9f70eep-13f);
    p = __builtin_fmaf(p, square, 0x1.110edap-7f);
    p = __builtin_fmaf(p, square, -0x1.55554cp-3f);
    float sine = __builtin_fmaf(cube, p, s);
    return cn_from_bits_f32(cn_bits_f32(sine) ^ (unsigned)cn_bits_f64(shifted) << 31);
}

/* Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits. */
static inline float cn_sin_f32(float x) {
    double wide = (double)x;
    double shifted = __builtin_fma(wide, 0x1.45f306dc9c883p-2, 0x1.8p52);
    double n = shifted - 0x1.8p52;
    double r = __builtin_fma(n, -0x1.921fb54442d18p+1, wide);
    r = __builtin_fma(n, -0x1.1a62633145c07p-53, r);
    return x == 0.0f ? x : cn_sin_reduced_f32(r, shifted);
}

/* cos(x) = sin(x + pi/2). */
static inline float cn_cos_f32(float x) {
    double wide = (double)x;
    double shifted = __builtin_fma(wide, 0x1.45f306dc9c883p-2, 0.5) + 0x1.8p52;
    double n = shifted - 0x1.8p52 - 0.5;
    double r = __builtin_fma(n, -0x1.921fb54442d18p+1, wide);
    r = __builtin_fma(n, -0x1.1a62633145c07p-53, r);
    return cn_sin_reduced_f32(r, shifted);
}

#endif
