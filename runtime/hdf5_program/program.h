/* cornu-hdf5: what libhdf5 is asked, in a process of its own. See main.c. */
#ifndef CORNU_RUNTIME_HDF5_PROGRAM_H
#define CORNU_RUNTIME_HDF5_PROGRAM_H

/* libhdf5 keeps this interface through all its versions. */
#define H5_USE_110_API

#include <hdf5.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { INPUT = 3, ANSWER = 4, OUTPUT = 5 }; /* descriptors that the parent has opened */

/* The first failure, in words; what libhdf5 says of it is added. */
typedef struct failure {
    char words[1024];
} failure;

/* Both return false, so that `return fail(...)` reads well. */
bool fail(failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fail_by_library(failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* {"datasets": [{path, dtype, shape, offset, bytes}...],
 *  "attributes": [{owner, name, texts}...]}; NULL after a failure. */
json_t *read_file(hid_t file, uint64_t file_bytes, failure *f);

/* Creates what the same document (without offset) asks for, data not written. */
bool write_file(hid_t file, const json_t *wanted, failure *f);

/* NumPy's names of element types: "f4", "i8", "bool"; "bf16"; "V2" for two bytes that only their
 * attribute "dtype" tells. NULL: none of these. */
const char *dtype_name(hid_t type);
hid_t dtype_open(const char *name); /* to be closed; negative: none of these */

/* OUTPUT as a new file; negative after a failure. Finishing closes it. */
hid_t create_output(void);
bool finish_output(hid_t file);

/* From here on: no other files, no processes, and memory in proportion to the file. */
void limit_rights(uint64_t file_bytes);

#endif
