/* Optimizers: options, the variables they keep, and what every update rule begins with.
 *
 * A step clips the gradients (in one of three ways), decays the weights (decoupled: w - w * decay
 * * rate), and hands each weight to the rule of the class, which answers with its new value
 * (optimizer_*.c). All of it is ops, part of the compiled training step. Variables are made at
 * the first step, in Keras' order: iteration, learning_rate (none under a schedule), slots.
 */
#include <math.h>
#include <string.h>

#include "frontend/optimizers.h"
#include "frontend/training.h"

/* ---- options ------------------------------------------------------------------------------ */

static bool takes_all(const cn_optimizer *o) {
    const cn_optimizer_options *given = &o->options;
    const struct {
        unsigned option;
        bool given;
        const char *name;
    } rows[] = {{OPTION_MOMENTUM, given->momentum != 0, "momentum"},
                {OPTION_NESTEROV, given->nesterov, "nesterov"},
                {OPTION_BETAS, given->beta_1 != 0, "beta_1"},
                {OPTION_BETAS, given->beta_2 != 0, "beta_2"},
                {OPTION_EPSILON, given->epsilon != 0, "epsilon"},
                {OPTION_AMSGRAD, given->amsgrad, "amsgrad"},
                {OPTION_RHO, given->rho != 0, "rho"},
                {OPTION_CENTERED, given->centered, "centered"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && (o->class->options & rows[i].option) == 0)
            return context_fail(o->context, o->where, CN_ERROR_INVALID_ARGUMENT,
                                "%s has no option .%s", o->class->name, rows[i].name);
    return true;
}

static bool one_of_each(const cn_optimizer *o) {
    const cn_optimizer_options *given = &o->options;
    if (given->schedule != NULL && given->learning_rate != 0)
        return context_fail(o->context, o->where, CN_ERROR_INVALID_ARGUMENT,
                            "%s: .learning_rate and .schedule are both given; give one",
                            o->class->name);
    int ways = (given->clipnorm != 0) + (given->global_clipnorm != 0) + (given->clipvalue != 0);
    if (ways > 1)
        return context_fail(o->context, o->where, CN_ERROR_INVALID_ARGUMENT,
                            "%s: only one of .clipnorm, .global_clipnorm and .clipvalue can be "
                            "given",
                            o->class->name);
    return true;
}

static void fill_defaults(cn_optimizer *o) {
    cn_optimizer_options *x = &o->options;
    x->learning_rate = option_number(x->learning_rate, o->class->learning_rate);
    x->weight_decay = option_number(x->weight_decay, o->class->weight_decay);
    x->clipnorm = option_number(x->clipnorm, 0);
    x->global_clipnorm = option_number(x->global_clipnorm, 0);
    x->clipvalue = option_number(x->clipvalue, 0);
    x->momentum = option_number(x->momentum, 0);
    x->beta_1 = option_number(x->beta_1, 0.9);
    x->beta_2 = option_number(x->beta_2, 0.999);
    x->epsilon = option_number(x->epsilon, 1e-7);
    x->rho = option_number(x->rho, 0.9);
    if (x->name != NULL)
        x->name = arena_string(o->context->arena, x->name);
}

static bool in_range(const cn_optimizer *o) {
    const cn_optimizer_options *x = &o->options;
    const struct {
        const char *name;
        double value, high;
    } rows[] = {{"learning_rate", x->learning_rate, HUGE_VAL},
                {"weight_decay", x->weight_decay, HUGE_VAL},
                {"clipnorm", x->clipnorm, HUGE_VAL},
                {"global_clipnorm", x->global_clipnorm, HUGE_VAL},
                {"clipvalue", x->clipvalue, HUGE_VAL},
                {"momentum", x->momentum, 1},
                {"beta_1", x->beta_1, 0x1.fffffep-1},
                {"beta_2", x->beta_2, 0x1.fffffep-1},
                {"epsilon", x->epsilon, HUGE_VAL},
                {"rho", x->rho, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].value >= 0 && rows[i].value <= rows[i].high && isfinite(rows[i].value))
            continue;
        return context_fail(o->context, o->where, CN_ERROR_INVALID_ARGUMENT,
                            "%s: .%s is %g; it is %s", o->class->name, rows[i].name, rows[i].value,
                            rows[i].high == HUGE_VAL ? "a number that is not negative"
                            : rows[i].high == 1      ? "between 0 and 1"
                                                     : "at least 0 and below 1");
    }
    return true;
}

static const cn_optimizer orphan; /* of callers without a context */

static cn_optimizer *make_optimizer(cn_source where, const cn_optimizer_options *options,
                                    const optimizer_class *class) {
    cn_optimizer_options given = {0};
    memcpy(&given, options, where.options_size < sizeof given ? where.options_size : sizeof given);
    cn_context *c = given.context;
    cn_optimizer *failed = (cn_optimizer *)(uintptr_t)&orphan; /* never written: it has no class */
    if (c == NULL)
        return failed;
    CONTEXT_ENTER(c, failed);
    cn_optimizer *o = ARENA_NEW(c->arena, cn_optimizer);
    *o = (cn_optimizer){.context = c, .class = class, .options = given, .where = where};
    map_init(&o->slot_of, c->arena);
    bool ok = takes_all(o) && one_of_each(o);
    fill_defaults(o);
    ok = ok && in_range(o) && (given.schedule == NULL || given.schedule->formula != NULL);
    if (!ok)
        o->class = NULL;
    CONTEXT_LEAVE(c);
    return o;
}

cn_optimizer *cn_sgd_at(cn_source where, const cn_optimizer_options *options) {
    return make_optimizer(where, options, &sgd_class);
}
cn_optimizer *cn_adam_at(cn_source where, const cn_optimizer_options *options) {
    return make_optimizer(where, options, &adam_class);
}
cn_optimizer *cn_adamw_at(cn_source where, const cn_optimizer_options *options) {
    return make_optimizer(where, options, &adamw_class);
}
cn_optimizer *cn_rmsprop_at(cn_source where, const cn_optimizer_options *options) {
    return make_optimizer(where, options, &rmsprop_class);
}

/* ---- variables ---------------------------------------------------------------------------- */

static bool name_is_taken(const cn_context *c, const char *name) {
    const char *path = arena_format(c->arena, "%s/iteration", name);
    for (uint32_t i = 0; i < c->variables.count; i++)
        if (strcmp(c->variables.items[i]->path, path) == 0)
            return true;
    return false;
}

/* "adam", "adam_1": the second Adam of a context keeps its variables apart. */
static const char *free_name(const cn_optimizer *o) {
    arena *a = o->context->arena;
    const char *base = o->options.name != NULL ? o->options.name : o->class->name;
    const char *name = base;
    for (int i = 1; name_is_taken(o->context, name); i++)
        name = arena_format(a, "%s_%d", base, i);
    return name;
}

static variable *scalar_variable(cn_optimizer *o, const char *name, cn_dtype dtype) {
    type t = type_scalar(dtype);
    variable *v = variable_new(o->context, VARIABLE_OPTIMIZER, name, &t);
    v->path = arena_format(o->context->arena, "%s/%s", o->name, name);
    return v;
}

static void make_variables(cn_optimizer *o) {
    if (o->iteration != NULL)
        return;
    o->name = free_name(o);
    o->iteration = scalar_variable(o, "iteration", CN_I64);
    if (o->options.schedule != NULL)
        return;
    variable *rate = scalar_variable(o, "learning_rate", CN_F32);
    if (variable_initialize(o->context, rate))
        *(float *)rate->data = (float)o->options.learning_rate;
    o->learning_rate = rate;
}

variable *optimizer_slot(cn_optimizer *o, variable *weight, const char *name) {
    arena *a = o->context->arena;
    bool found;
    uint64_t *index = map_put_text(&o->slot_of, arena_format(a, "%u/%s", weight->id, name), &found);
    if (found)
        return o->slots.items[*index];
    *index = o->slots.count;
    variable *slot = variable_new(o->context, VARIABLE_OPTIMIZER, name, &weight->type);
    const char *path =
        weight->path[0] != 0 ? weight->path : arena_format(a, "%s:%u", weight->name, weight->id);
    slot->path = arena_format(a, "%s/%s/%s", o->name, path, name);
    vec_push(a, &o->slots, slot);
    return slot;
}

cn_tensor slot_get(const weight_step *s, const char *name) {
    return variable_tensor(s->optimizer->context, optimizer_slot(s->optimizer, s->weight, name));
}

void slot_set(const weight_step *s, const char *name, cn_tensor new_value) {
    variable *slot = optimizer_slot(s->optimizer, s->weight, name);
    cn_tensor state = variable_tensor(s->optimizer->context, slot);
    cn_updates_add(s->updates, state, cn_op_cast(new_value, slot->type.dtype));
}

/* ---- the learning rate -------------------------------------------------------------------- */

double cn_learning_rate(const cn_optimizer *o) {
    if (o == NULL || o->class == NULL)
        return (double)NAN;
    if (o->learning_rate != NULL && o->learning_rate->data != NULL)
        return (double)*(const float *)o->learning_rate->data;
    if (o->options.schedule == NULL)
        return (double)(float)o->options.learning_rate;
    bool begun = o->iteration != NULL && o->iteration->data != NULL;
    return cn_schedule_value(o->options.schedule, begun ? *(const int64_t *)o->iteration->data : 0);
}

cn_status cn_set_learning_rate(cn_optimizer *o, double learning_rate) {
    if (o == NULL || o->class == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o->context;
    if (o->options.schedule != NULL) {
        context_fail(c, o->where, CN_ERROR_INVALID_ARGUMENT,
                     "%s: the learning rate follows a schedule and cannot be set", o->class->name);
        return CN_ERROR_INVALID_ARGUMENT;
    }
    learning_rate = option_number(learning_rate, 0);
    if (!(learning_rate >= 0) || !isfinite(learning_rate)) {
        context_fail(c, o->where, CN_ERROR_INVALID_ARGUMENT,
                     "%s: the learning rate cannot be set to %g", o->class->name, learning_rate);
        return CN_ERROR_INVALID_ARGUMENT;
    }
    o->options.learning_rate = learning_rate;
    if (o->learning_rate != NULL && o->learning_rate->data != NULL)
        *(float *)o->learning_rate->data = (float)learning_rate;
    return CN_OK;
}

/* ---- clipping ----------------------------------------------------------------------------- */

cn_tensor approach(cn_tensor from, cn_tensor to, double fraction) {
    return cn_op_add(from, cn_op_scale(cn_op_subtract(to, from), fraction));
}

static cn_tensor sum_of_squares(cn_tensor x) {
    return cn_op_sum(cn_op_square(x), 0, NULL, false);
}

/* g * clipnorm / max(|g|, clipnorm) */
static cn_tensor clip_by_norm(cn_tensor gradient, double clipnorm) {
    cn_tensor norm = cn_op_maximum_of(cn_op_sqrt(sum_of_squares(gradient)), clipnorm);
    return cn_op_divide(cn_op_scale(gradient, clipnorm), norm);
}

/* clipnorm * min(1 / norm, 1 / clipnorm) of all gradients together; NaN unless the norm is finite,
 * so that an overflow shows instead of turning into a step of zero. */
static cn_tensor global_scale(const cn_tensor *gradients, size_t count, double clipnorm) {
    cn_tensor squares = sum_of_squares(gradients[0]);
    for (size_t i = 1; i < count; i++)
        squares = cn_op_add(squares, sum_of_squares(gradients[i]));
    cn_tensor norm = cn_op_sqrt(squares);
    cn_tensor scale = cn_op_minimum_of(cn_op_reciprocal(norm), 1 / clipnorm);
    cn_dtype dtype = cn_tensor_dtype(norm);
    cn_tensor infinite = cn_op_constant(norm.context, (double)INFINITY, dtype);
    cn_tensor undefined = cn_op_constant(norm.context, (double)NAN, dtype);
    return cn_op_where(cn_op_less(norm, infinite), cn_op_scale(scale, clipnorm), undefined);
}

static void clip(const cn_optimizer *o, const cn_tensor *gradients, size_t count, cn_tensor *out) {
    const cn_optimizer_options *x = &o->options;
    cn_tensor scale = CN_END;
    if (x->global_clipnorm > 0 && count > 0)
        scale = global_scale(gradients, count, x->global_clipnorm);
    for (size_t i = 0; i < count; i++) {
        out[i] = gradients[i];
        if (x->clipnorm > 0)
            out[i] = clip_by_norm(gradients[i], x->clipnorm);
        else if (scale.context != NULL)
            out[i] = cn_op_multiply(gradients[i], scale);
        else if (x->clipvalue > 0)
            out[i] = cn_op_clip(gradients[i], -x->clipvalue, x->clipvalue);
    }
}

/* ---- a step ------------------------------------------------------------------------------- */

static cn_tensor rate_tensor(const cn_optimizer *o) {
    if (o->options.schedule == NULL)
        return variable_tensor(o->context, o->learning_rate);
    return schedule_build(o->options.schedule, variable_tensor(o->context, o->iteration));
}

static cn_tensor decayed(const cn_optimizer *o, cn_tensor weight, cn_tensor rate) {
    if (o->options.weight_decay == 0)
        return weight;
    cn_tensor decay = cn_op_multiply(cn_op_scale(weight, o->options.weight_decay), rate);
    return cn_op_subtract(weight, decay);
}

/* Two losses minimised by one optimizer in one set of updates are one step. */
static cn_tensor advance(cn_optimizer *o, cn_updates *u) {
    cn_tensor iteration = variable_tensor(o->context, o->iteration);
    cn_tensor next = cn_op_shift(iteration, 1);
    if (diag_ok(&o->context->diag))
        updates_replace(u, o->iteration, tensor_value(next));
    return cn_op_cast(next, CN_F32);
}

void optimizer_step(cn_optimizer *o, cn_updates *u, variable *const *weights,
                    const cn_tensor *gradients, size_t count) {
    cn_context *c = o->context;
    make_variables(o);
    o->class->build(o, weights, count);
    cn_tensor *clipped = ARENA_ARRAY(c->arena, cn_tensor, count + 1);
    clip(o, gradients, count, clipped);
    weight_step s = {.optimizer = o, .updates = u};
    s.learning_rate = rate_tensor(o);
    s.ordinal = advance(o, u);
    for (size_t i = 0; i < count; i++) {
        s.weight = weights[i];
        cn_tensor weight = variable_tensor(c, weights[i]);
        s.gradient = clipped[i];
        s.value = decayed(o, weight, s.learning_rate);
        cn_tensor next = cn_op_cast(o->class->apply(&s), weights[i]->type.dtype);
        cn_updates_add(u, weight, next);
    }
}
