/* Fuzzing the readers of zip archives and of NPZ files: members have distinct names and all their
 * bytes, and come to no more than the limit. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/archive.h"
#include "runtime/io/npz.h"

static unsigned read_all(const file_view *v) {
    unsigned sum = 0;
    for (size_t i = 0; i < v->length; i++)
        sum += v->bytes[i];
    return sum;
}

static void read_members(archive *z, diagnostics *d, size_t length) {
    size_t total = 0;
    for (size_t i = 0; i < archive_count(z); i++) {
        file_view v;
        diag_clear(d);
        bool ok = archive_read(z, archive_name(z, i), &v);
        require_verdict(d, ok);
        if (!ok)
            continue;
        require(read_all(&v) <= 255 * v.length);
        total += v.length;
    }
    require(total <= (16u << 20) + 101 * length);
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    const char *path = fuzz_file(bytes, length);
    npz arrays;
    archive *z = archive_open(path, a, d);
    require_verdict(d, z != NULL);
    if (z != NULL)
        read_members(z, d, length);
    archive_close(z);
    diag_clear(d);
    bool ok = npz_read(path, a, d, &arrays);
    require_verdict(d, ok);
}
