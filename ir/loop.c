/* Construction of loop IR expressions: folding, and the structure that equality means.
 *
 * Expressions are immutable, so simplification happens once, when they are made. What folds
 * must give the bits the generated code would give: arithmetic of f32, f64 and integers does
 * (both sides round once), transcendental functions do not (the target has its own), and
 * neither does 16-bit arithmetic. x + 0 of floats stays, because it turns -0 into 0; only
 * x + (-0), x - 0 and x * 1 are exact identities.
 *
 * Invariant: an axis of extent 1 is the integer 0, so no index ever mentions it.
 */
#include "ir/loop.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ir/loop_index.h"
#include "ir/loop_scalar.h"

const scalar_info scalar_table[SCALAR_COUNT] = {
#define X(name, text, arity) [SCALAR_##name] = {text, arity},
    SCALAR_MAP(X)
#undef X
};

/* ---- leaves ---------------------------------------------------------------------------- */

const expr *expr_integer(arena *a, cn_dtype dtype, int64_t value) {
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_CONSTANT, .dtype = dtype};
    if (dtype_is_float(dtype))
        e->number = (double)value;
    else
        e->integer = value;
    return e;
}

const expr *expr_number(arena *a, cn_dtype dtype, double value) {
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_CONSTANT, .dtype = dtype};
    if (dtype_is_float(dtype))
        e->number = scalar_round(dtype, (scalar){.f = value}, SCALAR_ROUNDED).f;
    else
        e->integer = (int64_t)value;
    return e;
}

const expr *expr_variable(arena *a, const loop_variable *v) {
    if (v->is_axis && dim_is(v->extent, 1))
        return expr_integer(a, CN_I64, 0);
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_VARIABLE, .dtype = v->dtype, .variable = v};
    return e;
}

const expr *expr_extent(arena *a, dim d) {
    if (!d.symbolic)
        return expr_integer(a, CN_I64, d.count);
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_EXTENT, .dtype = CN_I64, .extent = d};
    return e;
}

/* ---- equality -------------------------------------------------------------------------- */

static int compare_integers(int64_t x, int64_t y) {
    return x < y ? -1 : x > y;
}

/* By bits: -0 and 0 are different constants, NaN equals itself. */
static int compare_numbers(double x, double y) {
    uint64_t a, b;
    memcpy(&a, &x, sizeof a);
    memcpy(&b, &y, sizeof b);
    return a < b ? -1 : a > b;
}

static int compare_optional(const expr *x, const expr *y) {
    if (x == NULL || y == NULL)
        return (x != NULL) - (y != NULL);
    return expr_compare(x, y);
}

static int compare_lists(const expr *const *x, const expr *const *y, int count) {
    for (int i = 0; i < count; i++) {
        int order = expr_compare(x[i], y[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_loads(const expr *x, const expr *y) {
    int order = compare_integers(x->buffer, y->buffer);
    if (order == 0)
        order = compare_integers(x->rank, y->rank);
    if (order == 0)
        order = compare_lists(x->index, y->index, x->rank);
    if (order == 0)
        order = compare_optional(x->guard, y->guard);
    return order != 0 ? order : compare_optional(x->otherwise, y->otherwise);
}

static int compare_scalars(const expr *x, const expr *y) {
    int order = compare_integers(x->scalar, y->scalar);
    if (order == 0)
        order = compare_integers(x->argument_count, y->argument_count);
    return order != 0 ? order : compare_lists(x->arguments, y->arguments, x->argument_count);
}

int expr_compare(const expr *x, const expr *y) {
    if (x == y)
        return 0;
    int order = compare_integers(x->kind, y->kind);
    if (order == 0)
        order = compare_integers(x->dtype, y->dtype);
    if (order != 0)
        return order;
    switch (x->kind) {
    case EXPR_CONSTANT:
        order = compare_integers(x->integer, y->integer);
        return order != 0 ? order : compare_numbers(x->number, y->number);
    case EXPR_VARIABLE:
        return compare_integers(x->variable->id, y->variable->id);
    case EXPR_EXTENT:
        return compare_integers(x->extent.count, y->extent.count);
    case EXPR_LOAD:
        return compare_loads(x, y);
    case EXPR_SCALAR:
        return compare_scalars(x, y);
    }
    return 0;
}

bool expr_equal(const expr *x, const expr *y) {
    return expr_compare(x, y) == 0;
}

static bool any_uses(const expr *const *list, int count, const loop_variable *v) {
    for (int i = 0; i < count; i++)
        if (expr_uses(list[i], v))
            return true;
    return false;
}

bool expr_uses(const expr *x, const loop_variable *v) {
    switch (x->kind) {
    case EXPR_VARIABLE:
        return x->variable == v;
    case EXPR_SCALAR:
        return any_uses(x->arguments, x->argument_count, v);
    case EXPR_LOAD:
        return any_uses(x->index, x->rank, v) || (x->guard != NULL && expr_uses(x->guard, v)) ||
               (x->otherwise != NULL && expr_uses(x->otherwise, v));
    default:
        return false;
    }
}

/* ---- scalar operations ----------------------------------------------------------------- */

static bool is_constant(const expr *x) {
    return x->kind == EXPR_CONSTANT;
}

static bool is_integer(const expr *x, int64_t value) {
    return is_constant(x) && !dtype_is_float(x->dtype) && x->integer == value;
}

static bool is_number(const expr *x, double value) {
    return is_constant(x) && dtype_is_float(x->dtype) && compare_numbers(x->number, value) == 0;
}

static bool folds_exactly(cn_dtype d) {
    return d != CN_F16 && d != CN_BF16;
}

/* Operations whose result has one right answer in the dtype. */
static bool is_exact(scalar_op op) {
    switch (op) {
    case SCALAR_NEG:
    case SCALAR_ABS:
    case SCALAR_SIGN:
    case SCALAR_FLOOR:
    case SCALAR_ROUND:
    case SCALAR_SQRT:
    case SCALAR_NOT:
    case SCALAR_CAST:
    case SCALAR_ADD:
    case SCALAR_SUB:
    case SCALAR_MUL:
    case SCALAR_DIV:
    case SCALAR_REM:
    case SCALAR_MAX:
    case SCALAR_MIN:
    case SCALAR_EQ:
    case SCALAR_NE:
    case SCALAR_LT:
    case SCALAR_LE:
    case SCALAR_GT:
    case SCALAR_GE:
    case SCALAR_AND:
    case SCALAR_OR:
    case SCALAR_XOR:
    case SCALAR_SHIFT_LEFT:
    case SCALAR_SHIFT_RIGHT:
        return true;
    default:
        return false;
    }
}

static const expr *fold_constants(arena *a, scalar_op op, cn_dtype dtype,
                                  const expr *const *arguments, int count) {
    scalar x[5];
    if (!is_exact(op) || !folds_exactly(dtype))
        return NULL;
    for (int i = 0; i < count; i++) {
        if (!is_constant(arguments[i]) || !folds_exactly(arguments[i]->dtype))
            return NULL;
        x[i] = (scalar){arguments[i]->number, arguments[i]->integer};
    }
    scalar y = scalar_evaluate(op, dtype, arguments[count - 1]->dtype, x, SCALAR_ROUNDED);
    return dtype_is_float(dtype) ? expr_number(a, dtype, y.f) : expr_integer(a, dtype, y.i);
}

/* x where op(x, y) is exactly x. */
static bool is_neutral(scalar_op op, const expr *y) {
    switch (op) {
    case SCALAR_ADD:
        return is_integer(y, 0) || is_number(y, -0.0);
    case SCALAR_SUB:
        return is_integer(y, 0) || is_number(y, 0.0);
    case SCALAR_MUL:
    case SCALAR_DIV:
        return is_integer(y, 1) || is_number(y, 1.0);
    case SCALAR_OR:
    case SCALAR_XOR:
    case SCALAR_SHIFT_LEFT:
    case SCALAR_SHIFT_RIGHT:
        return is_integer(y, 0);
    case SCALAR_AND:
        return y->dtype == CN_BOOL && is_integer(y, 1);
    default:
        return false;
    }
}

static bool commutes(scalar_op op) {
    return op == SCALAR_ADD || op == SCALAR_MUL || op == SCALAR_AND || op == SCALAR_OR ||
           op == SCALAR_XOR;
}

static const expr *fold_binary(scalar_op op, const expr *x, const expr *y) {
    if (is_neutral(op, y))
        return x;
    if (commutes(op) && is_neutral(op, x))
        return y;
    if (op == SCALAR_AND && (is_integer(x, 0) || is_integer(y, 0)))
        return is_integer(x, 0) ? x : y;
    if (op == SCALAR_OR && x->dtype == CN_BOOL && (is_integer(x, 1) || is_integer(y, 1)))
        return is_integer(x, 1) ? x : y;
    bool idempotent = op == SCALAR_AND || op == SCALAR_OR || op == SCALAR_MAX || op == SCALAR_MIN;
    return idempotent && expr_equal(x, y) ? x : NULL;
}

static const expr *fold(arena *a, scalar_op op, cn_dtype dtype, const expr *const *arguments,
                        int count) {
    const expr *x = arguments[0];
    if (op == SCALAR_CAST && x->dtype == dtype)
        return x;
    if (op == SCALAR_BITCAST && x->dtype == dtype)
        return x;
    if (op == SCALAR_SELECT && is_constant(x))
        return x->integer != 0 ? arguments[1] : arguments[2];
    if (op == SCALAR_SELECT && expr_equal(arguments[1], arguments[2]))
        return arguments[1];
    const expr *folded = fold_constants(a, op, dtype, arguments, count);
    if (folded == NULL && count == 2)
        folded = fold_binary(op, x, arguments[1]);
    if (folded == NULL && x->dtype == CN_I64 && op == SCALAR_NEG)
        folded = expr_multiply(a, x, -1);
    if (folded == NULL && x->dtype == CN_I64 && count == 2)
        folded = index_simplify(a, op, arguments);
    return folded;
}

const expr *expr_scalar(arena *a, scalar_op op, cn_dtype dtype, const expr *const *arguments,
                        int count) {
    assert(count == scalar_table[op].arity);
    const expr *folded = fold(a, op, dtype, arguments, count);
    if (folded != NULL)
        return folded;
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_SCALAR, .dtype = dtype, .scalar = op, .argument_count = count};
    memcpy(e->arguments, arguments, (size_t)count * sizeof *arguments);
    return e;
}

/* ---- loads ----------------------------------------------------------------------------- */

const expr *expr_load(arena *a, const loop_buffer *b, int buffer, const expr *const *index) {
    int rank = b->type.rank;
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_LOAD, .dtype = b->type.dtype, .buffer = buffer, .rank = rank};
    e->index = arena_copy(a, index, (size_t)rank * sizeof *index);
    return e;
}

const expr *expr_guarded_load(arena *a, const loop_buffer *b, int buffer, const expr *const *index,
                              const expr *guard, const expr *otherwise) {
    if (guard == NULL || is_integer(guard, 1))
        return expr_load(a, b, buffer, index);
    if (is_integer(guard, 0))
        return otherwise;
    expr *e = (expr *)(uintptr_t)expr_load(a, b, buffer, index); /* fresh, ours to finish */
    e->guard = guard;
    e->otherwise = otherwise;
    return e;
}

/* ---- rebuilding ------------------------------------------------------------------------ */

static const expr *map_load(arena *a, const expr *x, expr_leaf_map leaf, void *user) {
    const expr **index = ARENA_ARRAY(a, const expr *, x->rank);
    for (int i = 0; i < x->rank; i++)
        index[i] = expr_map(a, x->index[i], leaf, user);
    expr *e = arena_copy(a, x, sizeof *x);
    e->index = index;
    if (x->guard != NULL) {
        e->guard = expr_map(a, x->guard, leaf, user);
        e->otherwise = expr_map(a, x->otherwise, leaf, user);
        if (is_integer(e->guard, 0))
            return e->otherwise;
        if (is_integer(e->guard, 1))
            e->guard = e->otherwise = NULL;
    }
    const expr *other = leaf(user, e);
    return other == NULL ? e : other;
}

const expr *expr_map(arena *a, const expr *x, expr_leaf_map leaf, void *user) {
    const expr *arguments[5], *other;
    switch (x->kind) {
    case EXPR_VARIABLE:
        other = leaf(user, x);
        return other == NULL ? x : other;
    case EXPR_LOAD:
        return map_load(a, x, leaf, user);
    case EXPR_SCALAR:
        for (int i = 0; i < x->argument_count; i++)
            arguments[i] = expr_map(a, x->arguments[i], leaf, user);
        return expr_scalar(a, x->scalar, x->dtype, arguments, x->argument_count);
    default:
        return x;
    }
}
