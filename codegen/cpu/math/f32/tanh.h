/*
 * The hyperbolic tangent in float.
 *
 * tanh|x| = -t / (2 + t) with t = e^(-2|x|) - 1 in (-1, 0]: nothing cancels, nothing overflows,
 * a small x keeps its relative accuracy through expm1, and the result cannot exceed 1.
 */
#ifndef CN_MATH_F32_TANH_H
#define CN_MATH_F32_TANH_H

#include "exp.h"

static inline float cn_tanh_f32(float x) {
    float t = cn_expm1_f32(-2.0f * __builtin_fabsf(x));
    return __builtin_copysignf(t / (2.0f + t), x);
}

#endif
