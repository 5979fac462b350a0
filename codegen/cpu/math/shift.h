/*
 * Shifts of integers. A count below zero or at least the width shifts everything out (undefined
 * in C): the result is 0. Shifting right keeps the sign of a signed integer.
 */
#ifndef CN_MATH_SHIFT_H
#define CN_MATH_SHIFT_H

static inline int cn_shl_i32(int a, int count) {
    int inside = count >= 0 && count < 32;
    return inside ? (int)((unsigned)a << (inside ? count : 0)) : 0;
}

static inline int cn_shr_i32(int a, int count) {
    int inside = count >= 0 && count < 32;
    return inside ? a >> (inside ? count : 0) : 0;
}

static inline long long cn_shl_i64(long long a, long long count) {
    int inside = count >= 0 && count < 64;
    return inside ? (long long)((unsigned long long)a << (inside ? count : 0)) : 0;
}

static inline long long cn_shr_i64(long long a, long long count) {
    int inside = count >= 0 && count < 64;
    return inside ? a >> (inside ? count : 0) : 0;
}

static inline unsigned cn_shl_u32(unsigned a, unsigned count) {
    int inside = count < 32;
    return inside ? a << (inside ? count : 0) : 0;
}

static inline unsigned cn_shr_u32(unsigned a, unsigned count) {
    int inside = count < 32;
    return inside ? a >> (inside ? count : 0) : 0;
}

static inline unsigned char cn_shl_u8(unsigned char a, unsigned char count) {
    int inside = count < 8;
    return inside ? (unsigned char)((unsigned)a << (inside ? count : 0)) : 0;
}

static inline unsigned char cn_shr_u8(unsigned char a, unsigned char count) {
    int inside = count < 8;
    return inside ? (unsigned char)(a >> (inside ? count : 0)) : 0;
}

static inline signed char cn_shl_i8(signed char a, signed char count) {
    int inside = count >= 0 && count < 8;
    return inside ? (signed char)((unsigned)a << (inside ? count : 0)) : 0;
}

static inline signed char cn_shr_i8(signed char a, signed char count) {
    int inside = count >= 0 && count < 8;
    return inside ? (signed char)(a >> (inside ? count : 0)) : 0;
}

#endif
