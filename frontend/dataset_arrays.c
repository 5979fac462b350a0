/* Files of arrays as datasets: columns point into what cn_array_file_read has read, which stays
 * open as long as the dataset. */
#include <string.h>

#include "cornu/data_files.h"
#include "frontend/dataset.h"
#include "runtime/io/decimal.h"

typedef struct files {
    cn_array_file *of_inputs, *of_targets; /* of targets NULL: the same */
} files;

typedef struct source {
    cn_dataset *d;
    const cn_array_file *file;
    const char *path;
    uint32_t taken; /* arrays of the file, a bit each; those beyond 32 are taken by name only */
} source;

static void close_files(void *held) {
    files *f = held;
    cn_array_file_free(f->of_inputs);
    cn_array_file_free(f->of_targets);
}

static bool check_count(cn_dataset *d, const char *path, const cn_array *x) {
    if (d->rows.count < 0)
        d->rows.count = x->shape[0];
    return d->rows.count == x->shape[0] ||
           diag_fail(&d->context->diag, CN_ERROR_DATA,
                     "\"%s\"%s%s has %lld samples, the inputs have %lld", path,
                     x->name != NULL ? ": " : "", x->name != NULL ? x->name : "",
                     (long long)x->shape[0], (long long)d->rows.count);
}

static bool add_array(source *s, bool is_target, size_t k) {
    cn_array x = cn_array_file_get(s->file, k);
    if (x.rank < 1)
        return diag_fail(&s->d->context->diag, CN_ERROR_SHAPE,
                         "\"%s\": array %zu%s%s is a scalar, which has no samples", s->path, k,
                         x.name != NULL ? ", " : "", x.name != NULL ? x.name : "");
    s->taken |= k < 32 ? (uint32_t)1 << k : 0;
    return dataset_add_column(s->d, is_target, x.name, x.dtype, x.rank - 1, x.shape + 1, x.data) &&
           check_count(s->d, s->path, &x);
}

/* By name, else by number. */
static bool find_array(source *s, const char *wanted, size_t *out) {
    size_t count = cn_array_file_count(s->file);
    double number;
    for (size_t k = 0; k < count; k++) {
        const char *name = cn_array_file_get(s->file, k).name;
        if (name != NULL && strcmp(name, wanted) == 0)
            return *out = k, true;
    }
    if (strlen(wanted) < 6 && decimal_parse(wanted, strlen(wanted), &number) && number >= 0 &&
        number < (double)count && number == (double)(int)number)
        return *out = (size_t)number, true;
    return diag_fail(
        &s->d->context->diag, CN_ERROR_INVALID_ARGUMENT,
        "\"%s\" has no array \"%s\"; it has %zu, the first is \"%s\"", s->path, wanted, count,
        count > 0 && cn_array_file_get(s->file, 0).name != NULL ? cn_array_file_get(s->file, 0).name
                                                                : "0");
}

static bool add_named(source *s, bool is_target, const char *const list[CN_MAX_LIST]) {
    size_t k;
    for (int i = 0; i < CN_MAX_LIST && list[i] != NULL; i++)
        if (!find_array(s, list[i], &k) || !add_array(s, is_target, k))
            return false;
    return true;
}

static bool add_rest(source *s, bool is_target) {
    for (size_t k = 0; k < cn_array_file_count(s->file); k++)
        if ((k >= 32 || (s->taken >> k & 1) == 0) && !add_array(s, is_target, k))
            return false;
    return true;
}

static bool open_files(cn_dataset *d, const cn_dataset_array_file_options *o, files *f) {
    d->held = f;
    d->close = close_files;
    f->of_inputs = cn_array_file_read(d->context, o->path);
    if (f->of_inputs != NULL && o->target_path != NULL)
        f->of_targets = cn_array_file_read(d->context, o->target_path);
    return f->of_inputs != NULL && (f->of_targets != NULL) == (o->target_path != NULL);
}

static bool fill(cn_dataset *d, const void *options) {
    const cn_dataset_array_file_options *o = options;
    files *f = ARENA_NEW(d->own, files);
    if (!open_files(d, o, f))
        return false;
    source inputs = {d, f->of_inputs, o->path, 0}, targets = {d, f->of_targets, o->target_path, 0};
    source *of_targets = f->of_targets != NULL ? &targets : &inputs;
    d->rows.count = -1;
    /* Targets of the same file come first, so that the rest is known. */
    bool ok =
        (of_targets != &inputs || add_named(&inputs, true, o->targets)) &&
        (o->inputs[0] != NULL ? add_named(&inputs, false, o->inputs) : add_rest(&inputs, false));
    if (ok && of_targets == &targets)
        ok = o->targets[0] != NULL ? add_named(&targets, true, o->targets)
                                   : add_rest(&targets, true);
    return ok && (d->rows.input_count > 0 ||
                  diag_fail(&d->context->diag, CN_ERROR_DATA, "\"%s\" has no inputs", o->path));
}

cn_dataset *cn_dataset_array_file_at(cn_source where,
                                     const cn_dataset_array_file_options *options) {
    cn_dataset_array_file_options o = {0};
    OPTIONS_COPY(o, options, where);
    return dataset_make(o.context, where, "dataset_array_file", fill, &o);
}

cn_dataset *cn_dataset_idx(cn_context *c, const char *inputs, const char *targets) {
    cn_dataset_array_file_options o = {.context = c, .path = inputs, .target_path = targets};
    return dataset_make(c, (cn_source){NULL, 0, sizeof o}, "dataset_idx", fill, &o);
}
