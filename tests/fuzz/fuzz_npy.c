/* Fuzzing the reader of NPY: an array has as many bytes as its type, at most twice the file. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/npy.h"

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    npy_array x;
    bool ok = npy_parse("input", bytes, length, a, d, &x);
    require_verdict(d, ok);
    require_memory(a, (16u << 20) + 4 * length);
    if (!ok)
        return;
    require(x.bytes <= 2 * length);
    require(x.bytes == (size_t)type_bytes(&x.type, 0));
    unsigned sum = 0; /* all of it is there */
    for (size_t i = 0; i < x.bytes; i++)
        sum += ((const uint8_t *)x.data)[i];
    require(sum <= 255 * x.bytes);
}
