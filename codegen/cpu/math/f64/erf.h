/*
 * The error function in double, as in f32/erf.h: 1 - e^(-x p(x)), which is 1 from 6 on
 * ("erf_f64" in scripts/derive_math.py).
 */
#ifndef CN_MATH_F64_ERF_H
#define CN_MATH_F64_ERF_H

#include "exp.h"

static inline double cn_erf_f64(double x) {
    double a = __builtin_fabs(x);
    a = a > 6.0 ? 6.0 : a;
    double p = __builtin_fma(0x1.033e15e21ed01p-52, a, -0x1.66b82f8883012p-47);
    p = __builtin_fma(p, a, 0x1.c3cd6396cac3p-43);
    p = __builtin_fma(p, a, -0x1.53dc33112bd2ep-39);
    p = __builtin_fma(p, a, 0x1.4e62b381e868ap-36);
    p = __builtin_fma(p, a, -0x1.b27b9eefc868fp-34);
    p = __builtin_fma(p, a, 0x1.4cb564d7ddd19p-32);
    p = __builtin_fma(p, a, -0x1.33c92dac66194p-33);
    p = __builtin_fma(p, a, -0x1.f0be11b8d1fd6p-29);
    p = __builtin_fma(p, a, 0x1.40790bea97acap-26);
    p = __builtin_fma(p, a, -0x1.4a9e04b1372f8p-25);
    p = __builtin_fma(p, a, -0x1.8e7627c438256p-25);
    p = __builtin_fma(p, a, 0x1.427b679c7092ep-21);
    p = __builtin_fma(p, a, -0x1.12fe0c9d19abfp-19);
    p = __builtin_fma(p, a, 0x1.a3072b7401d4bp-19);
    p = __builtin_fma(p, a, 0x1.acb67eb3aa14bp-19);
    p = __builtin_fma(p, a, -0x1.f099463a9dbfp-16);
    p = __builtin_fma(p, a, 0x1.0e43432b4cc8bp-14);
    p = __builtin_fma(p, a, 0x1.b27e341e44e8ep-16);
    p = __builtin_fma(p, a, -0x1.3565f4fdfda72p-11);
    p = __builtin_fma(p, a, 0x1.bca68a6e515a1p-10);
    p = __builtin_fma(p, a, -0x1.b6b699ab5e74ap-13);
    p = __builtin_fma(p, a, -0x1.39668591e0978p-6);
    p = __builtin_fma(p, a, 0x1.a4f4e2a1ad4bfp-4);
    p = __builtin_fma(p, a, 0x1.45f306dc9c8bbp-1);
    p = __builtin_fma(p, a, 0x1.20dd750429b6dp+0);
    return __builtin_copysign(cn_expm1_f64(-a * p), x);
}

#endif
