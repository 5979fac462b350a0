/*
 * The logistic function 1 / (1 + e^-x) in double, as in f32/sigmoid.h.
 */
#ifndef CN_MATH_F64_SIGMOID_H
#define CN_MATH_F64_SIGMOID_H

#include "exp.h"

static inline double cn_sigmoid_f64(double x) {
    double e = cn_exp_f64(-__builtin_fabs(x));
    double numerator = x < 0.0 ? e : 1.0;
    return __builtin_fma(-numerator, e / (1.0 + e), numerator);
}

#endif
