/* Matching data to a model.
 *
 * Everything that could go wrong with the user's data is found here, before a step runs, so that
 * kernels cannot fail and no parameter changes when a batch is bad.
 */
#include "frontend/data_match.h"

#include <string.h>

#include "ir/interpret.h"

/* ---- columns to inputs and targets ------------------------------------------------------ */

const char *model_input_name(const cn_model *m, uint32_t i) {
    const cn_context *c = m->context;
    const cn_layer *l = c->calls.items[c->call_of_node.items[m->inputs.items[i].node]].layer;
    return l == NULL ? "" : cn_layer_name(l);
}

const char *model_target_name(const cn_model *m, uint32_t i) {
    return m->outputs.items[m->training->outputs.items[i].output].name;
}

typedef const char *(*name_of)(const cn_model *m, uint32_t i);

static int find_column(const dataset_column *columns, int count, const char *name) {
    for (int k = 0; k < count; k++) {
        if (columns[k].name != NULL && strcmp(columns[k].name, name) == 0)
            return k;
    }
    return -1;
}

/* Reorders by name when all wanted names are there; leaves the order else. Columns that nobody
 * wants follow: a callback fills them too. */
static void order_columns(const cn_model *m, name_of name, uint32_t wanted, dataset_column *columns,
                          int count) {
    dataset_column ordered[DATASET_COLUMNS];
    bool used[DATASET_COLUMNS] = {false};
    int n = 0;
    for (uint32_t i = 0; i < wanted; i++) {
        int k = find_column(columns, count, name(m, i));
        if (k < 0 || used[k])
            return;
        used[k] = true;
        ordered[n++] = columns[k];
    }
    for (int k = 0; k < count; k++)
        if (!used[k])
            ordered[n++] = columns[k];
    memcpy(columns, ordered, (size_t)count * sizeof *columns);
}

/* Equal but for axes of 1. */
static bool sample_shape_fits(const dataset_column *column, const type *t) {
    int k = 0;
    for (int i = 1; i < t->rank; i++) {
        while (k < column->rank && column->shape[k] == 1 && !dim_is(t->dims[i], 1))
            k++;
        if (k < column->rank && column->shape[k] == t->dims[i].count)
            k++;
        else if (!dim_is(t->dims[i], 1))
            return false;
    }
    while (k < column->rank && column->shape[k] == 1)
        k++;
    return k == column->rank;
}

static const char *describe(arena *a, const dataset_column *column) {
    type t = {.dtype = column->dtype, .rank = column->rank};
    for (int i = 0; i < t.rank; i++)
        t.dims[i] = dim_of(column->shape[i]);
    text out;
    text_init(&out, a);
    text_type(&out, &t);
    return out.data;
}

static bool check_columns(cn_model *m, cn_source where, const char *call, const char *what,
                          name_of name, const cn_tensor *wanted, uint32_t count,
                          const dataset_column *columns, int given) {
    cn_context *c = m->context;
    if ((int)count > given) {
        return context_fail(c, where, CN_ERROR_DATA,
                            "%s: model \"%s\" wants %u %s%s, the data have %d", call, m->name,
                            count, what, count == 1 ? "" : "s", given);
    }
    for (uint32_t i = 0; i < count; i++) {
        const type *t = tensor_type(wanted[i]);
        if (sample_shape_fits(&columns[i], t))
            continue;
        return context_fail(
            c, where, CN_ERROR_DATA, "%s: a sample of %s %u is %s, but \"%s\" wants %s", call, what,
            i, describe(c->arena, &columns[i]), name(m, i), tensor_describe(wanted[i]));
    }
    return true;
}

/* ---- labels ----------------------------------------------------------------------------- */

/* No label of any model for NaN and what no integer holds. */
static int64_t integer_of(double x) {
    return x > -9e18 && x < 9e18 ? (int64_t)x : INT64_MIN;
}

static int64_t integer_at(const void *data, cn_dtype dtype, int64_t i) {
    const uint8_t *bytes = data;
    number n = number_from_bytes(dtype, bytes + (size_t)i * (size_t)dtype_bytes(dtype));
    return dtype_is_float(dtype) ? integer_of(n.f) : n.i;
}

static int64_t class_count(const cn_model *m, const output_plan *p) {
    const type *t = tensor_type(m->outputs.items[p->output].tensor);
    int64_t axis = p->loss->axis < 0 ? p->loss->axis + t->rank : p->loss->axis;
    return t->dims[axis].count;
}

/* Index of the first label outside [0, classes), or -1. */
static int64_t first_bad(const void *data, cn_dtype dtype, int64_t count, int64_t classes,
                         const cn_loss *loss) {
    for (int64_t i = 0; i < count; i++) {
        int64_t label = integer_at(data, dtype, i);
        if (label >= 0 && label < classes)
            continue;
        if (loss->has_ignore_class && label == loss->ignore_class)
            continue;
        return i;
    }
    return -1;
}

static int64_t elements(const dataset_column *column) {
    return (int64_t)(column->sample_bytes / (size_t)dtype_bytes(column->dtype));
}

static bool check_labels(cn_model *m, cn_source where, const char *call, uint32_t i,
                         const dataset_column *column, const void *data, int64_t count,
                         const int64_t *samples) {
    const output_plan *p = &m->training->outputs.items[i];
    if (p->loss == NULL || !p->loss->sparse)
        return true;
    int64_t each = elements(column), classes = class_count(m, p);
    int64_t bad = first_bad(data, column->dtype, count * each, classes, p->loss);
    if (bad < 0)
        return true;
    int64_t row = bad / (each > 0 ? each : 1);
    return context_fail(
        m->context, where, CN_ERROR_DATA,
        "%s: the label of sample %lld is %lld, but \"%s\" has %lld classes (0 to %lld)", call,
        (long long)(samples == NULL ? row : samples[row]),
        (long long)integer_at(data, column->dtype, bad), model_target_name(m, i),
        (long long)classes, (long long)classes - 1);
}

bool data_match_labels(cn_model *m, cn_source where, const char *call, const data_match *x,
                       const dataset_batch *rows, int64_t count, const int64_t *samples) {
    if (!x->with_targets || dataset_in_memory(&x->rows))
        return true; /* checked already */
    for (uint32_t i = 0; i < m->training->targets.count; i++) {
        if (!check_labels(m, where, call, i, &x->rows.targets[i], rows->targets[i], count, samples))
            return false;
    }
    return true;
}

/* ---- batches of one size ---------------------------------------------------------------- */

bool data_match_batch(cn_model *m, cn_source where, const char *call, const data_match *x,
                      int64_t batch_size) {
    int64_t count = x->rows.count;
    for (uint32_t i = 0; i < m->inputs.count; i++) {
        dim batch = tensor_type(m->inputs.items[i])->dims[0];
        if (batch.symbolic || (batch_size == batch.count && count % batch.count == 0))
            continue;
        return context_fail(m->context, where, CN_ERROR_DATA,
                            "%s: input \"%s\" was made with .batch_size = %lld; give that, and a "
                            "multiple of it in samples, not batches of %lld of %lld",
                            call, model_input_name(m, i), (long long)batch.count,
                            (long long)batch_size, (long long)count);
    }
    return true;
}

/* ---- the whole -------------------------------------------------------------------------- */

static void keep_dtypes(const cn_model *m, data_match *x) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->inputs.count; i++)
        x->dtypes[n++] = x->rows.inputs[i].dtype;
    for (uint32_t i = 0; x->with_targets && i < m->training->targets.count; i++) {
        x->dtypes[n++] = x->rows.targets[i].dtype;
    }
}

static bool match_targets(cn_model *m, cn_source where, const char *call, dataset *rows) {
    const training *t = m->training;
    uint32_t wanted = t->targets.count;
    order_columns(m, model_target_name, wanted, rows->targets, rows->target_count);
    if (!check_columns(m, where, call, "target", model_target_name, t->targets.items, wanted,
                       rows->targets, rows->target_count)) {
        return false;
    }
    for (uint32_t i = 0; dataset_in_memory(rows) && i < wanted; i++) {
        const dataset_column *column = &rows->targets[i];
        if (!check_labels(m, where, call, i, column, column->data, rows->count, NULL))
            return false;
    }
    if (dataset_in_memory(rows))
        rows->target_count = (int)wanted;
    return true;
}

bool data_match_model(cn_model *m, cn_source where, const char *call, const dataset *d,
                      bool with_targets, data_match *out) {
    *out = (data_match){.rows = *d, .with_targets = with_targets};
    dataset *rows = &out->rows;
    uint32_t wanted = m->inputs.count;
    if (rows->count <= 0)
        return context_fail(m->context, where, CN_ERROR_DATA, "%s: there are no samples", call);
    order_columns(m, model_input_name, wanted, rows->inputs, rows->input_count);
    if (!check_columns(m, where, call, "input", model_input_name, m->inputs.items, wanted,
                       rows->inputs, rows->input_count)) {
        return false;
    }
    if (dataset_in_memory(rows))
        rows->input_count = (int)wanted; /* more would be gathered in vain */
    if (with_targets && !match_targets(m, where, call, rows))
        return false;
    keep_dtypes(m, out);
    return true;
}
