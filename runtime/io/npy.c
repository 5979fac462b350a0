/* Reading and writing NPY.
 *
 * The header is a literal of Python's: it is parsed by the grammar that NumPy writes, never
 * evaluated. A dictionary of exactly the three keys, in any order, each once; strings in either
 * quotes without escapes; sizes in decimal, with the L of Python 2 tolerated. The product of shape
 * and element size, checked for overflow, must be the length of the data exactly, so nothing is
 * allocated that the file does not hold (16-bit integers: twice that).
 *
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#include "runtime/io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "base/reader.h"
#include "base/size.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC_BYTES = 6 };

static const struct {
    const char *code; /* after the byte order */
    cn_dtype dtype;   /* in Cornu */
    unsigned bytes;   /* in the file */
    bool sign;
} dtypes[] = {{"f4", CN_F32, 4, false}, {"f8", CN_F64, 8, false}, {"f2", CN_F16, 2, false},
              {"i8", CN_I64, 8, true},  {"i4", CN_I32, 4, true},  {"u4", CN_U32, 4, false},
              {"i1", CN_I8, 1, true},   {"u1", CN_U8, 1, false},  {"b1", CN_BOOL, 1, false},
              {"i2", CN_I32, 2, true},  {"u2", CN_I32, 2, false}};
enum { DTYPE_ROWS = sizeof dtypes / sizeof *dtypes };

/* ---- the header ------------------------------------------------------------------------- */

typedef struct parser {
    const char *path;
    diagnostics *d;
    reader r;      /* the whole file, at the data once the header is read */
    reader header; /* the dictionary */
    unsigned keys; /* set of the rows of `keys` that were read */
    size_t row;    /* of dtypes */
    bool big, fortran;
    type type;
} parser;

static bool refuse(const parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const parser *p, const char *format, ...) {
    char words[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return diag_fail(p->d, CN_ERROR_FORMAT, "\"%s\" is damaged or no .npy file: %s", p->path,
                     words);
}

/* The next byte of the header that is no blank, and 0 at its end. */
static int peek(parser *p) {
    reader *h = &p->header;
    while (reader_has(h, 1, 1)) {
        int c = h->bytes[h->offset];
        if (c != ' ' && c != '\n' && c != '\t')
            return c;
        h->offset++;
    }
    return 0;
}

static bool accept(parser *p, int c) {
    if (peek(p) != c)
        return false;
    p->header.offset++;
    return true;
}

static bool expect(parser *p, int c, const char *where) {
    return accept(p, c) ||
           refuse(p, "byte %zu of its header: '%c' is missing %s", p->header.offset, c, where);
}

static bool read_quoted(parser *p, char *out, size_t room) {
    int quote = peek(p);
    size_t length = 0;
    if (quote != '\'' && quote != '"')
        return refuse(p, "byte %zu of its header is no string", p->header.offset);
    p->header.offset++;
    for (;;) {
        int c = reader_u8(&p->header);
        if (p->header.failed || c == 0 || c == '\\')
            return refuse(p, "its header has a string without an end");
        if (c == quote)
            break;
        if (length + 1 < room)
            out[length++] = (char)c;
    }
    out[length] = 0;
    return true;
}

/* A byte order and a type: '<f4', '|u1', '>i8'. */
static bool read_descr(parser *p) {
    char words[32];
    if (peek(p) == '[')
        return refuse(p, "arrays of records are not supported");
    if (!read_quoted(p, words, sizeof words))
        return false;
    if (words[0] == '|' && words[1] == 'O')
        return refuse(p, "it holds Python objects, which are code");
    p->big = words[0] == '>';
    for (p->row = 0; p->row < DTYPE_ROWS; p->row++)
        if (strcmp(words + (words[0] != 0), dtypes[p->row].code) == 0)
            break;
    if (words[0] == 0 || strchr("<>|=", words[0]) == NULL || p->row == DTYPE_ROWS)
        return refuse(p, "the element type '%s' is not supported", words);
    p->type.dtype = dtypes[p->row].dtype;
    return true;
}

static bool read_order(parser *p) {
    static const char *const words[] = {"False", "True"};
    (void)peek(p);
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(words[i]);
        if (!reader_has(&p->header, length, 1) ||
            memcmp(p->header.bytes + p->header.offset, words[i], length) != 0)
            continue;
        p->header.offset += length;
        p->fortran = i == 1;
        return true;
    }
    return refuse(p, "'fortran_order' is neither True nor False");
}

static bool read_size(parser *p, int64_t *out) {
    int64_t n = 0;
    int c = peek(p);
    if (c < '0' || c > '9')
        return refuse(p, "byte %zu of its header is no size", p->header.offset);
    for (; c >= '0' && c <= '9';
         c = reader_has(&p->header, 1, 1) ? p->header.bytes[p->header.offset] : 0) {
        if (!i64_mul(n, 10, &n) || !i64_add(n, c - '0', &n))
            return refuse(p, "an axis is larger than any file");
        p->header.offset++;
    }
    (void)accept(p, 'L');
    *out = n;
    return true;
}

static bool read_shape(parser *p) {
    bool comma = true;
    if (!expect(p, '(', "before the shape"))
        return false;
    while (!accept(p, ')')) {
        int64_t n = 0;
        if (!comma)
            return expect(p, ',', "between sizes");
        if (p->type.rank == MAX_RANK)
            return refuse(p, "it has more than %d axes", MAX_RANK);
        if (!read_size(p, &n))
            return false;
        p->type.dims[p->type.rank++] = dim_of(n);
        comma = accept(p, ',');
    }
    return true;
}

static const struct {
    const char *name;
    bool (*read)(parser *p);
} keys[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};
enum { KEYS = sizeof keys / sizeof *keys };

static bool read_pair(parser *p) {
    char name[32];
    if (!read_quoted(p, name, sizeof name) || !expect(p, ':', "after a key"))
        return false;
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (p->keys >> i & 1)
            return refuse(p, "'%s' stands twice in its header", name);
        p->keys |= 1u << i;
        return keys[i].read(p);
    }
    return refuse(p, "its header has the unknown key '%s'", name);
}

static bool read_dictionary(parser *p) {
    bool comma = true;
    if (!expect(p, '{', "at its beginning"))
        return false;
    while (!accept(p, '}')) {
        if (!comma)
            return expect(p, ',', "between keys");
        if (!read_pair(p))
            return false;
        comma = accept(p, ',');
    }
    for (unsigned i = 0; i < KEYS; i++)
        if ((p->keys >> i & 1) == 0)
            return refuse(p, "its header lacks '%s'", keys[i].name);
    return peek(p) == 0 || refuse(p, "byte %zu of its header is behind its end", p->header.offset);
}

static bool read_header(parser *p) {
    const uint8_t *first = reader_take(&p->r, MAGIC_BYTES);
    if (first == NULL || memcmp(first, magic, MAGIC_BYTES) != 0)
        return refuse(p, "it does not begin with 93 NUMPY");
    uint8_t major = reader_u8(&p->r), minor = reader_u8(&p->r);
    if (!p->r.failed && (major < 1 || major > 3 || minor != 0))
        return refuse(p, "its format is version %d.%d; 1.0 to 3.0 are known", major, minor);
    size_t length = 0;
    for (int i = 0; i < (major == 1 ? 2 : 4); i++)
        length |= (size_t)reader_u8(&p->r) << (8 * i);
    const uint8_t *bytes = reader_take(&p->r, length);
    if (p->r.failed)
        return refuse(p, "it ends inside its header");
    p->header = reader_of(bytes, length);
    return read_dictionary(p);
}

/* ---- the data --------------------------------------------------------------------------- */

static bool check_length(const parser *p, size_t *count) {
    size_t wanted = dtypes[p->row].bytes, there = p->r.length - p->r.offset;
    bool none = false;
    for (int i = 0; i < p->type.rank; i++)
        none |= p->type.dims[i].count == 0;
    for (int i = 0; i < p->type.rank && !none; i++)
        if (!size_mul(wanted, (size_t)p->type.dims[i].count, &wanted))
            return refuse(p, "its shape is larger than any file");
    if (none)
        wanted = 0;
    *count = wanted / dtypes[p->row].bytes;
    return wanted == there ||
           refuse(p, "its header tells of %zu bytes of data, there are %zu", wanted, there);
}

static uint64_t element(const uint8_t *from, unsigned bytes, bool big) {
    uint64_t x = 0;
    for (unsigned k = 0; k < bytes; k++)
        x = x << 8 | from[big ? k : bytes - 1 - k];
    return x;
}

/* Walks the file's elements in Fortran's order: the first axis runs fastest there. */
typedef struct place {
    size_t stride[MAX_RANK]; /* of each axis in the result, in elements */
    int64_t index[MAX_RANK];
    size_t offset;
} place;

static void place_begin(place *w, const type *t) {
    size_t stride = 1;
    *w = (place){.offset = 0};
    for (int i = t->rank; i-- > 0; stride *= (size_t)t->dims[i].count)
        w->stride[i] = stride;
}

static void place_next(place *w, const type *t) {
    for (int i = 0; i < t->rank; i++) {
        w->offset += w->stride[i];
        if (++w->index[i] < t->dims[i].count)
            return;
        w->offset -= w->stride[i] * (size_t)t->dims[i].count;
        w->index[i] = 0;
    }
}

static void convert(const parser *p, const uint8_t *from, size_t count, uint8_t *to) {
    unsigned bytes = dtypes[p->row].bytes;
    size_t size = (size_t)dtype_bytes(p->type.dtype);
    place w;
    place_begin(&w, &p->type);
    for (size_t i = 0; i < count; i++, place_next(&w, &p->type)) {
        uint64_t x = element(from + i * bytes, bytes, p->big);
        if (bytes == 2 && dtypes[p->row].sign)
            x = (uint64_t)(int64_t)(int16_t)x;
        memcpy(to + (p->fortran ? w.offset : i) * size, &x, size); /* little-endian hosts */
    }
}

static bool take_data(const parser *p, arena *a, npy_array *out) {
    size_t count = 0;
    if (!check_length(p, &count))
        return false;
    size_t size = (size_t)dtype_bytes(p->type.dtype);
    const uint8_t *from = p->r.bytes + p->r.offset;
    uint8_t *room = arena_alloc(a, count * size + 64); /* no overflow: the file has half of it */
    uint8_t *to = room + (64 - (uintptr_t)room % 64) % 64;
    if (p->big || p->fortran || size != dtypes[p->row].bytes)
        convert(p, from, count, to);
    else if (count > 0)
        memcpy(to, from, count * size);
    if (p->type.dtype == CN_BOOL)
        for (size_t i = 0; i < count; i++)
            to[i] = to[i] != 0;
    *out = (npy_array){.type = p->type, .data = to, .bytes = count * size};
    return true;
}

bool npy_parse(const char *path, const void *bytes, size_t length, arena *a, diagnostics *d,
               npy_array *out) {
    parser p = {.path = path, .d = d, .r = reader_of(bytes, length)};
    *out = (npy_array){0};
    return read_header(&p) && take_data(&p, a, out);
}

bool npy_read(const char *path, arena *a, diagnostics *d, npy_array *out) {
    uint8_t *bytes;
    size_t length;
    *out = (npy_array){0};
    if (!file_read_all(path, d, &bytes, &length))
        return false;
    diag_recovery point;
    if (DIAG_RECOVER(d, &point)) {
        free(bytes);
        return false;
    }
    bool ok = npy_parse(path, bytes, length, a, d, out);
    diag_pop_recovery(d, &point);
    free(bytes);
    return ok;
}

/* ---- writing ---------------------------------------------------------------------------- */

static const char *code_of(cn_dtype dtype) {
    for (size_t i = 0; i < DTYPE_ROWS; i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].code;
    return NULL;
}

/* At most 8 axes of 19 digits: 8 * 21 + 50 < 256 - 10. */
size_t npy_header(const npy_array *x, char header[NPY_HEADER_BYTES]) {
    const char *code = code_of(x->type.dtype);
    if (code == NULL)
        return 0;
    char *words = header + MAGIC_BYTES + 4;
    size_t room = NPY_HEADER_BYTES - MAGIC_BYTES - 4;
    int n = snprintf(words, room, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     code[1] == '1' ? '|' : '<', code);
    for (int i = 0; i < x->type.rank; i++)
        n += snprintf(words + n, room - (size_t)n, i == 0 ? "%lld," : " %lld,",
                      (long long)x->type.dims[i].count);
    if (x->type.rank > 1)
        n--; /* only (3,) ends in a comma */
    n += snprintf(words + n, room - (size_t)n, "), }");
    size_t used = MAGIC_BYTES + 4 + (size_t)n, length = size_align(used + 1, 64);
    memset(header + used, ' ', length - used);
    header[length - 1] = '\n';
    memcpy(header, magic, MAGIC_BYTES);
    header[MAGIC_BYTES] = 1;
    header[MAGIC_BYTES + 1] = 0;
    header[MAGIC_BYTES + 2] = (char)((length - MAGIC_BYTES - 4) & 0xff);
    header[MAGIC_BYTES + 3] = (char)((length - MAGIC_BYTES - 4) >> 8);
    return length;
}

bool npy_write(const char *path, const npy_array *x, diagnostics *d) {
    char header[NPY_HEADER_BYTES];
    size_t length = npy_header(x, header);
    if (length == 0)
        return diag_fail(d, CN_ERROR_DTYPE, "\"%s\": NumPy has no element type %s", path,
                         dtype_name(x->type.dtype));
    atomic_file *f = atomic_file_open(path, d);
    if (f == NULL)
        return false;
    atomic_file_write(f, header, length); /* a failed write is kept until the commit */
    atomic_file_write(f, x->data, x->bytes);
    return atomic_file_commit(f, d);
}
