/* Dims and types; see the header.
 *
 * Zero is always the constant 0, never 0*B: an extent has one spelling, so equality of dims
 * is equality of fields. Counts saturate at INT64_MAX instead of wrapping: such a size is
 * refused by whoever allocates it, and no rule of an op has to check on the way.
 */
#include "base/shape.h"

#include <assert.h>
#include <string.h>

#include "base/size.h"

static const struct {
    const char *name;
    int bytes;
} dtypes[CN_DTYPE_COUNT] = {
    [CN_DTYPE_DEFAULT] = {"default", 0},
#define X(name, text, bytes) [CN_##name] = {text, bytes},
    CN_DTYPE_MAP(X)
#undef X
};

bool dim_multiply(dim a, dim b, dim *out) {
    if (a.count == 0 || b.count == 0) {
        *out = dim_of(0);
        return true;
    }
    int64_t count;
    if ((a.symbolic && b.symbolic) || !i64_mul(a.count, b.count, &count))
        return false;
    *out = (dim){count, a.symbolic || b.symbolic};
    return true;
}

bool dim_divide(dim a, dim b, dim *out) {
    if (b.count == 0 || a.count % b.count != 0 || (b.symbolic && !a.symbolic && a.count != 0))
        return false;
    *out = (dim){a.count / b.count, a.count != 0 && a.symbolic && !b.symbolic};
    return true;
}

type type_make(cn_dtype dtype, int rank, const dim *dims) {
    assert(rank >= 0 && rank <= MAX_RANK);
    type t = {.dtype = dtype, .rank = rank};
    for (int i = 0; i < rank; i++)
        t.dims[i] = dims[i].count == 0 ? dim_of(0) : dims[i];
    return t;
}

type type_scalar(cn_dtype dtype) {
    return (type){.dtype = dtype};
}

type type_with_dtype(type t, cn_dtype dtype) {
    t.dtype = dtype;
    return t;
}

bool type_equal(const type *a, const type *b) {
    return a->dtype == b->dtype && shape_equal(a, b);
}

bool shape_equal(const type *a, const type *b) {
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (!dim_equal(a->dims[i], b->dims[i]))
            return false;
    return true;
}

/* Asked first, so that [B,B,0] and sizes that overflow before a zero have no elements. */
static bool has_empty_dim(const type *t) {
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i].count == 0)
            return true;
    return false;
}

bool type_elements(const type *t, dim *out) {
    dim product = dim_of(has_empty_dim(t) ? 0 : 1);
    for (int i = 0; i < t->rank; i++)
        if (!dim_multiply(product, t->dims[i], &product))
            return false;
    *out = product;
    return true;
}

int64_t type_count(const type *t, int64_t batch) {
    if (has_empty_dim(t))
        return 0;
    int64_t count = 1;
    bool fits = true;
    for (int i = 0; i < t->rank; i++) {
        if (t->dims[i].symbolic && batch == 0)
            return 0;
        fits = fits && i64_mul(count, t->dims[i].count, &count) &&
               (!t->dims[i].symbolic || i64_mul(count, batch, &count));
    }
    return fits ? count : INT64_MAX;
}

int64_t type_bytes(const type *t, int64_t batch) {
    int64_t bytes;
    return i64_mul(type_count(t, batch), dtype_bytes(t->dtype), &bytes) ? bytes : INT64_MAX;
}

static bool dtype_is_known(cn_dtype d) {
    return d >= CN_DTYPE_DEFAULT && d < CN_DTYPE_COUNT;
}

const char *dtype_name(cn_dtype d) {
    return dtype_is_known(d) ? dtypes[d].name : "unknown";
}

int dtype_bytes(cn_dtype d) {
    return dtype_is_known(d) ? dtypes[d].bytes : 0;
}

bool dtype_is_float(cn_dtype d) {
    return d == CN_F32 || d == CN_F64 || d == CN_BF16 || d == CN_F16;
}

bool dtype_is_integer(cn_dtype d) {
    return d == CN_I64 || d == CN_I32 || d == CN_U32 || d == CN_I8 || d == CN_U8;
}

bool dtype_parse(const char *name, size_t length, cn_dtype *out) {
    for (int d = CN_DTYPE_DEFAULT + 1; d < CN_DTYPE_COUNT; d++) {
        if (strlen(dtypes[d].name) == length && memcmp(dtypes[d].name, name, length) == 0) {
            *out = (cn_dtype)d;
            return true;
        }
    }
    return false;
}

void text_dim(text *t, dim d) {
    if (!d.symbolic)
        text_printf(t, "%lld", (long long)d.count);
    else if (d.count == 1)
        text_append(t, "B");
    else
        text_printf(t, "%lld*B", (long long)d.count);
}

void text_type(text *t, const type *x) {
    text_append(t, dtype_name(x->dtype));
    text_append(t, "[");
    for (int i = 0; i < x->rank; i++) {
        if (i > 0)
            text_append(t, ",");
        text_dim(t, x->dims[i]);
    }
    text_append(t, "]");
}
