/*
 * The error function in float.
 *
 * erf(x) = 1 - e^(-x p(x)) for x >= 0, where x p(x) = -log(erfc(x)) is so smooth that one
 * polynomial serves from 0 to 4, beyond which erf is 1 in float. An error of p counts less and
 * less as x grows, and expm1 keeps the relative accuracy of small x. Coefficients: "erf_f32" in
 * scripts/derive_math.py.
 */
#ifndef CN_MATH_F32_ERF_H
#define CN_MATH_F32_ERF_H

#include "exp.h"

static inline float cn_erf_f32(float x) {
    float a = __builtin_fabsf(x);
    a = a > 4.0f ? 4.0f : a;
    float p = __builtin_fmaf(0x1.2fdfcep-18f, a, 0x1.683f64p-19f);
    p = __builtin_fmaf(p, a, -0x1.0b9ecep-12f);
    p = __builtin_fmaf(p, a, 0x1.112f6cp-10f);
    p = __builtin_fmaf(p, a, 0x1.9b97d2p-12f);
    p = __builtin_fmaf(p, a, -0x1.3dfe04p-6f);
    p = __builtin_fmaf(p, a, 0x1.a534b8p-4f);
    p = __builtin_fmaf(p, a, 0x1.45f266p-1f);
    p = __builtin_fmaf(p, a, 0x1.20dd76p+0f);
    return __builtin_copysignf(cn_expm1_f32(-a * p), x);
}

#endif
