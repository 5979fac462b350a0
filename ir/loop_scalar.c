/* Scalar semantics of the loop IR: the table in ir/loop.h as a program.
 *
 * Floats are computed in double and rounded to the dtype (once: double carries more than twice
 * the bits of f32, so rounding a sum, product, quotient or root again is harmless); integers
 * in 64 bits and wrapped. Transcendental functions are libm's, within an ulp of any target's.
 */
#include "ir/loop_scalar.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"

/* ---- rounding and wrapping ------------------------------------------------------------- */

/* To `digits` significant bits, no unit below 2^lowest, infinity above `largest`. */
static double round_narrow(double x, int digits, int lowest, double largest) {
    int exponent;
    if (x == 0 || !isfinite(x))
        return x;
    frexp(x, &exponent);
    int unit = exponent - digits < lowest ? lowest : exponent - digits;
    double rounded = ldexp(nearbyint(ldexp(x, -unit)), unit);
    return fabs(rounded) > largest ? copysign(INFINITY, x) : rounded;
}

static double round_float(cn_dtype dtype, double x) {
    switch (dtype) {
    case CN_F32:
        return (float)x;
    case CN_F16:
        return round_narrow(x, 11, -24, 65504);
    case CN_BF16:
        return round_narrow(x, 8, -133, 0x1.fep127);
    default:
        return x;
    }
}

static int64_t wrap(cn_dtype dtype, int64_t x) {
    switch (dtype) {
    case CN_I32:
        return (int32_t)(uint32_t)(uint64_t)x;
    case CN_U32:
        return (uint32_t)(uint64_t)x;
    case CN_I8:
        return (int8_t)(uint8_t)(uint64_t)x;
    case CN_U8:
        return (uint8_t)(uint64_t)x;
    case CN_BOOL:
        return x != 0;
    default:
        return x;
    }
}

scalar scalar_round(cn_dtype dtype, scalar x, scalar_precision p) {
    if (!dtype_is_float(dtype))
        return (scalar){0, wrap(dtype, x.i)};
    return (scalar){p == SCALAR_EXACT ? x.f : round_float(dtype, x.f), 0};
}

/* ---- casts ----------------------------------------------------------------------------- */

static int64_t saturate(cn_dtype to, double x) {
    static const struct {
        double low, high;
        int64_t at_low, at_high;
    } limits[CN_DTYPE_COUNT] = {
        [CN_I64] = {-0x1p63, 0x1p63, INT64_MIN, INT64_MAX},
        [CN_I32] = {INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX},
        [CN_U32] = {0, UINT32_MAX, 0, UINT32_MAX},
        [CN_I8] = {INT8_MIN, INT8_MAX, INT8_MIN, INT8_MAX},
        [CN_U8] = {0, UINT8_MAX, 0, UINT8_MAX},
    };
    if (isnan(x))
        return 0;
    if (x <= limits[to].low)
        return limits[to].at_low;
    return x >= limits[to].high ? limits[to].at_high : (int64_t)x;
}

static scalar cast(cn_dtype to, cn_dtype from, scalar x) {
    bool from_float = dtype_is_float(from);
    if (to == CN_BOOL)
        return (scalar){0, from_float ? x.f != 0 : x.i != 0};
    if (dtype_is_float(to)) /* i64 to f32 rounds once: not through double */
        return (scalar){from_float ? x.f : to == CN_F32 ? (double)(float)x.i : (double)x.i, 0};
    return (scalar){0, from_float ? saturate(to, x.f) : x.i};
}

static scalar bitcast(cn_dtype to, cn_dtype from, scalar x) {
    uint32_t bits32 = (uint32_t)x.i;
    uint64_t bits64 = (uint64_t)x.i;
    float single = (float)x.f;
    if (from == CN_F32)
        memcpy(&bits32, &single, sizeof bits32);
    if (from == CN_F64)
        memcpy(&bits64, &x.f, sizeof bits64);
    scalar out = {0, dtype_bytes(to) == 8 ? (int64_t)bits64 : (int64_t)bits32};
    if (to == CN_F32) {
        memcpy(&single, &bits32, sizeof single);
        out.f = single;
    } else if (to == CN_F64) {
        memcpy(&out.f, &bits64, sizeof out.f);
    }
    return out;
}

/* ---- floats ---------------------------------------------------------------------------- */

static double maximum(double x, double y) {
    if (isnan(x) || isnan(y))
        return NAN;
    if (x == y)
        return signbit(x) ? y : x;
    return x > y ? x : y;
}

static double unary_float(scalar_op op, double x) {
    switch (op) {
    case SCALAR_NEG:
        return -x;
    case SCALAR_ABS:
        return fabs(x);
    case SCALAR_SIGN:
        return isnan(x) ? x : (double)((x > 0) - (x < 0));
    case SCALAR_FLOOR:
        return floor(x);
    case SCALAR_ROUND:
        return nearbyint(x);
    case SCALAR_EXP:
        return exp(x);
    case SCALAR_EXPM1:
        return expm1(x);
    case SCALAR_LOG:
        return log(x);
    case SCALAR_LOG1P:
        return log1p(x);
    case SCALAR_SQRT:
        return sqrt(x);
    case SCALAR_RSQRT:
        return 1 / sqrt(x);
    case SCALAR_SIN:
        return sin(x);
    case SCALAR_COS:
        return cos(x);
    case SCALAR_TANH:
        return tanh(x);
    case SCALAR_SIGMOID:
        return 1 / (1 + exp(-x));
    case SCALAR_ERF:
        return erf(x);
    default:
        return NAN;
    }
}

/* Division by zero gives 0 for integers only; floats follow IEEE 754. */
static double binary_float(scalar_op op, double x, double y) {
    switch (op) {
    case SCALAR_ADD:
        return x + y;
    case SCALAR_SUB:
        return x - y;
    case SCALAR_MUL:
        return x * y;
    case SCALAR_DIV:
        return x / y;
    case SCALAR_REM:
        return fmod(x, y);
    case SCALAR_POW:
        return pow(x, y);
    case SCALAR_MAX:
        return maximum(x, y);
    case SCALAR_MIN:
        return -maximum(-x, -y);
    default:
        return NAN;
    }
}

/* ---- integers -------------------------------------------------------------------------- */

static int64_t unary_integer(scalar_op op, cn_dtype dtype, int64_t x) {
    int64_t negative = (int64_t)(0 - (uint64_t)x);
    switch (op) {
    case SCALAR_NEG:
        return negative;
    case SCALAR_ABS:
        return x < 0 ? negative : x;
    case SCALAR_SIGN:
        return (x > 0) - (x < 0);
    case SCALAR_NOT:
        return dtype == CN_BOOL ? !x : ~x;
    default:
        return x;
    }
}

static int64_t power(int64_t x, int64_t n) {
    uint64_t result = 1, base = (uint64_t)x;
    if (n < 0) /* 1/x truncated */
        return x == 1 ? 1 : x == -1 ? (n % 2 == 0 ? 1 : -1) : 0;
    for (; n > 0; n >>= 1, base *= base)
        if (n & 1)
            result *= base;
    return (int64_t)result;
}

static int64_t quotient(int64_t x, int64_t y) {
    if (y == 0)
        return 0;
    return y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
}

static int64_t shift(scalar_op op, cn_dtype dtype, int64_t x, int64_t by) {
    int bits = 8 * dtype_bytes(dtype);
    if (by < 0 || by >= bits)
        return 0;
    return op == SCALAR_SHIFT_LEFT ? (int64_t)((uint64_t)x << by) : x >> by;
}

static int64_t binary_integer(scalar_op op, cn_dtype dtype, int64_t x, int64_t y) {
    uint64_t a = (uint64_t)x, b = (uint64_t)y;
    switch (op) {
    case SCALAR_ADD:
        return (int64_t)(a + b);
    case SCALAR_SUB:
        return (int64_t)(a - b);
    case SCALAR_MUL:
        return (int64_t)(a * b);
    case SCALAR_DIV:
        return quotient(x, y);
    case SCALAR_REM:
        return y == 0 || y == -1 ? 0 : x % y;
    case SCALAR_POW:
        return power(x, y);
    case SCALAR_MAX:
        return x > y ? x : y;
    case SCALAR_MIN:
        return x < y ? x : y;
    case SCALAR_AND:
        return x & y;
    case SCALAR_OR:
        return x | y;
    case SCALAR_XOR:
        return x ^ y;
    default:
        return shift(op, dtype, x, y);
    }
}

/* ---- comparisons ----------------------------------------------------------------------- */

/* Of two numbers one of these holds; where one is NaN, none. */
static bool compare(scalar_op op, bool less, bool equal, bool greater) {
    switch (op) {
    case SCALAR_EQ:
        return equal;
    case SCALAR_NE:
        return !equal;
    case SCALAR_LT:
        return less;
    case SCALAR_LE:
        return less || equal;
    case SCALAR_GT:
        return greater;
    default:
        return greater || equal;
    }
}

/* ---- all of them ----------------------------------------------------------------------- */

/* Word (element mod 4) of philox(counter = {element / 4, step, stream}, key). */
static int64_t random_bits(const scalar *x) {
    uint64_t block = (uint64_t)x[2].i / 4;
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)x[3].i,
                           (uint32_t)x[4].i};
    uint32_t key[2] = {(uint32_t)x[0].i, (uint32_t)x[1].i}, words[4];
    philox4x32(counter, key, words);
    return words[x[2].i % 4];
}

static bool is_comparison(scalar_op op) {
    return op >= SCALAR_EQ && op <= SCALAR_GE;
}

static scalar evaluate_wide(scalar_op op, cn_dtype dtype, cn_dtype from, const scalar *x) {
    bool floats = dtype_is_float(from);
    if (op == SCALAR_CAST)
        return cast(dtype, from, x[0]);
    if (op == SCALAR_BITCAST)
        return bitcast(dtype, from, x[0]);
    if (op == SCALAR_SELECT)
        return x[0].i != 0 ? x[1] : x[2];
    if (op == SCALAR_RANDOM)
        return (scalar){0, random_bits(x)};
    if (is_comparison(op))
        return (scalar){0, floats ? compare(op, x[0].f<x[1].f, x[0].f == x[1].f, x[0].f> x[1].f)
                                  : compare(op, x[0].i<x[1].i, x[0].i == x[1].i, x[0].i> x[1].i)};
    if (scalar_table[op].arity == 1)
        return floats ? (scalar){unary_float(op, x[0].f), 0}
                      : (scalar){0, unary_integer(op, dtype, x[0].i)};
    return floats ? (scalar){binary_float(op, x[0].f, x[1].f), 0}
                  : (scalar){0, binary_integer(op, dtype, x[0].i, x[1].i)};
}

scalar scalar_evaluate(scalar_op op, cn_dtype dtype, cn_dtype from, const scalar *x,
                       scalar_precision p) {
    return scalar_round(dtype, evaluate_wide(op, dtype, from, x), p);
}

scalar scalar_identity(fold_kind fold, cn_dtype dtype) {
    bool floats = dtype_is_float(dtype);
    bool is_unsigned = dtype == CN_U8 || dtype == CN_U32 || dtype == CN_BOOL;
    int bits = 8 * dtype_bytes(dtype);
    int64_t largest = dtype == CN_BOOL ? 1 : (int64_t)(UINT64_MAX >> (64 - bits + !is_unsigned));
    switch (fold) {
    case FOLD_PROD:
        return (scalar){1, 1};
    case FOLD_MAX:
        return (scalar){-INFINITY, floats ? 0 : is_unsigned ? 0 : -largest - 1};
    case FOLD_MIN:
        return (scalar){INFINITY, floats ? 0 : largest};
    case FOLD_AND:
        return (scalar){0, dtype == CN_BOOL ? 1 : wrap(dtype, -1)};
    default:
        return (scalar){0, 0};
    }
}

scalar scalar_fold(fold_kind fold, cn_dtype dtype, scalar x, scalar y, scalar_precision p) {
    static const scalar_op ops[] = {
        [FOLD_SUM] = SCALAR_ADD, [FOLD_PROD] = SCALAR_MUL, [FOLD_MAX] = SCALAR_MAX,
        [FOLD_MIN] = SCALAR_MIN, [FOLD_AND] = SCALAR_AND,  [FOLD_OR] = SCALAR_OR};
    return scalar_evaluate(ops[fold], dtype, dtype, (scalar[]){x, y}, p);
}
