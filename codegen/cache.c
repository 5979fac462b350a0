/* The folder, the seal at the end of each entry, and the eviction of old entries.
 *
 * Files are opened relative to the descriptor of the folder that was checked when the cache was
 * opened. The time of last use is the file's modification time, set on each hit: access times are
 * not kept on many systems. The folder is measured once, at the first store, then counted along;
 * other processes count for themselves, so the limit is kept by each that writes.
 *
 * Robustness: no predictable name in a shared folder, no symbolic link followed for an entry, no
 * content used before its hash was checked.
 */
#define _GNU_SOURCE
#include "codegen/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/platform.h"

enum { SUFFIX_BYTES = CACHE_SUFFIX_BYTES, NAME_BYTES = SHA256_HEX_SIZE + SUFFIX_BYTES };

struct cache {
    int folder; /* descriptor */
    uint64_t limit, total;
    bool measured;   /* `total` is known */
    bool unwritable; /* a store has failed; no more are tried */
    char suffix[SUFFIX_BYTES];
    char path[]; /* of the folder, absolute */
};

/* The last bytes of an entry. Bytes only, so that it has no padding and no byte order. */
typedef struct seal {
    char magic[16];
    char maker[CACHE_MAKER_BYTES];
    uint8_t key[SHA256_BYTES];
    uint8_t digest[SHA256_BYTES]; /* of the content and all of the above */
} seal;

static const char seal_magic[16] = "cornu-cache 1\n";

/* ---- The folder ---- */

/* The folder to use, malloc; NULL without a message when it is turned off. */
static char *choose_folder(const char *folder, diagnostics *d) {
    char *path = NULL;
    const char *home;
    if (folder == NULL)
        folder = secure_getenv("CORNU_CACHE_DIR");
    if (folder != NULL)
        return *folder == '\0' ? NULL : strdup(folder);
    if ((home = secure_getenv("XDG_CACHE_HOME")) != NULL && *home == '/') {
        if (asprintf(&path, "%s/cornu", home) < 0)
            path = NULL;
    } else if ((home = secure_getenv("HOME")) != NULL && *home == '/') {
        if (asprintf(&path, "%s/.cache/cornu", home) < 0)
            path = NULL;
    } else {
        diag_warn(d, "compiled programs are not cached: neither CORNU_CACHE_DIR nor HOME names a "
                     "folder");
    }
    return path;
}

/* Makes the folder and those above it that are missing. */
static bool make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int error = mkdir(path, 0700) == 0 ? 0 : errno;
        *slash = '/';
        if (error != 0 && error != EEXIST)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The folder's descriptor, or -1 with the reason. */
static int open_private_folder(const char *path, const char **reason) {
    struct stat facts;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        *reason = strerror(errno);
    } else if (facts.st_uid != geteuid()) {
        *reason = "it belongs to another user";
    } else if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        *reason = "others may write to it (cure: chmod go-w)";
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static cache *new_cache(const char *path, int folder) {
    char *absolute = realpath(path, NULL);
    size_t size = absolute == NULL ? 0 : strlen(absolute) + 1;
    cache *c = absolute == NULL ? NULL : malloc(sizeof *c + size);
    if (c != NULL) {
        *c = (cache){.folder = folder};
        memcpy(c->path, absolute, size);
    }
    free(absolute);
    return c;
}

cache *cache_open(const char *folder, const char *suffix, uint64_t limit_bytes, diagnostics *d) {
    char *path = choose_folder(folder, d);
    if (path == NULL)
        return NULL;
    const char *reason = NULL;
    cache *c = NULL;
    int fd = make_folders(path) ? open_private_folder(path, &reason) : -1;
    if (fd < 0 && reason == NULL)
        reason = strerror(errno);
    if (fd >= 0 && (c = new_cache(path, fd)) == NULL) {
        reason = strerror(errno);
        close(fd);
    }
    if (c != NULL) {
        c->limit = limit_bytes == 0 ? CACHE_DEFAULT_LIMIT : limit_bytes;
        snprintf(c->suffix, sizeof c->suffix, "%s", suffix);
    } else {
        diag_warn(d, "compiled programs are not cached: '%s': %s", path, reason);
    }
    free(path);
    return c;
}

void cache_free(cache *c) {
    if (c == NULL)
        return;
    close(c->folder);
    free(c);
}

const char *cache_folder(const cache *c) {
    return c == NULL ? NULL : c->path;
}

/* ---- One entry ---- */

static void entry_name(const cache *c, const sha256_digest *key, char name[NAME_BYTES]) {
    char hex[SHA256_HEX_SIZE];
    sha256_to_hex(key, hex);
    snprintf(name, NAME_BYTES, "%s%s", hex, c->suffix);
}

static void seal_digest(const seal *s, const uint8_t *content, size_t size, sha256_digest *out) {
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, s, offsetof(seal, digest));
    sha256_update(&hash, content, size);
    *out = sha256_finish(&hash);
}

/* Whether the file's bytes are a content followed by its valid seal for this key. */
static bool check_seal(const uint8_t *bytes, size_t size, const sha256_digest *key, seal *s) {
    if (size < sizeof *s)
        return false;
    memcpy(s, bytes + size - sizeof *s, sizeof *s);
    sha256_digest actual;
    seal_digest(s, bytes, size - sizeof *s, &actual);
    return memcmp(s->magic, seal_magic, sizeof seal_magic) == 0 &&
           memcmp(s->key, key->bytes, SHA256_BYTES) == 0 &&
           memcmp(s->digest, actual.bytes, SHA256_BYTES) == 0 &&
           s->maker[sizeof s->maker - 1] == '\0';
}

static bool read_fully(int fd, uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t got = read(fd, bytes, size);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            bytes += got;
            size -= (size_t)got;
        }
    }
    return true;
}

/* The whole of an open entry that is a plain file of ours, malloc; NULL otherwise. */
static uint8_t *read_entry(int fd, size_t *size) {
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid() ||
        facts.st_size <= 0)
        return NULL;
    *size = (size_t)facts.st_size;
    uint8_t *bytes = malloc(*size);
    if (bytes != NULL && !read_fully(fd, bytes, *size)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static bool fill_entry(const cache *c, const char *name, size_t size, const char *maker,
                       cache_entry *entry) {
    entry->size = size;
    snprintf(entry->maker, sizeof entry->maker, "%s", maker);
    if (asprintf(&entry->path, "%s/%s", c->path, name) < 0)
        entry->path = NULL;
    return entry->path != NULL;
}

bool cache_find(cache *c, const sha256_digest *key, diagnostics *d, cache_entry *entry) {
    if (c == NULL)
        return false;
    char name[NAME_BYTES];
    entry_name(c, key, name);
    int fd = openat(c->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno != ELOOP) /* absent, as a rule; a symbolic link is not ours */
        return false;
    size_t size = 0;
    uint8_t *bytes = fd < 0 ? NULL : read_entry(fd, &size);
    seal s;
    bool valid = bytes != NULL && check_seal(bytes, size, key, &s);
    if (valid)
        futimens(fd, NULL);
    if (fd >= 0)
        close(fd);
    free(bytes);
    if (!valid) {
        diag_warn(d, "'%s/%s' is damaged; it is removed and made again", c->path, name);
        unlinkat(c->folder, name, 0);
        return false;
    }
    return fill_entry(c, name, size - sizeof s, s.maker, entry);
}

void cache_remove(cache *c, const sha256_digest *key) {
    char name[NAME_BYTES];
    if (c == NULL)
        return;
    entry_name(c, key, name);
    unlinkat(c->folder, name, 0);
}

void cache_entry_free(cache_entry *entry) {
    free(entry->path);
    entry->path = NULL;
}

/* ---- Eviction ---- */

typedef struct used_files {
    cache_item *items;
    size_t count, capacity;
} used_files;

/* Entries and their temporaries; whatever else lies in the folder is not ours to remove. */
static bool is_entry_name(const char *name) {
    return strspn(name, "0123456789abcdef") == SHA256_HEX_SIZE - 1 &&
           name[SHA256_HEX_SIZE - 1] == '.' && strlen(name) < CACHE_NAME_BYTES;
}

static bool push_file(used_files *files, const char *name, const struct stat *facts) {
    if (files->count == files->capacity) {
        size_t capacity = files->capacity == 0 ? 64 : 2 * files->capacity;
        cache_item *items = realloc(files->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        files->items = items;
        files->capacity = capacity;
    }
    cache_item *f = &files->items[files->count++];
    *f = (cache_item){.used = facts->st_mtim, .size = (uint64_t)facts->st_size};
    memcpy(f->name, name, strlen(name) + 1);
    return true;
}

static void list_entries(const cache *c, used_files *files) {
    int fd = openat(c->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    struct dirent *item;
    struct stat facts;
    while ((item = readdir(folder)) != NULL) {
        if (!is_entry_name(item->d_name) ||
            fstatat(c->folder, item->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!push_file(files, item->d_name, &facts))
            break;
    }
    closedir(folder);
}

static int compare_use(const void *a, const void *b) {
    const struct timespec *x = &((const cache_item *)a)->used, *y = &((const cache_item *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Removes the longest unused until a tenth of the limit is free again, sparing `keep`: an entry
 * larger than the limit still serves the program that made it. */
static void evict(cache *c, const char *keep) {
    used_files files = {0};
    list_entries(c, &files);
    c->total = 0;
    c->measured = true;
    for (size_t i = 0; i < files.count; i++)
        c->total += files.items[i].size;
    if (c->total > c->limit) {
        qsort(files.items, files.count, sizeof *files.items, compare_use);
        for (size_t i = 0; i < files.count && c->total > c->limit - c->limit / 10; i++) {
            const cache_item *f = &files.items[i];
            if (strcmp(f->name, keep) != 0 && unlinkat(c->folder, f->name, 0) == 0)
                c->total -= f->size;
        }
    }
    free(files.items);
}

/* ---- For people ---- */

static void read_maker(const cache *c, cache_item *item) {
    seal s;
    int fd = openat(c->folder, item->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (item->size >= sizeof s && lseek(fd, -(off_t)sizeof s, SEEK_END) >= 0 &&
        read_fully(fd, (uint8_t *)&s, sizeof s) &&
        memcmp(s.magic, seal_magic, sizeof seal_magic) == 0)
        snprintf(item->maker, sizeof item->maker, "%.*s", (int)sizeof s.maker - 1, s.maker);
    close(fd);
}

size_t cache_list(cache *c, cache_item **items) {
    used_files files = {0};
    if (c != NULL)
        list_entries(c, &files);
    if (files.count > 0)
        qsort(files.items, files.count, sizeof *files.items, compare_use);
    for (size_t i = 0; i < files.count; i++)
        read_maker(c, &files.items[i]);
    *items = files.items;
    return files.count;
}

size_t cache_clear(cache *c) {
    cache_item *items;
    size_t count = cache_list(c, &items), removed = 0;
    for (size_t i = 0; i < count; i++)
        removed += unlinkat(c->folder, items[i].name, 0) == 0;
    free(items);
    if (c != NULL)
        c->measured = false;
    return removed;
}

uint64_t cache_limit(const cache *c) {
    return c == NULL ? 0 : c->limit;
}

/* ---- Storing ---- */

static bool write_entry(const char *path, const void *content, size_t size, const seal *s,
                        diagnostics *d) {
    atomic_file *file = atomic_file_open(path, d);
    if (file == NULL)
        return false;
    atomic_file_write(file, content, size);
    atomic_file_write(file, s, sizeof *s);
    return atomic_file_commit(file, d); /* reports a failed write too */
}

bool cache_store(cache *c, const sha256_digest *key, const char *maker, const void *content,
                 size_t size, diagnostics *d, cache_entry *entry) {
    if (c == NULL || c->unwritable)
        return false;
    char name[NAME_BYTES];
    entry_name(c, key, name);
    if (!fill_entry(c, name, size, maker, entry))
        return false;

    seal s = {{0}, {0}, {0}, {0}};
    memcpy(s.magic, seal_magic, sizeof seal_magic);
    snprintf(s.maker, sizeof s.maker, "%s", maker);
    memcpy(s.key, key->bytes, SHA256_BYTES);
    sha256_digest digest;
    seal_digest(&s, content, size, &digest);
    memcpy(s.digest, digest.bytes, SHA256_BYTES);

    diagnostics failure; /* not the caller's: being unable to cache is no failure */
    diag_init(&failure);
    if (!write_entry(entry->path, content, size, &s, &failure)) {
        diag_warn(d, "compiled programs are not cached: %s", failure.message);
        c->unwritable = true;
        cache_entry_free(entry);
        return false;
    }
    c->total += size + sizeof s;
    if (!c->measured || c->total > c->limit)
        evict(c, name);
    return true;
}
