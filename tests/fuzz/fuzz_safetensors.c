/* Fuzzing the reader of safetensors: entries lie in the bytes, and what is read is written and
 * read again. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/safetensors.h"

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    safetensors s;
    bool ok = safetensors_parse("input", bytes, length, a, d, &s);
    require_verdict(d, ok);
    size_t sum = 0;
    for (size_t i = 0; i < s.entry_count; i++) {
        const uint8_t *data = s.entries[i].data;
        require(data >= bytes && s.entries[i].bytes <= length - (size_t)(data - bytes));
        sum += s.entries[i].bytes;
    }
    require(sum <= length);
    require_memory(a, (16u << 20) + 4 * length);
    safetensors_close(&s);
}
