/* Listing and reading folders.
 *
 * Folders to visit are a list in the arena, so there is no recursion and at most one folder is open
 * besides the root; it is closed too when memory runs out.
 */
#define _GNU_SOURCE
#include "runtime/io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/vec.h"

enum { MOST_DEPTH = 32, MOST_PATH = 4096 };

typedef struct place {
    const char *path; /* below the root; "" = itself */
    int depth;
    int32_t label;
} place;

typedef struct found {
    const char *folder, *name;
    int32_t label;
} found;

typedef struct lister {
    const folder_options *options;
    folder *out;
    arena *arena;
    diagnostics *diag;
    DIR *open;
    VEC(place) places;
    VEC(found) files;
} lister;

/* ---- Opening ----------------------------------------------------------------------------- */

/* Component by component, so that no link on the way leads elsewhere. */
static int open_below(const folder *f, const char *path, int flags) {
    int links = f->follow_links ? 0 : O_NOFOLLOW, at = f->descriptor, next = -1;
    char name[NAME_MAX + 1];
    for (;;) {
        const char *slash = strchr(path, '/');
        size_t length = slash == NULL ? strlen(path) : (size_t)(slash - path);
        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
            next = -1;
        } else {
            memcpy(name, path, length);
            name[length] = 0;
            next = openat(at, length == 0 ? "." : name,
                          (slash == NULL ? flags : O_DIRECTORY | O_RDONLY) | links | O_CLOEXEC);
        }
        if (at != f->descriptor)
            close(at);
        if (next < 0 || slash == NULL)
            return next;
        at = next;
        path = slash + 1;
    }
}

static bool fail_file(const folder *f, const char *path, const char *words, diagnostics *d) {
    return diag_fail(d, CN_ERROR_FILE, "\"%s/%s\" %s", f->title, path, words);
}

static bool fail_open(const folder *f, const char *path, diagnostics *d) {
    return diag_fail(d, CN_ERROR_FILE, "\"%s%s%s\" cannot be opened: %s", f->title,
                     *path != 0 ? "/" : "", path,
                     errno == ELOOP ? "it is a symbolic link" : strerror(errno));
}

/* ---- Listing ----------------------------------------------------------------------------- */

static bool has_ending(const char *name, const char *const *endings) {
    for (; endings != NULL && *endings != NULL; endings++)
        if (text_has_suffix_of_any_case(name, *endings))
            return true;
    return false;
}

static const char *joined(const lister *l, const char *above, const char *name) {
    return *above == 0 ? arena_string(l->arena, name)
                       : arena_format(l->arena, "%s/%s", above, name);
}

/* The kind of an entry; links are those of what they lead to where they are followed. */
static mode_t kind_of(const lister *l, const char *name) {
    struct stat facts;
    int flags = l->options->follow_links ? 0 : AT_SYMLINK_NOFOLLOW;
    return fstatat(dirfd(l->open), name, &facts, flags) == 0 ? facts.st_mode : 0;
}

static bool add_folder(lister *l, const place *p, const char *name) {
    bool top = p->depth == 0 && !l->options->no_classes;
    if (top && name[0] == '.')
        return true; /* as Keras: .git is no class */
    const char *path = joined(l, p->path, name);
    if (p->depth == MOST_DEPTH || strlen(path) > MOST_PATH)
        return fail_file(l->out, path, "lies too deep; is there a loop of links?", l->diag);
    vec_push(l->arena, &l->places, (place){path, p->depth + 1, p->label});
    return true;
}

static bool add_file(lister *l, const place *p, const char *name, bool regular) {
    if (p->depth == 0 && !l->options->no_classes)
        return true; /* a README beside the classes */
    if (has_ending(name, l->options->refused))
        return diag_fail(l->diag, CN_ERROR_UNSUPPORTED, "\"%s/%s\" is of a format that is not read",
                         l->out->title, joined(l, p->path, name));
    if (!has_ending(name, l->options->endings))
        return true;
    if (!regular)
        return fail_file(l->out, joined(l, p->path, name), "is not a regular file", l->diag);
    vec_push(l->arena, &l->files, (found){p->path, arena_string(l->arena, name), p->label});
    return true;
}

static bool add_entry(lister *l, const place *p, const char *name) {
    mode_t mode = kind_of(l, name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    if (S_ISDIR(mode))
        return add_folder(l, p, name);
    if (!S_ISLNK(mode))
        return add_file(l, p, name, S_ISREG(mode));
    struct stat facts; /* where does it lead? */
    bool leads_to_folder = fstatat(dirfd(l->open), name, &facts, 0) == 0 && S_ISDIR(facts.st_mode);
    if (!leads_to_folder && !has_ending(name, l->options->endings))
        return true;
    return fail_file(l->out, joined(l, p->path, name),
                     "is a symbolic link; .follow_links = true follows it", l->diag);
}

static bool visit(lister *l, const place *p) {
    int fd = open_below(l->out, p->path, O_DIRECTORY | O_RDONLY);
    l->open = fd < 0 ? NULL : fdopendir(fd);
    if (l->open == NULL) {
        fail_open(l->out, p->path, l->diag);
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(l->open)) != NULL;)
        ok = add_entry(l, p, e->d_name);
    closedir(l->open);
    l->open = NULL;
    return ok;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const place *)a)->path, ((const place *)b)->path);
}

static int by_folder(const void *a, const void *b) {
    const found *x = a, *y = b;
    int order = strcmp(x->folder, y->folder);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* ---- Classes ----------------------------------------------------------------------------- */

static bool keep_classes(lister *l) {
    folder *out = l->out;
    if (l->places.count == 0)
        return diag_fail(l->diag, CN_ERROR_DATA,
                         "\"%s\" has no folders; each of its classes would be one", out->title);
    qsort(l->places.items, l->places.count, sizeof *l->places.items, by_path);
    out->class_count = l->places.count;
    out->classes = ARENA_ARRAY(l->arena, const char *, l->places.count);
    for (uint32_t i = 0; i < l->places.count; i++) {
        out->classes[i] = l->places.items[i].path;
        l->places.items[i].label = (int32_t)i;
    }
    return true;
}

static bool has_folder(const lister *l, const char *name) {
    for (uint32_t i = 0; i < l->places.count; i++)
        if (strcmp(l->places.items[i].path, name) == 0)
            return true;
    return false;
}

static bool take_given_classes(lister *l) {
    const folder_options *o = l->options;
    folder *out = l->out;
    out->class_count = o->class_count;
    out->classes = ARENA_ARRAY(l->arena, const char *, o->class_count);
    for (size_t i = 0; i < o->class_count; i++) {
        if (!has_folder(l, o->classes[i]))
            return diag_fail(l->diag, CN_ERROR_DATA, "\"%s\" has no folder \"%s\"", out->title,
                             o->classes[i]);
        out->classes[i] = arena_string(l->arena, o->classes[i]);
    }
    l->places.count = 0;
    for (size_t i = 0; i < o->class_count; i++)
        vec_push(l->arena, &l->places, (place){out->classes[i], 1, (int32_t)i});
    return true;
}

/* Files of one class after the other, in order within each. */
static bool list_files(lister *l) {
    uint32_t classes = l->places.count;
    for (uint32_t i = 0; i < classes; i++) {
        uint32_t first_place = l->places.count, first_file = l->files.count;
        place p = l->places.items[i];
        bool ok = visit(l, &p);
        for (uint32_t k = first_place; ok && k < l->places.count; k++) {
            p = l->places.items[k]; /* visiting moves the list */
            ok = visit(l, &p);
        }
        if (!ok)
            return false;
        l->places.count = first_place;
        if (l->files.count > first_file)
            qsort(l->files.items + first_file, l->files.count - first_file, sizeof *l->files.items,
                  by_folder);
    }
    return true;
}

static bool list(lister *l) {
    place root = {"", 0, 0};
    if (l->options->no_classes) {
        vec_push(l->arena, &l->places, root);
        return list_files(l);
    }
    if (!visit(l, &root))
        return false;
    return (l->options->classes != NULL ? take_given_classes(l) : keep_classes(l)) && list_files(l);
}

static void keep_files(lister *l) {
    folder *out = l->out;
    out->count = l->files.count;
    out->files = ARENA_ARRAY(l->arena, folder_file, out->count);
    for (uint32_t i = 0; i < l->files.count; i++) {
        const found *f = &l->files.items[i];
        out->files[i] = (folder_file){joined(l, f->folder, f->name), f->label};
    }
}

static bool list_guarded(lister *l) {
    diag_recovery point;
    if (DIAG_RECOVER(l->diag, &point))
        return false;
    bool ok = list(l);
    if (ok)
        keep_files(l);
    diag_pop_recovery(l->diag, &point);
    return ok;
}

bool folder_list(const folder_options *o, arena *a, diagnostics *d, folder *out) {
    *out = (folder){.descriptor = -1, .follow_links = o->follow_links, .most_bytes = o->most_bytes};
    out->title = arena_string(a, o->path);
    out->descriptor = open(o->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (out->descriptor < 0)
        return fail_open(out, "", d);
    lister l = {.options = o, .out = out, .arena = a, .diag = d};
    bool ok = list_guarded(&l);
    if (l.open != NULL)
        closedir(l.open);
    if (ok && out->count == 0)
        ok = diag_fail(d, CN_ERROR_DATA, "\"%s\" has no files that end in %s, ...", o->path,
                       o->endings[0]);
    if (!ok)
        folder_close(out);
    return ok;
}

/* ---- Reading ----------------------------------------------------------------------------- */

static bool read_all(int fd, uint8_t *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
        ssize_t got = read(fd, bytes + at, length - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

static bool read_open(const folder *f, const char *path, int fd, memory *m, diagnostics *d,
                      uint8_t **bytes, size_t *length) {
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fail_file(f, path, "is not a regular file", d);
    if (facts.st_size > f->most_bytes)
        return diag_fail(d, CN_ERROR_DATA, "\"%s/%s\" has %lld bytes; %lld are the most", f->title,
                         path, (long long)facts.st_size, (long long)f->most_bytes);
    *length = (size_t)facts.st_size;
    *bytes = memory_take(m, *length + 1, 64);
    if (*bytes == NULL)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s/%s\": no memory for %zu bytes", f->title,
                         path, *length);
    if (read_all(fd, *bytes, *length))
        return true;
    memory_give(m, *bytes, *length + 1);
    return fail_file(f, path, "cannot be read to its end", d);
}

bool folder_read(const folder *f, size_t i, memory *m, diagnostics *d, uint8_t **bytes,
                 size_t *length) {
    const char *path = f->files[i].path;
    int fd = open_below(f, path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fail_open(f, path, d);
    bool ok = read_open(f, path, fd, m, d, bytes, length);
    close(fd);
    return ok;
}

void folder_close(folder *f) {
    if (f->descriptor >= 0)
        close(f->descriptor);
    f->descriptor = -1;
}
