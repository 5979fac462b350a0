/* cornu data info|head FILE...: what is in files of arrays and in datasets. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arrays.h"
#include "tools/datasets.h"

/* ---- info -------------------------------------------------------------------------------- */

typedef struct range {
    double least, most, sum; /* of the finite ones */
    size_t count, odd;       /* NaN and infinities are odd, and not counted */
} range;

static const range nothing = {.least = (double)INFINITY, .most = -(double)INFINITY};

static void extend(range *r, const cn_array *x) {
    for (size_t k = 0; k < array_elements(x); k++) {
        double v = array_element(x, k);
        if (!isfinite(v)) {
            r->odd++;
            continue;
        }
        r->least = fmin(r->least, v);
        r->most = fmax(r->most, v);
        r->sum += v;
        r->count++;
    }
}

static double mean(range r) {
    return r.sum / (double)r.count;
}

static void info_text(FILE *out, const cn_array *x, range r) {
    fprintf(out, "  %s%s%s ", x->name != NULL ? x->name : "", x->name != NULL ? ": " : "",
            dtype_name(x->dtype));
    write_shape(out, x->shape, x->rank);
    fprintf(out, ", %zu bytes", array_elements(x) * dtype_size(x->dtype));
    if (r.least <= r.most)
        fprintf(out, ", %.6g to %.6g, mean %.6g", r.least, r.most, mean(r));
    if (r.odd > 0)
        fprintf(out, ", %zu not finite", r.odd);
    fputc('\n', out);
}

static void info_json(json *j, const cn_array *x, range r) {
    json_open(j, NULL, '{');
    json_text(j, "name", x->name);
    json_text(j, "dtype", dtype_name(x->dtype));
    json_shape(j, x->shape, x->rank);
    json_integer(j, "bytes", (int64_t)(array_elements(x) * dtype_size(x->dtype)));
    json_number(j, "least", r.least);
    json_number(j, "most", r.most);
    json_number(j, "mean", mean(r));
    json_integer(j, "not_finite", (int64_t)r.odd);
    json_close(j, '}');
}

/* What is looked at: arrays of a file, or the first samples of a dataset. */
typedef struct contents {
    const char *path, *format;
    cn_array_file *file;
    cn_dataset *set;
    cn_array arrays[2 * CN_MAX_LIST]; /* of the dataset, with as many samples as are read at once */
    range ranges[2 * CN_MAX_LIST];    /* of the dataset */
    size_t count;
} contents;

/* The array of a dataset with the count of all its samples. */
static cn_array whole(const contents *x, size_t k) {
    cn_array a = x->file != NULL ? cn_array_file_get(x->file, k) : x->arrays[k];
    if (x->set != NULL)
        a.shape[0] = cn_dataset_count(x->set);
    return a;
}

static void write_classes(const invocation *i, const cn_dataset *d) {
    size_t count = cn_dataset_class_count(d), shown = count < 12 ? count : 12;
    fprintf(i->out, "  %zu classes", count);
    for (size_t k = 0; k < shown && cn_dataset_class_name(d, k) != NULL; k++)
        fprintf(i->out, "%s%s", k == 0 ? ": " : ", ", cn_dataset_class_name(d, k));
    fputs(shown < count ? ", ...\n" : "\n", i->out);
}

static void info(const invocation *i, const contents *x, json *j) {
    if (!i->json && x->set != NULL)
        fprintf(i->out, "%s: %s, %" PRId64 " samples\n", x->path, x->format,
                cn_dataset_count(x->set));
    else if (!i->json)
        fprintf(i->out, "%s: %s, %zu array%s\n", x->path, x->format, x->count,
                x->count == 1 ? "" : "s");
    for (size_t k = 0; k < x->count; k++) {
        cn_array a = whole(x, k);
        range r = x->set != NULL ? x->ranges[k] : nothing;
        if (x->set == NULL)
            extend(&r, &a);
        if (i->json)
            info_json(j, &a, r);
        else
            info_text(i->out, &a, r);
    }
    if (!i->json && cn_dataset_class_count(x->set) > 0)
        write_classes(i, x->set);
}

/* ---- head -------------------------------------------------------------------------------- */

/* A sample of bytes with two axes (and channels) is drawn as a picture. */
static bool is_picture(const cn_array *x) {
    bool grey = x->rank == 3 || (x->rank == 4 && x->shape[3] == 1);
    bool colours = x->rank == 4 && x->shape[3] == 3;
    return x->dtype == CN_U8 && (grey || colours) && x->shape[2] <= 120;
}

static void draw(FILE *out, const cn_array *x, size_t first) {
    static const char shades[] = " .:-=+*#%@";
    size_t width = (size_t)x->shape[2], channels = x->rank == 4 ? (size_t)x->shape[3] : 1;
    for (size_t k = 0; k < sample_elements(x) / channels; k++) {
        double light = 0;
        for (size_t c = 0; c < channels; c++)
            light += array_element(x, first + k * channels + c);
        fputc(shades[(int)(light / (double)channels) * 10 / 256], out);
        if ((k + 1) % width == 0)
            fputc('\n', out);
    }
}

static void head_text(FILE *out, const cn_array *x, size_t count) {
    size_t size = sample_elements(x);
    for (size_t s = 0; s < count; s++) {
        fprintf(out, "%s[%zu]", x->name != NULL ? x->name : "", s);
        if (is_picture(x)) {
            fputc('\n', out);
            draw(out, x, s * size);
            continue;
        }
        for (size_t k = 0; k < size; k++) {
            fputc(' ', out);
            write_element(out, x, s * size + k);
        }
        fputc('\n', out);
    }
}

static void head_json(json *j, const cn_array *x, size_t count) {
    size_t size = sample_elements(x);
    json_open(j, NULL, '{');
    json_text(j, "name", x->name);
    json_text(j, "dtype", dtype_name(x->dtype));
    json_shape(j, x->shape, x->rank);
    json_open(j, "values", '[');
    for (size_t s = 0; s < count; s++) {
        json_open(j, NULL, '[');
        for (size_t k = 0; k < size; k++)
            json_element(j, NULL, x, s * size + k);
        json_close(j, ']');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void head(const invocation *i, const contents *x, json *j) {
    int64_t wanted = option_integer(i, "count", 3);
    for (size_t k = 0; k < x->count; k++) {
        cn_array a = x->set != NULL ? x->arrays[k] : whole(x, k);
        int64_t samples = a.rank == 0 ? 1 : a.shape[0];
        size_t count = (size_t)(samples < wanted ? samples : wanted);
        if (i->json)
            head_json(j, &a, count);
        else
            head_text(i->out, &a, count);
    }
}

/* ---- What is read ------------------------------------------------------------------------- */

enum { RANGE_SAMPLES = 1000, PIECE_BYTES = 4 << 20 };
enum { PICTURE_HEIGHT = 24, PICTURE_WIDTH = 48, WINDOW = 16 };

static const struct {
    const char *name;
    void (*write)(const invocation *i, const contents *x, json *j);
} actions[] = {{"info", info}, {"head", head}};
enum { ACTION_COUNT = sizeof actions / sizeof *actions };

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Of all columns; shapes of datasets are those of memory, so nothing overflows. */
static int64_t sample_bytes(const cn_dataset *d) {
    size_t bytes = 0;
    cn_array a;
    for (size_t k = 0; (a = cn_dataset_column(d, k)).rank > 0; k++)
        bytes += sample_elements(&a) * dtype_size(a.dtype);
    return bytes > 0 ? (int64_t)bytes : 1;
}

static bool take_buffers(contents *x, int64_t samples) {
    for (cn_array a; (a = cn_dataset_column(x->set, x->count)).rank > 0; x->count++) {
        size_t bytes = dtype_size(a.dtype);
        a.shape[0] = samples;
        for (int k = 0; k < a.rank; k++)
            if (__builtin_mul_overflow(bytes, (size_t)a.shape[k], &bytes))
                return false;
        if ((a.data = malloc(bytes + 1)) == NULL)
            return false;
        x->arrays[x->count] = a;
    }
    return true;
}

static exit_code read_samples(const invocation *i, cn_context *c, contents *x, int64_t begin,
                              int64_t end) {
    void *columns[2 * CN_MAX_LIST];
    for (size_t k = 0; k < x->count; k++) {
        columns[k] = x->arrays[k].data;
        x->arrays[k].shape[0] = end - begin;
    }
    return cn_dataset_read(x->set, begin, end, columns) == CN_OK ? EXIT_OK : fail_context(i, c);
}

/* The ranges of the first samples, of which a few at a time are in memory. */
static exit_code measure(const invocation *i, cn_context *c, contents *x) {
    int64_t count = least(cn_dataset_count(x->set), RANGE_SAMPLES);
    int64_t step = least(count, 1 + PIECE_BYTES / sample_bytes(x->set));
    exit_code code = EXIT_OK;
    if (!take_buffers(x, step))
        return fail(i, EXIT_RUN, "no memory for %" PRId64 " samples", step);
    for (size_t k = 0; k < x->count; k++)
        x->ranges[k] = nothing;
    for (int64_t at = 0; at < count && code == EXIT_OK; at += step) {
        code = read_samples(i, c, x, at, least(count, at + step));
        for (size_t k = 0; k < x->count && code == EXIT_OK; k++)
            extend(&x->ranges[k], &x->arrays[k]);
    }
    return code;
}

static exit_code read_head(const invocation *i, cn_context *c, contents *x) {
    int64_t count = least(cn_dataset_count(x->set), option_integer(i, "count", 3));
    if (!take_buffers(x, count))
        return fail(i, EXIT_RUN, "no memory for %" PRId64 " samples", count);
    return read_samples(i, c, x, 0, count);
}

/* Images in the size of a terminal where they are drawn. */
static exit_code open_contents(const invocation *i, cn_context *c, bool heads, contents *x) {
    data_kind k = data_kind_of(x->path);
    sample_shape shape = {.length = WINDOW, .last_only = true};
    if (heads && !i->json)
        shape = (sample_shape){PICTURE_HEIGHT, PICTURE_WIDTH, 1, WINDOW, true, true};
    x->format = data_kind_name(k);
    if (k == KIND_ARRAYS && !columns_given(i)) {
        x->file = cn_array_file_read(c, x->path);
        x->format = cn_array_file_format(x->file);
        x->count = cn_array_file_count(x->file);
        return x->file != NULL ? EXIT_OK : fail_context(i, c);
    }
    exit_code code = dataset_open(i, c, x->path, &shape, NULL, true, &x->set);
    if (code != EXIT_OK)
        return code;
    return heads ? read_head(i, c, x) : measure(i, c, x);
}

static void close_contents(contents *x) {
    for (size_t k = 0; k < x->count && x->set != NULL; k++)
        free(x->arrays[k].data);
    cn_array_file_free(x->file);
    cn_dataset_free(x->set);
}

static void json_classes(json *j, const cn_dataset *d) {
    json_open(j, "classes", '[');
    for (size_t k = 0; k < cn_dataset_class_count(d); k++)
        json_text(j, NULL, cn_dataset_class_name(d, k));
    json_close(j, ']');
}

/* ---- The verb ---------------------------------------------------------------------------- */

static exit_code write_file(const invocation *i, cn_context *c, int action, const char *path,
                            json *j) {
    contents x = {.path = path};
    exit_code code = open_contents(i, c, action == 1, &x);
    if (code == EXIT_OK && i->json) {
        json_open(j, NULL, '{');
        json_text(j, "file", path);
        json_text(j, "format", x.format);
        if (x.set != NULL)
            json_classes(j, x.set);
        json_open(j, "arrays", '[');
    }
    if (code == EXIT_OK)
        actions[action].write(i, &x, j);
    if (code == EXIT_OK && i->json) {
        json_close(j, ']');
        json_close(j, '}');
    }
    close_contents(&x);
    return code;
}

static exit_code write_files(const invocation *i, cn_context *c, int action) {
    json j = {0};
    exit_code code = EXIT_OK;
    if (c == NULL)
        return fail_context(i, c);
    if (i->json) {
        j = json_begin(i->out, SCHEMA_data);
        json_open(&j, "files", '[');
    }
    for (int k = 1; k < i->argument_count && code == EXIT_OK; k++)
        code = write_file(i, c, action, i->arguments[k], &j);
    if (i->json) {
        json_close(&j, ']');
        json_end(&j);
    }
    return code;
}

static exit_code run(invocation *i) {
    int action = 0;
    while (action < ACTION_COUNT && strcmp(actions[action].name, i->arguments[0]) != 0)
        action++;
    if (action == ACTION_COUNT)
        return fail(i, EXIT_USAGE, "unknown action \"%s\"; there are info and head",
                    i->arguments[0]);
    if (option_integer(i, "count", 3) < 1)
        return fail(i, EXIT_USAGE, "--count wants 1 or more");
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = i->quiet});
    exit_code code = write_files(i, c, action);
    cn_context_free(c);
    return code;
}

static const option_row options[] = {
    COLUMN_OPTIONS,
    {"count", 'n', OPTION_INTEGER, "N", NULL, "samples that head writes; default: 3",
     {.only_for = "argument=head"}},
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_data = {
    .name = "data",
    .summary = "tell what is in files of data",
    .arguments = "info|head FILE...",
    .least = 2,
    .most = -1,
    .description =
        "Reads arrays (IDX, gzip or plain, .npy, .npz and .safetensors, told by their first "
        "bytes) and datasets, told by their names: tables (.csv, .tsv), texts (.txt), "
        "CIFAR's records (.bin) and folders of PNG and JPEG images, one for each class. "
        "info writes each array's name, element type, shape and range, of a dataset "
        "that of its first 1000 samples, and the classes; head the first samples, "
        "pictures as pictures.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu data info train-images-idx3-ubyte.gz", "element type, shape and range"},
            {"cornu data head -n 1 train-images-idx3-ubyte.gz", "draw the first image"},
            {"cornu data info iris.csv --target species", "columns, their range, the classes"},
            {0}},
    .run = run,
};
