/*
 * Integer arithmetic whose result is defined for every input: it wraps (two's complement), as C
 * promises for unsigned only; x / 0 = 0 and x rem 0 = 0; the smallest number over -1 wraps to
 * itself with remainder 0. Quotients round toward zero, and the remainder has the sign of the
 * dividend, as in C. pow wraps as well; a negative exponent counts as the integer part of the
 * power: 0 unless the base is 1 or -1 (and 0 for base 0, as for every division by zero).
 */
#ifndef CN_MATH_INTEGER_H
#define CN_MATH_INTEGER_H

static inline int cn_add_i32(int a, int b) {
    return (int)((unsigned)a + (unsigned)b);
}

static inline int cn_sub_i32(int a, int b) {
    return (int)((unsigned)a - (unsigned)b);
}

static inline int cn_mul_i32(int a, int b) {
    return (int)((unsigned)a * (unsigned)b);
}

static inline int cn_neg_i32(int a) {
    return (int)(0u - (unsigned)a);
}

static inline int cn_abs_i32(int a) {
    return a < 0 ? (int)(0u - (unsigned)a) : a;
}

static inline int cn_sign_i32(int a) {
    return (a > 0) - (a < 0);
}

static inline int cn_div_i32(int a, int b) {
    int divisor = b == 0 || b == -1 ? 1 : b;
    int negated = (int)(0u - (unsigned)a);
    int quotient = b == -1 ? negated : a / divisor;
    return b == 0 ? 0 : quotient;
}

static inline int cn_rem_i32(int a, int b) {
    int divisor = b == 0 || b == -1 ? 1 : b;
    return a % divisor;
}

static inline int cn_pow_i32(int a, int b) {
    unsigned square = (unsigned)a, power = 1;
    for (int left = b; left > 0; left >>= 1) {
        power = left & 1 ? power * square : power;
        square *= square;
    }
    int inverse = a == 1 || (a == -1 && !(b & 1)) ? 1 : a == -1 ? -1 : 0;
    return b < 0 ? inverse : (int)power;
}

static inline long long cn_add_i64(long long a, long long b) {
    return (long long)((unsigned long long)a + (unsigned long long)b);
}

static inline long long cn_sub_i64(long long a, long long b) {
    return (long long)((unsigned long long)a - (unsigned long long)b);
}

static inline long long cn_mul_i64(long long a, long long b) {
    return (long long)((unsigned long long)a * (unsigned long long)b);
}

static inline long long cn_neg_i64(long long a) {
    return (long long)(0ull - (unsigned long long)a);
}

static inline long long cn_abs_i64(long long a) {
    return a < 0 ? (long long)(0ull - (unsigned long long)a) : a;
}

static inline long long cn_sign_i64(long long a) {
    return (a > 0) - (a < 0);
}

static inline long long cn_div_i64(long long a, long long b) {
    long long divisor = b == 0 || b == -1 ? 1 : b;
    long long negated = (long long)(0ull - (unsigned long long)a);
    long long quotient = b == -1 ? negated : a / divisor;
    return b == 0 ? 0 : quotient;
}

static inline long long cn_rem_i64(long long a, long long b) {
    long long divisor = b == 0 || b == -1 ? 1 : b;
    return a % divisor;
}

static inline long long cn_pow_i64(long long a, long long b) {
    unsigned long long square = (unsigned long long)a, power = 1;
    for (long long left = b; left > 0; left >>= 1) {
        power = left & 1 ? power * square : power;
        square *= square;
    }
    long long inverse = a == 1 || (a == -1 && !(b & 1)) ? 1 : a == -1 ? -1 : 0;
    return b < 0 ? inverse : (long long)power;
}

static inline unsigned cn_add_u32(unsigned a, unsigned b) {
    return a + b;
}

static inline unsigned cn_sub_u32(unsigned a, unsigned b) {
    return a - b;
}

static inline unsigned cn_mul_u32(unsigned a, unsigned b) {
    return a * b;
}

static inline unsigned cn_neg_u32(unsigned a) {
    return 0u - a;
}

static inline unsigned cn_abs_u32(unsigned a) {
    return a;
}

static inline unsigned cn_sign_u32(unsigned a) {
    return a != 0;
}

static inline unsigned cn_div_u32(unsigned a, unsigned b) {
    return b == 0 ? 0 : a / (b == 0 ? 1 : b);
}

static inline unsigned cn_rem_u32(unsigned a, unsigned b) {
    return a % (b == 0 ? 1 : b);
}

static inline unsigned cn_pow_u32(unsigned a, unsigned b) {
    unsigned square = a, power = 1;
    for (unsigned left = b; left > 0; left >>= 1) {
        power = left & 1 ? power * square : power;
        square *= square;
    }
    return power;
}

static inline unsigned char cn_add_u8(unsigned char a, unsigned char b) {
    return (unsigned char)((unsigned)a + (unsigned)b);
}

static inline unsigned char cn_sub_u8(unsigned char a, unsigned char b) {
    return (unsigned char)((unsigned)a - (unsigned)b);
}

static inline unsigned char cn_mul_u8(unsigned char a, unsigned char b) {
    return (unsigned char)((unsigned)a * (unsigned)b);
}

static inline unsigned char cn_neg_u8(unsigned char a) {
    return (unsigned char)(0u - (unsigned)a);
}

static inline unsigned char cn_abs_u8(unsigned char a) {
    return a;
}

static inline unsigned char cn_sign_u8(unsigned char a) {
    return a != 0;
}

static inline unsigned char cn_div_u8(unsigned char a, unsigned char b) {
    return b == 0 ? 0 : (unsigned char)(a / (b == 0 ? 1 : b));
}

static inline unsigned char cn_rem_u8(unsigned char a, unsigned char b) {
    return (unsigned char)(a % (b == 0 ? 1 : b));
}

static inline unsigned char cn_pow_u8(unsigned char a, unsigned char b) {
    unsigned square = (unsigned)a, power = 1;
    for (unsigned char left = b; left > 0; left = (unsigned char)(left >> 1)) {
        power = left & 1 ? power * square : power;
        square *= square;
    }
    return (unsigned char)power;
}

static inline signed char cn_add_i8(signed char a, signed char b) {
    return (signed char)((unsigned)a + (unsigned)b);
}

static inline signed char cn_sub_i8(signed char a, signed char b) {
    return (signed char)((unsigned)a - (unsigned)b);
}

static inline signed char cn_mul_i8(signed char a, signed char b) {
    return (signed char)((unsigned)a * (unsigned)b);
}

static inline signed char cn_neg_i8(signed char a) {
    return (signed char)(0u - (unsigned)a);
}

static inline signed char cn_abs_i8(signed char a) {
    return a < 0 ? (signed char)(0u - (unsigned)a) : a;
}

static inline signed char cn_sign_i8(signed char a) {
    return (signed char)((a > 0) - (a < 0));
}

static inline signed char cn_div_i8(signed char a, signed char b) {
    signed char divisor = b == 0 || b == -1 ? 1 : b;
    signed char negated = (signed char)(0u - (unsigned)a);
    signed char quotient = b == -1 ? negated : (signed char)(a / divisor);
    return b == 0 ? 0 : quotient;
}

static inline signed char cn_rem_i8(signed char a, signed char b) {
    signed char divisor = b == 0 || b == -1 ? 1 : b;
    return (signed char)(a % divisor);
}

static inline signed char cn_pow_i8(signed char a, signed char b) {
    unsigned square = (unsigned)a, power = 1;
    for (signed char left = b; left > 0; left = (signed char)(left >> 1)) {
        power = left & 1 ? power * square : power;
        square *= square;
    }
    signed char inverse = a == 1 || (a == -1 && !(b & 1)) ? 1 : a == -1 ? -1 : 0;
    return b < 0 ? inverse : (signed char)power;
}

#endif
