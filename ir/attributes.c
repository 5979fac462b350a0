/* Attributes: structs described by a table of fields, over which everything is generic.
 *
 * An op declares which fields of its struct count; copying, comparing, hashing and printing
 * (here) and parsing (parse.c) walk that table. Fields not in the table are no part of the op:
 * a copy leaves them zero. Floats are compared by their bits, so nan equals itself and -0 is
 * not 0; a field whose bits are all zero is the default and is not printed.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/map.h"
#include "ir/interpret.h"

static const void *field_of(const attribute_field *f, const void *attributes) {
    return (const char *)attributes + f->offset;
}

static const char *string_of(const attribute_field *f, const void *attributes) {
    const char *s = *(const char *const *)field_of(f, attributes);
    return s == NULL ? "" : s;
}

/* Bytes of the kinds that are plain values; 0 for those with a length or a pointer. */
static size_t plain_bytes(field_kind kind) {
    switch (kind) {
    case FIELD_INTEGER:
        return sizeof(int64_t);
    case FIELD_BOOL:
        return sizeof(bool);
    case FIELD_FLOAT:
        return sizeof(double);
    case FIELD_ENUM:
        return sizeof(int);
    case FIELD_DTYPE:
    case FIELD_RESULT_DTYPE:
        return sizeof(cn_dtype);
    default:
        return 0;
    }
}

/* ---- comparing ---------------------------------------------------------------------------- */

static bool integers_equal(const integer_list *a, const integer_list *b) {
    return a->count == b->count &&
           memcmp(a->items, b->items, (size_t)a->count * sizeof(int64_t)) == 0;
}

static bool dims_equal(const dim_list *a, const dim_list *b) {
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!dim_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool byte_strings_equal(const byte_string *a, const byte_string *b) {
    return a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static bool fields_equal(const attribute_field *f, const void *a, const void *b) {
    const void *x = field_of(f, a), *y = field_of(f, b);
    switch (f->kind) {
    case FIELD_STRING:
        return strcmp(string_of(f, a), string_of(f, b)) == 0;
    case FIELD_DIM:
        return dim_equal(*(const dim *)x, *(const dim *)y);
    case FIELD_INTEGERS:
        return integers_equal(x, y);
    case FIELD_DIMS:
    case FIELD_RESULT_SHAPE:
        return dims_equal(x, y);
    case FIELD_BYTES:
        return byte_strings_equal(x, y);
    default:
        return memcmp(x, y, plain_bytes(f->kind)) == 0;
    }
}

bool attributes_equal(const attribute_schema *s, const void *a, const void *b) {
    for (const attribute_field *f = s->fields; f->name != NULL; f++)
        if (!fields_equal(f, a, b))
            return false;
    return true;
}

/* ---- hashing ------------------------------------------------------------------------------ */

static uint64_t dims_hash(const dim *dims, int count, uint64_t h) {
    for (int i = 0; i < count; i++)
        h = hash_combine(h, (uint64_t)dims[i].count * 2 + dims[i].symbolic);
    return hash_combine(h, (uint64_t)count);
}

static uint64_t field_hash(const attribute_field *f, const void *a, uint64_t h) {
    const void *x = field_of(f, a);
    switch (f->kind) {
    case FIELD_STRING:
        return hash_bytes(string_of(f, a), strlen(string_of(f, a)), h);
    case FIELD_DIM:
        return dims_hash(x, 1, h);
    case FIELD_INTEGERS: {
        const integer_list *list = x;
        return hash_bytes(list->items, (size_t)list->count * sizeof(int64_t), h);
    }
    case FIELD_DIMS:
    case FIELD_RESULT_SHAPE: {
        const dim_list *list = x;
        return dims_hash(list->items, list->count, h);
    }
    case FIELD_BYTES: {
        const byte_string *string = x;
        return hash_bytes(string->bytes, string->length, h);
    }
    default:
        return hash_bytes(x, plain_bytes(f->kind), h);
    }
}

uint64_t attributes_hash(const attribute_schema *s, const void *a) {
    uint64_t h = 0;
    for (const attribute_field *f = s->fields; f->name != NULL; f++)
        h = field_hash(f, a, h);
    return h;
}

/* ---- copying ------------------------------------------------------------------------------ */

static void copy_field(const attribute_field *f, const void *from, void *to, arena *a) {
    const void *x = field_of(f, from);
    void *y = (char *)to + f->offset;
    switch (f->kind) {
    case FIELD_STRING:
        *(const char **)y = arena_string(a, string_of(f, from));
        break;
    case FIELD_DIM:
        *(dim *)y = *(const dim *)x;
        break;
    case FIELD_INTEGERS:
        assert(((const integer_list *)x)->count <= MAX_RANK);
        *(integer_list *)y = *(const integer_list *)x;
        break;
    case FIELD_DIMS:
    case FIELD_RESULT_SHAPE:
        assert(((const dim_list *)x)->count <= MAX_RANK);
        *(dim_list *)y = *(const dim_list *)x;
        break;
    case FIELD_BYTES: {
        const byte_string *string = x;
        *(byte_string *)y =
            (byte_string){string->length, arena_copy(a, string->bytes, string->length)};
        break;
    }
    default:
        memcpy(y, x, plain_bytes(f->kind));
    }
}

void *attributes_copy(const attribute_schema *s, const void *a, arena *to) {
    void *copy = arena_alloc(to, s->size);
    for (const attribute_field *f = s->fields; f->name != NULL; f++)
        copy_field(f, a, copy, to);
    return copy;
}

/* ---- printing ----------------------------------------------------------------------------- */

bool attribute_is_default(const attribute_field *f, const void *a) {
    static const char zero[sizeof(dim_list)]; /* the largest field */
    const void *x = field_of(f, a);
    switch (f->kind) {
    case FIELD_RESULT_DTYPE:
    case FIELD_RESULT_SHAPE:
        return true; /* the type says it */
    case FIELD_STRING:
        return *string_of(f, a) == '\0';
    case FIELD_DIM:
        return ((const dim *)x)->count == 0;
    case FIELD_INTEGERS:
        return ((const integer_list *)x)->count == 0;
    case FIELD_DIMS:
        return ((const dim_list *)x)->count == 0;
    case FIELD_BYTES:
        return ((const byte_string *)x)->length == 0;
    default:
        return memcmp(x, zero, plain_bytes(f->kind)) == 0;
    }
}

/* A nan whose bits say more than "nan" is printed as its bits, so that nothing is lost. */
static void print_float(text *out, double x, uint64_t bits, uint64_t plain_nan, bool is_f32) {
    if (isnan(x) && bits != plain_nan)
        text_printf(out, "0x%llx", (unsigned long long)bits);
    else
        text_float(out, x, is_f32);
}

static void print_element(text *out, cn_dtype dtype, const void *element) {
    static const uint64_t plain_nan[CN_DTYPE_COUNT] = {[CN_F64] = UINT64_C(0x7ff8000000000000),
                                                       [CN_F32] = 0x7fc00000,
                                                       [CN_BF16] = 0x7fc0,
                                                       [CN_F16] = 0x7e00};
    number x = number_from_bytes(dtype, element);
    uint64_t bits = 0;
    memcpy(&bits, element, (size_t)dtype_bytes(dtype)); /* the host is little-endian */
    if (dtype_is_float(dtype))
        print_float(out, x.f, bits, plain_nan[dtype], dtype != CN_F64);
    else if (dtype == CN_BOOL)
        text_append(out, x.i != 0 ? "true" : "false");
    else
        text_printf(out, "%lld", (long long)x.i);
}

static void print_bytes(text *out, const byte_string *bytes, cn_dtype dtype) {
    size_t size = (size_t)dtype_bytes(dtype);
    text_append(out, "[");
    for (size_t i = 0; size != 0 && i + size <= bytes->length; i += size) {
        if (i > 0)
            text_append(out, ",");
        print_element(out, dtype, (const char *)bytes->bytes + i);
    }
    text_append(out, "]");
}

static void print_integers(text *out, const integer_list *list) {
    for (int i = 0; i < list->count; i++)
        text_printf(out, "%s%lld", i == 0 ? "[" : ",", (long long)list->items[i]);
    text_append(out, "]");
}

static void print_dims(text *out, const dim_list *list) {
    for (int i = 0; i < list->count; i++) {
        text_append(out, i == 0 ? "[" : ",");
        text_dim(out, list->items[i]);
    }
    text_append(out, "]");
}

static void print_double(text *out, const double *x) {
    uint64_t bits;
    memcpy(&bits, x, sizeof bits);
    print_float(out, *x, bits, UINT64_C(0x7ff8000000000000), false);
}

void attribute_print(const attribute_field *f, const void *a, cn_dtype bytes_as, text *out) {
    const void *x = field_of(f, a);
    switch (f->kind) {
    case FIELD_INTEGER:
        text_printf(out, "%lld", (long long)*(const int64_t *)x);
        break;
    case FIELD_BOOL:
        text_append(out, "true");
        break;
    case FIELD_DIM:
        text_dim(out, *(const dim *)x);
        break;
    case FIELD_FLOAT:
        print_double(out, x);
        break;
    case FIELD_ENUM:
        text_append(out, f->names[*(const int *)x]);
        break;
    case FIELD_DTYPE:
        text_append(out, dtype_name(*(const cn_dtype *)x));
        break;
    case FIELD_STRING:
        text_quote(out, string_of(f, a));
        break;
    case FIELD_INTEGERS:
        print_integers(out, x);
        break;
    case FIELD_DIMS:
        print_dims(out, x);
        break;
    case FIELD_BYTES:
        print_bytes(out, x, bytes_as);
        break;
    case FIELD_RESULT_DTYPE:
    case FIELD_RESULT_SHAPE:
        break; /* never asked: the type says it */
    }
}

void attributes_print(const attribute_schema *s, const void *a, cn_dtype bytes_as, text *out) {
    const char *before = " {";
    for (const attribute_field *f = s->fields; f->name != NULL; f++) {
        if (attribute_is_default(f, a))
            continue;
        text_printf(out, "%s%s=", before, f->name);
        attribute_print(f, a, bytes_as, out);
        before = ", ";
    }
    if (*before == ',')
        text_append(out, "}");
}
