/* Names and sizes of element types, from the list of dtype.h; shapes as JSON. */
#include "tools/arrays.h"

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
