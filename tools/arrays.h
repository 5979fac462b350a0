/* What verbs say of arrays: their element types and shapes. */
#ifndef CORNU_TOOLS_ARRAYS_H
#define CORNU_TOOLS_ARRAYS_H

#include "tools/json.h"
#include "tools/verb.h"

/* "f32" */
const char *dtype_name(cn_dtype dtype);
size_t dtype_size(cn_dtype dtype);
/* "shape": a list, in which null stands for the batch. */
void json_shape(json *j, const int64_t *shape, int rank);

#endif
