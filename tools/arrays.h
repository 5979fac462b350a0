/* What verbs do with arrays: tell their types and shapes, read elements, write them. */
#ifndef CORNU_TOOLS_ARRAYS_H
#define CORNU_TOOLS_ARRAYS_H

#include "tools/json.h"
#include "tools/verb.h"

/* "f32" */
const char *dtype_name(cn_dtype dtype);
size_t dtype_size(cn_dtype dtype);
/* "shape": a list, in which null stands for the batch. */
void json_shape(json *j, const int64_t *shape, int rank);
/* "[60000, 28, 28]" */
void write_shape(FILE *out, const int64_t *shape, int rank);

/* Elements of the whole, and of one sample (one entry along the first axis). */
size_t array_elements(const cn_array *x);
size_t sample_elements(const cn_array *x);
/* Any type as a double; i64 beyond 2^53 is rounded. */
double array_element(const cn_array *x, size_t i);
/* In the digits that the type has: integers in full, f32 in nine. */
void write_element(FILE *out, const cn_array *x, size_t i);
void json_element(json *j, const char *key, const cn_array *x, size_t i);

#endif
