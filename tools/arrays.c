/* Arrays of any element type, for people to read. */
#include "tools/arrays.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[CN_DTYPE_COUNT] = {[CN_DTYPE_DEFAULT] = {"f32", 4},
#define X(constant, text, bytes) [CN_##constant] = {text, bytes},
                            CN_DTYPE_MAP(X)
#undef X
};

const char *dtype_name(cn_dtype dtype) {
    return dtype < CN_DTYPE_COUNT ? dtypes[dtype].name : "?";
}

size_t dtype_size(cn_dtype dtype) {
    return dtype < CN_DTYPE_COUNT ? dtypes[dtype].size : 0;
}

void json_shape(json *j, const int64_t *shape, int rank) {
    json_open(j, "shape", '[');
    for (int k = 0; k < rank; k++) {
        if (shape[k] == CN_BATCH)
            json_text(j, NULL, NULL);
        else
            json_integer(j, NULL, shape[k]);
    }
    json_close(j, ']');
}

void write_shape(FILE *out, const int64_t *shape, int rank) {
    fputc('[', out);
    for (int k = 0; k < rank; k++)
        fprintf(out, "%s%" PRId64, k > 0 ? ", " : "", shape[k]);
    fputc(']', out);
}

size_t array_elements(const cn_array *x) {
    size_t count = 1;
    for (int k = 0; k < x->rank; k++)
        count *= (size_t)x->shape[k];
    return count;
}

size_t sample_elements(const cn_array *x) {
    size_t count = 1;
    for (int k = 1; k < x->rank; k++)
        count *= (size_t)x->shape[k];
    return count;
}

/* ---- Elements ---------------------------------------------------------------------------- */

/* IEEE binary16: a sign, five bits of exponent, ten of fraction. */
static double half_value(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double x = exponent == 0    ? ldexp(fraction, -24)
               : exponent == 31 ? (fraction == 0 ? (double)INFINITY : (double)NAN)
                                : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -x : x;
}

/* The upper half of a binary32. */
static double brain_value(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return (double)x;
}

#define ELEMENT(type)                         \
    {                                         \
        type element;                         \
        memcpy(&element, at, sizeof element); \
        return (double)element;               \
    }

double array_element(const cn_array *x, size_t i) {
    const unsigned char *at = (const unsigned char *)x->data + i * dtype_size(x->dtype);
    uint16_t bits;
    switch (x->dtype) {
    case CN_F64:
        ELEMENT(double)
    case CN_I64:
        ELEMENT(int64_t)
    case CN_I32:
        ELEMENT(int32_t)
    case CN_U32:
        ELEMENT(uint32_t)
    case CN_I8:
        ELEMENT(int8_t)
    case CN_U8:
    case CN_BOOL:
        ELEMENT(uint8_t)
    case CN_F16:
    case CN_BF16:
        memcpy(&bits, at, sizeof bits);
        return x->dtype == CN_F16 ? half_value(bits) : brain_value(bits);
    default:
        ELEMENT(float)
    }
}

void write_element(FILE *out, const cn_array *x, size_t i) {
    int64_t whole;
    if (x->dtype == CN_I64) {
        memcpy(&whole, (const unsigned char *)x->data + i * sizeof whole, sizeof whole);
        fprintf(out, "%" PRId64, whole);
    } else {
        fprintf(out, x->dtype == CN_F64 ? "%.17g" : "%.9g", array_element(x, i));
    }
}

void json_element(json *j, const char *key, const cn_array *x, size_t i) {
    if (x->dtype == CN_F32)
        json_float(j, key, (float)array_element(x, i));
    else
        json_number(j, key, array_element(x, i));
}
