/* The interface ops lower through: pulling scalars, placing statements, sharing what is equal.
 *
 * See ir/lower.h for the contract and ir/lower_state.h for the data. Values are remembered by
 * (value, index, guard) and variables by the expression they hold, each in the outermost scope
 * where they are valid; a row value that several passes need is read from its local buffer,
 * which is filled on first use, before the statement that is being built.
 *
 * While an access list is being recorded (ir/access.c) the same calls build nothing.
 */
#include "ir/lower.h"

#include <assert.h>
#include <string.h>

#include "ir/access.h"
#include "ir/loop_index.h"
#include "ir/lower_state.h"
#include "ir/ops/ops.h"

lowering *lowering_new(arena *a, const graph *region, kernel *k) {
    lowering *l = ARENA_NEW(a, lowering);
    lower_state *s = ARENA_NEW(a, lower_state);
    *l = (lowering){a, region, k, s};
    lower_scope_open(l, &k->body, NULL);
    return l;
}

static int buffer_of_input(const lower_state *s, value v) {
    return s->buffer_of_input == NULL ? -1 : s->buffer_of_input[v.node] - 1;
}

/* ---- variables and scopes -------------------------------------------------------------- */

loop_variable *lower_variable(lowering *l, const char *hint, cn_dtype dtype, int depth) {
    loop_variable *v = ARENA_NEW(l->arena, loop_variable);
    *v = (loop_variable){.id = l->kernel->variable_count++, .hint = hint, .dtype = dtype};
    vec_push(l->arena, &lowering_state(l)->depth_of, depth);
    return v;
}

loop_variable *lower_axis(lowering *l, const char *hint, dim extent) {
    loop_variable *v = lower_variable(l, hint, CN_I64, lowering_state(l)->contract_depth);
    v->is_axis = true;
    v->extent = extent;
    return v;
}

scope *lower_scope_open(lowering *l, stmt_list *out, stmt *owner) {
    lower_state *s = l->state;
    scope *inner = ARENA_NEW(l->arena, scope);
    inner->parent = s->scope;
    inner->depth = s->scope == NULL ? 0 : s->scope->depth + 1;
    inner->out = out;
    inner->owner = owner;
    return s->scope = inner;
}

void lower_scope_close(lowering *l) {
    lower_state *s = l->state;
    s->scope = s->scope->parent;
}

static scope *scope_at(scope *s, int depth) {
    while (s->depth > depth)
        s = s->parent;
    return s;
}

static int deeper(int x, int y) {
    return x > y ? x : y;
}

static int expr_depth(const lowering *l, const expr *x);

static int depth_of_all(const lowering *l, const expr *const *list, int count) {
    int depth = 0;
    for (int i = 0; i < count; i++)
        depth = deeper(depth, expr_depth(l, list[i]));
    return depth;
}

/* Locals hold one row, so a read of one belongs to that row even at a constant index. */
static int load_depth(const lowering *l, const expr *x) {
    bool local = l->kernel->buffers.items[x->buffer].access == BUFFER_LOCAL;
    int depth =
        deeper(depth_of_all(l, x->index, x->rank), local ? lowering_state(l)->row_depth : 0);
    if (x->guard == NULL)
        return depth;
    return deeper(depth, deeper(expr_depth(l, x->guard), expr_depth(l, x->otherwise)));
}

static int expr_depth(const lowering *l, const expr *x) {
    switch (x->kind) {
    case EXPR_VARIABLE:
        return lowering_state(l)->depth_of.items[x->variable->id];
    case EXPR_LOAD:
        return load_depth(l, x);
    case EXPR_SCALAR:
        return depth_of_all(l, x->arguments, x->argument_count);
    default:
        return 0;
    }
}

/* The scope where an expression of this depth belongs, seen from the current one. */
static scope *home(const lower_state *s, int depth) {
    return scope_at(s->scope, deeper(depth, s->floor));
}

static stmt *append(lowering *l, scope *to, stmt s) {
    stmt *copy = arena_copy(l->arena, &s, sizeof s);
    vec_push(l->arena, to->out, copy);
    return copy;
}

/* ---- lets ------------------------------------------------------------------------------ */

static const expr *find_let(const scope *from, const expr *x) {
    for (const scope *s = from; s != NULL; s = s->parent)
        for (uint32_t i = 0; i < s->lets.count; i++)
            if (expr_equal(s->lets.items[i].of, x))
                return s->lets.items[i].variable;
    return NULL;
}

static const expr *let_in(lowering *l, scope *to, const char *hint, const expr *x) {
    loop_variable *v = lower_variable(l, hint, x->dtype, to->depth);
    append(l, to, (stmt){.kind = STMT_LET, .variable = v, .value = x});
    return expr_variable(l->arena, v);
}

static const expr *let(lowering *l, const char *hint, const expr *x) {
    scope *to = home(l->state, expr_depth(l, x));
    const expr *known = find_let(to, x);
    if (known != NULL)
        return known;
    const expr *variable = let_in(l, to, hint, x);
    vec_push(l->arena, &to->lets, (memo_let){x, variable});
    return variable;
}

const expr *lower_bind(lowering *l, const expr *x) {
    return x->kind == EXPR_LOAD ? let(l, "x", x) : x;
}

/* Arithmetic on axes alone, which targets want to see whole: indices and conditions. */
static bool is_index_arithmetic(const expr *x) {
    if (x->dtype != CN_I64 && x->dtype != CN_BOOL)
        return false;
    if (x->kind == EXPR_VARIABLE)
        return x->variable->is_axis;
    if (x->kind != EXPR_SCALAR)
        return x->kind != EXPR_LOAD;
    for (int i = 0; i < x->argument_count; i++)
        if (!is_index_arithmetic(x->arguments[i]))
            return false;
    return true;
}

const expr *lower_scalar(lowering *l, scalar_op op, cn_dtype dtype, const expr *const *arguments,
                         int count) {
    const expr *named[5];
    if (lowering_state(l)->probe != NULL)
        return expr_scalar(l->arena, op, dtype, arguments, count);
    for (int i = 0; i < count; i++)
        named[i] = lower_bind(l, arguments[i]);
    const expr *x = expr_scalar(l->arena, op, dtype, named, count);
    return x->kind != EXPR_SCALAR || is_index_arithmetic(x) ? x : let(l, NULL, x);
}

const expr *lower_random(lowering *l, const expr *key0, const expr *key1, const expr *element,
                         const expr *step, uint32_t stream) {
    const expr *arguments[] = {key0, key1, element, step, expr_integer(l->arena, CN_U32, stream)};
    return lower_scalar(l, SCALAR_RANDOM, CN_U32, arguments, 5);
}

/* ---- pulling values -------------------------------------------------------------------- */

static const expr *zero_of(arena *a, cn_dtype dtype) {
    return dtype_is_float(dtype) ? expr_number(a, dtype, 0) : expr_integer(a, dtype, 0);
}

static const expr *condition(lowering *l, const expr *outer, const expr *inner) {
    if (outer == NULL || inner == NULL)
        return outer == NULL ? inner : outer;
    return expr_scalar(l->arena, SCALAR_AND, CN_BOOL, (const expr *[]){outer, inner}, 2);
}

static bool same_index(const lowering *l, const memo_value *m, value v, const expr *const *index,
                       const expr *guard) {
    if (!value_equal(m->of, v))
        return false;
    /* What was computed without a condition serves under any. */
    if (m->guard != NULL && (guard == NULL || !expr_equal(m->guard, guard)))
        return false;
    int rank = value_type(l->region, v)->rank;
    for (int i = 0; i < rank; i++)
        if (!expr_equal(m->index[i], index[i]))
            return false;
    return true;
}

static const expr *find_value(const lowering *l, value v, const expr *const *index) {
    const lower_state *s = l->state;
    for (const scope *at = s->scope; at != NULL; at = at->parent)
        for (uint32_t i = 0; i < at->values.count; i++)
            if (same_index(l, &at->values.items[i], v, index, s->guard))
                return at->values.items[i].result;
    return NULL;
}

void lower_assume(lowering *l, value v, const expr *const *index, const expr *result) {
    lower_state *s = l->state;
    size_t bytes = (size_t)value_type(l->region, v)->rank * sizeof *index;
    vec_push(l->arena, &s->scope->values,
             (memo_value){v, arena_copy(l->arena, index, bytes), s->guard, result});
}

static const expr *load(lowering *l, int buffer, const expr *const *index, const expr *guard,
                        const expr *otherwise) {
    const loop_buffer *b = &l->kernel->buffers.items[buffer];
    return expr_guarded_load(l->arena, b, buffer, index, guard, otherwise);
}

static const expr *compute(lowering *l, value v, const expr *const *index) {
    const node *n = value_node(l->region, v);
    assert(n->op->element != NULL);
    const expr *x = n->op->element(l, n, v.result, index);
    assert(x != NULL);
    return x;
}

/* Computes the value for the whole row, in loops of their own before the current statement. */
static void fill_local(lowering *l, value v, row_local *local, const expr *const *index) {
    lower_state *s = l->state;
    scope *outer = s->scope;
    const expr *guard = s->guard;
    const type *t = value_type(l->region, v);
    const expr *at[MAX_RANK], *inner[MAX_RANK];
    memcpy(at, index, (size_t)t->rank * sizeof *at);
    s->scope = scope_at(outer, s->row_depth);
    s->guard = NULL;
    local->filled = true;
    for (int i = 0; i < local->rank; i++) {
        loop_variable *axis = lower_axis(l, "j", t->dims[local->dims[i]]);
        lower_loop_begin(l, axis, true);
        at[local->dims[i]] = inner[i] = expr_variable(l->arena, axis);
    }
    const expr *x = compute(l, v, at);
    lower_store_buffer(l, local->buffer, inner, x);
    for (int i = 0; i < local->rank; i++)
        lower_loop_end(l);
    s->scope = outer;
    s->guard = guard;
}

static const expr *read_local(lowering *l, value v, row_local *local, const expr *const *index) {
    lower_state *s = l->state;
    const expr *inner[MAX_RANK];
    if (!local->filled)
        fill_local(l, v, local, index);
    for (int i = 0; i < local->rank; i++)
        inner[i] = index[local->dims[i]];
    return load(l, local->buffer, inner, s->guard,
                zero_of(l->arena, value_type(l->region, v)->dtype));
}

static const expr *compute_once(lowering *l, value v, const expr *const *index) {
    lower_state *s = l->state;
    const expr *known = find_value(l, v, index);
    if (known != NULL)
        return known;
    scope *outer = s->scope;
    int depth = depth_of_all(l, index, value_type(l->region, v)->rank);
    if (s->guard != NULL)
        depth = deeper(depth, expr_depth(l, s->guard));
    s->scope = home(s, depth);
    const expr *x = compute(l, v, index);
    lower_assume(l, v, index, x);
    s->scope = outer;
    return x;
}

const expr *lower_value(lowering *l, value v, const expr *const *index) {
    lower_state *s = l->state;
    int buffer = buffer_of_input(s, v);
    if (buffer >= 0)
        return load(l, buffer, index, s->guard, zero_of(l->arena, value_type(l->region, v)->dtype));
    if (s->locals != NULL && s->locals[v.node].buffer >= 0)
        return read_local(l, v, &s->locals[v.node], index);
    return compute_once(l, v, index);
}

/* Stands for an operand while accesses are recorded. */
static const expr *unknown(lowering *l, cn_dtype dtype) {
    return expr_variable(l->arena, lower_variable(l, "x", dtype, 0));
}

static void record(lowering *l, const node *n, uint32_t i, const expr *const *index, bool guarded) {
    access_list *list = lowering_state(l)->probe;
    access found = {.operand = i, .kind = guarded ? ACCESS_GUARDED : ACCESS_SIMPLE};
    const type *t = operand_type(l->region, n, i);
    access_classify(list, t, index, &found);
    vec_push(l->arena, &list->items, found);
}

/* Operands of the contraction that is being described have statement lists of their own. */
static scope *enter_operand(lower_state *s, const node *n, uint32_t i) {
    scope *outer = s->scope;
    if (n == s->contraction && s->left != NULL)
        s->scope = i == 0 ? s->left : s->right;
    return outer;
}

const expr *lower_operand(lowering *l, const node *n, uint32_t i, const expr *const *index) {
    lower_state *s = l->state;
    if (s->probe != NULL) {
        record(l, n, i, index, false);
        return unknown(l, operand_type(l->region, n, i)->dtype);
    }
    scope *outer = enter_operand(s, n, i);
    const expr *x = lower_value(l, n->operands[i], index);
    s->scope = outer;
    return x;
}

static const expr *guarded_value(lowering *l, value v, const expr *const *index, const expr *guard,
                                 const expr *otherwise) {
    lower_state *s = l->state;
    int buffer = buffer_of_input(s, v);
    const expr *outer = s->guard, *both = condition(l, outer, guard);
    if (buffer >= 0)
        return load(l, buffer, index, both, otherwise);
    s->guard = both;
    const expr *x = lower_value(l, v, index);
    s->guard = outer;
    return lower_scalar(l, SCALAR_SELECT, otherwise->dtype, (const expr *[]){guard, x, otherwise},
                        3);
}

static bool is_false(const expr *guard) {
    return guard != NULL && guard->kind == EXPR_CONSTANT && guard->integer == 0;
}

const expr *lower_operand_guarded(lowering *l, const node *n, uint32_t i, const expr *const *index,
                                  const expr *guard, const expr *otherwise) {
    lower_state *s = l->state;
    if (guard == NULL || (guard->kind == EXPR_CONSTANT && guard->integer != 0))
        return lower_operand(l, n, i, index);
    if (s->probe != NULL) {
        record(l, n, i, index, true);
        return unknown(l, operand_type(l->region, n, i)->dtype);
    }
    if (is_false(guard))
        return otherwise;
    scope *outer = enter_operand(s, n, i);
    const expr *x = guarded_value(l, n->operands[i], index, guard, otherwise);
    s->scope = outer;
    return x;
}

/* ---- reductions ------------------------------------------------------------------------ */

static void open_axes(lowering *l, stmt *owner, loop_variable *const *axes, int count) {
    lower_state *s = l->state;
    lower_scope_open(l, &owner->body, owner);
    for (int i = 0; i < count; i++)
        s->depth_of.items[axes[i]->id] = s->scope->depth;
}

void lower_reduce_begin(lowering *l, loop_variable *const *axes, int count) {
    stmt *reduce = ARENA_NEW(l->arena, stmt);
    reduce->kind = STMT_REDUCE;
    for (int i = 0; i < count; i++)
        vec_push(l->arena, &reduce->axes, axes[i]);
    access_list *probe = lowering_state(l)->probe;
    for (int i = 0; probe != NULL && i < count; i++)
        access_add_reduced(probe, axes[i]);
    open_axes(l, reduce, axes, count);
}

const expr *lower_reduce_end(lowering *l, fold_kind fold, cn_dtype accumulator, const expr *x) {
    lower_state *s = l->state;
    stmt *reduce = s->scope->owner;
    lower_scope_close(l);
    reduce->fold = fold;
    reduce->value = x;
    reduce->variable = lower_variable(l, "r", accumulator, s->scope->depth);
    if (s->probe == NULL)
        vec_push(l->arena, s->scope->out, reduce);
    return expr_variable(l->arena, reduce->variable);
}

/* ---- nests ----------------------------------------------------------------------------- */

void lower_loop_begin(lowering *l, loop_variable *axis, bool parallel) {
    stmt *loop = ARENA_NEW(l->arena, stmt);
    *loop = (stmt){.kind = STMT_LOOP, .variable = axis, .parallel = parallel};
    open_axes(l, loop, &axis, 1);
}

void lower_loop_end(lowering *l) {
    lower_state *s = l->state;
    stmt *loop = s->scope->owner;
    lower_scope_close(l);
    vec_push(l->arena, s->scope->out, loop);
}

void lower_store_buffer(lowering *l, int buffer, const expr *const *index, const expr *x) {
    int rank = l->kernel->buffers.items[buffer].type.rank;
    stmt s = {.kind = STMT_STORE, .buffer = buffer, .rank = rank, .value = x};
    s.index = arena_copy(l->arena, index, (size_t)rank * sizeof *index);
    append(l, lowering_state(l)->scope, s);
}

void lower_store(lowering *l, const node *n, uint32_t result, const expr *const *index,
                 const expr *x) {
    (void)n;
    lower_store_buffer(l, lowering_state(l)->first_result + (int)result, index, x);
}

/* Read now: a later store must not change it, so it becomes a variable where it stands. */
const expr *lower_load_result(lowering *l, const node *n, uint32_t result,
                              const expr *const *index) {
    (void)n;
    lower_state *s = l->state;
    int buffer = s->first_result + (int)result;
    const expr *x = load(l, buffer, index, NULL, NULL);
    return let_in(l, s->scope, "y", x);
}
