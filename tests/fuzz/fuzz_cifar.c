/* Fuzzing the reader of CIFAR's records, of both kinds: what is opened can be read. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/cifar.h"

static void check(diagnostics *d, const char *path, int labels) {
    uint8_t pixels[3 * CIFAR_PIXELS];
    int32_t label;
    cifar c = {.labels = labels, .label = labels - 1, .classes = labels == 1 ? 10 : 100};
    bool ok = cifar_open(&c, path, d);
    require_verdict(d, ok);
    for (int64_t i = 0; ok && i < cifar_count(&c); i++) {
        require(cifar_read(&c, i, pixels, &label, d));
        require(label >= 0 && label < c.classes);
    }
    cifar_close(&c);
    diag_clear(d);
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    const char *path = fuzz_file(bytes, length);
    check(arena_diagnostics(a), path, 1);
    check(arena_diagnostics(a), path, 2);
}
