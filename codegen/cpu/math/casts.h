/*
 * Casts from floating point to integers: toward zero, clamped to the range of the target, NaN to
 * 0 (a plain C cast is undefined outside the range). Casts between integers, to floating point
 * and between float and double are C's own; those of the 16-bit floats are in halves.h.
 * The clamped value is safe to convert; where the upper bound is no float, a select mends it.
 */
#ifndef CN_MATH_CASTS_H
#define CN_MATH_CASTS_H

static inline int cn_cast_f32_i32(float x) {
    float bounded = x > -0x1p31f ? x : -0x1p31f;
    bounded = bounded < 0x1.fffffep30f ? bounded : 0x1.fffffep30f;
    int result = x >= 0x1p31f ? 0x7fffffff : (int)bounded;
    return x == x ? result : 0;
}

static inline long long cn_cast_f32_i64(float x) {
    float bounded = x > -0x1p63f ? x : -0x1p63f;
    bounded = bounded < 0x1.fffffep62f ? bounded : 0x1.fffffep62f;
    long long result = x >= 0x1p63f ? 0x7fffffffffffffffll : (long long)bounded;
    return x == x ? result : 0;
}

static inline unsigned cn_cast_f32_u32(float x) {
    float bounded = x > 0.0f ? x : 0.0f;
    bounded = bounded < 0x1.fffffep31f ? bounded : 0x1.fffffep31f;
    unsigned result = x >= 0x1p32f ? 0xffffffffu : (unsigned)bounded;
    return result;
}

static inline unsigned char cn_cast_f32_u8(float x) {
    float bounded = x > 0.0f ? x : 0.0f;
    bounded = bounded < 255.0f ? bounded : 255.0f;
    return (unsigned char)(int)bounded;
}

static inline signed char cn_cast_f32_i8(float x) {
    float bounded = x > -128.0f ? x : -128.0f;
    bounded = bounded < 127.0f ? bounded : 127.0f;
    return x == x ? (signed char)(int)bounded : 0;
}

static inline int cn_cast_f64_i32(double x) {
    double bounded = x > -0x1p31 ? x : -0x1p31;
    bounded = bounded < 0x1.fffffffcp30 ? bounded : 0x1.fffffffcp30;
    return x == x ? (int)bounded : 0;
}

static inline long long cn_cast_f64_i64(double x) {
    double bounded = x > -0x1p63 ? x : -0x1p63;
    bounded = bounded < 0x1.fffffffffffffp62 ? bounded : 0x1.fffffffffffffp62;
    long long result = x >= 0x1p63 ? 0x7fffffffffffffffll : (long long)bounded;
    return x == x ? result : 0;
}

static inline unsigned cn_cast_f64_u32(double x) {
    double bounded = x > 0.0 ? x : 0.0;
    bounded = bounded < 0x1.fffffffep31 ? bounded : 0x1.fffffffep31;
    return (unsigned)bounded;
}

static inline unsigned char cn_cast_f64_u8(double x) {
    double bounded = x > 0.0 ? x : 0.0;
    bounded = bounded < 255.0 ? bounded : 255.0;
    return (unsigned char)(int)bounded;
}

static inline signed char cn_cast_f64_i8(double x) {
    double bounded = x > -128.0 ? x : -128.0;
    bounded = bounded < 127.0 ? bounded : 127.0;
    return x == x ? (signed char)(int)bounded : 0;
}

#endif
