/* Files of arrays: NumPy's, safetensors, IDX; a row of the table each.
 *
 * A file is told by its first bytes, never by its name; what is written, by the name's ending. All
 * that is read lies in the handle's own arena or hangs on the handle, which is made first: so
 * freeing the handle gives all of it back, also when memory runs out half way.
 */
#include <string.h>

#include "base/platform.h"
#include "frontend/frontend.h"
#include "runtime/io/idx.h"
#include "runtime/io/npz.h"
#include "runtime/io/safetensors.h"

typedef struct array_format array_format;

struct cn_array_file {
    cn_context *context;
    arena *arena; /* names, tables, data of NumPy's files */
    const array_format *format;
    cn_array *arrays;
    size_t count;
    safetensors tensors;
    idx_array idx;
};

enum { HEAD_BYTES = 9 };

struct array_format {
    const char *name, *ending;
    bool (*begins)(const uint8_t head[HEAD_BYTES]);
    bool (*read)(cn_array_file *f, const char *path);
    /* NULL: not written */
    bool (*write)(cn_context *c, const char *path, const cn_array *arrays, size_t count, arena *a);
};

/* ---- Arrays and types -------------------------------------------------------------------- */

static cn_array array_of(const char *name, const type *t, const void *data) {
    cn_array x = {.name = name, .data = (void *)(uintptr_t)data, .dtype = t->dtype};
    x.rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        x.shape[i] = t->dims[i].count;
    return x;
}

static type type_of(const cn_array *x) {
    dim dims[CN_MAX_RANK];
    int rank = array_rank(x);
    for (int i = 0; i < rank; i++)
        dims[i] = dim_of(x->shape[i]);
    return type_make(x->dtype == CN_DTYPE_DEFAULT ? CN_F32 : x->dtype, rank, dims);
}

static const char *name_of(const cn_array *x, size_t i, arena *a) {
    return x->name != NULL ? x->name : arena_format(a, "array_%zu", i);
}

/* ---- NumPy ------------------------------------------------------------------------------- */

static bool npy_begins(const uint8_t *head) {
    return memcmp(head, "\x93NUMPY", 6) == 0;
}

static bool npz_begins(const uint8_t *head) {
    return memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0;
}

static void take_numpy(cn_array_file *f, const npy_array *entries, size_t count) {
    f->arrays = ARENA_ARRAY(f->arena, cn_array, count + 1);
    for (size_t i = 0; i < count; i++)
        f->arrays[i] = array_of(entries[i].name, &entries[i].type, entries[i].data);
    f->count = count;
}

static bool read_npy(cn_array_file *f, const char *path) {
    npy_array x;
    if (!npy_read(path, f->arena, &f->context->diag, &x))
        return false;
    take_numpy(f, &x, 1);
    return true;
}

static bool read_npz(cn_array_file *f, const char *path) {
    npz z;
    if (!npz_read(path, f->arena, &f->context->diag, &z))
        return false;
    take_numpy(f, z.entries, z.entry_count);
    return true;
}

static npy_array *numpy_entries(const cn_array *arrays, size_t count, arena *a) {
    npy_array *entries = ARENA_ARRAY(a, npy_array, count + 1);
    for (size_t i = 0; i < count; i++) {
        type t = type_of(&arrays[i]);
        entries[i] = (npy_array){.name = name_of(&arrays[i], i, a),
                                 .type = t,
                                 .data = arrays[i].data,
                                 .bytes = (size_t)type_bytes(&t, 0)};
    }
    return entries;
}

static bool write_npy(cn_context *c, const char *path, const cn_array *arrays, size_t count,
                      arena *a) {
    if (count != 1)
        return diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                         "\"%s\": .npy holds one array, not %zu; use .npz", path, count);
    return npy_write(path, numpy_entries(arrays, count, a), &c->diag);
}

static bool write_npz(cn_context *c, const char *path, const cn_array *arrays, size_t count,
                      arena *a) {
    return npz_write(path, numpy_entries(arrays, count, a), count, &c->diag);
}

/* ---- safetensors ------------------------------------------------------------------------- */

/* The header's length, less than 2^40, then its JSON; the zeros tell it from a text. */
static bool safetensors_begins(const uint8_t *head) {
    bool sized = head[5] == 0 && head[6] == 0 && head[7] == 0;
    return sized && (head[8] == '{' || head[8] == ' ' || head[8] == '\n');
}

static bool read_safetensors(cn_array_file *f, const char *path) {
    if (!safetensors_read(path, f->arena, &f->context->diag, &f->tensors))
        return false;
    f->arrays = ARENA_ARRAY(f->arena, cn_array, f->tensors.entry_count + 1);
    for (size_t i = 0; i < f->tensors.entry_count; i++) {
        const safetensors_entry *e = &f->tensors.entries[i];
        if (e->type.dtype == CN_DTYPE_DEFAULT)
            return diag_fail(&f->context->diag, CN_ERROR_UNSUPPORTED,
                             "\"%s\": \"%s\" is of an element type that Cornu has not", path,
                             e->name);
        f->arrays[i] = array_of(e->name, &e->type, e->data);
    }
    f->count = f->tensors.entry_count;
    return true;
}

static bool write_safetensors(cn_context *c, const char *path, const cn_array *arrays, size_t count,
                              arena *a) {
    safetensors_entry *entries = ARENA_ARRAY(a, safetensors_entry, count + 1);
    for (size_t i = 0; i < count; i++) {
        type t = type_of(&arrays[i]);
        entries[i] = (safetensors_entry){name_of(&arrays[i], i, a), t, arrays[i].data,
                                         (size_t)type_bytes(&t, 0)};
    }
    return safetensors_write(path, &(safetensors){.entries = entries, .entry_count = count},
                             &c->diag);
}

/* ---- IDX --------------------------------------------------------------------------------- */

static bool idx_begins(const uint8_t *head) {
    bool gzip = head[0] == 0x1f && head[1] == 0x8b;
    bool plain = head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 && head[3] >= 1 &&
                 head[3] <= CN_MAX_RANK;
    return gzip || plain;
}

static bool read_idx(cn_array_file *f, const char *path) {
    if (!idx_read(path, f->context->memory, &f->context->diag, &f->idx))
        return false;
    f->arrays = ARENA_ARRAY(f->arena, cn_array, 1);
    f->arrays[0] = array_of(NULL, &f->idx.type, f->idx.data);
    f->count = 1;
    return true;
}

/* ---- The table --------------------------------------------------------------------------- */

static const array_format formats[] = {
    {"npy", ".npy", npy_begins, read_npy, write_npy},
    {"npz", ".npz", npz_begins, read_npz, write_npz},
    {"idx", ".idx", idx_begins, read_idx, NULL},
    {"safetensors", ".safetensors", safetensors_begins, read_safetensors, write_safetensors},
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

static const array_format *format_of_file(cn_context *c, const char *path) {
    uint8_t head[HEAD_BYTES] = {0};
    size_t count;
    if (!file_read_head(path, &c->diag, head, sizeof head, &count))
        return NULL;
    if (count == 0) {
        diag_fail(&c->diag, CN_ERROR_FILE, "cannot read \"%s\": it is empty", path);
        return NULL;
    }
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].begins(head))
            return &formats[i];
    diag_fail(&c->diag, CN_ERROR_FORMAT, "\"%s\" is neither .npy, .npz, .safetensors nor IDX",
              path);
    return NULL;
}

static const array_format *format_of_name(cn_context *c, const char *path) {
    size_t length = strlen(path);
    for (int i = 0; i < FORMAT_COUNT; i++) {
        size_t tail = strlen(formats[i].ending);
        if (formats[i].write != NULL && length > tail &&
            strcmp(path + length - tail, formats[i].ending) == 0)
            return &formats[i];
    }
    diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
              "\"%s\": arrays are written as .npy, .npz or .safetensors", path);
    return NULL;
}

/* ---- Public ------------------------------------------------------------------------------ */

static cn_array_file *file_new(cn_context *c) {
    cn_array_file *f = memory_take(c->memory, sizeof *f, 64);
    if (f == NULL) {
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "out of memory for a file of arrays");
        return NULL;
    }
    *f = (cn_array_file){.context = c, .arena = arena_new(c->memory, &c->diag)};
    return f;
}

static bool file_fill(cn_array_file *f, const char *path) {
    cn_context *c = f->context;
    if (f->arena == NULL)
        return false;
    CONTEXT_ENTER(c, false);
    f->format = format_of_file(c, path);
    bool ok = f->format != NULL && f->format->read(f, path);
    CONTEXT_LEAVE(c);
    return ok;
}

cn_array_file *cn_array_file_read(cn_context *c, const char *path) {
    if (c == NULL || !diag_ok(&c->diag))
        return NULL;
    if (path == NULL) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "array_file_read: no file is named");
        return NULL;
    }
    cn_array_file *f = file_new(c);
    if (f != NULL && file_fill(f, path))
        return f;
    cn_array_file_free(f);
    return NULL;
}

const char *cn_array_file_format(const cn_array_file *f) {
    return f == NULL ? "" : f->format->name;
}

size_t cn_array_file_count(const cn_array_file *f) {
    return f == NULL ? 0 : f->count;
}

cn_array cn_array_file_get(const cn_array_file *f, size_t i) {
    return i < cn_array_file_count(f) ? f->arrays[i] : (cn_array){0};
}

void cn_array_file_free(cn_array_file *f) {
    if (f == NULL)
        return;
    memory *m = f->context->memory;
    safetensors_close(&f->tensors);
    if (f->idx.data != NULL)
        memory_give(m, f->idx.data, f->idx.bytes);
    arena_free(f->arena);
    memory_give(m, f, sizeof *f);
}

static bool check_arrays(cn_context *c, const char *path, const cn_array *arrays, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const cn_array *x = &arrays[i];
        int rank = array_rank(x);
        bool usable = x->data != NULL && rank >= 0 && rank <= CN_MAX_RANK && (int)x->dtype >= 0 &&
                      x->dtype < CN_DTYPE_COUNT;
        for (int k = 0; usable && k < rank; k++)
            usable = x->shape[k] >= 0;
        if (!usable)
            return diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                             "\"%s\": array %zu has no data, or no usable shape or element type",
                             path, i);
    }
    return true;
}

cn_status cn_array_file_write(cn_context *c, const char *path, const cn_array *arrays,
                              size_t count) {
    if (c == NULL || path == NULL || (arrays == NULL && count > 0))
        return CN_ERROR_INVALID_ARGUMENT;
    if (!diag_ok(&c->diag) || !check_arrays(c, path, arrays, count))
        return c->diag.status;
    arena *scratch = arena_new(c->memory, &c->diag);
    CONTEXT_ENTER(c, (arena_free(scratch), c->diag.status));
    const array_format *format = scratch == NULL ? NULL : format_of_name(c, path);
    bool ok = format != NULL && format->write(c, path, arrays, count, scratch);
    CONTEXT_LEAVE(c);
    arena_free(scratch);
    return ok ? CN_OK : c->diag.status;
}
