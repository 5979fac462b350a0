/* Fuzzing what is made of the answers of cornu-hdf5, of a process that a hostile file may have
 * taken over: datasets lie in the bytes, no two in the same ones. */
#include "tests/fuzz/fuzz.h"

#include "runtime/io/hdf5.h"

enum { FILE_BYTES = 4096 };

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    static const uint8_t file[FILE_BYTES];
    const file_view v = {"input", file, sizeof file, -1, 0};
    diagnostics *d = arena_diagnostics(a);
    hdf5_file f;
    bool ok = hdf5_parse(&v, bytes, length, a, d, &f);
    require_verdict(d, ok);
    require(ok || f.dataset_count + f.attribute_count == 0);
    size_t sum = 0;
    for (size_t i = 0; i < f.dataset_count; i++) {
        const hdf5_dataset *x = &f.datasets[i];
        size_t offset = (size_t)((const uint8_t *)x->data - file);
        require(offset <= FILE_BYTES && x->bytes <= FILE_BYTES - offset);
        require(x->type.dtype == 0 || x->bytes == (size_t)type_bytes(&x->type, 0));
        require(hdf5_find(&f, x->path) == x);
        sum += x->bytes;
    }
    require(sum <= FILE_BYTES);
    for (size_t i = 0; i < f.attribute_count; i++)
        require(f.attributes[i].owner != NULL &&
                f.attributes[i].texts[f.attributes[i].count] == NULL);
}
