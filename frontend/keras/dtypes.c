/* Element types by the names that Keras and NumPy have for them. */
#include <string.h>

#include "frontend/keras/keras.h"

static const char *const names[CN_DTYPE_COUNT] = {
    [CN_F32] = "float32", [CN_F64] = "float64", [CN_BF16] = "bfloat16", [CN_F16] = "float16",
    [CN_I64] = "int64",   [CN_I32] = "int32",   [CN_U32] = "uint32",    [CN_I8] = "int8",
    [CN_U8] = "uint8",    [CN_BOOL] = "bool"};

bool keras_dtype_parse(const char *name, cn_dtype *out) {
    for (int d = 0; name != NULL && d < CN_DTYPE_COUNT; d++) {
        if (names[d] == NULL || strcmp(names[d], name) != 0)
            continue;
        *out = (cn_dtype)d;
        return true;
    }
    return false;
}

const char *keras_dtype_name(cn_dtype d) {
    return names[d];
}
