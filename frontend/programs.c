/* The compiled programs of a model: training, evaluation and prediction steps.
 *
 * They are functions over the same variables, compiled at first need for the element types the
 * data has (uint8 images are cast inside the step). The short last batch runs the same code.
 */
#include <stdlib.h>
#include <string.h>

#include "frontend/model.h"
#include "frontend/training.h"

static const char *const kind_names[] = {"train", "evaluate", "predict"};

/* ---- the inputs of a step --------------------------------------------------------------- */

typedef struct step_inputs {
    value values[3 * CN_MAX_LIST];
    const char *names[3 * CN_MAX_LIST];
    cn_dtype dtypes[3 * CN_MAX_LIST];
    uint32_t count;
} step_inputs;

static void add_input(step_inputs *s, cn_tensor t, const char *name, cn_dtype dtype) {
    s->values[s->count] = tensor_value(t);
    s->names[s->count] = name;
    s->dtypes[s->count++] = dtype;
}

static void collect_inputs(cn_model *m, const training_program *p, step_inputs *s) {
    arena *a = m->context->arena;
    uint32_t inputs = m->inputs.count;
    for (uint32_t i = 0; i < inputs; i++) {
        add_input(s, m->inputs.items[i], arena_format(a, "input_%u", i), p->dtypes[i]);
    }
    if (p->kind == PROGRAM_PREDICT)
        return;
    const training *t = m->training;
    for (uint32_t i = 0; i < t->targets.count; i++) {
        add_input(s, t->targets.items[i], arena_format(a, "target_%u", i), p->dtypes[inputs + i]);
    }
    for (uint32_t i = 0; p->weighted && i < t->sample_weights.count; i++) {
        add_input(s, t->sample_weights.items[i], arena_format(a, "sample_weight_%u", i), CN_F32);
    }
}

/* ---- the debug mode: what is watched ---------------------------------------------------- */

static value count_not_finite(cn_context *c, value v) {
    cn_tensor x = tensor_of(c, v), zero = cn_op_subtract(x, x); /* NaN of NaN and infinities */
    cn_tensor finite = cn_op_equal(zero, zero);
    return tensor_value(cn_op_sum(cn_op_cast(cn_op_logical_not(finite), CN_I32), 0, NULL, false));
}

typedef VEC(function_output) output_list;

static void watch(cn_context *c, output_list *list, value v, const char *name) {
    if (!dtype_is_float(value_type(c->record, v)->dtype))
        return;
    vec_push(c->arena, list, (function_output){count_not_finite(c, v), name});
}

static void watch_step(cn_model *m, const training_variant *v, bool training_step,
                       output_list *list) {
    cn_context *c = m->context;
    for (uint32_t i = 0; i < m->calls.count; i++) {
        layer_call call = c->calls.items[m->calls.items[i]];
        for (uint32_t k = 0; k < call.output_count; k++) {
            watch(c, list, tensor_value(call.outputs[k]),
                  arena_format(c->arena, "the output of %s", layer_title(call.layer)));
        }
    }
    watch(c, list, tensor_value(v->loss), "the loss");
    for (uint32_t i = 0; training_step && i < v->train->items.count; i++) {
        const update *u = &v->train->items.items[i];
        if (u->variable->kind == VARIABLE_METRIC)
            continue;
        watch(c, list, u->new_value,
              arena_format(c->arena, "the new value of \"%s\"", u->variable->path));
    }
}

/* ---- compiling one ---------------------------------------------------------------------- */

static void collect_outputs(cn_model *m, training_program *p, output_list *list,
                            const cn_updates **updates) {
    cn_context *c = m->context;
    *updates = NULL;
    if (p->kind == PROGRAM_PREDICT) {
        for (uint32_t i = 0; i < m->outputs.count; i++) {
            const model_output *o = &m->outputs.items[i];
            vec_push(c->arena, list, (function_output){tensor_value(o->tensor), o->name});
        }
        return;
    }
    const training_variant *v = training_variant_get(m, p->weighted);
    *updates = p->kind == PROGRAM_TRAIN ? v->train : v->evaluate;
    if (m->training->check_finite)
        watch_step(m, v, p->kind == PROGRAM_TRAIN, list);
    p->watched = ARENA_ARRAY(c->arena, const char *, list->count + 1);
    for (uint32_t i = 0; i < list->count; i++)
        p->watched[i] = list->items[i].name;
}

const function_spec *model_program_spec(cn_model *m, training_program *p) {
    cn_context *c = m->context;
    step_inputs *inputs = ARENA_NEW(c->arena, step_inputs);
    output_list outputs = {0};
    const cn_updates *updates;
    collect_inputs(m, p, inputs);
    collect_outputs(m, p, &outputs, &updates);
    function_spec *spec = ARENA_NEW(c->arena, function_spec);
    *spec = (function_spec){.name = kind_names[p->kind],
                            .training = p->kind == PROGRAM_TRAIN,
                            .explain = p->explain,
                            .dump = p->dump,
                            .frozen = p->kind == PROGRAM_TRAIN ? m->training->frozen : NULL,
                            .inputs = inputs->values,
                            .input_names = inputs->names,
                            .input_dtypes = inputs->dtypes,
                            .input_count = inputs->count,
                            .outputs = outputs.items,
                            .output_count = outputs.count,
                            .updates = updates == NULL ? NULL : updates->items.items,
                            .update_count = updates == NULL ? 0 : updates->items.count};
    return diag_ok(&c->diag) ? spec : NULL;
}

bool model_compile_program(cn_model *m, training_program *p) {
    const function_spec *spec = model_program_spec(m, p);
    p->function = spec == NULL ? NULL : function_compile(m->context, spec);
    return p->function != NULL;
}

void model_usual_dtypes(const cn_model *m, program_kind kind, cn_dtype *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->inputs.count; i++)
        out[n++] = tensor_type(m->inputs.items[i])->dtype;
    for (uint32_t i = 0; kind != PROGRAM_PREDICT && i < m->training->targets.count; i++)
        out[n++] = tensor_type(m->training->targets.items[i])->dtype;
}

static uint32_t dtype_count(const cn_model *m, program_kind kind) {
    return m->inputs.count + (kind == PROGRAM_PREDICT ? 0 : m->training->targets.count);
}

training_program *model_get_program(cn_model *m, program_kind kind, const cn_dtype *dtypes,
                                    bool weighted) {
    cn_context *c = m->context;
    size_t bytes = dtype_count(m, kind) * sizeof *dtypes;
    for (uint32_t i = 0; i < m->programs.count; i++) {
        training_program *p = m->programs.items[i];
        if (p->kind == kind && p->weighted == weighted && memcmp(p->dtypes, dtypes, bytes) == 0)
            return p;
    }
    training_program *p = ARENA_NEW(c->arena, training_program);
    *p = (training_program){.kind = kind, .weighted = weighted};
    memcpy(p->dtypes, dtypes, bytes);
    if (!model_compile_program(m, p))
        return NULL;
    vec_push(c->arena, &m->programs, p);
    return p;
}

void model_drop_programs(cn_model *m, bool predict_too) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->programs.count; i++) {
        training_program *p = m->programs.items[i];
        if (p->kind == PROGRAM_PREDICT && !predict_too)
            m->programs.items[kept++] = p;
        else
            cn_function_free(p->function);
    }
    m->programs.count = kept;
}

/* ---- logs ------------------------------------------------------------------------------- */

void training_reset_metrics(cn_model *m) {
    const training *t = m->training;
    for (uint32_t i = 0; i < t->logs.count; i++) {
        const training_log *log = &t->logs.items[i];
        if (log->sum->data != NULL)
            memset(log->sum->data, 0, sizeof(double));
        if (log->weight->data != NULL)
            memset(log->weight->data, 0, sizeof(double));
    }
}

typedef struct metric_sums {
    uint32_t count;
    struct {
        double sum, weight;
    } items[];
} metric_sums;

static double sum_of(const variable *v) {
    return v->data == NULL ? 0 : *(const double *)v->data;
}

const void *training_copy_metrics(const cn_model *m, arena *a) {
    const training *t = m->training;
    metric_sums *copy = arena_alloc(a, sizeof *copy + t->logs.count * sizeof *copy->items);
    copy->count = t->logs.count;
    for (uint32_t i = 0; i < copy->count; i++) {
        copy->items[i].sum = sum_of(t->logs.items[i].sum);
        copy->items[i].weight = sum_of(t->logs.items[i].weight);
    }
    return copy;
}

void training_restore_metrics(cn_model *m, const void *copied) {
    const metric_sums *copy = copied;
    for (uint32_t i = 0; i < copy->count; i++) {
        const training_log *log = &m->training->logs.items[i];
        if (log->sum->data != NULL)
            *(double *)log->sum->data = copy->items[i].sum;
        if (log->weight->data != NULL)
            *(double *)log->weight->data = copy->items[i].weight;
    }
}

typedef struct named_value {
    const char *name;
    double value;
} named_value;

static int by_name(const void *a, const void *b) {
    return strcmp(((const named_value *)a)->name, ((const named_value *)b)->name);
}

static double log_value(const training_log *log) {
    if (log->sum->data == NULL || log->weight->data == NULL)
        return 0;
    double weight = *(const double *)log->weight->data;
    return weight == 0 ? 0 : *(const double *)log->sum->data / weight;
}

cn_logs training_read_logs(cn_model *m, const char *prefix, arena *a) {
    const training *t = m->training;
    named_value *rows = ARENA_ARRAY(a, named_value, t->logs.count + 1);
    for (uint32_t i = 0; i < t->logs.count; i++) {
        rows[i] = (named_value){arena_format(a, "%s%s", prefix, t->logs.items[i].name),
                                log_value(&t->logs.items[i])};
    }
    qsort(rows, t->logs.count, sizeof *rows, by_name);
    const char **names = ARENA_ARRAY(a, const char *, t->logs.count + 1);
    double *values = ARENA_ARRAY(a, double, t->logs.count + 1);
    for (uint32_t i = 0; i < t->logs.count; i++) {
        names[i] = rows[i].name;
        values[i] = rows[i].value;
    }
    return (cn_logs){.count = t->logs.count, .names = names, .values = values};
}
