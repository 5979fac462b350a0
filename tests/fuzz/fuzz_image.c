/* Fuzzing the decoders of PNG and JPEG: pixels as many as the size says, in as many channels as
 * were asked for; what the header declares is not taken on its word. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "runtime/io/image_resize.h"

enum { MOST_PIXELS = 1 << 16 };

static void check(arena *a, const image_source *s, int channels) {
    diagnostics *d = arena_diagnostics(a);
    image x;
    bool ok = image_decode(s, channels, arena_memory(a), d, &x);
    require_verdict(d, ok);
    require(ok == (x.pixels != NULL));
    if (!ok)
        return;
    require(x.channels == channels && x.width * x.height <= MOST_PIXELS);
    float small[3 * 5 * 4];
    int64_t scratch[64];
    require(image_scratch_bytes(3, 5) <= sizeof scratch);
    image_resize(&x, image_crop(&x, 3, 5), channels == 1, 3, 5, scratch, small);
    for (int i = 0; i < 15 * channels; i++)
        require(small[i] >= 0 && small[i] <= 255);
    image_free(&x);
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    image_source s = {"image", bytes, length, MOST_PIXELS};
    for (int channels = 1; channels <= 4 && diag_ok(arena_diagnostics(a)); channels++)
        if (channels != 2)
            check(a, &s, channels);
    require_memory(a, (size_t)4 << 20);
}
