/* What must hold of a kernel, checked without trusting how it was made.
 *
 * Definitions: a variable is defined once, by a loop, a let, a reduce or a contract, and used
 * only below that in its scope. Bounds: every index of a load without guard and of a store
 * lies in its dim for all values of the variables, by interval analysis with symbolic B.
 * Disjointness: each parallel loop around a store must show in its index, so that two
 * iterations cannot meet: some index has the loop's variable with a coefficient no smaller
 * than the span of everything else that varies inside it. A local buffer is private to each
 * iteration of the loops that enclose all its uses: only loops inside those are asked about.
 */
#include <string.h>

#include "ir/loop.h"
#include "ir/loop_index.h"

typedef struct checker {
    const kernel *kernel;
    diagnostics *diag;
    bool *defined;                       /* by variable id: in scope now */
    bool *seen;                          /* ... or defined somewhere before */
    VEC(const loop_variable *) parallel; /* loops around the statement, outermost first */
    VEC(const stmt *) loops;             /* ... and the statements they are; NULL for contracts */
    VEC(const loop_variable *) around;   /* all axes in scope */
    bool no_stores;
} checker;

static bool check_body(checker *c, const stmt_list *body);

static bool fail(checker *c, const char *what, const char *detail) {
    return diag_fail(c->diag, CN_ERROR_INTERNAL, "kernel @%s: %s%s", c->kernel->name, what, detail);
}

static bool define(checker *c, const loop_variable *v) {
    if (v == NULL || v->id < 0 || v->id >= c->kernel->variable_count)
        return fail(c, "a variable without a number", "");
    if (c->seen[v->id])
        return fail(c, "defined twice: ", v->hint == NULL ? "t" : v->hint);
    c->seen[v->id] = c->defined[v->id] = true;
    return true;
}

/* ---- expressions ----------------------------------------------------------------------- */

static bool check_expr(checker *c, const expr *x);

static bool check_list(checker *c, const expr *const *list, int count) {
    for (int i = 0; i < count; i++)
        if (!check_expr(c, list[i]))
            return false;
    return true;
}

static bool check_index(checker *c, int buffer, int rank, const expr *const *index, bool bounded) {
    if (buffer < 0 || buffer >= (int)c->kernel->buffers.count)
        return fail(c, "no such buffer", "");
    const type *t = &c->kernel->buffers.items[buffer].type;
    if (t->rank != rank)
        return fail(c, "index of another rank than the buffer", "");
    for (int i = 0; i < rank; i++) {
        range r = expr_range(index[i]);
        if (index[i]->dtype != CN_I64)
            return fail(c, "an index that is not i64", "");
        if (bounded && (!range_at_least(r, 0) || !range_below(r, t->dims[i])))
            return diag_fail(c->diag, CN_ERROR_INTERNAL,
                             "kernel @%s: index %d of buffer %%%d may leave its dim",
                             c->kernel->name, i, buffer);
    }
    return check_list(c, index, rank);
}

static bool check_load(checker *c, const expr *x) {
    if (!check_index(c, x->buffer, x->rank, x->index, x->guard == NULL))
        return false;
    const loop_buffer *b = &c->kernel->buffers.items[x->buffer];
    if (b->type.dtype != x->dtype)
        return fail(c, "a load of another dtype than its buffer", "");
    if ((x->guard == NULL) != (x->otherwise == NULL))
        return fail(c, "a guard without a value for where it is false", "");
    if (x->guard == NULL)
        return true;
    if (x->guard->dtype != CN_BOOL || x->otherwise->dtype != x->dtype)
        return fail(c, "a guarded load of mixed dtypes", "");
    return check_expr(c, x->guard) && check_expr(c, x->otherwise);
}

static bool is_comparison(scalar_op op) {
    return op >= SCALAR_EQ && op <= SCALAR_GE;
}

/* The dtype argument i must have; CN_DTYPE_DEFAULT = any. */
static cn_dtype argument_dtype(const expr *x, int i) {
    if (x->scalar == SCALAR_CAST || x->scalar == SCALAR_BITCAST || x->scalar == SCALAR_RANDOM)
        return CN_DTYPE_DEFAULT;
    if (is_comparison(x->scalar))
        return i == 0 ? CN_DTYPE_DEFAULT : x->arguments[0]->dtype;
    bool shifts = x->scalar == SCALAR_SHIFT_LEFT || x->scalar == SCALAR_SHIFT_RIGHT;
    if (shifts && i == 1)
        return CN_DTYPE_DEFAULT;
    return x->scalar == SCALAR_SELECT && i == 0 ? CN_BOOL : x->dtype;
}

static bool check_scalar(checker *c, const expr *x) {
    if (x->argument_count != scalar_table[x->scalar].arity)
        return fail(c, "wrong number of arguments: ", scalar_table[x->scalar].name);
    for (int i = 0; i < x->argument_count; i++) {
        cn_dtype wanted = argument_dtype(x, i);
        if (wanted != CN_DTYPE_DEFAULT && x->arguments[i]->dtype != wanted)
            return fail(c, "arguments of mixed dtypes: ", scalar_table[x->scalar].name);
    }
    return check_list(c, x->arguments, x->argument_count);
}

static bool check_expr(checker *c, const expr *x) {
    switch (x->kind) {
    case EXPR_VARIABLE:
        if (!c->defined[x->variable->id])
            return fail(
                c, "used outside its scope: ", x->variable->hint == NULL ? "t" : x->variable->hint);
        return x->dtype == x->variable->dtype || fail(c, "a variable of another dtype", "");
    case EXPR_LOAD:
        return check_load(c, x);
    case EXPR_SCALAR:
        return check_scalar(c, x);
    default:
        return true;
    }
}

/* ---- stores ---------------------------------------------------------------------------- */

/* Whether fixing this index separates iterations of v: |coefficient| exceeds the span of all
 * other axes that vary inside v's loop. */
static bool separates(const checker *c, const expr *index, const loop_variable *v) {
    linear l;
    if (!linear_of(index, &l))
        return false;
    dim k = linear_coefficient(&l, v);
    linear inner = {0};
    bool inside = false;
    for (uint32_t i = 0; i < c->around.count; i++) {
        const loop_variable *other = c->around.items[i];
        dim by = linear_coefficient(&l, other);
        if (inside && by.count != 0)
            inner.terms[inner.count++] =
                (linear_term){{by.count < 0 ? -by.count : by.count, by.symbolic},
                              expr_variable(c->kernel->arena, other)};
        inside = inside || other == v;
    }
    if (k.count == 0)
        return false;
    k.count = k.count < 0 ? -k.count : k.count;
    return range_below(expr_range(linear_expr(c->kernel->arena, &inner)), k);
}

static int count_loads(const expr *x, int buffer) {
    int count = 0;
    if (x == NULL)
        return 0;
    for (int i = 0; x->kind == EXPR_SCALAR && i < x->argument_count; i++)
        count += count_loads(x->arguments[i], buffer);
    if (x->kind != EXPR_LOAD)
        return count;
    for (int i = 0; i < x->rank; i++)
        count += count_loads(x->index[i], buffer);
    return count + (x->buffer == buffer) + count_loads(x->guard, buffer) +
           count_loads(x->otherwise, buffer);
}

static int count_uses(const stmt_list *body, int buffer) {
    int count = 0;
    for (uint32_t i = 0; i < body->count; i++) {
        const stmt *s = body->items[i];
        count += count_loads(s->value, buffer) + count_uses(&s->body, buffer);
        count += s->kind == STMT_STORE && s->buffer == buffer;
        if (s->kind == STMT_CONTRACT)
            count += count_uses(&s->contract->epilogue, buffer);
    }
    return count;
}

static bool encloses_all_uses(const checker *c, uint32_t loop, int buffer) {
    const stmt *s = c->loops.items[loop];
    return s != NULL && count_uses(&s->body, buffer) == count_uses(&c->kernel->body, buffer);
}

static bool check_disjoint(checker *c, const stmt *s) {
    bool local = c->kernel->buffers.items[s->buffer].access == BUFFER_LOCAL;
    for (uint32_t i = 0; i < c->parallel.count; i++) {
        const loop_variable *v = c->parallel.items[i];
        bool found = dim_is(v->extent, 1) || dim_is(v->extent, 0);
        for (int k = 0; k < s->rank && !found; k++)
            found = separates(c, s->index[k], v);
        if (!found && !(local && encloses_all_uses(c, i, s->buffer)))
            return fail(c, "iterations of a parallel loop may store to one element: ",
                        v->hint == NULL ? "t" : v->hint);
    }
    return true;
}

static bool check_store(checker *c, const stmt *s) {
    if (c->no_stores)
        return fail(c, "a store inside a reduction", "");
    if (!check_index(c, s->buffer, s->rank, s->index, true) || !check_expr(c, s->value))
        return false;
    const loop_buffer *b = &c->kernel->buffers.items[s->buffer];
    if (b->access == BUFFER_IN)
        return fail(c, "a store to an operand", "");
    if (b->type.dtype != s->value->dtype)
        return fail(c, "a store of another dtype than its buffer", "");
    return check_disjoint(c, s);
}

/* ---- statements ------------------------------------------------------------------------ */

static void leave(checker *c, const bool *outer) {
    memcpy(c->defined, outer, (size_t)c->kernel->variable_count * sizeof *outer);
}

static bool *enter(checker *c) {
    return arena_copy(c->kernel->arena, c->defined,
                      (size_t)c->kernel->variable_count * sizeof *c->defined);
}

static bool define_axes(checker *c, const stmt *loop, loop_variable *const *axes, uint32_t count,
                        bool parallel) {
    for (uint32_t i = 0; i < count; i++) {
        if (!define(c, axes[i]))
            return false;
        if (!axes[i]->is_axis || axes[i]->dtype != CN_I64)
            return fail(c, "a loop over something that is not an axis", "");
        vec_push(c->kernel->arena, &c->around, axes[i]);
        if (!parallel)
            continue;
        vec_push(c->kernel->arena, &c->parallel, axes[i]);
        vec_push(c->kernel->arena, &c->loops, loop);
    }
    return true;
}

static bool check_loop(checker *c, const stmt *s) {
    return define_axes(c, s, &s->variable, 1, s->parallel) && check_body(c, &s->body);
}

static bool check_reduce(checker *c, const stmt *s) {
    bool outer = c->no_stores;
    c->no_stores = true;
    bool ok = define_axes(c, NULL, s->axes.items, s->axes.count, false) &&
              check_body(c, &s->body) && check_expr(c, s->value);
    c->no_stores = outer;
    if (ok && s->value->dtype != s->variable->dtype)
        return fail(c, "a reduction of another dtype than its value", "");
    return ok;
}

static bool check_contract(checker *c, const loop_contract *k) {
    bool outer = c->no_stores;
    if (!define_axes(c, NULL, k->parallel.items, k->parallel.count, true))
        return false;
    bool *without = enter(c);
    c->no_stores = true;
    bool ok = define_axes(c, NULL, k->reduction.items, k->reduction.count, false) &&
              check_body(c, &k->left_lets) && check_expr(c, k->left) &&
              check_body(c, &k->right_lets) && check_expr(c, k->right);
    c->no_stores = outer;
    leave(c, without);
    if (!ok || !define(c, k->result))
        return false;
    c->around.count -= k->reduction.count;
    return check_body(c, &k->epilogue);
}

static bool check_stmt(checker *c, const stmt *s) {
    bool *outer = enter(c);
    uint32_t parallel = c->parallel.count, around = c->around.count;
    bool ok = true;
    switch (s->kind) {
    case STMT_LOOP:
        ok = check_loop(c, s);
        break;
    case STMT_LET:
        ok = check_expr(c, s->value);
        break;
    case STMT_STORE:
        ok = check_store(c, s);
        break;
    case STMT_REDUCE:
        ok = check_reduce(c, s);
        break;
    case STMT_CONTRACT:
        ok = check_contract(c, s->contract);
        break;
    }
    leave(c, outer);
    c->parallel.count = c->loops.count = parallel;
    c->around.count = around;
    if (!ok || (s->kind != STMT_LET && s->kind != STMT_REDUCE))
        return ok;
    if (s->kind == STMT_LET && s->value->dtype != s->variable->dtype)
        return fail(c, "a let of another dtype than its value", "");
    return define(c, s->variable);
}

static bool check_body(checker *c, const stmt_list *body) {
    for (uint32_t i = 0; i < body->count; i++)
        if (!check_stmt(c, body->items[i]))
            return false;
    return true;
}

static bool check_buffers(checker *c) {
    for (uint32_t i = 0; i < c->kernel->buffers.count; i++) {
        const loop_buffer *b = &c->kernel->buffers.items[i];
        if ((b->access == BUFFER_LOCAL) != ((int)i >= c->kernel->argument_count))
            return fail(c, "arguments come first, locals after them", "");
        for (int k = 0; k < b->type.rank; k++)
            if (b->access == BUFFER_LOCAL && b->type.dims[k].symbolic)
                return fail(c, "a local buffer of symbolic size", "");
    }
    return true;
}

bool kernel_verify(const kernel *k, diagnostics *d) {
    arena_mark mark = arena_get_mark(k->arena);
    checker c = {.kernel = k, .diag = d};
    c.defined = ARENA_ARRAY(k->arena, bool, k->variable_count);
    c.seen = ARENA_ARRAY(k->arena, bool, k->variable_count);
    bool ok = check_buffers(&c) && check_body(&c, &k->body);
    arena_rewind(k->arena, mark);
    return ok;
}
