/*
 * Functions of a double that are one or two instructions: each result is the exact one, or the
 * correctly rounded one, or (rsqrt) comes from two correctly rounded steps.
 */
#ifndef CN_MATH_F64_SIMPLE_H
#define CN_MATH_F64_SIMPLE_H

static inline double cn_abs_f64(double x) {
    return __builtin_fabs(x);
}

static inline double cn_sqrt_f64(double x) {
    return __builtin_sqrt(x);
}

static inline double cn_rsqrt_f64(double x) {
    return 1.0 / __builtin_sqrt(x);
}

static inline double cn_floor_f64(double x) {
    return __builtin_floor(x);
}

/* To the nearest integer, halves to even. */
static inline double cn_round_f64(double x) {
    return __builtin_rint(x);
}

/* -1, 1, or x itself where x is a zero or NaN. */
static inline double cn_sign_f64(double x) {
    double one = __builtin_copysign(1.0, x);
    return x < 0.0 || x > 0.0 ? one : x;
}

#endif
