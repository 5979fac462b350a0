/*
 * The 16-bit floats as they lie in memory, unsigned short: bfloat16 (f32 without its low half)
 * and IEEE binary16. Narrowing rounds to nearest, ties to even; NaN stays NaN; overflow gives
 * infinity; binary16's subnormals are exact in both directions.
 */
#ifndef CN_MATH_HALVES_H
#define CN_MATH_HALVES_H

#include "bits.h"

static inline float cn_cast_bf16_f32(unsigned short half) {
    return cn_from_bits_f32((unsigned)half << 16);
}

/* Half a unit is added, less one bit where the kept part is even; a NaN is made quiet instead. */
static inline unsigned short cn_cast_f32_bf16(float x) {
    unsigned bits = cn_bits_f32(x);
    unsigned rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    unsigned quiet = bits >> 16 | 0x40u;
    return (unsigned short)(x == x ? rounded : quiet);
}

/* The exponent is rebiased by an exact product, which makes subnormals normal as well; of the
 * result 2^16 and more were infinity or NaN before and get the exponent of those. */
static inline float cn_cast_f16_f32(unsigned short half) {
    unsigned sign = (half & 0x8000u) << 16;
    float magnitude = cn_from_bits_f32((half & 0x7fffu) << 13) * 0x1p112f;
    unsigned special = magnitude >= 0x1p16f ? 0x7f800000u : 0u;
    return cn_from_bits_f32(cn_bits_f32(magnitude) | special | sign);
}

/* Below 2^-14 adding 0.5 lets the float adder round at 2^-24, the subnormals' unit; above, the
 * exponent is rebiased and the 13 surplus bits are rounded in integer arithmetic. */
static inline unsigned short cn_cast_f32_f16(float x) {
    unsigned bits = cn_bits_f32(x) & 0x7fffffffu;
    unsigned sign = cn_bits_f32(x) >> 16 & 0x8000u;
    unsigned tiny = cn_bits_f32(cn_from_bits_f32(bits) + 0.5f) - 0x3f000000u;
    unsigned normal = (bits - 0x38000000u + 0xfffu + (bits >> 13 & 1u)) >> 13;
    unsigned magnitude = bits < 0x38800000u ? tiny : normal;
    magnitude = bits >= 0x477ff000u ? 0x7c00u : magnitude;
    magnitude = bits > 0x7f800000u ? 0x7e00u : magnitude;
    return (unsigned short)(magnitude | sign);
}

/* double -> float rounded to odd, so that rounding once more to 16 bits does not round twice:
 * a result that is not exact has its last bit set. */
static inline float cn_odd_f64_f32(double x) {
    float nearest = (float)x;
    unsigned bits = cn_bits_f32(nearest);
    int inexact = (double)nearest != x && x == x;
    int above = __builtin_fabs((double)nearest) > __builtin_fabs(x);
    unsigned odd = (bits - (above ? 1u : 0u)) | 1u;
    return cn_from_bits_f32(inexact ? odd : bits);
}

static inline unsigned short cn_cast_f64_bf16(double x) {
    return cn_cast_f32_bf16(cn_odd_f64_f32(x));
}

static inline unsigned short cn_cast_f64_f16(double x) {
    return cn_cast_f32_f16(cn_odd_f64_f32(x));
}

/* The float that a 16-bit float would hold, for values that live in variables as float. */
static inline float cn_round_bf16(float x) {
    return cn_cast_bf16_f32(cn_cast_f32_bf16(x));
}

static inline float cn_round_f16(float x) {
    return cn_cast_f16_f32(cn_cast_f32_f16(x));
}

static inline float cn_round_f64_bf16(double x) {
    return cn_cast_bf16_f32(cn_cast_f64_bf16(x));
}

static inline float cn_round_f64_f16(double x) {
    return cn_cast_f16_f32(cn_cast_f64_f16(x));
}

#endif
