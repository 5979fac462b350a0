/* Reading and writing NPZ with libzip.
 *
 * The file is read whole and libzip works on that memory, consistency checks on (central and local
 * headers must agree); each member's CRC is checked while it is unpacked. Only stored and deflated
 * members named NAME.npy are taken, names distinct. A member is unpacked into a buffer that grows
 * with what really comes out, so a declared size allocates nothing; all of them together may come
 * to the stated limit, whether or not they overlap in the file.
 *
 * Ownership: the bytes of the file, libzip's handles and the buffer belong to the `unpacking` from
 * the moment they exist; running out of memory in the arena frees them.
 */
#include "runtime/io/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/map.h"
#include "base/platform.h"
#include "base/size.h"

#define ALWAYS_UNPACKED UINT64_C(0x1000000) /* 16 MiB */
#define MOST_EXPANSION 100

typedef struct unpacking {
    const char *path;
    diagnostics *d;
    arena *a;
    uint8_t *bytes; /* the file */
    zip_t *zip;
    zip_file_t *member;
    uint8_t *buffer; /* the member, unpacked */
    size_t length, capacity;
    uint64_t budget; /* bytes that members may still unpack to */
    map names;
} unpacking;

static bool refuse(const unpacking *u, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(const unpacking *u, const char *format, ...) {
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return diag_fail(u->d, CN_ERROR_FORMAT, "\"%s\" is damaged or no .npz file: %s", u->path,
                     words);
}

static void close_all(unpacking *u) {
    if (u->member != NULL)
        zip_fclose(u->member);
    if (u->zip != NULL)
        zip_discard(u->zip);
    free(u->buffer);
    free(u->bytes);
    *u = (unpacking){.path = u->path};
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool open_zip(unpacking *u, size_t length) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(u->bytes, length, 0, &error);
    u->zip =
        source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (u->zip == NULL) {
        refuse(u, "%s", zip_error_strerror(&error));
        zip_source_free(source);
    }
    zip_error_fini(&error);
    return u->zip != NULL;
}

static bool grow(unpacking *u) {
    size_t wanted = u->capacity == 0 ? (size_t)1 << 16 : u->capacity * 2;
    uint8_t *bytes = realloc(u->buffer, wanted);
    if (bytes == NULL)
        return diag_fail(u->d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory for %zu bytes", u->path,
                         wanted);
    u->buffer = bytes;
    u->capacity = wanted;
    return true;
}

static bool unpack(unpacking *u, const char *name) {
    u->length = 0;
    for (;;) {
        if (u->length > u->budget)
            return refuse(u, "with \"%s\" it unpacks to more than 16 MiB and %d times its size",
                          name, MOST_EXPANSION);
        if (u->length == u->capacity && !grow(u))
            return false;
        zip_int64_t n = zip_fread(u->member, u->buffer + u->length, u->capacity - u->length);
        if (n < 0)
            return refuse(u, "\"%s\": %s", name, zip_error_strerror(zip_file_get_error(u->member)));
        if (n == 0)
            break;
        u->length += (size_t)n;
    }
    u->budget -= u->length;
    return true;
}

/* Its name without ".npy"; NULL when it is not to be read. */
static const char *check_member(unpacking *u, const zip_stat_t *s) {
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_COMP_METHOD;
    const char *title = (s->valid & wanted) == wanted ? s->name : "";
    size_t length = strlen(title);
    bool found = false;
    if (length < 5 || strcmp(title + length - 4, ".npy") != 0) {
        refuse(u, "its member \"%s\" is no NAME.npy", title);
        return NULL;
    }
    if (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE) {
        refuse(u, "\"%s\" is packed by method %d; stored and deflated ones are read", title,
               s->comp_method);
        return NULL;
    }
    const char *name = arena_string_n(u->a, title, length - 4);
    map_put_text(&u->names, name, &found);
    if (!found)
        return name;
    refuse(u, "\"%s\" is in it twice", name);
    return NULL;
}

static bool read_member(unpacking *u, zip_uint64_t index, npy_array *out) {
    zip_stat_t s;
    if (zip_stat_index(u->zip, index, 0, &s) != 0)
        return refuse(u, "%s", zip_strerror(u->zip));
    const char *name = check_member(u, &s);
    if (name == NULL)
        return false;
    u->member = zip_fopen_index(u->zip, index, 0);
    if (u->member == NULL)
        return refuse(u, "\"%s\": %s", name, zip_strerror(u->zip));
    bool ok = unpack(u, name);
    zip_fclose(u->member);
    u->member = NULL;
    const char *title = arena_format(u->a, "%s: %s.npy", u->path, name);
    ok = ok && npy_parse(title, u->buffer, u->length, u->a, u->d, out);
    out->name = name;
    return ok;
}

static bool read_members(unpacking *u, size_t length, npz *out) {
    map_init(&u->names, u->a);
    u->budget = length > SIZE_MAX / 2 / MOST_EXPANSION ? SIZE_MAX / 2 : length * MOST_EXPANSION;
    u->budget += ALWAYS_UNPACKED;
    if (length == 0) /* to libzip, an archive without members */
        return refuse(u, "it is empty");
    if (!open_zip(u, length))
        return false;
    zip_int64_t count = zip_get_num_entries(u->zip, 0);
    npy_array *entries =
        ARENA_ARRAY(u->a, npy_array, count + 1); /* each has its bytes in the file */
    for (zip_int64_t i = 0; i < count; i++)
        if (!read_member(u, (zip_uint64_t)i, &entries[i]))
            return false;
    *out = (npz){entries, (size_t)count};
    return true;
}

static bool read_file(unpacking *u, npz *out) {
    size_t length;
    if (!file_read_all(u->path, u->d, &u->bytes, &length))
        return false;
    diag_recovery point;
    if (DIAG_RECOVER(u->d, &point))
        return false;
    bool ok = read_members(u, length, out);
    diag_pop_recovery(u->d, &point);
    return ok;
}

bool npz_read(const char *path, arena *a, diagnostics *d, npz *out) {
    unpacking u = {.path = path, .d = d, .a = a};
    *out = (npz){0};
    bool ok = read_file(&u, out);
    close_all(&u);
    return ok;
}

const npy_array *npz_find(const npz *z, const char *name) {
    for (size_t i = 0; i < z->entry_count; i++)
        if (strcmp(z->entries[i].name, name) == 0)
            return &z->entries[i];
    return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* One member as a block of its own: header, then data; libzip frees it. */
static bool add_member(zip_t *zip, const npy_array *x) {
    char header[NPY_HEADER_BYTES], name[512];
    size_t head = npy_header(x, header), total;
    int n = snprintf(name, sizeof name, "%s.npy", x->name);
    if (head == 0 || n < 5 || (size_t)n >= sizeof name || !size_add(head, x->bytes, &total))
        return false;
    uint8_t *block = malloc(total);
    if (block == NULL)
        return false;
    memcpy(block, header, head);
    if (x->bytes > 0)
        memcpy(block + head, x->data, x->bytes);
    zip_source_t *source = zip_source_buffer(zip, block, total, 1);
    if (source == NULL) {
        free(block);
        return false;
    }
    zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0) == 0; /* 1980-01-01 */
}

static bool write_source(const char *path, zip_source_t *source, diagnostics *d) {
    uint8_t block[1 << 14];
    zip_int64_t n = 0;
    if (zip_source_open(source) != 0)
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be written: %s", path,
                         zip_error_strerror(zip_source_error(source)));
    atomic_file *f = atomic_file_open(path, d);
    while (f != NULL && (n = zip_source_read(source, block, sizeof block)) > 0)
        atomic_file_write(f, block, (size_t)n); /* a failed write is kept until the commit */
    zip_source_close(source);
    if (f != NULL && n < 0) {
        atomic_file_discard(f);
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be written: %s", path,
                         zip_error_strerror(zip_source_error(source)));
    }
    return f != NULL && atomic_file_commit(f, d);
}

bool npz_write(const char *path, const npy_array *entries, size_t count, diagnostics *d) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    if (source != NULL)
        zip_source_keep(source); /* closing the zip lets go of one */
    zip_t *zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &error);
    zip_error_fini(&error);
    bool ok = zip != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_member(zip, &entries[i]);
    if (ok && zip_close(zip) != 0)
        ok = false;
    if (!ok && zip != NULL)
        zip_discard(zip);
    if (ok)
        ok = write_source(path, source, d);
    else
        diag_fail(d, CN_ERROR_FILE,
                  "\"%s\" cannot be written: out of memory, a name twice or too long, or an "
                  "element type that NumPy has not",
                  path);
    zip_source_free(source);
    return ok;
}
