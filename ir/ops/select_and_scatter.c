/* select_and_scatter: where the extreme of each window lies, dy is added (the gradient of max and
 * min pooling); with gather=true the element of g there, per window (the gradient of that).
 *
 * The extreme is the first one in row-major order; NaN counts as extreme; padding is never
 * chosen. Lowered in gather form: each element of dx sums dy over the windows that cover it and
 * have it as their extreme, so that no two iterations write to one place. Side by side windows
 * (stride = window) leave one window per element and no loop over windows.
 */
#include <math.h>

#include "ir/ops/rules.h"
#include "ir/ops/window.h"

static bool select_and_scatter_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *x = operand_type(g, n, 0), *other = operand_type(g, n, 1);
    bool gather = window_of(n)->gather;
    type windows;
    if (window_kind(n) != REDUCE_MAX && window_kind(n) != REDUCE_MIN)
        return op_fail(d, n, "selects by max or min, not by %s", reduce_kind_name(window_kind(n)));
    if (!windowed_type(g, n, &windows, d))
        return false;
    const type *wanted = gather ? x : &windows;
    if (!type_equal(other, wanted))
        return op_fail(d, n, "windows over %s need a second operand %s, got %s", type_words(g, x),
                       type_words(g, wanted), type_words(g, other));
    return infer_one(g, n, gather ? windows : *x, results, d);
}

/* Which element is selected does not move: only the second operand has a gradient. */
static void select_and_scatter_vjp(gradient_context *cx, const node *n) {
    window_attributes other = *window_of(n);
    other.gather = !other.gather;
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1,
                build_select_and_scatter(cx->g, n->operands[0], gradient_of(cx, n), &other));
}

/* ---- interpretation ---------------------------------------------------------------------- */

/* Whether b, later in the window, takes the place of a. */
static bool takes_over(cn_dtype dtype, reduce_kind kind, number a, number b) {
    if (!dtype_is_float(dtype))
        return kind == REDUCE_MAX ? b.i > a.i : b.i < a.i;
    if (isnan(a.f) || isnan(b.f))
        return !isnan(a.f);
    return kind == REDUCE_MAX ? b.f > a.f : b.f < a.f;
}

/* Offset in x of the extreme of window i; -1 when the window lies in the padding. */
static int64_t extreme_offset(const node *n, const tensor *x, const int64_t *i) {
    const window_attributes *a = window_of(n);
    int64_t k[MAX_RANK] = {0}, at[MAX_RANK], best = -1;
    do {
        if (!window_point(a, &x->type, i, k, at))
            continue;
        int64_t offset = tensor_offset(&x->type, at);
        if (best < 0 || takes_over(x->type.dtype, window_kind(n), x->items[best], x->items[offset]))
            best = offset;
    } while (next_point(x->type.rank, a->window.items, k));
    return best;
}

static void select_and_scatter_interpret(interpreter *it, const node *n, tensor *const *operands,
                                         tensor **results) {
    bool gather = window_of(n)->gather;
    const tensor *windows = gather ? results[0] : operands[1];
    int64_t index[MAX_RANK];
    for (int64_t i = 0; i < windows->count; i++) {
        tensor_index(&windows->type, i, index);
        int64_t at = extreme_offset(n, operands[0], index);
        if (at < 0)
            continue;
        number *to = &results[0]->items[gather ? i : at];
        number from = operands[1]->items[gather ? at : i];
        *to = fold_step(it, REDUCE_SUM, results[0]->type.dtype, *to, from);
    }
}

/* ---- lowering, scatter form -------------------------------------------------------------- */

/* One of the windows that cover element j, per axis: its index, where j stands in it, and the
 * condition that there is such a window. */
typedef struct covering {
    loop_variable *axes[MAX_RANK]; /* where several may cover an element */
    int count;
    const expr *window[MAX_RANK], *position[MAX_RANK];
    const expr *exists;
} covering;

/* Along one axis windows (j + low) / stride, that minus 1, ... cover j, as far as `window` goes. */
static void cover_axis(lowering *l, const window_attributes *a, const type *x, const type *windows,
                       int axis, const expr *j, covering *c) {
    int64_t window = a->window.items[axis], stride = a->strides.items[axis],
            low = a->low.items[axis];
    int64_t most = (window + stride - 1) / stride; /* windows that can cover one element */
    const expr *at = expr_add(l->arena, j, index_constant(l, low)),
               *step = index_constant(l, stride);
    const expr *last = index_binary(l, SCALAR_DIV, at, step),
               *rest = index_binary(l, SCALAR_REM, at, step);
    c->window[axis] = last;
    c->position[axis] = rest;
    if (most > 1) {
        loop_variable *v = c->axes[c->count++] = lower_axis(l, "w", dim_of(most));
        const expr *back = expr_variable(l->arena, v), *zero = index_constant(l, 0);
        c->window[axis] = expr_add(l->arena, last, expr_multiply(l->arena, back, -1));
        c->position[axis] = expr_add(l->arena, rest, expr_multiply(l->arena, back, stride));
        c->exists = condition_and(l, c->exists, index_compare(l, SCALAR_GE, c->window[axis], zero));
    }
    if (most * stride != window)
        c->exists = condition_and(
            l, c->exists,
            index_compare(l, SCALAR_LT, c->position[axis], index_constant(l, window)));
    dim extent = windows->dims[axis];
    if (x->dims[axis].symbolic ? false : (x->dims[axis].count - 1 + low) / stride >= extent.count)
        c->exists = condition_and(
            l, c->exists,
            index_compare(l, SCALAR_LT, c->window[axis], expr_extent(l->arena, extent)));
}

static const expr *scalar2(lowering *l, scalar_op op, const expr *x, const expr *y) {
    return lower_scalar(l, op, CN_BOOL, (const expr *const[]){x, y}, 2);
}

/* Whether `other` keeps x from being selected: it is larger (smaller), or equal and before it in
 * the window; NaN beats numbers, and an earlier NaN a later one. Few comparisons of data, joined
 * by conditions that hold for whole rows. */
static const expr *keeps_out(lowering *l, reduce_kind kind, const expr *other, const expr *x,
                             const expr *is_before) {
    bool most = kind == REDUCE_MAX;
    const expr *beats = scalar2(l, most ? SCALAR_GT : SCALAR_LT, other, x);
    const expr *reaches = scalar2(l, most ? SCALAR_GE : SCALAR_LE, other, x);
    beats = scalar2(l, SCALAR_OR, beats, scalar2(l, SCALAR_AND, reaches, is_before));
    if (!dtype_is_float(x->dtype))
        return beats;
    const expr *other_is_nan = scalar2(l, SCALAR_NE, other, other);
    const expr *x_is_number = scalar2(l, SCALAR_EQ, x, x);
    const expr *loses_to_nan = scalar2(l, SCALAR_OR, x_is_number, is_before);
    return scalar2(l, SCALAR_OR, beats, scalar2(l, SCALAR_AND, other_is_nan, loses_to_nan));
}

/* Position in the window as one number, row-major. */
static const expr *flat_position(lowering *l, const window_attributes *a, int rank,
                                 const expr *const *position) {
    const expr *flat = index_constant(l, 0);
    for (int i = 0; i < rank; i++)
        flat = expr_add(l->arena, expr_multiply(l->arena, flat, a->window.items[i]), position[i]);
    return flat;
}

/* Whether any other element of the covering window keeps element j out; NULL when it is alone. */
static const expr *is_beaten(lowering *l, const node *n, const type *x, const expr *const *j,
                             const covering *c) {
    const window_attributes *a = window_of(n);
    const expr *start[MAX_RANK], *source[MAX_RANK], *mine = lower_operand(l, n, 0, j);
    window_axes w = window_axes_make(l, a, x->rank);
    if (w.count == 0)
        return NULL;
    for (int i = 0; i < x->rank; i++)
        start[i] = expr_add(l->arena, j[i], expr_multiply(l->arena, c->position[i], -1));
    lower_reduce_begin(l, w.axes, w.count);
    const expr *inside = window_source(l, a, x, start, &w, source);
    if (c->exists != NULL) { /* the window may lie outside altogether */
        inside = NULL;
        for (int i = 0; i < x->rank; i++)
            inside = condition_and(l, inside, index_within(l, source[i], x->dims[i]));
    }
    const expr *identity = identity_expression(l, window_kind(n), x->dtype);
    const expr *other = operand_where(l, n, 0, source, inside, identity);
    const expr *is_before = index_compare(l, SCALAR_LT, flat_position(l, a, x->rank, w.k),
                                          flat_position(l, a, x->rank, c->position));
    const expr *beaten =
        condition_and(l, keeps_out(l, window_kind(n), other, mine, is_before), inside);
    return lower_reduce_end(l, FOLD_OR, CN_BOOL, beaten);
}

static const expr *scatter_element(lowering *l, const node *n, const expr *const *j) {
    const type *x = operand_type(l->region, n, 0), *dy = operand_type(l->region, n, 1);
    cn_dtype wide = accumulator_dtype(x->dtype);
    covering c = {.count = 0};
    for (int i = 0; i < x->rank; i++)
        cover_axis(l, window_of(n), x, dy, i, j[i], &c);
    if (c.count > 0)
        lower_reduce_begin(l, c.axes, c.count);
    const expr *zero = identity_expression(l, REDUCE_SUM, x->dtype);
    const expr *part = operand_where(l, n, 1, c.window, c.exists, zero);
    const expr *beaten = is_beaten(l, n, x, j, &c);
    if (beaten != NULL)
        part =
            lower_scalar(l, SCALAR_SELECT, x->dtype, (const expr *const[]){beaten, zero, part}, 3);
    part = cast_expression(l, part, wide);
    if (c.count > 0)
        part = lower_reduce_end(l, FOLD_SUM, wide, part);
    return cast_expression(l, part, x->dtype);
}

/* ---- lowering, gather form --------------------------------------------------------------- */

/* Three folds over the window: the extreme value, the first position that has it, g there. */
static const expr *gather_element(lowering *l, const node *n, const expr *const *index) {
    const window_attributes *a = window_of(n);
    const type *x = operand_type(l->region, n, 0);
    const expr *start[MAX_RANK], *source[MAX_RANK],
        *nowhere = expr_integer(l->arena, CN_I64, INT64_MAX);
    const expr *identity = identity_expression(l, window_kind(n), x->dtype);
    window_start(l, a, x->rank, index, start);
    window_axes w = window_axes_make(l, a, x->rank);
    if (w.count == 0) {
        const expr *inside = window_source(l, a, x, start, &w, source);
        return operand_where(l, n, 1, source, inside, identity_expression(l, REDUCE_SUM, x->dtype));
    }
    lower_reduce_begin(l, w.axes, w.count);
    const expr *inside = window_source(l, a, x, start, &w, source);
    const expr *item = operand_where(l, n, 0, source, inside, identity);
    const expr *extreme = lower_reduce_end(l, fold_of(window_kind(n)), x->dtype, item);

    w = window_axes_make(l, a, x->rank);
    lower_reduce_begin(l, w.axes, w.count);
    inside = window_source(l, a, x, start, &w, source);
    item = operand_where(l, n, 0, source, inside, identity);
    const expr *found = scalar2(l, SCALAR_EQ, item, extreme);
    if (dtype_is_float(x->dtype))
        found = scalar2(l, SCALAR_OR, found, scalar2(l, SCALAR_NE, item, item));
    found = condition_and(l, found, inside);
    const expr *choice[] = {found, flat_position(l, a, x->rank, w.k), nowhere};
    const expr *position =
        lower_reduce_end(l, FOLD_MIN, CN_I64, lower_scalar(l, SCALAR_SELECT, CN_I64, choice, 3));

    w = window_axes_make(l, a, x->rank);
    lower_reduce_begin(l, w.axes, w.count);
    inside = window_source(l, a, x, start, &w, source);
    const expr *zero = identity_expression(l, REDUCE_SUM, x->dtype);
    const expr *here = scalar2(l, SCALAR_EQ, flat_position(l, a, x->rank, w.k), position);
    const expr *part[] = {here, operand_where(l, n, 1, source, inside, zero), zero};
    cn_dtype wide = accumulator_dtype(x->dtype);
    const expr *term = cast_expression(l, lower_scalar(l, SCALAR_SELECT, x->dtype, part, 3), wide);
    return cast_expression(l, lower_reduce_end(l, FOLD_SUM, wide, term), x->dtype);
}

static const expr *select_and_scatter_element(lowering *l, const node *n, uint32_t result,
                                              const expr *const *index) {
    (void)result;
    return window_of(n)->gather ? gather_element(l, n, index) : scatter_element(l, n, index);
}

const op_def op_select_and_scatter = {
    .name = "select_and_scatter",
    .summary = "dy added where each window of x has its extreme; or (gather) g there, per window.",
    .operand_count = 2,
    .traits = OP_WINDOW,
    .attributes = &window_schema,
    .infer = select_and_scatter_infer,
    .vjp = select_and_scatter_vjp,
    .interpret = select_and_scatter_interpret,
    .element = select_and_scatter_element,
    .cost = window_cost,
};
