/* cn_check_gradients: reverse mode as it is compiled against forward mode as it is interpreted.
 *
 * For each weight one direction is drawn, all +1 and -1: a wrong element shows in the product with
 * it as much as any other. The compiled program gives the whole gradient, of which the product is
 * taken; the interpreter runs the loss on dual numbers in float64 whose tangents are the direction,
 * which is the same number, exact to rounding, by rules that autodiff has no part in.
 *
 * Inputs are made up of their places: reproducible, with no structure to hide behind.
 */
#include <math.h>
#include <string.h>

#include "cornu/verify.h"
#include "frontend/model.h"
#include "ir/interpret.h"

typedef struct checker {
    cn_context *c;
    cn_model *m;
    arena *a; /* of the result */
    cn_source where;
    int64_t batch;
    value *inputs; /* of both programs */
    const char **input_names;
    void **input_data;
    VEC(variable *) weights;
    cn_tensor loss;
    cn_gradient_row *rows;
} checker;

static int sign_at(const char *name, int64_t i) {
    uint64_t h = hash_combine(hash_bytes(name, strlen(name), 1), (uint64_t)i);
    return h >> 40 & 1 ? 1 : -1;
}

/* ---- what is differentiated ------------------------------------------------------------- */

/* Floats from -1 to 1; bytes are images; integers 0 and 1, which every range of indices has. */
static void *make_up(const checker *k, const type *t, uint32_t which) {
    int64_t count = type_count(t, k->batch), bytes = dtype_bytes(t->dtype);
    char *data = ARENA_ARRAY(k->a, char, count *bytes + 64);
    for (int64_t i = 0; i < count; i++) {
        uint64_t h = hash_combine(which + 1u, (uint64_t)i) >> 32;
        number n = dtype_is_float(t->dtype)
                       ? (number){.f = (double)h / 0x80000000u - 1}
                       : (number){.i = (int64_t)(h & (t->dtype == CN_U8 ? 255 : 1))};
        number_to_bytes(t->dtype, n, data + i * bytes);
    }
    return data;
}

static void make_inputs(checker *k) {
    uint32_t count = k->m->inputs.count;
    k->inputs = ARENA_ARRAY(k->a, value, count + 1);
    k->input_names = ARENA_ARRAY(k->a, const char *, count + 1);
    k->input_data = ARENA_ARRAY(k->a, void *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        k->inputs[i] = tensor_value(k->m->inputs.items[i]);
        k->input_names[i] = arena_format(k->a, "input_%u", i);
        k->input_data[i] = make_up(k, tensor_type(k->m->inputs.items[i]), i);
    }
}

static bool make_loss(checker *k) {
    cn_tensor loss = CN_END;
    for (uint32_t i = 0; i < k->m->outputs.count; i++) {
        cn_tensor y = k->m->outputs.items[i].tensor;
        if (!dtype_is_float(tensor_type(y)->dtype))
            continue;
        y = cn_op_cast(y, CN_F32);
        cn_tensor part = cn_op_sum(cn_op_multiply(y, cn_op_scale(y, 0.5)), 0, NULL, false);
        loss = loss.context == NULL ? part : cn_op_add(loss, part);
    }
    k->loss = loss;
    return loss.context != NULL ||
           context_fail(k->c, k->where, CN_ERROR_DTYPE,
                        "check_gradients: the model has no output of floats");
}

static function_spec spec_of(const checker *k, const function_output *outputs, uint32_t count) {
    return (function_spec){.name = "check_gradients",
                           .inputs = k->inputs,
                           .input_names = k->input_names,
                           .input_count = k->m->inputs.count,
                           .outputs = outputs,
                           .output_count = count,
                           .training = true};
}

/* ---- reverse mode, compiled ------------------------------------------------------------- */

static void take_products(checker *k, void *const *gradients, double *norms) {
    for (uint32_t i = 0; i < k->weights.count; i++) {
        const variable *w = k->weights.items[i];
        double sum = 0, square = 0;
        for (int64_t e = 0; e < type_count(&w->type, 0); e++) {
            const char *at = (const char *)gradients[i] + e * dtype_bytes(w->type.dtype);
            double g = number_from_bytes(w->type.dtype, at).f;
            sum += g * sign_at(w->path, e);
            square += g * g;
        }
        k->rows[i].compiled = sum;
        norms[i] = sqrt(square);
    }
}

static bool differentiate(checker *k, double *norms) {
    uint32_t count = k->weights.count;
    cn_tensor *wrt = ARENA_ARRAY(k->a, cn_tensor, count + 1);
    cn_tensor *gradients = ARENA_ARRAY(k->a, cn_tensor, count + 1);
    function_output *outputs = ARENA_ARRAY(k->a, function_output, count + 1);
    void **data = ARENA_ARRAY(k->a, void *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        wrt[i] = variable_tensor(k->c, k->weights.items[i]);
    cn_gradient(k->loss, wrt, count, gradients);
    if (!diag_ok(&k->c->diag))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        outputs[i] =
            (function_output){tensor_value(gradients[i]), arena_format(k->a, "gradient_%u", i)};
        data[i] = ARENA_ARRAY(k->a, char, type_bytes(&k->weights.items[i]->type, 0) + 64);
    }
    function_spec spec = spec_of(k, outputs, count);
    cn_function *f = function_compile(k->c, &spec);
    bool ok = f != NULL && function_fits_memory(f, k->batch, &k->c->diag) &&
              function_run(f, k->input_data, data, k->batch, &k->c->diag);
    cn_function_free(f);
    if (ok)
        take_products(k, data, norms);
    return ok;
}

/* ---- forward mode, interpreted ---------------------------------------------------------- */

static bool run_dual(const checker *k, const extraction *x, const variable *w, double *tangent) {
    const graph *g = x->graph;
    interpreter it = {.arena = k->a,
                      .diag = &k->c->diag,
                      .batch = k->batch,
                      .mode = INTERPRET_F64,
                      .tangents = true};
    tensor **in = ARENA_ARRAY(k->a, tensor *, g->inputs.count + 1);
    tensor *out = NULL;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        in[i] = tensor_new(&it, value_type(g, g->inputs.items[i].value));
        const variable *v =
            i < k->m->inputs.count ? NULL : x->variables.items[i - k->m->inputs.count];
        tensor_from_bytes(in[i], v == NULL ? k->input_data[i] : v->data);
        for (int64_t e = 0; v == w && e < in[i]->count; e++)
            in[i]->items[e].tangent = sign_at(w->path, e);
    }
    if (!interpret_graph(&it, g, in, &out))
        return false;
    *tangent = out->items[0].tangent;
    return true;
}

static bool differentiate_exactly(checker *k) {
    extraction x;
    function_output output = {tensor_value(k->loss), "loss"};
    function_spec spec = spec_of(k, &output, 1);
    if (!extract_function(k->c, &spec, k->a, &x))
        return false;
    for (uint32_t i = 0; i < x.variables.count; i++)
        if (!variable_initialize(k->c, x.variables.items[i]))
            return false;
    for (uint32_t i = 0; i < k->weights.count; i++) {
        arena_mark mark = arena_get_mark(k->a);
        if (!run_dual(k, &x, k->weights.items[i], &k->rows[i].exact))
            return false;
        arena_rewind(k->a, mark);
    }
    return true;
}

/* ---- all together ----------------------------------------------------------------------- */

static bool check(checker *k, double tolerance, cn_gradient_check *out) {
    for (uint32_t i = 0; i < k->m->weights.count; i++)
        if (variable_learns(k->m->weights.items[i]))
            vec_push(k->a, &k->weights, k->m->weights.items[i]);
    uint32_t count = k->weights.count;
    double *norms = ARENA_ARRAY(k->a, double, count + 1);
    k->rows = ARENA_ARRAY(k->a, cn_gradient_row, count + 1);
    *out = (cn_gradient_check){
        .rows = k->rows, .count = count, .first = count, .tolerance = tolerance};
    make_inputs(k);
    if (!make_loss(k) || (count > 0 && (!differentiate(k, norms) || !differentiate_exactly(k))))
        return false;
    for (uint32_t i = count; i-- > 0;) {
        cn_gradient_row *row = &k->rows[i];
        row->weight = k->weights.items[i]->path;
        row->relative = fabs(row->compiled - row->exact) / (norms[i] > 0 ? norms[i] : 1);
        row->agrees = row->relative <= tolerance;
        if (!row->agrees)
            out->first = i;
    }
    return true;
}

/* The result is the first thing in its own arena. */
typedef struct owned_check {
    cn_gradient_check result;
    arena *arena;
} owned_check;

static cn_gradient_check *check_in(cn_context *c, arena *a, cn_source where,
                                   const cn_gradient_options *o) {
    CONTEXT_ENTER(c, NULL);
    owned_check *owned = ARENA_NEW(a, owned_check);
    owned->arena = a;
    checker k = {
        .c = c, .m = o->model, .a = a, .where = where, .batch = option_integer(o->batch_size, 2)};
    bool ok = check(&k, option_number(o->tolerance, 1e-3), &owned->result);
    CONTEXT_LEAVE(c);
    return ok ? &owned->result : NULL;
}

cn_gradient_check *cn_check_gradients_at(cn_source where, const cn_gradient_options *options) {
    cn_gradient_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (!model_acquire(o.model, where, "check_gradients"))
        return NULL;
    cn_context *c = o.model->context;
    cn_gradient_check *result = NULL;
    arena *a = arena_new(c->memory, &c->diag);
    if (o.batch_size < 0)
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "check_gradients: .batch_size is %lld",
                     (long long)o.batch_size);
    else if (a == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "check_gradients: out of memory");
    else
        result = check_in(c, a, where, &o);
    if (result == NULL)
        arena_free(a);
    model_release(o.model);
    return result;
}

void cn_gradient_check_free(cn_gradient_check *g) {
    if (g != NULL)
        arena_free(((owned_check *)g)->arena);
}
