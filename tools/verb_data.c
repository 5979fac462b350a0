/* cornu data info|head FILE...: what is in files of arrays. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tools/arrays.h"

/* ---- info -------------------------------------------------------------------------------- */

typedef struct range {
    double least, most, mean; /* of the finite ones */
    size_t odd;               /* NaN and infinities */
} range;

static range measure(const cn_array *x) {
    range r = {.least = (double)INFINITY, .most = -(double)INFINITY};
    size_t count = array_elements(x);
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        double v = array_element(x, k);
        if (!isfinite(v)) {
            r.odd++;
            continue;
        }
        r.least = fmin(r.least, v);
        r.most = fmax(r.most, v);
        sum += v;
    }
    r.mean = sum / (double)(count - r.odd);
    return r;
}

static void info_text(FILE *out, const cn_array *x) {
    range r = measure(x);
    fprintf(out, "  %s%s%s ", x->name != NULL ? x->name : "", x->name != NULL ? ": " : "",
            dtype_name(x->dtype));
    write_shape(out, x->shape, x->rank);
    fprintf(out, ", %zu bytes", array_elements(x) * dtype_size(x->dtype));
    if (r.least <= r.most)
        fprintf(out, ", %.6g to %.6g, mean %.6g", r.least, r.most, r.mean);
    if (r.odd > 0)
        fprintf(out, ", %zu not finite", r.odd);
    fputc('\n', out);
}

static void info_json(json *j, const cn_array *x) {
    range r = measure(x);
    json_open(j, NULL, '{');
    json_text(j, "name", x->name);
    json_text(j, "dtype", dtype_name(x->dtype));
    json_shape(j, x->shape, x->rank);
    json_integer(j, "bytes", (int64_t)(array_elements(x) * dtype_size(x->dtype)));
    json_number(j, "least", r.least);
    json_number(j, "most", r.most);
    json_number(j, "mean", r.mean);
    json_integer(j, "not_finite", (int64_t)r.odd);
    json_close(j, '}');
}

static void info(const invocation *i, const cn_array_file *f, const char *path, json *j) {
    if (!i->json)
        fprintf(i->out, "%s: %s, %zu array%s\n", path, cn_array_file_format(f),
                cn_array_file_count(f), cn_array_file_count(f) == 1 ? "" : "s");
    for (size_t k = 0; k < cn_array_file_count(f); k++) {
        cn_array x = cn_array_file_get(f, k);
        if (i->json)
            info_json(j, &x);
        else
            info_text(i->out, &x);
    }
}

/* ---- head -------------------------------------------------------------------------------- */

/* A sample of bytes with two axes (and one channel) is drawn as a picture. */
static bool is_picture(const cn_array *x) {
    return x->dtype == CN_U8 && (x->rank == 3 || (x->rank == 4 && x->shape[3] == 1)) &&
           x->shape[2] <= 120;
}

static void draw(FILE *out, const cn_array *x, size_t first) {
    static const char shades[] = " .:-=+*#%@";
    size_t width = (size_t)x->shape[2];
    for (size_t k = 0; k < sample_elements(x); k++) {
        fputc(shades[(int)array_element(x, first + k) * 10 / 256], out);
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

static void head(const invocation *i, const cn_array_file *f, const char *path, json *j) {
    (void)path;
    int64_t wanted = option_integer(i, "count", 3);
    for (size_t k = 0; k < cn_array_file_count(f); k++) {
        cn_array x = cn_array_file_get(f, k);
        int64_t samples = x.rank == 0 ? 1 : x.shape[0];
        size_t count = (size_t)(samples < wanted ? samples : wanted);
        if (i->json)
            head_json(j, &x, count);
        else
            head_text(i->out, &x, count);
    }
}

/* ---- The verb ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*write)(const invocation *i, const cn_array_file *f, const char *path, json *j);
} actions[] = {{"info", info}, {"head", head}};
enum { ACTION_COUNT = sizeof actions / sizeof *actions };

static exit_code write_file(const invocation *i, cn_context *c, int action, const char *path,
                            json *j) {
    cn_array_file *f = cn_array_file_read(c, path);
    if (f == NULL)
        return fail_context(i, c);
    if (i->json) {
        json_open(j, NULL, '{');
        json_text(j, "file", path);
        json_text(j, "format", cn_array_file_format(f));
        json_open(j, "arrays", '[');
    }
    actions[action].write(i, f, path, j);
    if (i->json) {
        json_close(j, ']');
        json_close(j, '}');
    }
    cn_array_file_free(f);
    return EXIT_OK;
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
    {"count", 'n', OPTION_INTEGER, "N", NULL, "samples that head writes; default: 3",
     {.only_for = "argument=head"}},
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_data = {
    .name = "data",
    .summary = "tell what is in files of arrays",
    .arguments = "info|head FILE...",
    .least = 2,
    .most = -1,
    .description = "Reads IDX (gzip or plain), .npy, .npz and .safetensors, told by their first "
                   "bytes. info writes each array's name, element type, shape and range; head its "
                   "first samples, pictures as pictures.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu data info train-images-idx3-ubyte.gz", "element type, shape and range"},
            {"cornu data head -n 1 train-images-idx3-ubyte.gz", "draw the first image"},
            {0}},
    .run = run,
};
