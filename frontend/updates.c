/* Updates: new values for state, gathered to be applied by a function when it has run.
 *
 * cn_gradient leaves one `gradient` node in the record, which autodiff expands inside the
 * compiled function, so gradients are differentiable again and cost nothing when not used.
 * cn_updates_minimize is an optimizer's step on top of it; cn_compile uses the same call.
 */
#include <string.h>

#include "frontend/optimizers.h"
#include "frontend/record.h"
#include "frontend/training.h"

/* ---- sets of updates ---------------------------------------------------------------------- */

cn_updates *cn_updates_new(cn_context *c) {
    if (c == NULL)
        return NULL;
    CONTEXT_ENTER(c, NULL);
    cn_updates *u = ARENA_NEW(c->arena, cn_updates);
    u->context = c;
    map_init(&u->places, c->arena);
    CONTEXT_LEAVE(c);
    return u;
}

void updates_replace(cn_updates *u, variable *v, value new_value) {
    bool found;
    uint64_t *place = map_put(&u->places, &v->id, sizeof v->id, &found);
    if (found) {
        u->items.items[*place].new_value = new_value;
        return;
    }
    *place = u->items.count;
    vec_push(u->context->arena, &u->items, (update){.variable = v, .new_value = new_value});
}

const update *updates_find(const cn_updates *u, const variable *v) {
    const uint64_t *place = map_find(&u->places, &v->id, sizeof v->id);
    return place == NULL ? NULL : &u->items.items[*place];
}

static const char *variable_title(const variable *v) {
    return v->path[0] != 0 ? v->path : v->name;
}

static void add_update(cn_updates *u, cn_tensor state, cn_tensor new_value) {
    cn_context *c = u->context;
    variable *v = variable_of(c, tensor_value(state));
    if (v == NULL)
        context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                     "updates_add: %s is no state; a weight or what cn_state made can be updated",
                     tensor_describe(state));
    else if (!type_equal(tensor_type(new_value), &v->type))
        context_fail(c, c->where, CN_ERROR_SHAPE,
                     "updates_add: the new value of \"%s\" is %s; the state is %s",
                     variable_title(v), tensor_describe(new_value), tensor_describe(state));
    else if (updates_find(u, v) != NULL)
        context_fail(c, c->where, CN_ERROR_GRAPH,
                     "updates_add: \"%s\" has a new value already; add the two losses, or give "
                     "each its own weights",
                     variable_title(v));
    else
        updates_replace(u, v, tensor_value(new_value));
}

void cn_updates_add(cn_updates *u, cn_tensor state, cn_tensor new_value) {
    if (u == NULL || !cn_tensor_ok(state) || !cn_tensor_ok(new_value))
        return;
    cn_context *c = u->context;
    CONTEXT_ENTER(c, );
    if (state.context != c || new_value.context != c)
        context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                     "updates_add: a tensor belongs to another context");
    else
        add_update(u, state, new_value);
    CONTEXT_LEAVE(c);
}

/* ---- gradients ---------------------------------------------------------------------------- */

typedef struct gradient_arguments {
    value *results; /* one per input after the loss */
} gradient_arguments;

static value build_gradients(const op_call *call) {
    const gradient_arguments *a = call->arguments;
    const type *loss = call_type(call, 0);
    if (loss->rank != 0 || !dtype_is_float(loss->dtype))
        return op_refuse(call, CN_ERROR_SHAPE, "the loss is a float scalar; got %s; take its mean",
                         tensor_describe(call->inputs[0]));
    size_t count = call->input_count - 1;
    value *wrt = ARENA_ARRAY(call->context->arena, value, count);
    for (size_t i = 0; i < count; i++) {
        wrt[i] = call_value(call, i + 1);
        if (!dtype_is_float(value_type(call->g, wrt[i])->dtype))
            return op_refuse(call, CN_ERROR_DTYPE, "%s has no gradient; only floats have",
                             tensor_describe(call->inputs[i + 1]));
    }
    build_gradient(call->g, call_value(call, 0), wrt, (int)count, a->results);
    return a->results[0];
}

static void gradients_of(cn_tensor loss, const cn_tensor *wrt, size_t count, cn_tensor *gradients) {
    cn_context *c = loss.context;
    cn_tensor *inputs = ARENA_ARRAY(c->arena, cn_tensor, count + 1);
    gradient_arguments a = {.results = ARENA_ARRAY(c->arena, value, count + 1)};
    inputs[0] = loss;
    memcpy(inputs + 1, wrt, count * sizeof *wrt);
    cn_tensor first = op_record(c, "gradient", build_gradients, inputs, count + 1, &a);
    for (size_t i = 0; i < count && cn_tensor_ok(first); i++)
        gradients[i] = tensor_of(c, a.results[i]);
}

void cn_gradient(cn_tensor loss, const cn_tensor *wrt, size_t count, cn_tensor *gradients) {
    cn_context *c = loss.context;
    for (size_t i = 0; i < count; i++)
        gradients[i] = tensor_poison(c);
    if (c == NULL || count == 0)
        return;
    CONTEXT_ENTER(c, );
    gradients_of(loss, wrt, count, gradients);
    CONTEXT_LEAVE(c);
}

/* ---- minimising --------------------------------------------------------------------------- */

static variable *learnable(const cn_optimizer *o, cn_tensor weight, size_t i) {
    cn_context *c = o->context;
    if (!cn_tensor_ok(weight))
        return NULL;
    variable *v = weight.context == c ? variable_of(c, tensor_value(weight)) : NULL;
    bool learns = v != NULL && (v->kind == VARIABLE_STATE || v->trainable);
    if (learns && dtype_is_float(v->type.dtype))
        return v;
    context_fail(c, o->where, CN_ERROR_INVALID_ARGUMENT,
                 "%s: weight %zu to minimise over is %s, not a trainable weight", o->class->name, i,
                 weight.context == c ? tensor_describe(weight) : "of another context");
    return NULL;
}

static void minimize(cn_updates *u, cn_optimizer *o, cn_tensor loss, const cn_tensor *weights,
                     size_t count) {
    cn_context *c = o->context;
    variable **variables = ARENA_ARRAY(c->arena, variable *, count + 1);
    cn_tensor *gradients = ARENA_ARRAY(c->arena, cn_tensor, count + 1);
    for (size_t i = 0; i < count; i++) {
        variables[i] = learnable(o, weights[i], i);
        if (variables[i] == NULL)
            return;
    }
    cn_gradient(loss, weights, count, gradients);
    if (diag_ok(&c->diag))
        optimizer_step(o, u, variables, gradients, count);
}

void cn_updates_minimize(cn_updates *u, cn_optimizer *o, cn_tensor loss, const cn_tensor *weights,
                         size_t count) {
    if (u == NULL || o == NULL || o->class == NULL || !cn_tensor_ok(loss))
        return;
    cn_context *c = u->context;
    CONTEXT_ENTER(c, );
    if (o->context != c || loss.context != c)
        context_fail(c, o->where, CN_ERROR_INVALID_ARGUMENT,
                     "%s: the optimizer, the loss and the updates belong to different contexts",
                     o->class->name);
    else
        minimize(u, o, loss, weights, count);
    CONTEXT_LEAVE(c);
}

cn_updates *cn_minimize(cn_optimizer *o, cn_tensor loss, const cn_tensor *weights, size_t count) {
    cn_updates *u = cn_updates_new(loss.context);
    cn_updates_minimize(u, o, loss, weights, count);
    return u;
}

/* ---- state -------------------------------------------------------------------------------- */

static bool state_type(cn_context *c, const char *name, const cn_array *initial, type *out) {
    if (initial == NULL || initial->data == NULL)
        return context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                            "state \"%s\": the first value is missing", name);
    if (initial->dtype < CN_DTYPE_DEFAULT || initial->dtype >= CN_DTYPE_COUNT)
        return context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                            "state \"%s\": .dtype %d is not an element type", name,
                            (int)initial->dtype);
    dim dims[MAX_RANK];
    int rank = array_rank(initial);
    for (int i = 0; i < rank; i++) {
        if (initial->shape[i] < 0)
            return context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                                "state \"%s\": axis %d has size %lld", name, i,
                                (long long)initial->shape[i]);
        dims[i] = dim_of(initial->shape[i]);
    }
    *out = type_make(initial->dtype == CN_DTYPE_DEFAULT ? CN_F32 : initial->dtype, rank, dims);
    return true;
}

static cn_tensor make_state(cn_context *c, const char *name, const cn_array *initial) {
    type t;
    if (!state_type(c, name, initial, &t))
        return tensor_poison(c);
    variable *v = variable_new(c, VARIABLE_STATE, name, &t);
    if (!variable_initialize(c, v))
        return tensor_poison(c);
    memcpy(v->data, initial->data, (size_t)type_bytes(&t, 0));
    return variable_tensor(c, v);
}

cn_tensor cn_state(cn_context *c, const char *name, const cn_array *initial) {
    if (c == NULL)
        return CN_END;
    CONTEXT_ENTER(c, tensor_poison(c));
    cn_tensor result = make_state(c, name != NULL ? name : "state", initial);
    CONTEXT_LEAVE(c);
    return result;
}
