/* Files piece by piece, by zlib, which reads plain ones too. */
#define _GNU_SOURCE
#include "runtime/io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST_EXPANSION = 100, FREE_BYTES = 16 << 20, ZLIB_BUFFER = 1 << 17 };

bool stream_open(stream *s, const char *path, diagnostics *d) {
    /* O_NONBLOCK: opening a FIFO must fail below instead of waiting for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *s = (stream){.path = path};
    if (fd < 0)
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be opened: %s", path, strerror(errno));
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        close(fd);
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" is not a regular file", path);
    }
    s->limit = FREE_BYTES + MOST_EXPANSION * (uint64_t)facts.st_size;
    s->file = gzdopen(fd, "rb");
    if (s->file == NULL) {
        close(fd);
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory to read it", path);
    }
    gzbuffer(s->file, ZLIB_BUFFER);
    return true;
}

static bool check_end(const stream *s, diagnostics *d) {
    int error = Z_OK;
    const char *words = gzerror(s->file, &error);
    if (error == Z_OK || error == Z_STREAM_END)
        return true;
    return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" is damaged or cut short: %s", s->path, words);
}

bool stream_read(stream *s, void *to, size_t room, size_t *got, diagnostics *d) {
    unsigned wanted = room > 1u << 30 ? 1u << 30 : (unsigned)room;
    int n = gzread(s->file, to, wanted);
    *got = n > 0 ? (size_t)n : 0;
    s->taken += *got;
    if (s->taken > s->limit)
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" unpacks to more than %d times its size: that is no data", s->path,
                         MOST_EXPANSION);
    return (n >= 0 && (unsigned)n == wanted) || check_end(s, d);
}

void stream_close(stream *s) {
    if (s->file != NULL)
        gzclose_r(s->file);
    s->file = NULL;
}
