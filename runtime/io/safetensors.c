/* Reading and writing safetensors.
 *
 * What a reader checks (and every test file violates one of):
 *   1. the file has 8 bytes, N is at most 100,000,000 and fits the file;
 *   2. the header is one JSON object, keys unique (leading white space is tolerated);
 *   3. "__metadata__" maps strings to strings, all others are {dtype, shape, data_offsets};
 *   4. sorted by offset, the first tensor begins at 0, each where the last ended, and the last
 *      ends where the file does: no hole, no overlap, nothing hidden behind;
 *   5. shape times element size, checked for overflow, is the length of the data.
 * Then, where the metadata have "sha256" (ours do), the checksum of all names, types and data.
 *
 * Ownership: the file's bytes and the JSON are held by the result from the moment they exist, so
 * that running out of memory in an arena frees both.
 */
#include "runtime/io/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "base/reader.h"
#include "base/sha256.h"
#include "base/size.h"
#include "runtime/io/json_read.h"

#define MOST_HEADER_BYTES UINT64_C(100000000)
static const char checksum_key[] = "sha256", metadata_key[] = "__metadata__";

/* ---- element types ---------------------------------------------------------------------- */

static const struct {
    const char *name;
    cn_dtype dtype; /* 0: Cornu has none */
    unsigned bytes;
} dtypes[] = {{"F32", CN_F32, 4}, {"F64", CN_F64, 8},   {"BF16", CN_BF16, 2}, {"F16", CN_F16, 2},
              {"I64", CN_I64, 8}, {"I32", CN_I32, 4},   {"U32", CN_U32, 4},   {"I8", CN_I8, 1},
              {"U8", CN_U8, 1},   {"BOOL", CN_BOOL, 1}, {"I16", 0, 2},        {"U16", 0, 2},
              {"U64", 0, 8},      {"F8_E4M3", 0, 1},    {"F8_E5M2", 0, 1}};
enum { DTYPE_ROWS = sizeof dtypes / sizeof *dtypes };

static const char *name_of_dtype(cn_dtype dtype) {
    for (size_t i = 0; i < DTYPE_ROWS; i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].name;
    return NULL;
}

/* ---- the checksum ----------------------------------------------------------------------- */

static void hash_text(sha256 *h, const char *words) {
    sha256_string(h, words, strlen(words));
}

static void hash_entry(sha256 *h, const safetensors_entry *e) {
    hash_text(h, e->name);
    hash_text(h, name_of_dtype(e->type.dtype));
    sha256_u64(h, (uint64_t)e->type.rank);
    for (int i = 0; i < e->type.rank; i++)
        sha256_u64(h, (uint64_t)e->type.dims[i].count);
    sha256_string(h, e->data, e->bytes);
}

static void checksum_of(const safetensors *s, char hex[SHA256_HEX_SIZE]) {
    sha256 h;
    sha256_init(&h);
    for (size_t i = 0; i < s->text_count; i++) {
        if (strcmp(s->texts[i].key, checksum_key) == 0)
            continue;
        hash_text(&h, s->texts[i].key);
        hash_text(&h, s->texts[i].value);
    }
    for (size_t i = 0; i < s->entry_count; i++)
        hash_entry(&h, &s->entries[i]);
    sha256_digest digest = sha256_finish(&h);
    sha256_to_hex(&digest, hex);
}

/* ---- reading the header ----------------------------------------------------------------- */

typedef struct parser {
    const char *path, *title; /* the title is that of the header */
    arena *a;
    diagnostics *d;
    const uint8_t *data; /* after the header */
    size_t data_bytes;
} parser;

static bool refuse(const parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const parser *p, const char *format, ...) {
    char words[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return diag_fail(p->d, CN_ERROR_FORMAT, "\"%s\" is damaged or no safetensors file: %s", p->path,
                     words);
}

static bool read_texts(const parser *p, json_t *object, safetensors *out) {
    safetensors_text *texts = ARENA_ARRAY(p->a, safetensors_text, json_object_size(object) + 1);
    const char *key;
    json_t *words;
    json_object_foreach(object, key, words) {
        if (!json_is_string(words))
            return refuse(p, "the metadata \"%s\" are not text", key);
        texts[out->text_count++] = (safetensors_text){arena_string(p->a, key),
                                                      arena_string(p->a, json_string_value(words))};
    }
    out->texts = texts;
    return json_is_object(object) || refuse(p, "\"%s\" is not an object", metadata_key);
}

static bool read_dtype(const parser *p, const char *name, const json_t *said, type *t,
                       size_t *element_bytes) {
    const char *words = json_string_value(said);
    for (size_t i = 0; words != NULL && i < DTYPE_ROWS; i++) {
        if (strcmp(dtypes[i].name, words) != 0)
            continue;
        t->dtype = dtypes[i].dtype;
        *element_bytes = dtypes[i].bytes;
        return true;
    }
    return refuse(p, "\"%s\" has the unknown element type %s", name, words != NULL ? words : "");
}

/* The number of bytes that the shape asks for; more axes than we have are no type of ours. */
static bool read_shape(const parser *p, const char *name, const json_t *list, type *t,
                       size_t *bytes) {
    size_t rank = json_array_size(list);
    if (!json_is_array(list))
        return refuse(p, "\"%s\" has no shape", name);
    if (rank > MAX_RANK)
        t->dtype = CN_DTYPE_DEFAULT;
    t->rank = rank > MAX_RANK ? 0 : (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *extent = json_array_get(list, i);
        json_int_t n = json_integer_value(extent);
        if (!json_is_integer(extent) || n < 0)
            return refuse(p, "axis %zu of \"%s\" is not a size", i, name);
        if (rank <= MAX_RANK)
            t->dims[i] = dim_of((int64_t)n);
        if (!size_mul(*bytes, (size_t)n, bytes))
            return refuse(p, "the shape of \"%s\" is larger than any file", name);
    }
    return true;
}

static bool read_offsets(const parser *p, const char *name, const json_t *list, size_t bytes,
                         safetensors_entry *e) {
    const json_t *first = json_array_get(list, 0), *last = json_array_get(list, 1);
    if (json_array_size(list) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return refuse(p, "\"%s\" has no data_offsets", name);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > p->data_bytes)
        return refuse(p, "the data of \"%s\" lie outside of the file", name);
    if ((uint64_t)(end - begin) != bytes)
        return refuse(p, "\"%s\" has %lld bytes, its shape needs %zu", name,
                      (long long)(end - begin), bytes);
    e->data = p->data + begin;
    e->bytes = bytes;
    return true;
}

static bool read_entry(const parser *p, const char *name, const json_t *row, safetensors_entry *e) {
    size_t bytes = 0;
    if (!json_is_object(row) || json_object_size(row) != 3)
        return refuse(p, "\"%s\" is not exactly dtype, shape and data_offsets", name);
    e->name = arena_string(p->a, name);
    return read_dtype(p, name, json_object_get(row, "dtype"), &e->type, &bytes) &&
           read_shape(p, name, json_object_get(row, "shape"), &e->type, &bytes) &&
           read_offsets(p, name, json_object_get(row, "data_offsets"), bytes, e);
}

/* By place, empty ones first, and by name where they have one place. */
static int by_place(const void *a, const void *b) {
    const safetensors_entry *x = a, *y = b;
    if (x->data != y->data)
        return (const uint8_t *)x->data < (const uint8_t *)y->data ? -1 : 1;
    if ((x->bytes == 0) != (y->bytes == 0))
        return x->bytes == 0 ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool check_places(const parser *p, const safetensors_entry *entries, size_t count) {
    const uint8_t *next = p->data;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *data = entries[i].data;
        if (data != next)
            return refuse(p, "the data of \"%s\" %s", entries[i].name,
                          data < next ? "overlap others'" : "leave a hole before them");
        next += entries[i].bytes;
    }
    return next == p->data + p->data_bytes || refuse(p, "there are bytes after the last tensor");
}

static bool check_sum(const parser *p, const safetensors *s) {
    const char *said = safetensors_find_text(s, checksum_key);
    char found[SHA256_HEX_SIZE];
    if (said == NULL)
        return true;
    checksum_of(s, found);
    return strcmp(said, found) == 0 || refuse(p, "its checksum does not fit its contents");
}

static bool read_entries(const parser *p, json_t *root, safetensors *out) {
    safetensors_entry *entries = ARENA_ARRAY(p->a, safetensors_entry, json_object_size(root) + 1);
    const char *name;
    json_t *row;
    json_object_foreach(root, name, row) {
        bool ok = strcmp(name, metadata_key) == 0
                      ? read_texts(p, row, out)
                      : read_entry(p, name, row, &entries[out->entry_count++]);
        if (!ok)
            return false;
    }
    out->entries = entries;
    if (!check_sum(p, out)) /* which is over the order of the header */
        return false;
    if (out->entry_count > 0)
        qsort(entries, out->entry_count, sizeof *entries, by_place);
    return check_places(p, entries, out->entry_count);
}

static bool read_header(parser *p, reader *r, safetensors *out) {
    uint64_t length = reader_u64_little(r);
    if (r->failed)
        return refuse(p, "it has less than 8 bytes");
    if (length > MOST_HEADER_BYTES || !reader_has(r, length, 1))
        return refuse(p, "its header is said to have %llu bytes", (unsigned long long)length);
    const uint8_t *header = reader_take(r, (size_t)length);
    json_t *root = json_read(p->title, header, (size_t)length, p->d);
    out->json = root;
    if (root == NULL)
        return false;
    p->data = r->bytes + r->offset;
    p->data_bytes = r->length - r->offset;
    return json_is_object(root) ? read_entries(p, root, out)
                                : refuse(p, "its header is not an object");
}

static void drop_json(safetensors *s) {
    json_decref(s->json);
    s->json = NULL;
}

static bool parse(const char *path, const void *bytes, size_t length, arena *a, diagnostics *d,
                  safetensors *out) {
    const char *title = arena_format(a, "%s: header", path);
    parser p = {.path = path, .title = title, .a = a, .d = d};
    reader r = reader_of(bytes, length);
    bool ok = read_header(&p, &r, out);
    drop_json(out);
    return ok;
}

bool safetensors_parse(const char *path, const void *bytes, size_t length, arena *a, diagnostics *d,
                       safetensors *out) {
    *out = (safetensors){0};
    diag_recovery point;
    if (DIAG_RECOVER(d, &point)) {
        drop_json(out);
        return false;
    }
    bool ok = parse(path, bytes, length, a, d, out);
    diag_pop_recovery(d, &point);
    if (!ok)
        *out = (safetensors){0};
    return ok;
}

bool safetensors_read(const char *path, arena *a, diagnostics *d, safetensors *out) {
    uint8_t *bytes;
    size_t length;
    *out = (safetensors){0};
    if (!file_read_all(path, d, &bytes, &length))
        return false;
    bool ok = safetensors_parse(path, bytes, length, a, d, out);
    out->bytes = bytes;
    if (!ok)
        safetensors_close(out);
    return ok;
}

void safetensors_close(safetensors *s) {
    free(s->bytes);
    *s = (safetensors){0};
}

/* ---- asking ----------------------------------------------------------------------------- */

const safetensors_entry *safetensors_find(const safetensors *s, const char *name) {
    for (size_t i = 0; i < s->entry_count; i++)
        if (strcmp(s->entries[i].name, name) == 0)
            return &s->entries[i];
    return NULL;
}

const char *safetensors_find_text(const safetensors *s, const char *key) {
    for (size_t i = 0; i < s->text_count; i++)
        if (strcmp(s->texts[i].key, key) == 0)
            return s->texts[i].value;
    return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

static json_t *texts_to_json(const safetensors *s) {
    char hex[SHA256_HEX_SIZE];
    json_t *texts = json_object();
    bool ok = texts != NULL;
    for (size_t i = 0; ok && i < s->text_count; i++)
        ok = json_object_set_new(texts, s->texts[i].key, json_string(s->texts[i].value)) == 0;
    checksum_of(s, hex);
    ok = ok && json_object_set_new(texts, checksum_key, json_string(hex)) == 0;
    if (ok)
        return texts;
    json_decref(texts);
    return NULL;
}

static json_t *entry_to_json(const safetensors_entry *e, size_t begin) {
    json_t *shape = json_array();
    bool ok = shape != NULL;
    for (int i = 0; ok && i < e->type.rank; i++)
        ok = json_array_append_new(shape, json_integer(e->type.dims[i].count)) == 0;
    if (ok)
        return json_pack("{s:s, s:o, s:[I, I]}", "dtype", name_of_dtype(e->type.dtype), "shape",
                         shape, "data_offsets", (json_int_t)begin, (json_int_t)(begin + e->bytes));
    json_decref(shape);
    return NULL;
}

static json_t *header_to_json(const safetensors *s) {
    json_t *root = json_object();
    bool ok = root != NULL && json_object_set_new(root, metadata_key, texts_to_json(s)) == 0;
    size_t begin = 0;
    for (size_t i = 0; ok && i < s->entry_count; i++) {
        const safetensors_entry *e = &s->entries[i];
        ok = json_object_set_new(root, e->name, entry_to_json(e, begin)) == 0;
        begin += e->bytes;
    }
    if (ok)
        return root;
    json_decref(root);
    return NULL;
}

static void write_header(atomic_file *f, const char *header) {
    size_t length = strlen(header), padded = size_align(8 + length, 64) - 8;
    uint8_t size[8];
    for (int i = 0; i < 8; i++)
        size[i] = (uint8_t)(padded >> (8 * i));
    static const char spaces[65] =
        "                                                                ";
    atomic_file_write(f, size, sizeof size);
    atomic_file_write(f, header, length);
    atomic_file_write(f, spaces, padded - length);
}

bool safetensors_write(const char *path, const safetensors *s, diagnostics *d) {
    json_t *root = header_to_json(s);
    char *header = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (header == NULL)
        return diag_fail(d, CN_ERROR_FILE,
                         "\"%s\" cannot be written: no memory for its header, or "
                         "a name that is not UTF-8",
                         path);
    atomic_file *f = atomic_file_open(path, d);
    if (f != NULL) {
        write_header(f, header); /* a failed write is kept until the commit */
        for (size_t i = 0; i < s->entry_count; i++)
            atomic_file_write(f, s->entries[i].data, s->entries[i].bytes);
    }
    free(header);
    return f != NULL && atomic_file_commit(f, d);
}
