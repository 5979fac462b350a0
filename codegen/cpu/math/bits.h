/*
 * Reading a float as its bit pattern and back, the base of every function here.
 *
 * The files of this folder are data as much as code: embed.cmake turns each function into a
 * string that the CPU emitter prints into generated C (math_text.h), and tests and benchmarks
 * include the very same files. So they hold freestanding C only: no #include of the system, no
 * macro, no typedef, no table, no branch and no call but to one another and to the builtins
 * that become single instructions. int is 32 bits wide and long long 64.
 */
#ifndef CN_MATH_BITS_H
#define CN_MATH_BITS_H

/* The bit pattern of x. */
static inline unsigned cn_bits_f32(float x) {
    unsigned bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The float with this bit pattern. */
static inline float cn_from_bits_f32(unsigned bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* The bit pattern of x. */
static inline unsigned long long cn_bits_f64(double x) {
    unsigned long long bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The double with this bit pattern. */
static inline double cn_from_bits_f64(unsigned long long bits) {
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
