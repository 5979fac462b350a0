/* NPY files, NumPy's format of one array (numpy.lib.format); versions 1.0, 2.0 and 3.0.
 *
 *     93 "NUMPY" major minor | header length: u16, from 2.0 u32, little-endian | header | data
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * What is read is always in host order and row-major: big-endian files and those in Fortran's
 * order are converted, 16-bit integers become i32. Types that Cornu has not (objects, which are
 * code; text; complex and 64-bit unsigned numbers) are refused by name.
 */
#ifndef CORNU_RUNTIME_IO_NPY_H
#define CORNU_RUNTIME_IO_NPY_H

#include "base/arena.h"
#include "base/shape.h"

typedef struct npy_array {
    const char *name; /* in an .npz; NULL else */
    type type;        /* constant dims */
    const void *data; /* 64-byte aligned when it was read */
    size_t bytes;
} npy_array;

/* Reads a file into arena a; false with a message that names the file and what is wrong. */
bool npy_read(const char *path, arena *a, diagnostics *d, npy_array *out);
/* The same of bytes in memory, which need not stay; `path` is for messages. */
bool npy_parse(const char *path, const void *bytes, size_t length, arena *a, diagnostics *d,
               npy_array *out);

/* Writes a file, all or nothing, as version 1.0. */
bool npy_write(const char *path, const npy_array *x, diagnostics *d);

/* What stands before the data, padded so that they begin at a multiple of 64 bytes. */
#define NPY_HEADER_BYTES 256
/* Returns its length; 0 when NumPy has no such type (bf16). */
size_t npy_header(const npy_array *x, char header[NPY_HEADER_BYTES]);

#endif
