/* HDF5 by the program cornu-hdf5, and what is checked of its answers.
 *
 * The program gets descriptors, never paths, and answers with JSON (runtime/hdf5_program). It has
 * handled a file that anybody may have made, so it is believed nothing: every place must lie in the
 * bytes that we have, fit its shape and type, and be nobody else's. Memory is taken for what it has
 * said, which is limited by the length of the file.
 *
 * Writing goes the same way round: the program makes the file with room for the data, tells as
 * after reading where that is, and the data are copied there by us.
 *
 * Ownership: whatever is no arena memory is in a `session` from the moment it exists.
 */
#define _GNU_SOURCE
#include "runtime/io/hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/map.h"
#include "base/platform.h"
#include "base/size.h"
#include "runtime/io/json_read.h"

#define ALWAYS_ANSWERED ((size_t)16 << 20)
/* A damaged file can keep libhdf5 busy for ever; a good one of 10,000 datasets takes a second. */
static const double seconds_always = 5, bytes_per_second = 1e6, most_seconds = 120;
static const char brain_key[] = "dtype", brain_value[] = "bfloat16"; /* as Keras marks it */

/* ---- element types ---------------------------------------------------------------------- */

static const struct {
    const char *name; /* NumPy's */
    cn_dtype dtype;   /* 0: Cornu has none */
    unsigned bytes;
} dtypes[] = {{"f4", CN_F32, 4}, {"f8", CN_F64, 8}, {"f2", CN_F16, 2},    {"bf16", CN_BF16, 2},
              {"i8", CN_I64, 8}, {"i4", CN_I32, 4}, {"u4", CN_U32, 4},    {"i1", CN_I8, 1},
              {"u1", CN_U8, 1},  {"i2", 0, 2},      {"bool", CN_BOOL, 1}, {"u2", 0, 2},
              {"u8", 0, 8},      {"V2", 0, 2}};
enum { DTYPE_ROWS = sizeof dtypes / sizeof *dtypes };

/* ---- the program ------------------------------------------------------------------------ */

typedef struct session {
    const char *title;
    diagnostics *d;
    shared_bytes request, answer, file;
    json_t *json;
} session;

static session session_of(const char *title, diagnostics *d) {
    const shared_bytes none = {.descriptor = -1};
    return (session){title, d, none, none, none, NULL};
}

static void session_close(session *s) {
    shared_bytes_free(&s->request);
    shared_bytes_free(&s->answer);
    shared_bytes_free(&s->file);
    json_decref(s->json);
}

static bool refuse(const session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const session *s, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return diag_fail(s->d, CN_ERROR_FORMAT, "\"%s\" is damaged or holds more than weights: %s",
                     s->title, words);
}

static char *find_program(diagnostics *d) {
    const char *named = secure_getenv("CORNU_HDF5");
    char *path = named != NULL ? strdup(named) : file_beside_library("cornu-hdf5");
    if (path == NULL)
        diag_fail(d, CN_ERROR_UNSUPPORTED,
                  "HDF5 files need the program cornu-hdf5, which is not beside libcornu; cure: "
                  "apt-get install libhdf5-dev and build Cornu again, or name its path in "
                  "CORNU_HDF5");
    return path;
}

static bool judge(const session *s, const child_options *o, child_result *r) {
    r->printed[strcspn(r->printed, "\n")] = 0;
    switch (r->end) {
    case CHILD_SUCCEEDED:
        return true;
    case CHILD_NOT_STARTED:
        return diag_fail(s->d, CN_ERROR_UNSUPPORTED,
                         "HDF5 files need the program cornu-hdf5, and \"%s\" does not run: %s; "
                         "cure: name its path in CORNU_HDF5",
                         o->program, strerror(r->number));
    case CHILD_LATE:
        return refuse(s, "it keeps libhdf5 busy for more than %.0f seconds", o->seconds);
    case CHILD_KILLED:
        return refuse(s, "libhdf5 did not survive it (signal %d)", r->number);
    default:
        return refuse(s, "%s", r->printed[0] != 0 ? r->printed : "libhdf5 failed without words");
    }
}

static bool run_program(const session *s, const child_options *given, const char *const *arguments,
                        child_result *out) {
    child_options options = *given;
    char *program = find_program(s->d);
    if (program == NULL)
        return false;
    options.program = program;
    child_start(&options, arguments, out);
    bool ok = judge(s, &options, out);
    free(program);
    return ok;
}

bool hdf5_version(diagnostics *d, char words[HDF5_VERSION_BYTES]) {
    const session s = session_of("cornu-hdf5", d);
    child_result result;
    words[0] = 0;
    if (!run_program(&s, &(child_options){.seconds = seconds_always},
                     (const char *const[]){"cornu-hdf5", "version", NULL}, &result))
        return false;
    snprintf(words, HDF5_VERSION_BYTES, "%.60s", result.printed);
    return true;
}

static bool no_memory(const session *s) {
    return diag_fail(s->d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory", s->title);
}

/* Of processor time and on the clock. */
static double seconds_for(size_t bytes) {
    double seconds = seconds_always + (double)bytes / bytes_per_second;
    return seconds < most_seconds ? seconds : most_seconds;
}

static bool ask(session *s, const file_view *source) {
    char offset[32], length[32];
    const int given[] = {source->descriptor, s->answer.descriptor};
    const child_options options = {.descriptors = given,
                                   .descriptor_count = 2,
                                   .file_bytes = ALWAYS_ANSWERED + source->length,
                                   .seconds = seconds_for(source->length)};
    snprintf(offset, sizeof offset, "%llu", (unsigned long long)source->offset);
    snprintf(length, sizeof length, "%zu", source->length);
    return run_program(s, &options,
                       (const char *const[]){"cornu-hdf5", "read", offset, length, NULL},
                       &(child_result){.end = CHILD_NOT_STARTED});
}

/* ---- its answer ------------------------------------------------------------------------- */

typedef struct parser {
    session *s;
    const file_view *source;
    arena *a;
    map names; /* of datasets; then of attributes, behind the path of their owner and a NUL */
} parser;

static const char *read_text(const parser *p, const json_t *row, const char *key) {
    const char *words = json_string_value(json_object_get(row, key));
    return words == NULL ? NULL : arena_string(p->a, words);
}

static bool read_dtype(const parser *p, const json_t *row, hdf5_dataset *out, size_t *bytes) {
    const char *words = json_string_value(json_object_get(row, "dtype"));
    for (size_t i = 0; words != NULL && i < DTYPE_ROWS; i++) {
        if (strcmp(dtypes[i].name, words) != 0)
            continue;
        out->type.dtype = dtypes[i].dtype;
        *bytes = dtypes[i].bytes;
        return true;
    }
    return refuse(p->s, "\"%s\" has no element type", out->path);
}

/* More axes than we have are no type of ours. */
static bool read_shape(const parser *p, const json_t *list, hdf5_dataset *out, size_t *bytes) {
    size_t rank = json_array_size(list);
    if (!json_is_array(list))
        return refuse(p->s, "\"%s\" has no shape", out->path);
    if (rank > MAX_RANK)
        out->type.dtype = CN_DTYPE_DEFAULT;
    out->type.rank = rank > MAX_RANK ? 0 : (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *extent = json_array_get(list, i);
        json_int_t n = json_integer_value(extent);
        if (!json_is_integer(extent) || n < 0)
            return refuse(p->s, "axis %zu of \"%s\" is not a size", i, out->path);
        if (rank <= MAX_RANK)
            out->type.dims[i] = dim_of((int64_t)n);
        if (!size_mul(*bytes, (size_t)n, bytes))
            return refuse(p->s, "the shape of \"%s\" is larger than any file", out->path);
    }
    return true;
}

static bool read_place(const parser *p, const json_t *row, size_t bytes, hdf5_dataset *out) {
    const json_t *offset = json_object_get(row, "offset"), *said = json_object_get(row, "bytes");
    json_int_t begin = json_integer_value(offset), length = json_integer_value(said);
    if (!json_is_integer(said) || length < 0 || (uint64_t)length != bytes)
        return refuse(p->s, "\"%s\" has %lld bytes, its shape needs %zu", out->path,
                      (long long)length, bytes);
    if (!json_is_integer(offset) || begin < 0 || (uint64_t)begin > p->source->length ||
        bytes > p->source->length - (size_t)begin)
        return refuse(p->s, "the data of \"%s\" lie outside of the file", out->path);
    out->data = p->source->bytes + begin;
    out->bytes = bytes;
    return true;
}

static bool check_flags(const parser *p, const hdf5_dataset *x) {
    const uint8_t *bytes = x->data;
    for (size_t i = 0; x->type.dtype == CN_BOOL && i < x->bytes; i++)
        if (bytes[i] > 1)
            return refuse(p->s, "element %zu of \"%s\" is neither true nor false", i, x->path);
    return true;
}

static bool read_dataset(parser *p, const json_t *row, hdf5_dataset *out) {
    size_t bytes = 0;
    bool found = false;
    out->path = read_text(p, row, "path");
    if (out->path == NULL)
        return refuse(p->s, "a dataset without a path");
    map_put_text(&p->names, out->path, &found);
    if (found)
        return refuse(p->s, "\"%s\" is in it twice", out->path);
    return read_dtype(p, row, out, &bytes) &&
           read_shape(p, json_object_get(row, "shape"), out, &bytes) &&
           read_place(p, row, bytes, out) && check_flags(p, out);
}

static bool read_attribute(parser *p, const json_t *row, hdf5_attribute *out) {
    const json_t *texts = json_object_get(row, "texts");
    bool found = false;
    out->owner = read_text(p, row, "owner");
    out->name = read_text(p, row, "name");
    if (out->owner == NULL || out->name == NULL || !json_is_array(texts))
        return refuse(p->s, "an attribute without owner, name or texts");
    const char *key = arena_format(p->a, "%s\n%s", out->owner, out->name);
    map_put_text(&p->names, key, &found);
    if (found)
        return refuse(p->s, "the attribute \"%s\" of \"%s\" is in it twice", out->name, out->owner);
    const char **list = ARENA_ARRAY(p->a, const char *, json_array_size(texts) + 1);
    for (; out->count < json_array_size(texts); out->count++) {
        const char *words = json_string_value(json_array_get(texts, out->count));
        if (words == NULL)
            return refuse(p->s, "the attribute \"%s\" of \"%s\" is no text", out->name, out->owner);
        list[out->count] = arena_string(p->a, words);
    }
    out->texts = list;
    return true;
}

/* By place; empty ones, which have none, first. */
static int by_place(const void *a, const void *b) {
    const hdf5_dataset *x = *(const hdf5_dataset *const *)a, *y = *(const hdf5_dataset *const *)b;
    if ((x->bytes == 0) != (y->bytes == 0))
        return x->bytes == 0 ? -1 : 1;
    return x->data == y->data ? strcmp(x->path, y->path)
                              : ((const uint8_t *)x->data < (const uint8_t *)y->data ? -1 : 1);
}

static bool check_overlaps(const parser *p, const hdf5_file *f) {
    const hdf5_dataset **sorted = ARENA_ARRAY(p->a, const hdf5_dataset *, f->dataset_count + 1);
    for (size_t i = 0; i < f->dataset_count; i++)
        sorted[i] = &f->datasets[i];
    if (f->dataset_count > 0)
        qsort(sorted, f->dataset_count, sizeof(*sorted), by_place);
    for (size_t i = 1; i < f->dataset_count; i++) {
        const hdf5_dataset *x = sorted[i - 1], *y = sorted[i];
        if (x->bytes > 0 && (const uint8_t *)y->data < (const uint8_t *)x->data + x->bytes)
            return refuse(p->s, "the data of \"%s\" and \"%s\" overlap", x->path, y->path);
    }
    return true;
}

/* Keras keeps bfloat16 as two bytes of no type, and says so in an attribute. */
static void mark_brain_floats(const hdf5_file *f, const json_t *rows, hdf5_dataset *datasets) {
    for (size_t i = 0; i < f->attribute_count; i++) {
        const hdf5_attribute *x = &f->attributes[i];
        if (strcmp(x->name, brain_key) != 0 || x->count != 1 ||
            strcmp(x->texts[0], brain_value) != 0)
            continue;
        const hdf5_dataset *found = hdf5_find(f, x->owner);
        const json_t *row = found == NULL ? NULL : json_array_get(rows, (size_t)(found - datasets));
        const char *words = json_string_value(json_object_get(row, "dtype"));
        if (words != NULL && strcmp(words, "V2") == 0 &&
            json_array_size(json_object_get(row, "shape")) <= MAX_RANK)
            datasets[found - datasets].type.dtype = CN_BF16;
    }
}

static bool read_lists(parser *p, hdf5_file *out) {
    const json_t *datasets = json_object_get(p->s->json, "datasets"),
                 *attributes = json_object_get(p->s->json, "attributes");
    size_t count = json_array_size(datasets), attribute_count = json_array_size(attributes);
    if (!json_is_array(datasets) || !json_is_array(attributes))
        return refuse(p->s, "the answer of cornu-hdf5 is none");
    hdf5_dataset *rows = ARENA_ARRAY(p->a, hdf5_dataset, count + 1);
    hdf5_attribute *others = ARENA_ARRAY(p->a, hdf5_attribute, attribute_count + 1);
    for (size_t i = 0; i < count; i++)
        if (!read_dataset(p, json_array_get(datasets, i), &rows[i]))
            return false;
    map_init(&p->names, p->a);
    for (size_t i = 0; i < attribute_count; i++)
        if (!read_attribute(p, json_array_get(attributes, i), &others[i]))
            return false;
    hdf5_file f = {rows, count, others, attribute_count};
    if (!check_overlaps(p, &f))
        return false;
    mark_brain_floats(&f, datasets, rows);
    *out = f;
    return true;
}

/* What the arena has no memory for leaves the session as it is. */
static bool parse(session *s, const file_view *source, const void *answer, size_t length, arena *a,
                  hdf5_file *out) {
    parser p = {.s = s, .source = source, .a = a};
    diag_recovery point;
    s->json = json_read("the answer of cornu-hdf5", answer, length, s->d);
    if (s->json == NULL)
        diag_prefix(s->d, "\"%s\": ", s->title);
    if (s->json == NULL || DIAG_RECOVER(s->d, &point))
        return false;
    map_init(&p.names, a);
    bool ok = read_lists(&p, out);
    diag_pop_recovery(s->d, &point);
    return ok;
}

bool hdf5_parse(const file_view *source, const void *answer, size_t length, arena *a,
                diagnostics *d, hdf5_file *out) {
    session s = session_of(source->title, d);
    *out = (hdf5_file){0};
    bool ok = parse(&s, source, answer, length, a, out);
    session_close(&s);
    return ok;
}

bool hdf5_read(const file_view *source, arena *a, diagnostics *d, hdf5_file *out) {
    session s = session_of(source->title, d);
    *out = (hdf5_file){0};
    bool ok = (shared_bytes_new(0, &s.answer) || no_memory(&s)) && ask(&s, source) &&
              (shared_bytes_map(&s.answer) || no_memory(&s)) &&
              parse(&s, source, s.answer.bytes, s.answer.length, a, out);
    session_close(&s);
    return ok;
}

const hdf5_dataset *hdf5_find(const hdf5_file *f, const char *path) {
    for (size_t i = 0; i < f->dataset_count; i++)
        if (strcmp(f->datasets[i].path, path) == 0)
            return &f->datasets[i];
    return NULL;
}

const hdf5_attribute *hdf5_find_attribute(const hdf5_file *f, const char *owner, const char *name) {
    for (size_t i = 0; i < f->attribute_count; i++)
        if (strcmp(f->attributes[i].owner, owner) == 0 && strcmp(f->attributes[i].name, name) == 0)
            return &f->attributes[i];
    return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

static const char *name_of_dtype(cn_dtype dtype) {
    for (size_t i = 0; i < DTYPE_ROWS; i++)
        if (dtypes[i].dtype == dtype && dtype != CN_BF16)
            return dtypes[i].name;
    return "V2";
}

static json_t *shape_to_json(const type *t) {
    json_t *shape = json_array();
    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer(t->dims[i].count));
    return shape;
}

static json_t *attribute_to_json(const hdf5_attribute *x) {
    json_t *texts = json_array();
    for (size_t i = 0; i < x->count; i++)
        json_array_append_new(texts, json_string(x->texts[i]));
    if (json_array_size(texts) == x->count)
        return json_pack("{s:s, s:s, s:o}", "owner", x->owner, "name", x->name, "texts", texts);
    json_decref(texts);
    return NULL;
}

/* NULL when there is no memory, or a name is no UTF-8. */
static json_t *request_of(const hdf5_file *f) {
    json_t *datasets = json_array(), *attributes = json_array();
    const char *const brain[] = {brain_value};
    bool ok = true;
    for (size_t i = 0; ok && i < f->dataset_count; i++) {
        const hdf5_dataset *x = &f->datasets[i];
        json_t *row = json_pack("{s:s, s:s, s:o}", "path", x->path, "dtype",
                                name_of_dtype(x->type.dtype), "shape", shape_to_json(&x->type));
        ok = json_array_append_new(datasets, row) == 0;
        if (ok && x->type.dtype == CN_BF16)
            ok = json_array_append_new(attributes, attribute_to_json(&(hdf5_attribute){
                                                       x->path, brain_key, brain, 1})) == 0;
    }
    for (size_t i = 0; ok && i < f->attribute_count; i++)
        ok = json_array_append_new(attributes, attribute_to_json(&f->attributes[i])) == 0;
    json_t *root = json_pack("{s:o, s:o}", "datasets", datasets, "attributes", attributes);
    if (ok)
        return root;
    json_decref(root);
    return NULL;
}

static bool put_request(session *s, const hdf5_file *f) {
    s->json = request_of(f);
    char *words = s->json == NULL ? NULL : json_dumps(s->json, JSON_COMPACT);
    bool ok = words != NULL && shared_bytes_new(strlen(words), &s->request);
    if (ok)
        memcpy(s->request.bytes, words, s->request.length);
    free(words);
    json_decref(s->json);
    s->json = NULL;
    return ok ||
           diag_fail(s->d, CN_ERROR_FILE,
                     "\"%s\" cannot be written: no memory, or a name that is not UTF-8", s->title);
}

static bool make_file(session *s, const hdf5_file *f) {
    size_t room = (size_t)64 << 20;
    for (size_t i = 0; i < f->dataset_count; i++)
        if (!size_add(room, f->datasets[i].bytes + 4096, &room))
            return no_memory(s);
    const int given[] = {s->request.descriptor, s->answer.descriptor, s->file.descriptor};
    const child_options options = {
        .descriptors = given, .descriptor_count = 3, .file_bytes = room, .seconds = most_seconds};
    return run_program(s, &options, (const char *const[]){"cornu-hdf5", "write", NULL},
                       &(child_result){.end = CHILD_NOT_STARTED}) &&
           ((shared_bytes_map(&s->answer) && shared_bytes_map(&s->file)) || no_memory(s));
}

static bool put_data(session *s, const hdf5_file *f, arena *a) {
    const file_view made = {.title = s->title, .bytes = s->file.bytes, .length = s->file.length};
    hdf5_file places = {0};
    map index;
    if (!parse(s, &made, s->answer.bytes, s->answer.length, a, &places))
        return false;
    map_init(&index, a);
    for (size_t i = 0; i < places.dataset_count; i++)
        *map_put_text(&index, places.datasets[i].path, NULL) = i;
    for (size_t i = 0; i < f->dataset_count; i++) {
        const hdf5_dataset *x = &f->datasets[i];
        const uint64_t *found = map_find_text(&index, x->path);
        const hdf5_dataset *place = found == NULL ? NULL : &places.datasets[*found];
        if (place == NULL || place->bytes != x->bytes)
            return diag_fail(s->d, CN_ERROR_INTERNAL, "\"%s\": \"%s\" has got no place", s->title,
                             x->path);
        if (x->bytes > 0)
            memcpy(s->file.bytes + ((const uint8_t *)place->data - s->file.bytes), x->data,
                   x->bytes);
    }
    return true;
}

static bool put_data_guarded(session *s, const hdf5_file *f, arena *a) {
    diag_recovery point;
    if (DIAG_RECOVER(s->d, &point))
        return false;
    bool ok = put_data(s, f, a);
    diag_pop_recovery(s->d, &point);
    return ok;
}

static bool put_data_in_arena(session *s, const hdf5_file *f) {
    memory *m = memory_new(0);
    arena *a = m == NULL ? NULL : arena_new(m, s->d);
    bool ok = a != NULL ? put_data_guarded(s, f, a) : no_memory(s);
    arena_free(a);
    memory_free(m);
    return ok;
}

bool hdf5_write(const hdf5_file *f, const char *title, diagnostics *d, file_view *out) {
    session s = session_of(title, d);
    *out = (file_view){.descriptor = -1};
    bool ok = put_request(&s, f) &&
              ((shared_bytes_new(0, &s.answer) && shared_bytes_new(0, &s.file)) || no_memory(&s)) &&
              make_file(&s, f) && put_data_in_arena(&s, f) &&
              (shared_bytes_seal(&s.file) || no_memory(&s));
    if (ok) {
        *out = (file_view){title, s.file.bytes, s.file.length, s.file.descriptor, 0};
        s.file = (shared_bytes){.descriptor = -1};
    }
    session_close(&s);
    return ok;
}

void hdf5_release(file_view *written) {
    /* An unmapped view is read-only memory of ours: the cast gives back what was given. */
    shared_bytes b = {(uint8_t *)(uintptr_t)written->bytes, written->length, written->descriptor};
    shared_bytes_free(&b);
    *written = (file_view){.descriptor = -1};
}
