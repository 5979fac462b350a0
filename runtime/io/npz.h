/* NPZ files, NumPy's format of several named arrays: a zip of NAME.npy (numpy.savez, and
 * numpy.savez_compressed). The zip is archive.c's, the arrays are npy.c's. */
#ifndef CORNU_RUNTIME_IO_NPZ_H
#define CORNU_RUNTIME_IO_NPZ_H

#include "runtime/io/npy.h"

typedef struct npz {
    const npy_array *entries; /* in the order of the file; names without ".npy" */
    size_t entry_count;
} npz;

/* Reads a file into arena a; false with a message that names the file, the member and what is
 * wrong. All members together may unpack to 16 MiB and 100 times the size of the file. */
bool npz_read(const char *path, arena *a, diagnostics *d, npz *out);
const npy_array *npz_find(const npz *z, const char *name);

/* Writes a file, all or nothing, its members stored. */
bool npz_write(const char *path, const npy_array *entries, size_t count, diagnostics *d);

#endif
