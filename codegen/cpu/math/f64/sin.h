/*
 * Sine and cosine in double.
 *
 * The method of f32/sin.h with pi as a sum of three doubles: r is right to its last bits for |x|
 * up to 2^45; beyond, results lose their meaning gradually and stay in [-1, 1]. Coefficients:
 * "sin_f64" in scripts/derive_math.py.
 */
#ifndef CN_MATH_F64_SIN_H
#define CN_MATH_F64_SIN_H

#include "../bits.h"

/* x - n pi, within [-2, 2] at least. */
static inline double cn_within_half_turn_f64(double x, double n) {
    double r = __builtin_fma(n, -0x1.921fb54442d18p+1, x);
    r = __builtin_fma(n, -0x1.1a62633145c07p-53, r);
    r = __builtin_fma(n, 0x1.f1976b7ed8fbcp-109, r);
    r = r > 2.0 ? 2.0 : r;
    return r < -2.0 ? -2.0 : r;
}

/* (-1)^n sin(r), where n is the low bit of the bit pattern of shifted. */
static inline double cn_sin_reduced_f64(double r, double shifted) {
    double square = r * r;
    double cube = __builtin_fma(r, square, r * __builtin_fma(r, r, -square));
    double p = __builtin_fma(0x1.8832a46d1bdf3p-49, square, -0x1.ae438462104bep-41);
    p = __builtin_fma(p, square, 0x1.6123cd0730a97p-33);
    p = __builtin_fma(p, square, -0x1.ae6454d474549p-26);
    p = __builtin_fma(p, square, 0x1.71de3a52a0b15p-19);
    p = __builtin_fma(p, square, -0x1.a01a01a014d6fp-13);
    p = __builtin_fma(p, square, 0x1.11111111110c8p-7);
    p = __builtin_fma(p, square, -0x1.5555555555555p-3);
    double sine = __builtin_fma(cube, p, r);
    return cn_from_bits_f64(cn_bits_f64(sine) ^ cn_bits_f64(shifted) << 63);
}

static inline double cn_sin_f64(double x) {
    double shifted = __builtin_fma(x, 0x1.45f306dc9c883p-2, 0x1.8p52);
    double r = cn_within_half_turn_f64(x, shifted - 0x1.8p52);
    return x == 0.0 ? x : cn_sin_reduced_f64(r, shifted);
}

static inline double cn_cos_f64(double x) {
    double shifted = __builtin_fma(x, 0x1.45f306dc9c883p-2, 0.5) + 0x1.8p52;
    double r = cn_within_half_turn_f64(x, shifted - 0x1.8p52 - 0.5);
    return cn_sin_reduced_f64(r, shifted);
}

#endif
