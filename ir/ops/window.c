/* reduce_window: a fold over sliding windows (pooling), and the grid of windows.
 *
 * The window of result index i covers i * stride - low + [0, window) per axis; what lies outside
 * the operand is the fold's identity. The gradient of sum goes to all elements of a window, that
 * of max and min to its extreme (select_and_scatter).
 */
#include "ir/ops/window.h"

#include "ir/ops/fold.h"
#include "ir/ops/rules.h"

static const attribute_field fields[] = {
    {"kind", FIELD_ENUM, offsetof(window_attributes, kind), reduce_kinds},
    {"window", FIELD_INTEGERS, offsetof(window_attributes, window), NULL},
    {"strides", FIELD_INTEGERS, offsetof(window_attributes, strides), NULL},
    {"low", FIELD_INTEGERS, offsetof(window_attributes, low), NULL},
    {"high", FIELD_INTEGERS, offsetof(window_attributes, high), NULL},
    {"gather", FIELD_BOOL, offsetof(window_attributes, gather), NULL},
    {0}};
const attribute_schema window_schema = {sizeof(window_attributes), fields};

/* ---- what both share --------------------------------------------------------------------- */

bool windowed_type(const graph *g, const node *n, type *out, diagnostics *d) {
    const window_attributes *a = window_of(n);
    const type *x = operand_type(g, n, 0);
    *out = *x;
    if (!check_number(g, n, x, d))
        return false;
    const integer_list *lists[] = {&a->window, &a->strides, &a->low, &a->high};
    for (int i = 0; i < 4; i++)
        if (lists[i]->count != x->rank)
            return op_fail(d, n,
                           "window, strides, low and high need one number for each axis of %s",
                           type_words(g, x));
    for (int i = 0; i < x->rank; i++)
        if (!window_extent(g, n, i, x->dims[i], a->window.items[i], a->strides.items[i],
                           a->low.items[i], a->high.items[i], 1, &out->dims[i], d))
            return false;
    return true;
}

static bool is_trivial(const window_attributes *a, int axis) {
    return a->window.items[axis] == 1 && a->strides.items[axis] == 1;
}

bool window_point(const window_attributes *a, const type *x, const int64_t *i, const int64_t *k,
                  int64_t *out) {
    for (int axis = 0; axis < x->rank; axis++) {
        out[axis] = i[axis] * a->strides.items[axis] - a->low.items[axis] + k[axis];
        if (out[axis] < 0 || out[axis] >= x->dims[axis].count)
            return false;
    }
    return true;
}

double window_cost(const graph *g, const node *n, int64_t batch) {
    const window_attributes *a = window_of(n);
    double cost = (double)type_count(&n->types[0], batch);
    for (int i = 0; i < operand_type(g, n, 0)->rank; i++)
        cost *= (double)a->window.items[i];
    return cost;
}

window_axes window_axes_make(lowering *l, const window_attributes *a, int rank) {
    window_axes w = {.count = 0};
    for (int i = 0; i < rank; i++) {
        w.k[i] = index_constant(l, 0);
        if (a->window.items[i] == 1)
            continue;
        loop_variable *v = w.axes[w.count++] = lower_axis(l, "k", dim_of(a->window.items[i]));
        w.k[i] = expr_variable(l->arena, v);
    }
    return w;
}

const expr *window_source(lowering *l, const window_attributes *a, const type *x,
                          const expr *const *start, const window_axes *w, const expr **source) {
    const expr *inside = NULL;
    for (int i = 0; i < x->rank; i++) {
        source[i] = expr_add(l->arena, start[i], w->k[i]);
        if (a->low.items[i] > 0)
            inside = condition_and(l, inside,
                                   index_compare(l, SCALAR_GE, source[i], index_constant(l, 0)));
        if (a->high.items[i] > 0)
            inside = condition_and(
                l, inside,
                index_compare(l, SCALAR_LT, source[i], expr_extent(l->arena, x->dims[i])));
    }
    return inside;
}

const expr *operand_where(lowering *l, const node *n, uint32_t i, const expr *const *source,
                          const expr *inside, const expr *otherwise) {
    return inside == NULL ? lower_operand(l, n, i, source)
                          : lower_operand_guarded(l, n, i, source, inside, otherwise);
}

void window_start(lowering *l, const window_attributes *a, int rank, const expr *const *index,
                  const expr **start) {
    for (int i = 0; i < rank; i++)
        start[i] = expr_add(l->arena, expr_multiply(l->arena, index[i], a->strides.items[i]),
                            index_constant(l, -a->low.items[i]));
}

/* ---- reduce_window ----------------------------------------------------------------------- */

static bool reduce_window_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    reduce_kind kind = window_kind(n);
    type t;
    if (kind != REDUCE_SUM && kind != REDUCE_MAX && kind != REDUCE_MIN)
        return op_fail(d, n, "folds by sum, max or min, not by %s", reduce_kind_name(kind));
    if (window_of(n)->gather)
        return op_fail(d, n, "has no gather form");
    return windowed_type(g, n, &t, d) && infer_one(g, n, t, results, d);
}

/* Windows side by side: each element belongs to one, and its dx is a copy of that one's dy. */
static value repeat_gradient(graph *g, const window_attributes *a, value dy, const type *x) {
    const type t = *value_type(g, dy);
    dim wide[2 * MAX_RANK];
    type long_type = t;
    int64_t axes[MAX_RANK], low[MAX_RANK], high[MAX_RANK], interior[MAX_RANK] = {0};
    int rank = 0;
    for (int i = 0; i < t.rank; i++) {
        axes[i] = rank;
        wide[rank++] = t.dims[i];
        low[i] = high[i] = 0;
        if (is_trivial(a, i))
            continue;
        wide[rank++] = dim_of(a->window.items[i]);
        long_type.dims[i].count *= a->window.items[i];
        low[i] = -a->low.items[i];
        high[i] = x->dims[i].count + a->low.items[i] - long_type.dims[i].count;
    }
    if (rank > MAX_RANK)
        return NO_VALUE;
    value repeated = build_broadcast(g, dy, rank, wide, axes);
    return pad_or_crop(g, build_reshape(g, repeated, t.rank, long_type.dims), low, high, interior);
}

/* In general: dy spread out by the strides, and each element sums the windows that cover it. */
static value overlap_gradient(graph *g, const window_attributes *a, value dy, const type *x) {
    const type t = *value_type(g, dy);
    int64_t low[MAX_RANK], high[MAX_RANK], interior[MAX_RANK];
    window_attributes cover = {
        .kind = REDUCE_SUM, .window = a->window, .strides = a->window, .low = {.count = t.rank}};
    cover.high = cover.low;
    for (int i = 0; i < t.rank; i++) {
        int64_t window = a->window.items[i], stride = a->strides.items[i];
        cover.strides.items[i] = 1;
        interior[i] = low[i] = high[i] = 0;
        if (is_trivial(a, i) && a->low.items[i] == 0 && a->high.items[i] == 0)
            continue;
        interior[i] = stride - 1;
        low[i] = window - 1 - a->low.items[i];
        int64_t spread = (t.dims[i].count - 1) * stride + 1;
        high[i] = x->dims[i].count + window - 1 - spread - low[i];
    }
    return build_reduce_window(g, pad_or_crop(g, dy, low, high, interior), &cover);
}

static bool side_by_side(const window_attributes *a, int rank) {
    int axes = rank;
    for (int i = 0; i < rank; i++) {
        axes += !is_trivial(a, i);
        if (a->window.items[i] != a->strides.items[i] ||
            (is_trivial(a, i) && (a->low.items[i] > 0 || a->high.items[i] > 0)))
            return false;
    }
    return axes <= MAX_RANK;
}

static void reduce_window_vjp(gradient_context *cx, const node *n) {
    const window_attributes *a = window_of(n);
    const type x = *value_type(cx->g, n->operands[0]);
    value dy = gradient_of(cx, n), dx;
    if (window_kind(n) != REDUCE_SUM)
        dx = build_select_and_scatter(cx->g, n->operands[0], dy, a);
    else if (side_by_side(a, x.rank))
        dx = repeat_gradient(cx->g, a, dy, &x);
    else
        dx = overlap_gradient(cx->g, a, dy, &x);
    cx->add(cx, n, 0, dx);
}

static void reduce_window_interpret(interpreter *it, const node *n, tensor *const *operands,
                                    tensor **results) {
    const window_attributes *a = window_of(n);
    const tensor *x = operands[0];
    int64_t index[MAX_RANK], k[MAX_RANK] = {0}, at[MAX_RANK];
    for (int64_t i = 0; i < results[0]->count; i++) {
        number sum = fold_identity(window_kind(n), x->type.dtype);
        tensor_index(&results[0]->type, i, index);
        do
            if (window_point(a, &x->type, index, k, at))
                sum = fold_step(it, window_kind(n), x->type.dtype, sum,
                                x->items[tensor_offset(&x->type, at)]);
        while (next_point(x->type.rank, a->window.items, k));
        results[0]->items[i] = sum;
    }
}

static const expr *reduce_window_element(lowering *l, const node *n, uint32_t result,
                                         const expr *const *index) {
    const window_attributes *a = window_of(n);
    const type *x = operand_type(l->region, n, 0);
    cn_dtype wide = accumulator_dtype(x->dtype);
    window_axes w = window_axes_make(l, a, x->rank);
    const expr *start[MAX_RANK], *source[MAX_RANK];
    window_start(l, a, x->rank, index, start);
    if (w.count > 0)
        lower_reduce_begin(l, w.axes, w.count);
    const expr *inside = window_source(l, a, x, start, &w, source);
    const expr *identity = identity_expression(l, window_kind(n), x->dtype);
    const expr *item = cast_expression(l, operand_where(l, n, 0, source, inside, identity), wide);
    if (w.count > 0)
        item = lower_reduce_end(l, fold_of(window_kind(n)), wide, item);
    return cast_expression(l, item, n->types[result].dtype);
}

const op_def op_reduce_window = {
    .name = "reduce_window",
    .summary = "Fold (sum, max, min) over each window of a strided, padded grid.",
    .operand_count = 1,
    .traits = OP_WINDOW,
    .attributes = &window_schema,
    .infer = reduce_window_infer,
    .vjp = reduce_window_vjp,
    .interpret = reduce_window_interpret,
    .element = reduce_window_element,
    .cost = window_cost,
};
