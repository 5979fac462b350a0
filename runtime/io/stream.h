/* Bytes of a file, piece by piece, plain or gzip: what readers of text stand on.
 *
 * Only regular files are opened, so reading never waits for another program. What gzip unpacks has
 * a limit, 16 MiB and 100 times the file: more is a bomb, not data.
 */
#ifndef CORNU_RUNTIME_IO_STREAM_H
#define CORNU_RUNTIME_IO_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

typedef struct stream {
    const char *path; /* borrowed */
    void *file;       /* zlib's */
    uint64_t taken, limit;
} stream;

/* False with a message; then nothing is open. */
bool stream_open(stream *s, const char *path, diagnostics *d);
/* Up to `room` bytes, fewer only at the end; false with a message when the file is damaged. */
bool stream_read(stream *s, void *to, size_t room, size_t *got, diagnostics *d);
void stream_close(stream *s);

#endif
