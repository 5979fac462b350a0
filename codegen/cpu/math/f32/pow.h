/*
 * x^y in float.
 *
 * 2^(y log2|x|), computed in double: the product needs some 10 bits more than a float to be
 * right at both ends of the range, and double gives them without pairs of floats; the result is
 * rounded once, subnormals included. Coefficients: "pow_f32" in scripts/derive_math.py. The
 * special cases are those of C's annex F; each is one select.
 */
#ifndef CN_MATH_F32_POW_H
#define CN_MATH_F32_POW_H

#include "../bits.h"
#include "log.h"

/* log2(x) to 2^-36 of its value, for positive finite x. */
static inline double cn_log2_wide_f32(float x) {
    double f = (double)cn_log_fraction_f32(x);
    double c = __builtin_fma(0x1.42a4e60b874fbp-3, f, -0x1.542ef533badb5p-3);
    c = __builtin_fma(c, f, 0x1.fa1d3d3cbcefap-4);
    c = __builtin_fma(c, f, -0x1.198537baaf53bp-3);
    c = __builtin_fma(c, f, 0x1.49815333b79eep-3);
    c = __builtin_fma(c, f, -0x1.724a72e0a5944p-3);
    c = __builtin_fma(c, f, 0x1.a60b292dfebadp-3);
    c = __builtin_fma(c, f, -0x1.ec687ba408a54p-3);
    c = __builtin_fma(c, f, 0x1.2776e226a7bbp-2);
    c = __builtin_fma(c, f, -0x1.715484faaec9ep-2);
    c = __builtin_fma(c, f, 0x1.ec709d9011ae4p-2);
    c = __builtin_fma(c, f, -0x1.7154764b33a6fp-1);
    c = __builtin_fma(c, f, 0x1.71547652bbe3dp+0);
    return __builtin_fma(c, f, (double)cn_log_octave_f32(x));
}

/* 2^z to 2^-28, rounded to float. Adding 1.5 * 2^52 leaves the integer part in the low bits, and
 * 1023 is the exponent bias. */
static inline float cn_exp2_wide_f32(double z) {
    double magic = 0x1.8p52 + 1023.0;
    double bounded = z < -160.0 ? -160.0 : z;
    bounded = bounded > 130.0 ? 130.0 : bounded;
    double shifted = bounded + magic;
    double f = bounded - (shifted - magic);
    double power = __builtin_fma(0x1.441fe611258ddp-13, f, 0x1.5f505f4bc70f5p-10);
    power = __builtin_fma(power, f, 0x1.3b2aa966ac501p-7);
    power = __builtin_fma(power, f, 0x1.c6aec461eec88p-5);
    power = __builtin_fma(power, f, 0x1.ebfbdf4eb563p-3);
    power = __builtin_fma(power, f, 0x1.62e430cfbe379p-1);
    power = __builtin_fma(power, f, 1.0);
    return (float)(power * cn_from_bits_f64(cn_bits_f64(shifted) << 52));
}

static inline float cn_pow_f32(float x, float y) {
    float a = __builtin_fabsf(x);
    double exponent = cn_log2_wide_f32(a);
    exponent = a < __builtin_inff() ? exponent : (double)a;
    exponent = a == 0.0f ? -__builtin_inf() : exponent;
    double product = (double)y * exponent;
    product = a == 1.0f && y == y ? 0.0 : product; /* where y is infinite, too */
    float result = cn_exp2_wide_f32(product);

    int integer = __builtin_rintf(y) == y;
    int odd = integer && __builtin_rintf(0.5f * y) != 0.5f * y;
    unsigned sign = odd ? cn_bits_f32(x) & 0x80000000u : 0u;
    result = cn_from_bits_f32(cn_bits_f32(result) | sign);
    result = x < 0.0f && a < __builtin_inff() && !integer ? __builtin_nanf("") : result;
    return x == 1.0f || y == 0.0f ? 1.0f : result;
}

#endif
