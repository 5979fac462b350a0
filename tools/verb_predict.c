/* cornu predict MODEL: what a model gives out for data in a file.
 *
 * To stdout as text, a line for each sample, as JSON, or as the bytes of an .npy; or to a file.
 * With --top the classes of highest value stand in place of all values, by name where there are
 * names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/arrays.h"
#include "tools/fitting.h"

typedef struct prediction {
    invocation *i;
    const open_model *m;
    cn_array outputs[CN_MAX_LIST]; /* buffers taken with malloc */
    size_t count;
    const cn_dataset *set;
    int64_t samples, top;
    const class_names *classes;
} prediction;

/* Whether value j comes before value k: the higher one, what is no number last, else in order. */
static bool ranks_before(const cn_array *x, size_t first, size_t j, size_t k) {
    double a = array_element(x, first + j), b = array_element(x, first + k);
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? j < k : isnan(b);
    return a > b || (a == b && j < k);
}

/* Of a sample's values the n-th highest, by selection: n is small. */
static size_t nth_class(const cn_array *x, size_t first, size_t size, int64_t n) {
    size_t last = size, best = size;
    for (int64_t k = 0; k <= n; k++, last = best) {
        best = size;
        for (size_t j = 0; j < size; j++) {
            bool left = last == size || ranks_before(x, first, last, j);
            if (left && (best == size || ranks_before(x, first, j, best)))
                best = j;
        }
    }
    return best;
}

/* NULL when there is none for class k of this output. */
static const char *class_name(const prediction *p, const cn_array *x, size_t k) {
    return p->classes->count == (size_t)x->shape[x->rank - 1] ? p->classes->items[k] : NULL;
}

/* ---- Text -------------------------------------------------------------------------------- */

static void write_top(const prediction *p, const cn_array *x, size_t first, size_t size) {
    for (int64_t n = 0; n < p->top; n++) {
        size_t k = nth_class(x, first, size, n);
        const char *name = class_name(p, x, k);
        if (name != NULL)
            fprintf(p->i->out, "%s%s ", n > 0 ? "  " : "", name);
        else
            fprintf(p->i->out, "%s%zu ", n > 0 ? "  " : "", k);
        fprintf(p->i->out, "%.4f", array_element(x, first + k));
    }
}

/* The file that a sample is, if it is one; a line stays a line. */
static void write_file_name(const prediction *p, size_t sample) {
    const char *name = cn_dataset_file(p->set, (int64_t)sample);
    for (const char *c = name; name != NULL && *c != 0; c++)
        fputc((unsigned char)*c < ' ' ? '?' : *c, p->i->out);
    if (name != NULL)
        fputc(' ', p->i->out);
}

static void write_sample(const prediction *p, const cn_array *x, size_t sample) {
    FILE *out = p->i->out;
    size_t size = sample_elements(x), first = sample * size;
    write_file_name(p, sample);
    if (p->count > 1)
        fprintf(out, "%s: ", x->name);
    if (p->top > 0)
        write_top(p, x, first, size);
    for (size_t k = 0; k < size && p->top == 0; k++) {
        if (k > 0)
            fputc(' ', out);
        write_element(out, x, first + k);
    }
    fputc('\n', out);
}

static void write_text(const prediction *p) {
    for (size_t s = 0; s < (size_t)p->samples; s++)
        for (size_t k = 0; k < p->count; k++)
            write_sample(p, &p->outputs[k], s);
}

/* ---- JSON -------------------------------------------------------------------------------- */

static void json_top(const prediction *p, json *j, const cn_array *x, size_t first, size_t size) {
    for (int64_t n = 0; n < p->top; n++) {
        size_t k = nth_class(x, first, size, n);
        json_open(j, NULL, '{');
        json_integer(j, "class", (int64_t)k);
        if (class_name(p, x, k) != NULL)
            json_text(j, "name", class_name(p, x, k));
        json_element(j, "value", x, first + k);
        json_close(j, '}');
    }
}

static void json_files(const prediction *p, json *j) {
    if (cn_dataset_file(p->set, 0) == NULL)
        return;
    json_open(j, "files", '[');
    for (int64_t s = 0; s < p->samples; s++)
        json_text(j, NULL, cn_dataset_file(p->set, s));
    json_close(j, ']');
}

static void write_json(const prediction *p) {
    json j = json_begin(p->i->out, SCHEMA_predict);
    json_integer(&j, "samples", p->samples);
    json_files(p, &j);
    json_open(&j, "outputs", '[');
    for (size_t k = 0; k < p->count; k++) {
        const cn_array *x = &p->outputs[k];
        size_t size = sample_elements(x);
        json_open(&j, NULL, '{');
        json_text(&j, "name", x->name);
        json_text(&j, "dtype", dtype_name(x->dtype));
        json_shape(&j, x->shape, x->rank);
        json_open(&j, p->top > 0 ? "top" : "values", '[');
        for (size_t s = 0; s < (size_t)p->samples; s++) {
            json_open(&j, NULL, '[');
            if (p->top > 0)
                json_top(p, &j, x, s * size, size);
            for (size_t e = 0; e < size && p->top == 0; e++)
                json_element(&j, NULL, x, s * size + e);
            json_close(&j, ']');
        }
        json_close(&j, ']');
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_end(&j);
}

/* ---- Files ------------------------------------------------------------------------------- */

static exit_code write_file(const prediction *p, const char *path) {
    cn_context *c = p->m->context;
    if (cn_array_file_write(c, path, p->outputs, p->count) == CN_OK)
        return EXIT_OK;
    bool usage = cn_error_status(c) == CN_ERROR_INVALID_ARGUMENT;
    fail_context(p->i, c);
    return usage ? EXIT_USAGE : EXIT_RUN;
}

static exit_code copy_file(const prediction *p, const char *path) {
    char block[1 << 14];
    size_t got;
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return fail(p->i, EXIT_RUN, "cannot read %s: %s", path, strerror(errno));
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        fwrite(block, 1, got, p->i->out);
    fclose(file);
    return EXIT_OK;
}

/* An .npy on stdout goes by way of a temporary file: files are written whole or not at all. */
static exit_code write_npy(const prediction *p) {
    char path[4096];
    const char *folder = getenv("TMPDIR");
    if (isatty(fileno(p->i->out)))
        return fail(p->i, EXIT_USAGE, "an .npy is no text for a terminal; say --output FILE.npy");
    snprintf(path, sizeof path, "%s/cornu-XXXXXX.npy",
             folder != NULL && *folder != 0 ? folder : "/tmp");
    int fd = mkstemps(path, 4);
    if (fd < 0)
        return fail(p->i, EXIT_RUN, "cannot write %s: %s", path, strerror(errno));
    close(fd);
    exit_code code = write_file(p, path);
    if (code == EXIT_OK)
        code = copy_file(p, path);
    unlink(path);
    return code;
}

/* ---- Running ----------------------------------------------------------------------------- */

/* A buffer for all samples of an output. */
static exit_code make_output(prediction *p, size_t k) {
    cn_array *x = &p->outputs[k];
    *x = cn_model_output(p->m->model, k);
    size_t bytes = dtype_size(x->dtype), each;
    x->shape[0] = p->samples;
    for (int d = 0; d < x->rank; d++)
        if (x->shape[d] < 0 || __builtin_mul_overflow(bytes, (size_t)x->shape[d], &bytes))
            return fail(p->i, EXIT_BACKEND, "output %s has no size per sample", x->name);
    x->data = malloc(bytes > 0 ? bytes : 1);
    each = sample_elements(x);
    if (x->data == NULL)
        return fail(p->i, EXIT_RUN, "no memory for %zu bytes of output %s", bytes, x->name);
    if (p->top > (int64_t)each)
        return fail(p->i, EXIT_USAGE, "--top %lld, but output %s has %zu values a sample",
                    (long long)p->top, x->name, each);
    return EXIT_OK;
}

static exit_code predict(prediction *p, cn_dataset *set) {
    cn_predict_options o = {.model = p->m->model, .data = set, .batch_size = batch_size(p->i)};
    exit_code code = EXIT_OK;
    p->set = set;
    p->samples = cn_dataset_count(set);
    p->count = cn_output_count(p->m->model);
    for (size_t k = 0; k < p->count && code == EXIT_OK; k++) {
        code = make_output(p, k);
        o.outputs[k] = p->outputs[k];
    }
    if (code == EXIT_OK && cn_predict_at(NO_LINE(o), &o) != CN_OK)
        code = fail_context(p->i, p->m->context);
    return code;
}

static exit_code write_results(const prediction *p) {
    const char *output = option_text(p->i, "output", NULL);
    if (output != NULL)
        return write_file(p, output);
    if (strcmp(option_text(p->i, "format", "text"), "npy") == 0)
        return write_npy(p);
    (p->i->json ? write_json : write_text)(p);
    return EXIT_OK;
}

/* Names that are given have an output to name. */
static exit_code check_names(const prediction *p) {
    for (size_t k = 0; k < cn_output_count(p->m->model); k++) {
        cn_array x = cn_model_output(p->m->model, k);
        if (x.rank > 0 && x.shape[x.rank - 1] == (int64_t)p->classes->count)
            return EXIT_OK;
    }
    cn_array x = cn_model_output(p->m->model, 0);
    return fail(p->i, EXIT_INPUT, "%s names %zu classes, but output %s has %lld values a sample",
                p->classes->path, p->classes->count, x.name,
                x.rank > 0 ? (long long)x.shape[x.rank - 1] : 0LL);
}

static exit_code predict_samples(prediction *p) {
    samples s;
    exit_code code = samples_open(p->i, p->m->model, false, &s);
    if (code != EXIT_OK)
        return code;
    p->classes = &s.classes;
    if (option_given(p->i, "classes"))
        code = check_names(p);
    if (code == EXIT_OK)
        code = predict(p, s.set);
    if (code == EXIT_OK)
        code = write_results(p);
    samples_close(&s);
    return code;
}

static exit_code check_options(const invocation *i) {
    if (option_integer(i, "top", 1) < 1)
        return fail(i, EXIT_USAGE, "--top wants 1 or more");
    bool arrays = option_given(i, "output") || strcmp(option_text(i, "format", ""), "npy") == 0;
    bool text = data_kind_of(option_text(i, "data", "")) == KIND_TEXT;
    if (arrays && !text && option_given(i, "classes"))
        return fail(i, EXIT_USAGE, "--classes has no effect on arrays");
    return samples_check(i, false);
}

static exit_code run(invocation *i) {
    open_model m;
    exit_code code = check_options(i);
    if (code == EXIT_OK)
        code = model_open(i, i->arguments[0], MODEL_PREDICTS, &m);
    if (code != EXIT_OK)
        return code;
    prediction p = {.i = i, .m = &m};
    p.top = option_integer(i, "top", option_given(i, "classes") ? 1 : 0);
    code = predict_samples(&p);
    for (size_t k = 0; k < p.count; k++)
        free(p.outputs[k].data);
    model_close(&m);
    return code;
}

#define ARRAYS "output format=npy"

static const option_row options[] = {
    DATA_OPTION,
    BATCH_OPTIONS,
    {"top", 'k', OPTION_INTEGER, "N", NULL, "write the N classes of highest value",
     {.not_with = ARRAYS}},
    CLASSES_OPTION("names of the classes, a line each; as --top 1; default: NAME.classes beside "
                   "the model"),
    {"format", 'f', OPTION_CHOICE, "NAME", "text|npy", "of what goes to stdout; default: text",
     {.not_with = "output json"}},
    {"output", 'o', OPTION_FILE, "FILE", NULL,
     "write the outputs to this .npy, .npz or .safetensors", {0}},
    MODEL_OPTIONS,
    JSON_OPTION(.not_with = "output"),
    QUIET_OPTION(),
    {0},
};

const verb verb_predict = {
    .name = "predict",
    .summary = "write what a model gives out for data in a file",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description = "Runs the model over the samples of --data. The outputs go to stdout: a line of "
                   "values for each sample, in the digits that give the same bits back (of a model "
                   "with several outputs, a line for each, with its name); as JSON; or as .npy. "
                   "Of a folder of images each line begins with the name of its file. With "
                   "--output they go to a file. A model needs neither an optimizer nor a loss "
                   "for it.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu predict examples/convnet_model.c -w convnet.safetensors -d "
             "t10k-images-idx3-ubyte.gz --limit 5 --top 3",
             "the three likeliest classes of five images"},
            {"cornu predict mlp.c -w mlp.safetensors -d x.npy -o y.npy", "from array to array"},
            {0}},
    .run = run,
};
