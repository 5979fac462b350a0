/*
 * The remainder of a / b with the sign of a, exact, as C's fmod; NaN where b is zero or NaN or a
 * is not finite; a itself where b is infinite.
 *
 * Long division with digits of 40 bits: subtracting the truncated quotient times the divisor is
 * exact in one fused step, even when the rounded quotient was one too large. One round suffices
 * unless |a / b| reaches 2^40. The only functions here with loops; they are not vectorised.
 */
#ifndef CN_MATH_REM_H
#define CN_MATH_REM_H

static inline double cn_rem_f64(double a, double b) {
    int valid = __builtin_fabs(a) < __builtin_inf() && (b < 0.0 || b > 0.0);
    double rest = valid ? __builtin_fabs(a) : 0.0;
    double divisor = valid ? __builtin_fabs(b) : 1.0;
    while (rest >= divisor) {
        double part = divisor;
        while (part * 0x1p40 <= rest) part *= 0x1p40;
        double next = __builtin_fma(-__builtin_trunc(rest / part), part, rest);
        rest = next < 0.0 ? next + part : next;
    }
    return valid ? __builtin_copysign(rest, a) : __builtin_nan("");
}

static inline float cn_rem_f32(float a, float b) {
    return (float)cn_rem_f64((double)a, (double)b);
}

#endif
