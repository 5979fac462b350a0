/*
 * The hyperbolic tangent in double, as in f32/tanh.h.
 */
#ifndef CN_MATH_F64_TANH_H
#define CN_MATH_F64_TANH_H

#include "exp.h"

static inline double cn_tanh_f64(double x) {
    double t = cn_expm1_f64(-2.0 * __builtin_fabs(x));
    return __builtin_copysign(t / (2.0 + t), x);
}

#endif
