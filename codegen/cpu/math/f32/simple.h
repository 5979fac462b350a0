/*
 * Functions of a float that are one or two instructions: each result is the exact one, or the
 * correctly rounded one, or (rsqrt) comes from two correctly rounded steps.
 */
#ifndef CN_MATH_F32_SIMPLE_H
#define CN_MATH_F32_SIMPLE_H

static inline float cn_abs_f32(float x) {
    return __builtin_fabsf(x);
}

static inline float cn_sqrt_f32(float x) {
    return __builtin_sqrtf(x);
}

static inline float cn_rsqrt_f32(float x) {
    return 1.0f / __builtin_sqrtf(x);
}

static inline float cn_floor_f32(float x) {
    return __builtin_floorf(x);
}

/* To the nearest integer, halves to even. */
static inline float cn_round_f32(float x) {
    return __builtin_rintf(x);
}

/* -1, 1, or x itself where x is a zero or NaN. */
static inline float cn_sign_f32(float x) {
    float one = __builtin_copysignf(1.0f, x);
    return x < 0.0f || x > 0.0f ? one : x;
}

#endif
