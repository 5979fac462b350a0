/* Dims, types and their arithmetic.
 *
 * A dim is a constant c or k*B, where B, the batch, is the one symbol. A type is an element
 * type and at most eight dims. Binding B turns a dim into a number.
 */
#ifndef CORNU_BASE_SHAPE_H
#define CORNU_BASE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "cornu/dtype.h"

#define MAX_RANK 8

typedef struct dim {
    int64_t count;  /* c, or k of k*B; never negative */
    bool symbolic;  /* true: count * B */
} dim;

typedef struct type {
    cn_dtype dtype;
    int rank;
    dim dims[MAX_RANK];
} type;

static inline dim dim_of(int64_t count) { return (dim){count, false}; }
static inline dim dim_batch(int64_t count) { return (dim){count, true}; }
static inline int64_t dim_bind(dim d, int64_t batch) {
    return d.symbolic ? d.count * batch : d.count;
}
static inline bool dim_equal(dim a, dim b) {
    return a.count == b.count && a.symbolic == b.symbolic;
}
static inline bool dim_is(dim d, int64_t count) { return !d.symbolic && d.count == count; }

/* Product and exact quotient; false when it is not of the form c or k*B (or overflows). */
bool dim_multiply(dim a, dim b, dim *out);
bool dim_divide(dim a, dim b, dim *out);

type type_make(cn_dtype dtype, int rank, const dim *dims);
type type_scalar(cn_dtype dtype);
type type_with_dtype(type t, cn_dtype dtype);
bool type_equal(const type *a, const type *b);
bool shape_equal(const type *a, const type *b); /* dims only */
/* Number of elements as a dim; false when it is not c or k*B. */
bool type_elements(const type *t, dim *out);
int64_t type_count(const type *t, int64_t batch);
int64_t type_bytes(const type *t, int64_t batch);

const char *dtype_name(cn_dtype d);  /* "f32" */
int dtype_bytes(cn_dtype d);
bool dtype_is_float(cn_dtype d);
bool dtype_is_integer(cn_dtype d); /* not bool */
bool dtype_parse(const char *name, size_t length, cn_dtype *out);

void text_dim(text *t, dim d);          /* 28, B, 49*B */
void text_type(text *t, const type *x); /* f32[B,28,28,1] */

#endif
