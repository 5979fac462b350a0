/* cn_verify: runs a model on a reference's inputs and compares what every layer gives out.
 *
 * One program computes all layers' outputs at once, from the inputs as the reference has them. A
 * row departs when its largest distance from the reference, over the largest magnitude in there,
 * exceeds the tolerance: one number for layers of any scale, and insensitive to single small
 * elements. Where rows depart, each such layer is also run alone on the reference's inputs, which
 * tells the layer that is wrong from those that were given wrong values; the first one is then
 * compared under suppositions (verify_causes.c).
 *
 * Layers inside of nested models are not rows; the nested model is.
 */
#include "frontend/verify.h"

#include <math.h>
#include <string.h>

#include "ir/interpret.h"

/* ---- values ----------------------------------------------------------------------------- */

static double element_of(cn_dtype dtype, const void *data, int64_t i) {
    number n = number_from_bytes(dtype, (const char *)data + i * dtype_bytes(dtype));
    return dtype_is_float(dtype) ? n.f : (double)n.i;
}

values values_of(arena *a, const type *t, const void *data) {
    values v = {.type = *t, .count = type_count(t, 0)};
    double *items = ARENA_ARRAY(a, double, v.count + 1);
    for (int64_t i = 0; i < v.count; i++)
        items[i] = element_of(t->dtype, data, i);
    v.items = items;
    return v;
}

static double distance(double x, double y) {
    if (x == y || (isnan(x) && isnan(y)))
        return 0;
    return isfinite(x) && isfinite(y) ? fabs(x - y) : INFINITY;
}

double values_distance(const values *ours, const values *reference, double *largest) {
    double most = 0, scale = 0;
    for (int64_t i = 0; i < reference->count; i++) {
        double y = reference->items[i];
        most = fmax(most, distance(ours->items[i], y));
        if (isfinite(y))
            scale = fmax(scale, fabs(y));
    }
    if (largest != NULL)
        *largest = most;
    return most == 0 ? 0 : most / (scale > 0 ? scale : 1);
}

/* ---- what is known of a tensor ---------------------------------------------------------- */

static uint32_t know(verifier *v, cn_tensor t, const npy_array *reference) {
    uint64_t key = (uint64_t)t.node << 32 | t.result;
    uint64_t *place = map_put(&v->places, &key, sizeof key, NULL);
    if (*place == 0) {
        vec_push(v->a, &v->tensors, (known_tensor){.tensor = t});
        *place = v->tensors.count;
    }
    known_tensor *k = &v->tensors.items[*place - 1];
    if (reference != NULL)
        k->reference = reference;
    return (uint32_t)*place - 1;
}

static type bound_type(const verifier *v, cn_tensor t) {
    type bound = *tensor_type(t);
    for (int i = 0; i < bound.rank; i++)
        bound.dims[i] = dim_of(dim_bind(bound.dims[i], v->batch < 0 ? 1 : v->batch));
    return bound;
}

/* An array as another element type, as NumPy's astype. */
static void *converted(arena *a, const npy_array *x, cn_dtype dtype) {
    int64_t count = type_count(&x->type, 0);
    bool from = dtype_is_float(x->type.dtype), to = dtype_is_float(dtype);
    size_t in = (size_t)dtype_bytes(x->type.dtype), out = (size_t)dtype_bytes(dtype);
    char *data = ARENA_ARRAY(a, char, (size_t)count *out + 1);
    for (int64_t i = 0; i < count; i++) {
        number n = number_from_bytes(x->type.dtype, (const char *)x->data + (size_t)i * in);
        if (from && !to)
            n = (number){.i = fabs(n.f) < 0x1p62 ? (int64_t)n.f : 0};
        else if (!from && to)
            n = (number){.f = (double)n.i};
        number_to_bytes(dtype, n, data + (size_t)i * out);
    }
    return data;
}

const void *known_data(verifier *v, cn_tensor t, bool reference_only) {
    uint64_t key = (uint64_t)t.node << 32 | t.result;
    const uint64_t *place = map_find(&v->places, &key, sizeof key);
    if (place == NULL)
        return NULL;
    const known_tensor *k = &v->tensors.items[*place - 1];
    if (k->reference != NULL && shape_equal(&k->type, &k->reference->type))
        return converted(v->a, k->reference, k->type.dtype);
    return reference_only || k->reference != NULL ? NULL : k->ours;
}

/* ---- names in the reference ------------------------------------------------------------- */

static const npy_array *entry(verifier *v, const char *name) {
    const npy_array *x = npz_find(&v->reference, name);
    if (x != NULL)
        v->used[x - v->reference.entries] = true;
    return x;
}

static const layer_call *call_at(const verifier *v, uint32_t call) {
    return &v->c->calls.items[call];
}

/* Its ordinal among the model's own calls of the layer. */
static const char *output_name(const verifier *v, uint32_t call, uint32_t output) {
    const layer_call *row = call_at(v, call);
    uint32_t before = 0;
    for (uint32_t i = 0; v->m->calls.items[i] != call; i++)
        before += call_at(v, v->m->calls.items[i])->layer == row->layer;
    const char *name = cn_layer_name(row->layer);
    if (before > 0)
        name = arena_format(v->a, "%s:%u", name, before);
    return output == 0 ? name : arena_format(v->a, "%s/%u", name, output);
}

/* The layer that made an input: its InputLayer. */
static const char *input_name(const verifier *v, cn_tensor t) {
    uint32_t call = v->c->call_of_node.items[t.node];
    const char *name = call == 0 ? "" : cn_layer_name(call_at(v, call)->layer);
    return name[0] != 0 ? name : "input";
}

static bool take_input(verifier *v, uint32_t i) {
    cn_tensor t = v->m->inputs.items[i];
    const char *name = input_name(v, t), *numbered = arena_format(v->a, "input_%u", i);
    const npy_array *x = entry(v, name);
    x = x != NULL ? x : entry(v, numbered);
    if (x == NULL)
        return context_fail(v->c, v->where, CN_ERROR_DATA,
                            "verify: \"%s\" has no array \"%s\" (or \"%s\") for the model's input: "
                            "give it to numpy.savez by that name",
                            v->path, name, numbered);
    const type *wanted = tensor_type(t);
    bool fits = x->type.rank == wanted->rank;
    for (int axis = 0; fits && axis < wanted->rank; axis++) {
        dim d = wanted->dims[axis];
        int64_t count = x->type.dims[axis].count;
        if (d.symbolic && v->batch < 0 && d.count > 0)
            v->batch = count / d.count;
        fits = count == dim_bind(d, v->batch);
    }
    uint32_t place = know(v, t, x);
    v->tensors.items[place].ours = converted(v->a, x, wanted->dtype);
    if (fits)
        return true;
    text said, want;
    text_init(&said, v->a);
    text_init(&want, v->a);
    text_type(&said, &x->type);
    text_type(&want, wanted);
    return context_fail(v->c, v->where, CN_ERROR_DATA,
                        "verify: input \"%s\" is %s in \"%s\", the model takes %s", name, said.data,
                        v->path, want.data);
}

/* ---- running the model ------------------------------------------------------------------ */

static void list_outputs(verifier *v) {
    for (uint32_t i = 0; i < v->m->calls.count; i++) {
        uint32_t call = v->m->calls.items[i];
        layer_call row = *call_at(v, call);
        for (uint32_t k = 0; k < row.input_count; k++)
            know(v, row.inputs[k], NULL);
        for (uint32_t k = 0; row.layer->class != &input_class && k < row.output_count; k++) {
            const npy_array *x = entry(v, output_name(v, call, k));
            vec_push(v->a, &v->outputs, (verified_output){call, know(v, row.outputs[k], x)});
        }
    }
}

typedef struct one_run {
    function_spec spec;
    void **inputs, **outputs;
} one_run;

/* The model's inputs to everything else that is to be known. */
static one_run plan_run(verifier *v) {
    uint32_t in = v->m->inputs.count, count = v->tensors.count;
    value *inputs = ARENA_ARRAY(v->a, value, in + 1);
    const char **names = ARENA_ARRAY(v->a, const char *, in + 1);
    function_output *outputs = ARENA_ARRAY(v->a, function_output, count + 1);
    one_run r = {.inputs = ARENA_ARRAY(v->a, void *, in + 1),
                 .outputs = ARENA_ARRAY(v->a, void *, count + 1)};
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        known_tensor *k = &v->tensors.items[i];
        k->type = bound_type(v, k->tensor);
        if (i < in) { /* they were known first */
            inputs[i] = tensor_value(k->tensor);
            names[i] = arena_format(v->a, "input_%u", i);
            r.inputs[i] = k->ours;
            continue;
        }
        k->ours = ARENA_ARRAY(v->a, char, type_bytes(&k->type, 0) + 64);
        outputs[n] = (function_output){tensor_value(k->tensor), arena_format(v->a, "output_%u", n)};
        r.outputs[n++] = k->ours;
    }
    r.spec = (function_spec){.name = "verify",
                             .inputs = inputs,
                             .input_names = names,
                             .input_count = in,
                             .outputs = outputs,
                             .output_count = n};
    return r;
}

static bool run_model(verifier *v) {
    one_run r = plan_run(v);
    int64_t batch = v->batch < 0 ? 1 : v->batch;
    cn_function *f = r.spec.output_count == 0 ? NULL : function_compile(v->c, &r.spec);
    bool ok = f != NULL && function_fits_memory(f, batch, &v->c->diag) &&
              function_run(f, r.inputs, r.outputs, batch, &v->c->diag);
    cn_function_free(f);
    return ok || r.spec.output_count == 0;
}

/* ---- comparing -------------------------------------------------------------------------- */

static void copy_shape(const type *t, int *rank, int64_t shape[CN_MAX_RANK]) {
    *rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        shape[i] = t->dims[i].count;
}

static void compare(verifier *v, uint32_t i) {
    const verified_output *o = &v->outputs.items[i];
    const known_tensor *k = &v->tensors.items[o->tensor];
    const layer_call *call = call_at(v, o->call);
    uint32_t output = 0;
    while (output + 1 < call->output_count && (call->outputs[output].node != k->tensor.node ||
                                               call->outputs[output].result != k->tensor.result))
        output++;
    cn_verify_row *row = &v->rows[i];
    *row = (cn_verify_row){.name = output_name(v, o->call, output),
                           .class_name = call->layer->class_name,
                           .verdict = CN_NOT_JUDGED,
                           .largest = NAN,
                           .relative = NAN,
                           .alone = NAN};
    copy_shape(&k->type, &row->rank, row->shape);
    if (k->reference == NULL)
        return;
    copy_shape(&k->reference->type, &row->reference_rank, row->reference_shape);
    row->verdict = CN_SHAPE_DIFFERS;
    if (!shape_equal(&k->type, &k->reference->type))
        return;
    arena_mark mark = arena_get_mark(v->a);
    values ours = values_of(v->a, &k->type, k->ours);
    values reference = values_of(v->a, &k->reference->type, k->reference->data);
    row->relative = values_distance(&ours, &reference, &row->largest);
    row->verdict = row->relative <= v->tolerance ? CN_AGREES : CN_DEPARTS;
    arena_rewind(v->a, mark);
}

/* Weights that the reference holds count as used; what they say is a matter of causes. */
static void mark_weights(verifier *v) {
    for (uint32_t i = 0; i < v->m->weight_names.count; i++)
        (void)entry(v, v->m->weight_names.items[i]);
}

static void fill_unused(const verifier *v, cn_verification *out) {
    const char **names = ARENA_ARRAY(v->a, const char *, v->reference.entry_count + 1);
    for (size_t i = 0; i < v->reference.entry_count; i++)
        if (!v->used[i])
            names[out->unused_count++] = v->reference.entries[i].name;
    out->unused = names;
}

/* A reference without any layer would agree with every model. */
static bool has_judged(const verifier *v) {
    for (uint32_t i = 0; i < v->outputs.count; i++)
        if (v->rows[i].verdict != CN_NOT_JUDGED)
            return true;
    return context_fail(v->c, v->where, CN_ERROR_DATA,
                        "verify: \"%s\" holds the output of no layer of model \"%s\": give outputs "
                        "to numpy.savez by the names of their layers",
                        v->path, v->m->name);
}

static bool judge(verifier *v, cn_verification *out) {
    uint32_t count = v->outputs.count, first = 0;
    v->rows = ARENA_ARRAY(v->a, cn_verify_row, count + 1);
    for (uint32_t i = 0; i < count; i++)
        compare(v, i);
    if (!has_judged(v))
        return false;
    while (first < count &&
           (v->rows[first].verdict == CN_AGREES || v->rows[first].verdict == CN_NOT_JUDGED))
        first++;
    *out = (cn_verification){
        .rows = v->rows, .count = count, .first = first, .tolerance = v->tolerance};
    mark_weights(v);
    fill_unused(v, out);
    if (first == count)
        return true;
    if (!verify_alone(v))
        return false;
    out->cause = verify_cause(v, first);
    return diag_ok(&v->c->diag);
}

static bool verify(verifier *v, cn_verification *out) {
    if (!npz_read(v->path, v->a, &v->c->diag, &v->reference))
        return false;
    v->used = ARENA_ARRAY(v->a, bool, v->reference.entry_count + 1);
    map_init(&v->places, v->a);
    for (uint32_t i = 0; i < v->m->inputs.count; i++)
        if (!take_input(v, i))
            return false;
    list_outputs(v);
    return run_model(v) && judge(v, out);
}

/* ---- the public call -------------------------------------------------------------------- */

/* The result is the first thing in its own arena. */
typedef struct owned_verification {
    cn_verification result;
    arena *arena;
} owned_verification;

static cn_verification *verify_in(cn_context *c, arena *a, cn_source where,
                                  const cn_verify_options *o) {
    CONTEXT_ENTER(c, NULL);
    owned_verification *owned = ARENA_NEW(a, owned_verification);
    owned->arena = a;
    verifier v = {.c = c,
                  .m = o->model,
                  .where = where,
                  .a = a,
                  .path = o->reference,
                  .tolerance = option_number(o->tolerance, 1e-4),
                  .batch = -1};
    bool ok = verify(&v, &owned->result);
    CONTEXT_LEAVE(c);
    return ok ? &owned->result : NULL;
}

cn_verification *cn_verify_at(cn_source where, const cn_verify_options *options) {
    cn_verify_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (!model_acquire(o.model, where, "verify"))
        return NULL;
    cn_context *c = o.model->context;
    cn_verification *result = NULL;
    arena *a = o.reference == NULL ? NULL : arena_new(c->memory, &c->diag);
    if (o.reference == NULL)
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "verify: .reference is missing");
    else if (a == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "verify: out of memory");
    else
        result = verify_in(c, a, where, &o);
    if (result == NULL)
        arena_free(a);
    model_release(o.model);
    return result;
}

void cn_verification_free(cn_verification *v) {
    if (v != NULL)
        arena_free(((owned_verification *)v)->arena);
}
