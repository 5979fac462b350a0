/* Reading CIFAR's records. */
#define _GNU_SOURCE
#include "runtime/io/cifar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_ROOM = 2 + 3 * CIFAR_PIXELS };

static size_t record_bytes(const cifar *c) {
    return (size_t)c->labels + 3 * CIFAR_PIXELS;
}

static bool read_bytes(int fd, void *to, size_t count, int64_t offset) {
    for (size_t at = 0; at < count;) {
        ssize_t got = pread(fd, (char *)to + at, count - at, (off_t)(offset + (int64_t)at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

static bool fail_record(const cifar *c, int file, int64_t record, diagnostics *d) {
    return diag_fail(d, CN_ERROR_FILE, "\"%s\": record %lld cannot be read; was it cut short?",
                     c->paths[file], (long long)record);
}

static bool check_label(const cifar *c, int file, int64_t record, int label, diagnostics *d) {
    return label < c->classes ||
           diag_fail(d, CN_ERROR_FORMAT,
                     "\"%s\", record %lld: label %d of %d classes; is it the other CIFAR?",
                     c->paths[file], (long long)record, label, c->classes);
}

static bool check_labels(const cifar *c, int file, diagnostics *d) {
    for (int64_t i = 0; i < c->counts[file]; i++) {
        uint8_t label;
        int64_t at = i * (int64_t)record_bytes(c) + c->label;
        if (!read_bytes(c->files[file], &label, 1, at))
            return fail_record(c, file, i, d);
        if (!check_label(c, file, i, label, d))
            return false;
    }
    return true;
}

bool cifar_open(cifar *c, const char *path, diagnostics *d) {
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), k = c->file_count;
    if (fd < 0)
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be opened: %s", path, strerror(errno));
    c->paths[k] = path;
    c->files[k] = fd;
    c->file_count++; /* to be closed from now on */
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" is not a regular file", path);
    c->counts[k] = (int64_t)facts.st_size / (int64_t)record_bytes(c);
    if (facts.st_size == 0 || (size_t)facts.st_size % record_bytes(c) != 0)
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" has %lld bytes, which are no records of %zu: it is cut short, or "
                         "not of CIFAR-%d",
                         path, (long long)facts.st_size, record_bytes(c),
                         c->labels == 1 ? 10 : 100);
    return check_labels(c, k, d);
}

int64_t cifar_count(const cifar *c) {
    int64_t count = 0;
    for (int k = 0; k < c->file_count; k++)
        count += c->counts[k];
    return count;
}

bool cifar_read(const cifar *c, int64_t i, uint8_t *pixels, int32_t *label, diagnostics *d) {
    uint8_t record[RECORD_ROOM];
    int k = 0;
    while (i >= c->counts[k])
        i -= c->counts[k++];
    if (!read_bytes(c->files[k], record, record_bytes(c), i * (int64_t)record_bytes(c)))
        return fail_record(c, k, i, d);
    if (!check_label(c, k, i, record[c->label], d))
        return false;
    if (label != NULL)
        *label = record[c->label];
    const uint8_t *planes = record + c->labels;
    for (int p = 0; pixels != NULL && p < CIFAR_PIXELS; p++)
        for (int channel = 0; channel < 3; channel++)
            *pixels++ = planes[channel * CIFAR_PIXELS + p];
    return true;
}

void cifar_close(cifar *c) {
    for (int k = 0; k < c->file_count; k++)
        close(c->files[k]);
    c->file_count = 0;
}
