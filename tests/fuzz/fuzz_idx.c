/* Fuzzing the reader of IDX files, plain and gzip: an array has as many bytes as its type. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/idx.h"

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    memory *m = arena_memory(a);
    idx_array x;
    bool ok = idx_read(fuzz_file(bytes, length), m, d, &x);
    require_verdict(d, ok);
    if (!ok)
        return;
    require(x.bytes == (size_t)type_bytes(&x.type, 0));
    memory_give(m, x.data, x.bytes);
}
