/* Reading IDX files.
 *
 * The whole file is inflated into one buffer that grows with what is really there, so a header
 * cannot make us allocate; then it is parsed by the checked reader and turned to host order in
 * place. zlib reads plain files too.
 */
#include "runtime/io/idx.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/reader.h"
#include "base/size.h"

typedef struct growing {
    uint8_t *bytes;
    size_t length, capacity;
} growing;

static bool grow(growing *g, memory *m) {
    size_t wanted = g->capacity == 0 ? (size_t)1 << 16 : g->capacity * 2;
    uint8_t *bytes = memory_take(m, wanted, 64);
    if (bytes == NULL)
        return false;
    if (g->length > 0)
        memcpy(bytes, g->bytes, g->length);
    if (g->bytes != NULL)
        memory_give(m, g->bytes, g->capacity);
    g->bytes = bytes;
    g->capacity = wanted;
    return true;
}

static bool inflate_all(gzFile file, const char *path, memory *m, diagnostics *d, growing *g) {
    for (;;) {
        if (g->length == g->capacity && !grow(g, m)) {
            return diag_fail(d, CN_ERROR_OUT_OF_MEMORY,
                             "\"%s\": no memory for more than %zu bytes, %zu in use", path,
                             g->length, memory_live(m));
        }
        size_t room = g->capacity - g->length;
        int n = gzread(file, g->bytes + g->length, room > 1u << 30 ? 1u << 30 : (unsigned)room);
        if (n > 0)
            g->length += (size_t)n;
        if (n <= 0)
            break;
    }
    int error = Z_OK;
    const char *words = gzerror(file, &error);
    if (error == Z_OK || error == Z_STREAM_END)
        return true;
    return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" is damaged or cut short: %s", path, words);
}

static bool read_file(const char *path, memory *m, diagnostics *d, growing *g) {
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be opened: %s", path,
                         errno != 0 ? strerror(errno) : "out of memory");
    }
    bool ok = inflate_all(file, path, m, d, g);
    gzclose_r(file);
    return ok;
}

/* ---- the header ------------------------------------------------------------------------- */

static cn_dtype element_type(uint8_t code, size_t *file_bytes) {
    static const struct {
        uint8_t code, bytes;
        cn_dtype dtype;
    } rows[] = {{0x08, 1, CN_U8},  {0x09, 1, CN_I8},  {0x0B, 2, CN_I32},
                {0x0C, 4, CN_I32}, {0x0D, 4, CN_F32}, {0x0E, 8, CN_F64}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code != code)
            continue;
        *file_bytes = rows[i].bytes;
        return rows[i].dtype;
    }
    return CN_DTYPE_DEFAULT;
}

static bool read_dims(reader *r, int rank, type *t) {
    t->rank = rank;
    for (int i = 0; i < rank; i++)
        t->dims[i] = dim_of((int64_t)reader_u32_big(r));
    return !r->failed;
}

static bool parse_header(reader *r, const char *path, diagnostics *d, type *t, size_t *file_bytes) {
    uint8_t zero = reader_u8(r), more = reader_u8(r), code = reader_u8(r), rank = reader_u8(r);
    t->dtype = element_type(code, file_bytes);
    if (r->failed || zero != 0 || more != 0 || t->dtype == CN_DTYPE_DEFAULT) {
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" is not an IDX file: it does not begin with 00 00 and a type",
                         path);
    }
    if (rank == 0 || rank > MAX_RANK) {
        return diag_fail(d, CN_ERROR_FORMAT, "\"%s\": %d axes; 1 to %d are possible", path, rank,
                         MAX_RANK);
    }
    if (read_dims(r, rank, t))
        return true;
    return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" ends inside its header", path);
}

static bool check_length(const reader *r, const char *path, diagnostics *d, const type *t,
                         size_t file_bytes) {
    size_t wanted = file_bytes, there = r->length - r->offset;
    for (int i = 0; i < t->rank; i++) {
        if (!size_mul(wanted, (size_t)t->dims[i].count, &wanted))
            wanted = SIZE_MAX;
    }
    if (wanted == there)
        return true;
    return diag_fail(d, CN_ERROR_FORMAT,
                     "\"%s\" %s: its header tells of %zu bytes of data, there are %zu", path,
                     there < wanted ? "is cut short" : "has bytes after its end", wanted, there);
}

/* ---- host order ------------------------------------------------------------------------- */

static void to_host(const uint8_t *from, size_t file_bytes, int64_t count, cn_dtype dtype,
                    uint8_t *to) {
    size_t bytes = (size_t)dtype_bytes(dtype);
    for (int64_t i = 0; i < count; i++) {
        uint64_t x = 0;
        for (size_t k = 0; k < file_bytes; k++)
            x = x << 8 | from[(size_t)i * file_bytes + k];
        if (file_bytes == 2)
            x = (uint64_t)(int64_t)(int16_t)x;
        memcpy(to + (size_t)i * bytes, &x, bytes); /* little-endian hosts */
    }
}

static bool convert(const reader *r, memory *m, const char *path, diagnostics *d, const type *t,
                    size_t file_bytes, idx_array *out) {
    int64_t count = type_count(t, 0);
    out->type = *t;
    out->bytes = (size_t)type_bytes(t, 0);
    out->data = memory_take(m, out->bytes, 64);
    if (out->data == NULL) {
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory for %zu bytes, %zu in use",
                         path, out->bytes, memory_live(m));
    }
    const uint8_t *from = r->bytes + r->offset;
    if (file_bytes == 1)
        memcpy(out->data, from, out->bytes);
    else
        to_host(from, file_bytes, count, t->dtype, out->data);
    return true;
}

bool idx_read(const char *path, memory *m, diagnostics *d, idx_array *out) {
    growing file = {0};
    type t = {0};
    size_t file_bytes = 0;
    *out = (idx_array){0};
    bool ok = read_file(path, m, d, &file);
    reader r = reader_of(file.bytes, file.length);
    ok = ok && parse_header(&r, path, d, &t, &file_bytes) &&
         check_length(&r, path, d, &t, file_bytes) && convert(&r, m, path, d, &t, file_bytes, out);
    if (file.bytes != NULL)
        memory_give(m, file.bytes, file.capacity);
    return ok;
}
