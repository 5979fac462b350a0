/* Layers by themselves: on the reference's inputs, as they are and as they might have been.
 *
 * A call is repeated on fresh inputs with the layer's own weights, for a moment with other options
 * where a supposition says so. Any number of calls go into one program, so finding out costs one
 * compilation; suppositions about training or a weight's data have a program each. A layer that
 * refuses an option or a shape has not run, which is no failure.
 */
#include <string.h>

#include "frontend/verify.h"

/* A program in the making. */
typedef struct experiment {
    verifier *v;
    VEC(value) inputs;
    VEC(const void *) data;
    VEC(function_output) outputs;
    VEC(type) types; /* of outputs, with the batch bound */
    void **results;
} experiment;

enum { NOWHERE = -1 };

static type bound(const verifier *v, cn_tensor t) {
    type b = *tensor_type(t);
    for (int i = 0; i < b.rank; i++)
        b.dims[i] = dim_of(dim_bind(b.dims[i], v->batch < 0 ? 1 : v->batch));
    return b;
}

/* Fresh inputs with the values known of a call's; false when some are not. */
static bool add_inputs(experiment *e, uint32_t call, bool reference_only, cn_tensor *fresh) {
    verifier *v = e->v;
    layer_call row = v->c->calls.items[call];
    const void *data[CN_MAX_LIST];
    if (row.input_count > CN_MAX_LIST)
        return false;
    for (uint32_t i = 0; i < row.input_count; i++) {
        data[i] = known_data(v, row.inputs[i], reference_only);
        if (data[i] == NULL)
            return false;
    }
    for (uint32_t i = 0; i < row.input_count; i++) {
        type t = *tensor_type(row.inputs[i]);
        fresh[i] = record_input(v->c, &t);
        vec_push(v->a, &e->inputs, tensor_value(fresh[i]));
        vec_push(v->a, &e->data, data[i]);
    }
    return true;
}

/* Whatever the layer had to say about a shape or an option is no failure of ours. */
static bool forget_refusal(cn_context *c) {
    if (c->diag.status == CN_ERROR_OUT_OF_MEMORY)
        return false;
    diag_clear(&c->diag);
    return true;
}

/* The layer's calls are put back: what is tried leaves no trace in it. */
static cn_tensor apply_supposed(verifier *v, uint32_t call, uint32_t output,
                                const cn_tensor *inputs, const supposition *s) {
    layer_call row = v->c->calls.items[call];
    cn_layer *l = row.layer;
    cn_layer before = *l;
    cn_tensor outputs[CN_MAX_LIST];
    if (s->options != NULL)
        l->options = s->options;
    memset(&l->calls, 0, sizeof l->calls);
    size_t count = layer_apply(v->where, l, inputs, row.input_count, outputs, CN_MAX_LIST);
    l->options = before.options;
    l->calls = before.calls;
    if (output >= count)
        return tensor_poison(v->c);
    return s->activation == NULL ? outputs[output]
                                 : activation_apply(s->activation, outputs[output]);
}

static uint32_t output_of(const verifier *v, const verified_output *o) {
    const layer_call *row = &v->c->calls.items[o->call];
    cn_tensor t = v->tensors.items[o->tensor].tensor;
    for (uint32_t i = 0; i < row->output_count; i++)
        if (row->outputs[i].node == t.node && row->outputs[i].result == t.result)
            return i;
    return 0;
}

/* Its place among the outputs; NOWHERE when the layer refuses. */
static int add_call(experiment *e, const verified_output *o, const cn_tensor *inputs,
                    const supposition *s) {
    verifier *v = e->v;
    cn_tensor y = apply_supposed(v, o->call, output_of(v, o), inputs, s);
    context_note_nodes(v->c);
    if (!diag_ok(&v->c->diag) || !cn_tensor_ok(y)) {
        (void)forget_refusal(v->c);
        return NOWHERE;
    }
    const char *name = arena_format(v->a, "output_%u", e->outputs.count);
    vec_push(v->a, &e->outputs, (function_output){tensor_value(y), name});
    vec_push(v->a, &e->types, bound(v, y));
    return (int)e->outputs.count - 1;
}

static bool run(experiment *e, bool in_training) {
    verifier *v = e->v;
    cn_context *c = v->c;
    uint32_t in = e->inputs.count, out = e->outputs.count;
    if (out == 0)
        return diag_ok(&c->diag);
    const char **names = ARENA_ARRAY(v->a, const char *, in + 1);
    void **inputs = ARENA_ARRAY(v->a, void *, in + 1);
    for (uint32_t i = 0; i < in; i++) {
        names[i] = arena_format(v->a, "input_%u", i);
        inputs[i] = (void *)(uintptr_t)e->data.items[i]; /* read only */
    }
    e->results = ARENA_ARRAY(v->a, void *, out);
    for (uint32_t i = 0; i < out; i++)
        e->results[i] = ARENA_ARRAY(v->a, char, type_bytes(&e->types.items[i], 0) + 64);
    int64_t batch = v->batch < 0 ? 1 : v->batch;
    cn_function *f = function_compile(c, &(function_spec){.name = "verify_alone",
                                                          .inputs = e->inputs.items,
                                                          .input_names = names,
                                                          .input_count = in,
                                                          .outputs = e->outputs.items,
                                                          .output_count = out,
                                                          .training = in_training});
    bool ok = f != NULL && function_fits_memory(f, batch, &c->diag) &&
              function_run(f, inputs, e->results, batch, &c->diag);
    cn_function_free(f);
    return ok;
}

bool verify_alone(verifier *v) {
    experiment e = {.v = v};
    int *places = ARENA_ARRAY(v->a, int, v->outputs.count + 1);
    const supposition as_it_is = {.words = ""};
    for (uint32_t i = 0; i < v->outputs.count; i++) {
        cn_tensor inputs[CN_MAX_LIST];
        const verified_output *o = &v->outputs.items[i];
        places[i] = NOWHERE;
        if (v->rows[i].verdict == CN_DEPARTS && add_inputs(&e, o->call, true, inputs))
            places[i] = add_call(&e, o, inputs, &as_it_is);
    }
    if (!run(&e, false))
        return false;
    for (uint32_t i = 0; i < v->outputs.count; i++) {
        if (places[i] == NOWHERE)
            continue;
        const npy_array *r = v->tensors.items[v->outputs.items[i].tensor].reference;
        arena_mark mark = arena_get_mark(v->a);
        values ours = values_of(v->a, &e.types.items[places[i]], e.results[places[i]]);
        values reference = values_of(v->a, &r->type, r->data);
        v->rows[i].alone = values_distance(&ours, &reference, NULL);
        arena_rewind(v->a, mark);
    }
    return true;
}

/* ---- suppositions ----------------------------------------------------------------------- */

static void take_result(experiment *e, int place, supposition *s) {
    if (place == NOWHERE)
        return;
    s->result = values_of(e->v->a, &e->types.items[place], e->results[place]);
    s->ran = true;
}

/* With a program of its own, and for its duration other data in the layer's first weight. */
static bool suppose_one(verifier *v, const verified_output *o, supposition *s) {
    experiment e = {.v = v};
    cn_tensor inputs[CN_MAX_LIST];
    if (!add_inputs(&e, o->call, false, inputs))
        return true;
    int place = add_call(&e, o, inputs, s);
    const cn_layer *l = v->c->calls.items[o->call].layer;
    variable *w = s->weight == NULL ? NULL : l->weights.items[0];
    void *own = w == NULL ? NULL : w->data;
    diag_recovery point;
    if (DIAG_RECOVER(&v->c->diag, &point)) { /* a weight must not stay as it was supposed */
        if (w != NULL)
            w->data = own;
        return false;
    }
    if (w != NULL)
        w->data = s->weight;
    bool ok = run(&e, s->training);
    diag_pop_recovery(&v->c->diag, &point);
    if (w != NULL)
        w->data = own;
    if (ok)
        take_result(&e, place, s);
    return ok;
}

static bool is_plain(const supposition *s) {
    return s->weight == NULL && !s->training;
}

bool verify_suppose(verifier *v, uint32_t row, supposition *list, uint32_t count) {
    const verified_output *o = &v->outputs.items[row];
    experiment e = {.v = v};
    cn_tensor inputs[CN_MAX_LIST];
    int *places = ARENA_ARRAY(v->a, int, count + 1);
    bool known = add_inputs(&e, o->call, false, inputs);
    for (uint32_t i = 0; i < count; i++)
        places[i] = known && is_plain(&list[i]) ? add_call(&e, o, inputs, &list[i]) : NOWHERE;
    if (!known || !run(&e, false))
        return !known;
    for (uint32_t i = 0; i < count; i++) {
        take_result(&e, places[i], &list[i]);
        if (!is_plain(&list[i]) && !suppose_one(v, o, &list[i]))
            return false;
    }
    return true;
}
