/* IDX files, the format of MNIST (LeCun): big-endian header, dense row-major data; plain or gzip.
 *
 *     00 00 type rank  dim0 dim1 ... (u32 each)  data
 */
#ifndef CORNU_RUNTIME_IO_IDX_H
#define CORNU_RUNTIME_IO_IDX_H

#include "base/arena.h"
#include "base/shape.h"

typedef struct idx_array {
    type type;  /* constant dims; u8, i8, i32, f32 or f64 (i16 is read as i32) */
    void *data; /* in host order; taken from the memory it was read into */
    size_t bytes;
} idx_array;

/* False with a message that names the file and what is wrong. Give `data` back with memory_give. */
bool idx_read(const char *path, memory *m, diagnostics *d, idx_array *out);

#endif
