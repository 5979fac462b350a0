/*
 * The logistic function 1 / (1 + e^-x) in float.
 *
 * With e = e^-|x| <= 1 it is 1 / (1 + e) for positive x and e / (1 + e) for negative: no overflow,
 * and the far negative tail keeps its relative accuracy down to the last subnormal. Both are
 * a - a s with s = e / (1 + e) and a = 1 or e, where the rounding errors of s hardly count.
 */
#ifndef CN_MATH_F32_SIGMOID_H
#define CN_MATH_F32_SIGMOID_H

#include "exp.h"

static inline float cn_sigmoid_f32(float x) {
    float e = cn_exp_f32(-__builtin_fabsf(x));
    float numerator = x < 0.0f ? e : 1.0f;
    return __builtin_fmaf(-numerator, e / (1.0f + e), numerator);
}

#endif
