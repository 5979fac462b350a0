/* Linux: whole files in, and files out that are all old or all new.
 *
 * An atomic file is a temporary beside its path: written, synced, renamed over the path, and
 * the folder synced, so that a kill or a power failure leaves one complete file. Names are
 * `path.tmp0`, `path.tmp1`, ... and the owner holds a lock (flock) on its temporary. A
 * temporary that nobody has locked belongs to a dead process: the next writer removes it, so
 * crashes never pile up files.
 *
 * Invariant: only who holds the lock of a temporary removes or renames it. A lock taken on a
 * file that has lost its name meanwhile is worthless and is given back.
 */
#define _GNU_SOURCE
#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE_FILE = 4 << 20 };

/* Reads to the end; `room` is a guess of the size. Returns 0 or an errno. */
static int read_to_end(int fd, size_t room, uint8_t **bytes, size_t *length) {
    uint8_t *data = malloc(room);
    size_t used = 0;
    if (data != NULL && room >= LARGE_FILE) /* faults of small pages cost more than reading */
        prefer_large_pages(data, room);
    while (data != NULL) {
        ssize_t got = read(fd, data + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            free(data);
            return error;
        }
        if (got == 0) {
            *bytes = data;
            *length = used;
            return 0;
        }
        used += (size_t)got;
        if (used == room) {
            uint8_t *more = room > SIZE_MAX / 2 ? NULL : realloc(data, room * 2);
            if (more == NULL)
                free(data);
            data = more;
            room *= 2;
        }
    }
    return ENOMEM;
}

/* A descriptor and what fstat tells of it; -1 after diag_fail. */
static int open_regular(const char *path, diagnostics *d, struct stat *facts) {
    /* O_NONBLOCK: opening a FIFO must fail below instead of waiting for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        diag_fail(d, CN_ERROR_FILE, "cannot read \"%s\": %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, facts) == 0 && S_ISREG(facts->st_mode))
        return fd;
    close(fd);
    diag_fail(d, CN_ERROR_FILE, "\"%s\" is not a regular file", path);
    return -1;
}

bool file_read_head(const char *path, diagnostics *d, uint8_t *bytes, size_t capacity,
                    size_t *count) {
    struct stat facts;
    ssize_t got = 1;
    int fd = open_regular(path, d, &facts), error = 0;
    if (fd < 0)
        return false;
    for (*count = 0; *count < capacity && got != 0; *count += got > 0 ? (size_t)got : 0) {
        got = read(fd, bytes + *count, capacity - *count);
        if (got < 0 && errno != EINTR) {
            error = errno;
            break;
        }
    }
    close(fd);
    return error == 0 ||
           diag_fail(d, CN_ERROR_FILE, "cannot read \"%s\": %s", path, strerror(error));
}

bool file_read_keep(const char *path, diagnostics *d, uint8_t **bytes, size_t *length,
                    int *descriptor) {
    struct stat facts;
    int fd = open_regular(path, d, &facts);
    if (fd < 0)
        return false;
    /* One more than the size, so that the read that finds the end needs no growth. */
    size_t room = facts.st_size > 0 ? (size_t)facts.st_size + 1 : 4096;
    int error = read_to_end(fd, room, bytes, length);
    if (error == 0) {
        *descriptor = fd;
        return true;
    }
    close(fd);
    if (error == ENOMEM)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory: '%s' has %lld bytes", path,
                         (long long)facts.st_size);
    return diag_fail(d, CN_ERROR_FILE, "cannot read \"%s\": %s", path, strerror(error));
}

bool file_read_all(const char *path, diagnostics *d, uint8_t **bytes, size_t *length) {
    int fd;
    if (!file_read_keep(path, d, bytes, length, &fd))
        return false;
    close(fd);
    return true;
}

struct atomic_file {
    int fd, error; /* errno of the first failed write, 0 = none */
    char *temporary;
    char path[]; /* followed by the bytes of `temporary` */
};

static bool is_same_file(int fd, const char *path) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

/* Removes a temporary that its writer left behind, and only such a one. */
static void remove_if_stale(const char *temporary) {
    int fd = open(temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_same_file(fd, temporary))
        unlink(temporary);
    close(fd);
}

/* A new file of this name that we have locked, or -1 with errno. */
static int create_locked(const char *temporary) {
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return -1;
    /* Any other failure is a file system without locks: there nothing is taken for stale. */
    bool owned = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (owned && is_same_file(fd, temporary))
        return fd;
    close(fd); /* another writer took it for a stale one between open and flock */
    errno = EEXIST;
    return -1;
}

bool folder_make(const char *path, diagnostics *d) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    return diag_fail(d, CN_ERROR_FILE, "cannot make the folder '%s': %s", path, strerror(errno));
}

bool folder_make_above(const char *path, diagnostics *d) {
    char *folder = strdup(path);
    bool ok = folder != NULL || diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "no memory for a path");
    for (size_t i = 1; ok && path[0] != 0 && path[i] != 0; i++) {
        if (path[i] != '/')
            continue;
        folder[i] = 0;
        ok = folder_make(folder, d);
        folder[i] = '/';
    }
    free(folder);
    return ok;
}

atomic_file *atomic_file_open(const char *path, diagnostics *d) {
    enum { WRITERS = 32, SUFFIX_BYTES = 8 };
    size_t path_bytes = strlen(path) + 1;
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        /* A rename would put a file in place of /dev/null. */
        diag_fail(d, CN_ERROR_FILE, "cannot write '%s': not a regular file", path);
        return NULL;
    }
    atomic_file *f = malloc(sizeof *f + 2 * path_bytes + SUFFIX_BYTES);
    if (f == NULL) {
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory: cannot write '%s'", path);
        return NULL;
    }
    f->error = 0;
    f->temporary = f->path + path_bytes;
    memcpy(f->path, path, path_bytes);
    for (int i = 0; i < WRITERS; i++) {
        snprintf(f->temporary, path_bytes + SUFFIX_BYTES, "%s.tmp%d", path, i);
        remove_if_stale(f->temporary);
        f->fd = create_locked(f->temporary);
        if (f->fd >= 0)
            return f;
        if (errno != EEXIST)
            break;
    }
    diag_fail(d, CN_ERROR_FILE, "cannot create '%s': %s", f->temporary, strerror(errno));
    free(f);
    return NULL;
}

bool atomic_file_write(atomic_file *f, const void *bytes, size_t length) {
    const char *p = bytes;
    while (f->error == 0 && length > 0) {
        ssize_t written = write(f->fd, p, length);
        if (written < 0 && errno != EINTR)
            f->error = errno;
        if (written > 0) {
            p += written;
            length -= (size_t)written;
        }
    }
    return f->error == 0;
}

/* Makes the rename last. The new file is complete either way, hence only a warning. */
static void sync_folder_of(const char *path, diagnostics *d) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system whose folders need no sync. */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        diag_warn(d, "'%s' is written, but may not survive a power failure: %s", path,
                  strerror(errno));
    if (fd >= 0)
        close(fd);
    free(folder);
}

bool atomic_file_commit(atomic_file *f, diagnostics *d) {
    if (f->error == 0 && fsync(f->fd) != 0)
        f->error = errno;
    /* Renamed while the lock is held: nobody may take the finished file for a stale one. */
    if (f->error == 0 && rename(f->temporary, f->path) != 0)
        f->error = errno;
    if (f->error != 0) {
        diag_fail(d, CN_ERROR_FILE, "cannot write '%s': %s", f->path, strerror(f->error));
        atomic_file_discard(f);
        return false;
    }
    close(f->fd); /* after fsync there is nothing left that it could report */
    sync_folder_of(f->path, d);
    free(f);
    return true;
}

void atomic_file_discard(atomic_file *f) {
    if (f == NULL)
        return;
    unlink(f->temporary);
    close(f->fd);
    free(f);
}
