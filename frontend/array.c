/* Arrays from the caller against what a compiled function wants. */
#define _GNU_SOURCE /* secure_getenv */
#include <stdlib.h>

#include "frontend/frontend.h"

const char *environment_text(const char *name) {
    const char *words = secure_getenv(name);
    return words == NULL || words[0] == 0 ? NULL : words;
}

int array_rank(const cn_array *x) {
    if (x->rank > 0)
        return x->rank;
    int rank = 0;
    while (rank < CN_MAX_RANK && x->shape[rank] != 0)
        rank++;
    return rank;
}

static const char *array_describe(arena *a, const cn_array *x) {
    if (x->data == NULL)
        return "missing";
    if (array_rank(x) > CN_MAX_RANK)
        return arena_format(a, "of rank %d", x->rank);
    type t = {.dtype = x->dtype == CN_DTYPE_DEFAULT ? CN_F32 : x->dtype, .rank = array_rank(x)};
    for (int i = 0; i < t.rank; i++)
        t.dims[i] = dim_of(x->shape[i]);
    text out;
    text_init(&out, a);
    text_type(&out, &t);
    return out.data;
}

bool array_fits(arena *scratch, diagnostics *d, const cn_array *x, const type *t, int64_t *batch,
                const char *what, size_t i) {
    cn_dtype dtype = x->dtype == CN_DTYPE_DEFAULT ? CN_F32 : x->dtype;
    bool fits = x->data != NULL && dtype == t->dtype && array_rank(x) == t->rank;
    for (int axis = 0; fits && axis < t->rank; axis++) {
        dim wanted = t->dims[axis];
        if (wanted.symbolic && *batch < 0 && wanted.count > 0)
            *batch = x->shape[axis] / wanted.count;
        fits = x->shape[axis] >= 0 && x->shape[axis] == dim_bind(wanted, *batch);
    }
    if (fits)
        return true;
    text wanted;
    text_init(&wanted, scratch);
    text_type(&wanted, t);
    return diag_fail(d, CN_ERROR_DATA, "%s %zu is %s; wanted %s", what, i,
                     array_describe(scratch, x), wanted.data);
}
