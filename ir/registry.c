/* The list of ops: OP_MAP as a table. An op becomes known by its entry in ops.h, nothing else. */
#include <string.h>

#include "ir/ops/ops.h"

const op_def *const op_registry[] = {
#define X(name) &op_##name,
    OP_MAP(X)
#undef X
        NULL,
};

const op_def *op_find(const char *name, size_t length) {
    for (const op_def *const *op = op_registry; *op != NULL; op++)
        if (strlen((*op)->name) == length && memcmp((*op)->name, name, length) == 0)
            return *op;
    return NULL;
}
