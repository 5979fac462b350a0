/* safetensors files: named arrays, and a few words about them.
 *
 *     u64 N, little-endian | N bytes of JSON | data
 *     {"__metadata__": {key: text}, name: {"dtype": "F32", "shape": [..],
 *      "data_offsets": [begin, end]}, ...}
 *
 * The format is Hugging Face's; the rules a reader checks are listed in safetensors.c.
 */
#ifndef CORNU_RUNTIME_IO_SAFETENSORS_H
#define CORNU_RUNTIME_IO_SAFETENSORS_H

#include "base/arena.h"
#include "base/shape.h"

typedef struct safetensors_entry {
    const char *name;
    type type;        /* constant dims; dtype 0 for the format's types that Cornu has not */
    const void *data; /* in host order, as the file's: little-endian */
    size_t bytes;
} safetensors_entry;

typedef struct safetensors_text {
    const char *key, *value;
} safetensors_text;

typedef struct safetensors {
    const safetensors_entry *entries; /* in the order of their data */
    size_t entry_count;
    const safetensors_text *texts; /* __metadata__, in the order of the file */
    size_t text_count;
    uint8_t *bytes; /* the file, which entries point into; NULL when the caller owns it */
    void *json;     /* while parsing */
} safetensors;

/* Reads a file; false with a message that names the file and what is wrong with it. Names and
 * tables lie in arena a; the data until safetensors_close. */
bool safetensors_read(const char *path, arena *a, diagnostics *d, safetensors *out);
/* The same of bytes in memory, which must stay. */
bool safetensors_parse(const char *path, const void *bytes, size_t length, arena *a, diagnostics *d,
                       safetensors *out);
void safetensors_close(safetensors *s);

const safetensors_entry *safetensors_find(const safetensors *s, const char *name);
/* The value of a key of the metadata; NULL when there is none. */
const char *safetensors_find_text(const safetensors *s, const char *key);

/* Writes a file, all or nothing, data aligned to 64 bytes from its beginning. Adds the text
 * "sha256", of everything else in the file, which reading checks where it is there. */
bool safetensors_write(const char *path, const safetensors *s, diagnostics *d);

#endif
