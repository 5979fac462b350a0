/* The loop IR as a program: every statement in order, every loop serial.
 *
 * Parallel loops run backwards: iterations that are not independent give other results than
 * the graph's interpreter, and tests see it. Indices are checked against the buffer's dims,
 * local buffers start as NaN, and folds run in one ascending chain (targets use fixed blocks;
 * the difference is rounding).
 */
#include "ir/loop_interpret.h"

#include <math.h>

#include "ir/loop_scalar.h"

typedef struct machine {
    interpreter *it;
    const kernel *kernel;
    scalar_precision precision;
    tensor **buffers; /* arguments, then locals */
    scalar *values;   /* by variable id */
    bool failed;
} machine;

static void run_body(machine *m, const stmt_list *body);
static scalar evaluate(machine *m, const expr *x);

/* ---- expressions ----------------------------------------------------------------------- */

static scalar scalar_of(cn_dtype dtype, number n) {
    return dtype_is_float(dtype) ? (scalar){n.f, 0} : (scalar){0, n.i};
}

static number number_of(cn_dtype dtype, scalar x) {
    number n = {.tangent = 0};
    if (dtype_is_float(dtype))
        n.f = x.f;
    else
        n.i = x.i;
    return n;
}

/* The element an access means; NULL after a failure. */
static number *element(machine *m, int buffer, int rank, const expr *const *index) {
    const type *t = &m->kernel->buffers.items[buffer].type;
    int64_t offset = 0;
    for (int i = 0; i < rank; i++) {
        int64_t at = evaluate(m, index[i]).i, extent = dim_bind(t->dims[i], m->it->batch);
        if (at < 0 || at >= extent) {
            m->failed = true;
            diag_fail(m->it->diag, CN_ERROR_INTERNAL,
                      "kernel @%s: index %d of buffer %%%d is %lld, beyond %lld", m->kernel->name,
                      i, buffer, (long long)at, (long long)extent);
            return NULL;
        }
        offset = offset * extent + at;
    }
    return &m->buffers[buffer]->items[offset];
}

static scalar evaluate_load(machine *m, const expr *x) {
    if (x->guard != NULL && evaluate(m, x->guard).i == 0)
        return evaluate(m, x->otherwise);
    number *n = element(m, x->buffer, x->rank, x->index);
    return n == NULL ? (scalar){0, 0} : scalar_of(x->dtype, *n);
}

static scalar evaluate_scalar(machine *m, const expr *x) {
    scalar arguments[5];
    for (int i = 0; i < x->argument_count; i++)
        arguments[i] = evaluate(m, x->arguments[i]);
    cn_dtype from = x->arguments[x->argument_count - 1]->dtype;
    return scalar_evaluate(x->scalar, x->dtype, from, arguments, m->precision);
}

static scalar evaluate(machine *m, const expr *x) {
    switch (x->kind) {
    case EXPR_CONSTANT:
        return (scalar){x->number, x->integer};
    case EXPR_VARIABLE:
        return m->values[x->variable->id];
    case EXPR_EXTENT:
        return (scalar){0, dim_bind(x->extent, m->it->batch)};
    case EXPR_LOAD:
        return evaluate_load(m, x);
    case EXPR_SCALAR:
        return evaluate_scalar(m, x);
    }
    return (scalar){0, 0};
}

/* ---- statements ------------------------------------------------------------------------ */

static void run_loop(machine *m, const stmt *s) {
    int64_t extent = dim_bind(s->variable->extent, m->it->batch);
    for (int64_t i = 0; i < extent && !m->failed; i++) {
        m->values[s->variable->id].i = s->parallel ? extent - 1 - i : i;
        run_body(m, &s->body);
    }
}

static void run_store(machine *m, const stmt *s) {
    scalar x = evaluate(m, s->value);
    number *n = element(m, s->buffer, s->rank, s->index);
    if (n != NULL)
        *n = number_of(s->value->dtype, x);
}

/* Calls `step` for every point of the axes, the last fastest. */
static void for_each_point(machine *m, loop_variable *const *axes, uint32_t count,
                           void (*step)(machine *m, void *user), void *user) {
    if (m->failed)
        return;
    if (count == 0) {
        step(m, user);
        return;
    }
    int64_t extent = dim_bind(axes[0]->extent, m->it->batch);
    for (int64_t i = 0; i < extent; i++) {
        m->values[axes[0]->id].i = i;
        for_each_point(m, axes + 1, count - 1, step, user);
    }
}

typedef struct reduction {
    const stmt *stmt;
    scalar accumulator;
} reduction;

static void reduce_step(machine *m, void *user) {
    reduction *r = user;
    run_body(m, &r->stmt->body);
    r->accumulator = scalar_fold(r->stmt->fold, r->stmt->variable->dtype, r->accumulator,
                                 evaluate(m, r->stmt->value), m->precision);
}

static void run_reduce(machine *m, const stmt *s) {
    reduction r = {s, scalar_identity(s->fold, s->variable->dtype)};
    for_each_point(m, s->axes.items, s->axes.count, reduce_step, &r);
    m->values[s->variable->id] = r.accumulator;
}

typedef struct contraction {
    const loop_contract *contract;
    scalar accumulator;
} contraction;

static void multiply_step(machine *m, void *user) {
    contraction *c = user;
    const loop_contract *k = c->contract;
    cn_dtype t = k->accumulator;
    run_body(m, &k->left_lets);
    scalar left = evaluate(m, k->left);
    run_body(m, &k->right_lets);
    scalar right = evaluate(m, k->right);
    if (dtype_is_float(t)) /* float to float widens exactly */
        c->accumulator.f = fma(left.f, right.f, c->accumulator.f);
    else
        c->accumulator.i =
            (int64_t)((uint64_t)c->accumulator.i + (uint64_t)left.i * (uint64_t)right.i);
    c->accumulator = scalar_round(t, c->accumulator, m->precision);
}

static void contract_step(machine *m, void *user) {
    contraction *c = user;
    const loop_contract *k = c->contract;
    c->accumulator = (scalar){0, 0};
    for_each_point(m, k->reduction.items, k->reduction.count, multiply_step, c);
    m->values[k->result->id] = c->accumulator;
    run_body(m, &k->epilogue);
}

static void run_contract(machine *m, const loop_contract *k) {
    contraction c = {.contract = k};
    for_each_point(m, k->parallel.items, k->parallel.count, contract_step, &c);
}

static void run_body(machine *m, const stmt_list *body) {
    for (uint32_t i = 0; i < body->count && !m->failed; i++) {
        const stmt *s = body->items[i];
        switch (s->kind) {
        case STMT_LOOP:
            run_loop(m, s);
            break;
        case STMT_LET:
            m->values[s->variable->id] = evaluate(m, s->value);
            break;
        case STMT_STORE:
            run_store(m, s);
            break;
        case STMT_REDUCE:
            run_reduce(m, s);
            break;
        case STMT_CONTRACT:
            run_contract(m, s->contract);
            break;
        }
    }
}

static tensor *new_local(interpreter *it, const type *t) {
    tensor *local = tensor_new(it, t);
    if (dtype_is_float(t->dtype))
        for (int64_t i = 0; i < local->count; i++)
            local->items[i].f = NAN;
    return local;
}

bool kernel_interpret(interpreter *it, const kernel *k, tensor *const *arguments) {
    machine m = {.it = it, .kernel = k};
    m.precision = it->mode == INTERPRET_F64 ? SCALAR_EXACT : SCALAR_ROUNDED;
    m.values = ARENA_ARRAY(it->arena, scalar, k->variable_count);
    m.buffers = ARENA_ARRAY(it->arena, tensor *, k->buffers.count);
    for (uint32_t i = 0; i < k->buffers.count; i++)
        m.buffers[i] =
            (int)i < k->argument_count ? arguments[i] : new_local(it, &k->buffers.items[i].type);
    run_body(&m, &k->body);
    return !m.failed;
}
