/* HDF5 files as flat lists: datasets with their bytes, attributes with their texts.
 *
 * libhdf5 is not safe against damaged files, keeps its state in globals, and is no dependency of
 * this library: a program of its own, cornu-hdf5, runs it in a child process without rights to
 * speak of, and tells only where things lie. What it tells is checked here, against the bytes.
 * Links that leave the file, external storage, filters and chunks are refused (T8): weight files
 * have none of them.
 */
#ifndef CORNU_RUNTIME_IO_HDF5_H
#define CORNU_RUNTIME_IO_HDF5_H

#include "base/arena.h"
#include "base/shape.h"
#include "runtime/io/file_view.h"

enum { HDF5_VERSION_BYTES = 64 };

typedef struct hdf5_dataset {
    const char *path; /* "layers/dense/vars/0" */
    type type;        /* CN_DTYPE_DEFAULT: an element type that Cornu has not */
    const void *data; /* not aligned */
    size_t bytes;
} hdf5_dataset;

typedef struct hdf5_attribute {
    const char *owner; /* path of its group or dataset; "" = the root */
    const char *name;
    const char *const *texts; /* one, or a list; numbers are left out */
    size_t count;
} hdf5_attribute;

/* Groups that hold neither datasets nor attributes do not show. Both lists are in the order of the
 * file (creation order where it is kept, else by name). */
typedef struct hdf5_file {
    const hdf5_dataset *datasets;
    size_t dataset_count;
    const hdf5_attribute *attributes;
    size_t attribute_count;
} hdf5_file;

/* Data point into source->bytes. False with a message of source->title. */
bool hdf5_read(const file_view *source, arena *a, diagnostics *d, hdf5_file *out);
/* What the program has answered about these bytes, checked: hdf5_read without the program. */
bool hdf5_parse(const file_view *source, const void *answer, size_t length, arena *a,
                diagnostics *d, hdf5_file *out);
const hdf5_dataset *hdf5_find(const hdf5_file *f, const char *path);
const hdf5_attribute *hdf5_find_attribute(const hdf5_file *f, const char *owner, const char *name);

/* The bytes of a file as h5py writes them for Keras (contiguous, variable-length UTF-8 texts,
 * groups made as needed), to be freed by hdf5_release. */
bool hdf5_write(const hdf5_file *f, const char *title, diagnostics *d, file_view *out);
void hdf5_release(file_view *written);

/* "HDF5 1.10.8": the library that the program has. False with the reason, and the cure behind
 * "; cure: ". */
bool hdf5_version(diagnostics *d, char words[HDF5_VERSION_BYTES]);

#endif
