/* Public datasets: arrays and callbacks as columns of samples, and what all datasets can tell. */
#include "frontend/dataset.h"

#include <string.h>

#include "base/map.h"

/* ---- making ----------------------------------------------------------------------------- */

static cn_dataset *dataset_new(cn_context *c) {
    cn_dataset *d = c->spare_datasets;
    if (d != NULL) {
        c->spare_datasets = d->next_spare;
        *d = (cn_dataset){.context = c};
        return d;
    }
    d = ARENA_NEW(c->arena, cn_dataset);
    d->context = c;
    vec_push(c->arena, &c->datasets, d);
    return d;
}

static bool describe_column(cn_context *c, cn_source where, const cn_array *x, bool per_sample,
                            const char *what, int i, dataset_column *out) {
    int rank = array_rank(x), first = per_sample ? 0 : 1;
    *out = (dataset_column){.name = x->name,
                            .dtype = x->dtype == CN_DTYPE_DEFAULT ? CN_F32 : x->dtype,
                            .rank = rank - first,
                            .data = x->data,
                            .place = i};
    if (rank < first || rank > CN_MAX_RANK || (int)out->dtype < 0 || out->dtype >= CN_DTYPE_COUNT ||
        (!per_sample && x->shape[0] < 0)) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "dataset: %s %d has no usable shape or element type", what, i);
    }
    memcpy(out->shape, x->shape + first, sizeof(int64_t) * (size_t)out->rank);
    if (dataset_column_measure(out))
        return true;
    return context_fail(c, where, CN_ERROR_SHAPE,
                        "dataset: %s %d: the shape is negative or too large", what, i);
}

static bool check_count(cn_context *c, cn_source where, dataset *d, int64_t count, const char *what,
                        int i) {
    if (d->count < 0)
        d->count = count;
    if (d->count == count)
        return true;
    return context_fail(c, where, CN_ERROR_DATA,
                        "dataset: %s %d has %lld samples, the first input has %lld", what, i,
                        (long long)count, (long long)d->count);
}

/* The columns of a list that ends at the first entry without data (or of `count` entries). */
static bool add_columns(cn_context *c, cn_source where, const cn_array *list, size_t count,
                        const char *what, dataset *d, dataset_column *columns, int *column_count) {
    for (size_t i = 0; i < count && list[i].data != NULL; i++) {
        if (i == DATASET_COLUMNS)
            return context_fail(c, where, CN_ERROR_UNSUPPORTED,
                                "dataset: more than %d %ss; concatenate some", DATASET_COLUMNS,
                                what);
        if (!describe_column(c, where, &list[i], false, what, (int)i, &columns[i]) ||
            !check_count(c, where, d, list[i].shape[0], what, (int)i)) {
            return false;
        }
        *column_count = (int)i + 1;
    }
    return true;
}

/* `*out` stays when there are none. */
static bool take_weight(cn_context *c, cn_source where, const cn_array *w, dataset *d, int i,
                        const float **out) {
    if (w->data == NULL)
        return true;
    if ((w->dtype != CN_DTYPE_DEFAULT && w->dtype != CN_F32) || array_rank(w) != 1) {
        return context_fail(c, where, CN_ERROR_SHAPE,
                            "dataset: .sample_weight is one float32 per sample");
    }
    *out = w->data;
    return check_count(c, where, d, w->shape[0], "sample weight", i);
}

/* One for all targets, and those of single targets. */
static bool take_weights(cn_context *c, cn_source where, const cn_dataset_options *o, dataset *d) {
    const cn_array *list =
        o->sample_weight_list != NULL ? o->sample_weight_list : o->sample_weights;
    size_t count = o->sample_weight_list != NULL ? o->sample_weight_count : CN_MAX_LIST;
    if (!take_weight(c, where, &o->sample_weight, d, 0, &d->sample_weight))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (list[i].data != NULL && i >= (size_t)d->target_count)
            return context_fail(c, where, CN_ERROR_DATA,
                                "dataset: .sample_weights has weights for target %zu of %d", i,
                                d->target_count);
        if (list[i].data != NULL &&
            !take_weight(c, where, &list[i], d, (int)i, &d->targets[i].weight))
            return false;
    }
    return true;
}

bool dataset_of_arrays(cn_context *c, cn_source where, const cn_dataset_options *o, dataset *out) {
    const cn_array *inputs = o->input_list != NULL ? o->input_list : o->inputs;
    const cn_array *targets = o->target_list != NULL ? o->target_list : o->targets;
    size_t input_count = o->input_list != NULL ? o->input_count : CN_MAX_LIST;
    size_t target_count = o->target_list != NULL ? o->target_count : CN_MAX_LIST;
    *out = (dataset){.count = -1};
    if (input_count == 0 || inputs[0].data == NULL)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "dataset: .inputs are missing");
    return add_columns(c, where, inputs, input_count, "input", out, out->inputs,
                       &out->input_count) &&
           add_columns(c, where, targets, target_count, "target", out, out->targets,
                       &out->target_count) &&
           take_weights(c, where, o, out);
}

static void keep_names(cn_context *c, dataset_column *columns, int count) {
    for (int i = 0; i < count; i++)
        if (columns[i].name != NULL)
            columns[i].name = arena_string(c->arena, columns[i].name);
}

static void keep_all_names(cn_dataset *d) {
    keep_names(d->context, d->rows.inputs, d->rows.input_count);
    keep_names(d->context, d->rows.targets, d->rows.target_count);
}

cn_dataset *cn_dataset_arrays_at(cn_source where, const cn_dataset_options *options) {
    cn_dataset_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return NULL;
    CONTEXT_ENTER(o.context, NULL);
    cn_dataset *d = dataset_new(o.context);
    bool ok = dataset_of_arrays(o.context, where, &o, &d->rows);
    if (ok)
        keep_all_names(d);
    CONTEXT_LEAVE(o.context);
    return ok ? d : NULL;
}

static bool describe_samples(cn_context *c, cn_source where, const cn_array *list, const char *what,
                             dataset_column *columns, int *count) {
    for (int i = 0; i < DATASET_COLUMNS && array_rank(&list[i]) > 0; i++) {
        if (!describe_column(c, where, &list[i], true, what, i, &columns[i]))
            return false;
        columns[i].data = NULL;
        *count = i + 1;
    }
    return true;
}

static bool fill_callback(cn_dataset *d, cn_source where, const cn_dataset_callback_options *o) {
    cn_context *c = d->context;
    if (o->count <= 0 || o->sample == NULL || array_rank(&o->inputs[0]) == 0) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "dataset_callback: %s missing",
                            o->count <= 0       ? "the number of samples is"
                            : o->sample == NULL ? "the callback is"
                                                : ".inputs are");
    }
    d->rows.count = o->count;
    d->rows.sample = o->sample;
    d->rows.user = o->user;
    return describe_samples(c, where, o->inputs, "input", d->rows.inputs, &d->rows.input_count) &&
           describe_samples(c, where, o->targets, "target", d->rows.targets, &d->rows.target_count);
}

cn_dataset *cn_dataset_callback_at(cn_source where, const cn_dataset_callback_options *options) {
    cn_dataset_callback_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return NULL;
    CONTEXT_ENTER(o.context, NULL);
    cn_dataset *d = dataset_new(o.context);
    bool ok = fill_callback(d, where, &o);
    if (ok)
        keep_all_names(d);
    CONTEXT_LEAVE(o.context);
    return ok ? d : NULL;
}

/* ---- files ------------------------------------------------------------------------------ */

static bool fill_guarded(cn_dataset *d, dataset_fill fill, const void *options) {
    cn_context *c = d->context;
    CONTEXT_ENTER(c, false);
    d->own = arena_new(c->memory, &c->diag);
    bool ok = d->own != NULL ? fill(d, options)
                             : diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory");
    CONTEXT_LEAVE(c);
    return ok;
}

cn_dataset *dataset_make(cn_context *c, cn_source where, const char *call, dataset_fill fill,
                         const void *options) {
    if (c == NULL || !diag_ok(&c->diag))
        return NULL;
    CONTEXT_ENTER(c, NULL);
    cn_dataset *d = dataset_new(c);
    CONTEXT_LEAVE(c);
    if (fill_guarded(d, fill, options))
        return d;
    cn_dataset_free(d);
    if (where.file != NULL && where.file[0] != 0)
        diag_prefix(&c->diag, "%s:%d: %s: ", source_file(where), where.line, call);
    else
        diag_prefix(&c->diag, "%s: ", call);
    return NULL;
}

bool dataset_add_column(cn_dataset *d, bool is_target, const char *name, cn_dtype dtype, int rank,
                        const int64_t *shape, const void *data) {
    int *count = is_target ? &d->rows.target_count : &d->rows.input_count;
    const char *what = is_target ? "target" : "input";
    if (*count == DATASET_COLUMNS)
        return diag_fail(&d->context->diag, CN_ERROR_UNSUPPORTED, "more than %d %ss",
                         DATASET_COLUMNS, what);
    dataset_column *x = &(is_target ? d->rows.targets : d->rows.inputs)[*count];
    *x = (dataset_column){
        .name = name, .dtype = dtype, .rank = rank, .data = data, .place = (*count)++};
    memcpy(x->shape, shape, sizeof *shape * (size_t)rank);
    return dataset_column_measure(x) || diag_fail(&d->context->diag, CN_ERROR_SHAPE,
                                                  "%s %d: the shape is too large", what, x->place);
}

bool dataset_check_class_names(cn_dataset *d, const char *const *names, size_t count) {
    diagnostics *diag = &d->context->diag;
    map seen;
    map_init(&seen, d->own);
    if ((names == NULL) != (count == 0))
        return diag_fail(diag, CN_ERROR_INVALID_ARGUMENT,
                         ".class_names and .class_count go together");
    for (size_t i = 0; i < count; i++) {
        bool found;
        if (names[i] == NULL)
            return diag_fail(diag, CN_ERROR_INVALID_ARGUMENT, ".class_names[%zu] is NULL", i);
        *map_put_text(&seen, names[i], &found) = i;
        if (found)
            return diag_fail(diag, CN_ERROR_INVALID_ARGUMENT,
                             ".class_names[%zu] is \"%.200s\" once more", i, names[i]);
    }
    return true;
}

/* ---- asking ----------------------------------------------------------------------------- */

int64_t cn_dataset_count(const cn_dataset *d) {
    return d == NULL ? 0 : d->rows.count;
}

cn_dataset *cn_dataset_range(cn_dataset *d, int64_t begin, int64_t end) {
    if (d == NULL)
        return NULL;
    cn_context *c = d->context;
    if (begin < 0 || begin > end || end > d->rows.count) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "dataset_range: [%lld, %lld) is not within %lld samples", (long long)begin,
                  (long long)end, (long long)d->rows.count);
        return NULL;
    }
    CONTEXT_ENTER(c, NULL);
    cn_dataset *part = dataset_new(c);
    part->rows = dataset_range(&d->rows, begin, end);
    part->held = d->held; /* but nothing to close */
    part->file = d->file;
    part->class_names = d->class_names;
    part->class_count = d->class_count;
    CONTEXT_LEAVE(c);
    return part;
}

static cn_array column_array(const cn_dataset *d, const dataset_column *columns, int count,
                             size_t i) {
    if (d == NULL || i >= (size_t)count)
        return (cn_array){0};
    const dataset_column *x = &columns[i];
    cn_array a = {.name = x->name,
                  .data = (void *)(uintptr_t)x->data,
                  .dtype = x->dtype,
                  .rank = x->rank + 1,
                  .shape = {d->rows.count}};
    memcpy(a.shape + 1, x->shape, sizeof(int64_t) * (size_t)x->rank);
    return a;
}

cn_array cn_dataset_input(const cn_dataset *d, size_t i) {
    return column_array(d, d == NULL ? NULL : d->rows.inputs, d == NULL ? 0 : d->rows.input_count,
                        i);
}

cn_array cn_dataset_target(const cn_dataset *d, size_t i) {
    return column_array(d, d == NULL ? NULL : d->rows.targets, d == NULL ? 0 : d->rows.target_count,
                        i);
}

size_t cn_dataset_class_count(const cn_dataset *d) {
    return d == NULL ? 0 : d->class_count;
}

const char *cn_dataset_class_name(const cn_dataset *d, size_t i) {
    return i < cn_dataset_class_count(d) && d->class_names != NULL ? d->class_names[i] : NULL;
}

const char *cn_dataset_file(const cn_dataset *d, int64_t index) {
    bool known = d != NULL && d->file != NULL && index >= 0 && index < d->rows.count;
    return known ? d->file(d->held, d->rows.first + index) : NULL;
}

cn_array cn_dataset_column(const cn_dataset *d, size_t i) {
    if (d == NULL || i >= (size_t)(d->rows.input_count + d->rows.target_count))
        return (cn_array){0};
    size_t inputs = (size_t)d->rows.input_count;
    cn_array x = i < inputs ? cn_dataset_input(d, i) : cn_dataset_target(d, i - inputs);
    x.data = NULL;
    return x;
}

cn_status cn_dataset_read(cn_dataset *d, int64_t begin, int64_t end, void *const *columns) {
    if (d == NULL || columns == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    diagnostics *diag = &d->context->diag;
    if (begin < 0 || begin > end || end > d->rows.count) {
        diag_fail(diag, CN_ERROR_INVALID_ARGUMENT,
                  "dataset_read: [%lld, %lld) is not within %lld samples", (long long)begin,
                  (long long)end, (long long)d->rows.count);
        return diag->status;
    }
    for (int64_t i = begin; i < end; i++) { /* each as a batch of one, behind those before */
        dataset_batch to = {.sample_weight = NULL};
        dataset_column *x = d->rows.inputs, *y = d->rows.targets;
        size_t row = (size_t)(i - begin), n = 0;
        for (int k = 0; k < d->rows.input_count; k++)
            to.inputs[k] = (uint8_t *)columns[n++] + row * x[k].sample_bytes;
        for (int k = 0; k < d->rows.target_count; k++)
            to.targets[k] = (uint8_t *)columns[n++] + row * y[k].sample_bytes;
        if (!dataset_gather(&d->rows, &i, 0, 1, &to, diag))
            return diag->status;
    }
    return CN_OK;
}

void cn_dataset_free(cn_dataset *d) {
    if (d == NULL || d->freed)
        return;
    if (d->close != NULL)
        d->close(d->held);
    arena_free(d->own);
    cn_context *c = d->context;
    *d = (cn_dataset){.context = c, .freed = true, .next_spare = c->spare_datasets};
    c->spare_datasets = d;
}
