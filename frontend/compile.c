/* cn_compile: from losses, metrics and an optimizer to updates in the record.
 *
 * Nothing here is special to training: targets and sample weights become inputs of the record,
 * the loss is composed of ops, the optimizer adds updates (cn_updates_minimize), metrics are
 * running sums, and the training step is the function that applies all of these updates. The
 * evaluation step applies the metrics' alone. programs.c compiles both for the element types
 * that the data turns out to have.
 *
 *     loss = sum over outputs of weight * loss(target, prediction)
 *            + regularizers of weights that learn + losses that layers added      (keras.md 4.2)
 */
#include <string.h>

#include "frontend/model.h"
#include "frontend/training.h"

/* ---- what is wanted of each output ------------------------------------------------------ */

static const cn_output_options *row_of(const cn_compile_options *o, cn_tensor t) {
    const cn_output_options *rows = o->output_list != NULL ? o->output_list : o->outputs;
    size_t count = o->output_list != NULL ? o->output_count : CN_MAX_LIST;
    for (size_t i = 0; i < count && rows[i].output.context != NULL; i++) {
        if (rows[i].output.node == t.node && rows[i].output.result == t.result)
            return &rows[i];
    }
    return NULL;
}

static bool rows_are_outputs(cn_model *m, cn_source where, const cn_compile_options *o) {
    const cn_output_options *rows = o->output_list != NULL ? o->output_list : o->outputs;
    size_t count = o->output_list != NULL ? o->output_count : CN_MAX_LIST;
    for (size_t i = 0; i < count && rows[i].output.context != NULL; i++) {
        bool known = false;
        for (uint32_t k = 0; k < m->outputs.count; k++) {
            cn_tensor t = m->outputs.items[k].tensor;
            known = known || (t.node == rows[i].output.node && t.result == rows[i].output.result);
        }
        if (known)
            continue;
        return context_fail(
            m->context, where, CN_ERROR_INVALID_ARGUMENT,
            "compile: row %zu of .outputs is for %s, which is not an output of \"%s\"", i,
            tensor_describe(rows[i].output), m->name);
    }
    return true;
}

static output_plan plan_output(const cn_compile_options *o, const cn_model *m, uint32_t i) {
    const cn_output_options *row = row_of(o, m->outputs.items[i].tensor);
    output_plan p = {.output = i, .weight = 1};
    p.loss = row != NULL ? row->loss : o->loss; /* Keras: None among several is no loss */
    if (row != NULL)
        p.weight = option_number(row->weight, 1);
    const cn_metric *const *plain =
        row != NULL && row->metrics[0] != NULL ? row->metrics : o->metrics;
    const cn_metric *const *weighted = row != NULL && row->weighted_metrics[0] != NULL
                                           ? row->weighted_metrics
                                           : o->weighted_metrics;
    memcpy(p.metrics, plain, sizeof p.metrics);
    memcpy(p.weighted_metrics, weighted, sizeof p.weighted_metrics);
    return p;
}

static bool wants_target(const output_plan *p) {
    return p->loss != NULL || p->metrics[0] != NULL || p->weighted_metrics[0] != NULL;
}

static bool plan_outputs(cn_model *m, cn_source where, const cn_compile_options *o, training *t) {
    cn_context *c = m->context;
    bool any = false;
    if (!rows_are_outputs(m, where, o))
        return false;
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        output_plan p = plan_output(o, m, i);
        if (!wants_target(&p))
            continue;
        if (p.loss != NULL && p.loss->reduction == CN_REDUCTION_NONE) {
            return context_fail(
                c, where, CN_ERROR_INVALID_ARGUMENT,
                "compile: the loss of \"%s\" keeps per-sample values; use another .reduction",
                m->outputs.items[i].name);
        }
        any = any || p.loss != NULL;
        vec_push(c->arena, &t->outputs, p);
    }
    return any || context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                               "compile: no loss; give .loss, or a row of .outputs with one");
}

/* ---- targets ---------------------------------------------------------------------------- */

static void make_target_inputs(cn_model *m, training *t) {
    cn_context *c = m->context;
    for (uint32_t i = 0; i < t->outputs.count; i++) {
        const output_plan *p = &t->outputs.items[i];
        const type *output = tensor_type(m->outputs.items[p->output].tensor);
        type wanted = loss_target_type(p->loss, output);
        type weight =
            type_make(CN_F32, 1, (dim[]){output->rank > 0 ? output->dims[0] : dim_batch(1)});
        vec_push(c->arena, &t->targets, record_input(c, &wanted));
        vec_push(c->arena, &t->sample_weights, record_input(c, &weight));
    }
}

/* ---- logs: running sums ----------------------------------------------------------------- */

/* The log of this name, made at first need: a weighted and an unweighted step share them. */
static training_log *log_get(cn_model *m, const char *name) {
    cn_context *c = m->context;
    training *t = m->training;
    for (uint32_t i = 0; i < t->logs.count; i++) {
        if (strcmp(t->logs.items[i].name, name) == 0)
            return &t->logs.items[i];
    }
    type scalar = type_scalar(CN_F64);
    training_log log = {.name = arena_string(c->arena, name)};
    log.sum = variable_new(c, VARIABLE_METRIC, "sum", &scalar);
    log.weight = variable_new(c, VARIABLE_METRIC, "weight", &scalar);
    log.sum->path = arena_format(c->arena, "metrics/%s/sum", name);
    log.weight->path = arena_format(c->arena, "metrics/%s/weight", name);
    vec_push(c->arena, &t->logs, log);
    return &vec_last(&t->logs);
}

static bool logged(const training_variant *v, const training_log *log) {
    for (uint32_t i = 0; i < v->evaluate->items.count; i++) {
        if (v->evaluate->items.items[i].variable == log->sum)
            return true;
    }
    return false;
}

/* A name that is taken is numbered, as in Keras: "accuracy_1". */
static const training_log *log_unused(cn_model *m, const training_variant *v, const char *name) {
    const char *numbered = name;
    for (uint32_t k = 1; logged(v, log_get(m, numbered)); k++) {
        numbered = arena_format(m->context->arena, "%s_%u", name, k);
    }
    return log_get(m, numbered);
}

static void log_add(cn_model *m, training_variant *v, const char *name, cn_tensor sum,
                    cn_tensor weight) {
    const training_log *log = log_unused(m, v, name);
    const struct {
        variable *state;
        cn_tensor more;
    } parts[] = {{log->sum, sum}, {log->weight, weight}};
    for (int i = 0; i < 2; i++) {
        cn_tensor old = variable_tensor(m->context, parts[i].state);
        cn_tensor now = cn_op_add(old, cn_op_cast(parts[i].more, CN_F64));
        cn_updates_add(v->train, old, now);
        cn_updates_add(v->evaluate, old, now);
    }
}

/* A batch's mean counts as many times as the batch has samples: the epoch's loss in Keras. */
static void log_mean(cn_model *m, training_variant *v, const char *name, cn_tensor mean) {
    cn_tensor size = cn_op_size(m->inputs.items[0], 0, CN_F64);
    log_add(m, v, name, cn_op_multiply(cn_op_cast(mean, CN_F64), size), size);
}

/* Per-sample means first, as Keras' Mean does, then the (weighted) sum over the batch. */
static void log_metric(cn_model *m, training_variant *v, const char *name, cn_tensor values,
                       cn_tensor weight) {
    int rank = cn_tensor_ok(values) ? tensor_type(values)->rank : 0;
    int64_t axes[CN_MAX_RANK];
    for (int i = 1; i < rank; i++)
        axes[i - 1] = i;
    cn_tensor samples = rank > 1 ? cn_op_mean(values, rank - 1, axes, false) : values;
    samples = cn_op_cast(samples, CN_F64);
    bool weighted = cn_tensor_ok(weight);
    cn_tensor w = weighted ? cn_op_cast(weight, CN_F64) : cn_op_ones_like(samples);
    cn_tensor products = weighted ? cn_op_multiply(samples, w) : samples;
    log_add(m, v, name, cn_op_sum(products, 0, NULL, false), cn_op_sum(w, 0, NULL, false));
}

static const char *log_name(cn_model *m, const output_plan *p, const char *name) {
    if (m->outputs.count == 1)
        return name;
    return arena_format(m->context->arena, "%s_%s", m->outputs.items[p->output].name, name);
}

static bool holds_name(const cn_metric *const *list, const char *name) {
    for (int i = 0; i < 8 && list[i] != NULL; i++) {
        if (strcmp(list[i]->name, name) == 0)
            return true;
    }
    return false;
}

static void add_metrics(cn_model *m, training_variant *v, uint32_t i, bool weighted_step) {
    training *t = m->training;
    const output_plan *p = &t->outputs.items[i];
    cn_tensor prediction = m->outputs.items[p->output].tensor, truth = t->targets.items[i];
    for (int k = 0; k < 16; k++) {
        bool weighted = k >= 8;
        const cn_metric *given = weighted ? p->weighted_metrics[k - 8] : p->metrics[k];
        if (given == NULL)
            continue;
        const cn_metric *metric =
            metric_resolve(given, tensor_type(truth), tensor_type(prediction));
        bool twice = weighted && holds_name(p->metrics, given->name);
        const char *name =
            twice ? arena_format(m->context->arena, "weighted_%s", given->name) : given->name;
        cn_tensor weight = weighted && weighted_step ? t->sample_weights.items[i] : CN_END;
        log_metric(m, v, log_name(m, p, name), metric->function(metric, truth, prediction), weight);
    }
}

/* ---- the loss --------------------------------------------------------------------------- */

static cn_tensor plus(cn_tensor total, cn_tensor more) {
    return total.context == NULL ? more : cn_op_add(total, more);
}

static uint32_t loss_count(const training *t) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->outputs.count; i++)
        n += t->outputs.items[i].loss != NULL;
    return n;
}

static cn_tensor output_losses(cn_model *m, training_variant *v, bool weighted) {
    training *t = m->training;
    cn_tensor total = CN_END;
    bool several = loss_count(t) > 1;
    for (uint32_t i = 0; i < t->outputs.count; i++) {
        const output_plan *p = &t->outputs.items[i];
        if (p->loss == NULL)
            continue;
        cn_tensor weight = weighted ? t->sample_weights.items[i] : CN_END;
        cn_tensor loss =
            cn_loss_apply(p->loss, t->targets.items[i], m->outputs.items[p->output].tensor, weight);
        if (several)
            log_mean(m, v, log_name(m, p, "loss"), loss);
        total = plus(total, p->weight == 1 ? loss : cn_op_scale(loss, p->weight));
    }
    return total;
}

/* Every call made for the model, in Keras' order: its own and, inside nested models, theirs. */
static id_list all_calls(cn_model *m) {
    cn_context *c = m->context;
    id_list list = {0};
    for (uint32_t i = 0; i < m->calls.count; i++) {
        uint32_t outer = m->calls.items[i];
        for (uint32_t call = outer; call < c->calls.count; call++) {
            if (call_within(c, call, outer))
                vec_push(c->arena, &list, call);
        }
    }
    return list;
}

/* By what was frozen when the model was compiled, which a later step of it goes by too. */
static bool learns(const training *t, const variable *v) {
    return v->trainable && !t->frozen[v->layer->id];
}

static cn_tensor extra_losses(cn_model *m, cn_tensor total) {
    cn_context *c = m->context;
    for (uint32_t i = 0; i < m->weights.count; i++) {
        const variable *w = m->weights.items[i];
        if (w->regularizer == NULL || !learns(m->training, w))
            continue;
        total = plus(total, regularizer_apply(w->regularizer, variable_tensor(c, w)));
    }
    id_list calls = all_calls(m);
    for (uint32_t i = 0; i < calls.count; i++) {
        for (uint32_t k = 0; k < c->calls.items[calls.items[i]].losses.count; k++) {
            total = plus(total, tensor_of(c, c->calls.items[calls.items[i]].losses.items[k]));
        }
    }
    return total;
}

/* ---- updates ---------------------------------------------------------------------------- */

static void add_step_counter(cn_context *c, cn_updates *u) {
    if (c->step == NULL)
        return; /* nothing random was ever made */
    cn_tensor step = variable_tensor(c, c->step);
    cn_updates_add(u, step, cn_op_shift(step, 1));
}

static void add_minimize(cn_model *m, training_variant *v) {
    cn_context *c = m->context;
    cn_tensor *weights = ARENA_ARRAY(c->arena, cn_tensor, m->weights.count + 1);
    size_t count = 0;
    for (uint32_t i = 0; i < m->weights.count; i++) {
        if (learns(m->training, m->weights.items[i]))
            weights[count++] = variable_tensor(c, m->weights.items[i]);
    }
    cn_updates_minimize(v->train, m->training->optimizer, v->loss, weights, count);
}

training_variant *training_variant_get(cn_model *m, bool weighted) {
    cn_context *c = m->context;
    training_variant *v = &m->training->variants[weighted];
    if (v->built)
        return v;
    *v = (training_variant){.train = cn_updates_new(c), .evaluate = cn_updates_new(c)};
    log_get(m, "loss"); /* the first log, whatever follows */
    v->loss = extra_losses(m, output_losses(m, v, weighted));
    log_mean(m, v, "loss", v->loss);
    for (uint32_t i = 0; i < m->training->outputs.count; i++)
        add_metrics(m, v, i, weighted);
    add_minimize(m, v);
    id_list calls = all_calls(m);
    layer_updates_add(v->train, &calls, m->training->frozen);
    add_step_counter(c, v->train);
    v->built = true; /* memory did not run out on the way */
    return v;
}

/* ---- cn_compile ------------------------------------------------------------------------- */

static bool compile_model(cn_model *m, cn_source where, const cn_compile_options *o) {
    cn_context *c = m->context;
    training *t = ARENA_NEW(c->arena, training);
    t->check_finite = o->check_finite;
    t->frozen = ARENA_ARRAY(c->arena, bool, c->layers.count);
    for (uint32_t i = 0; i < c->layers.count; i++)
        t->frozen[i] = c->layers.items[i]->frozen;
    t->optimizer = o->optimizer != NULL
                       ? o->optimizer
                       : cn_rmsprop_at(where, &(cn_optimizer_options){.context = c});
    if (t->optimizer->class == NULL) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "compile: the optimizer could not be made");
    }
    if (!plan_outputs(m, where, o, t))
        return false;
    make_target_inputs(m, t);
    m->training = t;
    training_variant_get(m, false);
    if (!diag_ok(&c->diag))
        return false;
    model_drop_programs(m, false);
    return true;
}

cn_status cn_compile_at(cn_source where, const cn_compile_options *options) {
    cn_compile_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_model *m = o.model;
    if (m == NULL || m->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (!model_acquire(m, where, "compile"))
        return c->diag.status;
    where.options_size = sizeof(cn_optimizer_options);
    cn_source outer = c->where;
    training *before = m->training; /* stays when this fails */
    CONTEXT_ENTER(c, (m->training = before, c->where = outer, model_release(m), c->diag.status));
    c->where = where; /* of the loss's ops */
    bool ok = compile_model(m, where, &o);
    CONTEXT_LEAVE(c);
    if (!ok)
        m->training = before;
    c->where = outer;
    model_release(m);
    return ok ? CN_OK : c->diag.status;
}
