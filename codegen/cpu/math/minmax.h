/*
 * The larger and the smaller of two numbers. A NaN on either side gives NaN (C's fmax would drop
 * it and hide a diverged model). Of two zeros the second is returned, whatever its sign.
 * Where one side is a constant, pass it first: the NaN test folds and one instruction remains.
 */
#ifndef CN_MATH_MINMAX_H
#define CN_MATH_MINMAX_H

static inline float cn_max_f32(float a, float b) {
    float larger = a > b ? a : b;
    return a == a ? larger : a;
}

static inline float cn_min_f32(float a, float b) {
    float smaller = a < b ? a : b;
    return a == a ? smaller : a;
}

static inline double cn_max_f64(double a, double b) {
    double larger = a > b ? a : b;
    return a == a ? larger : a;
}

static inline double cn_min_f64(double a, double b) {
    double smaller = a < b ? a : b;
    return a == a ? smaller : a;
}

static inline int cn_max_i32(int a, int b) {
    return a > b ? a : b;
}

static inline int cn_min_i32(int a, int b) {
    return a < b ? a : b;
}

static inline long long cn_max_i64(long long a, long long b) {
    return a > b ? a : b;
}

static inline long long cn_min_i64(long long a, long long b) {
    return a < b ? a : b;
}

static inline unsigned cn_max_u32(unsigned a, unsigned b) {
    return a > b ? a : b;
}

static inline unsigned cn_min_u32(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static inline unsigned char cn_max_u8(unsigned char a, unsigned char b) {
    return a > b ? a : b;
}

static inline unsigned char cn_min_u8(unsigned char a, unsigned char b) {
    return a < b ? a : b;
}

static inline signed char cn_max_i8(signed char a, signed char b) {
    return a > b ? a : b;
}

static inline signed char cn_min_i8(signed char a, signed char b) {
    return a < b ? a : b;
}

#endif
