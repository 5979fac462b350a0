/* conv: convolution (cross-correlation) over any number of spatial axes, in three directions.
 *
 *     x [N, in..., Cin]   w [kernel..., Cin/groups, Cout]   y [N, out..., Cout]
 *     position(p, k) = p * stride + k * dilation - low       per spatial axis
 *
 * All directions sum x * w * y's role over the same set of (n, p, k, ci, co) whose position lies
 * inside the input: forward adds x*w into y, backward_data y*w into x, backward_filter x*y into w.
 * That symmetry makes the op closed under differentiation: the gradient of each direction with
 * respect to each operand is another direction with the same attributes.
 */
#include "ir/ops/rules.h"

static const attribute_field fields[] = {
    {"direction", FIELD_ENUM, offsetof(conv_attributes, direction),
     (const char *const[]){"forward", "backward_data", "backward_filter", NULL}},
    {"strides", FIELD_INTEGERS, offsetof(conv_attributes, strides), NULL},
    {"low", FIELD_INTEGERS, offsetof(conv_attributes, low), NULL},
    {"high", FIELD_INTEGERS, offsetof(conv_attributes, high), NULL},
    {"dilation", FIELD_INTEGERS, offsetof(conv_attributes, dilation), NULL},
    {"groups", FIELD_INTEGER, offsetof(conv_attributes, groups), NULL},
    {"size", FIELD_DIMS, offsetof(conv_attributes, size), NULL},
    {0}};
static const attribute_schema schema = {sizeof(conv_attributes), fields};

/* The three tensors by role, whichever of them is the result, and the numbers per axis. */
typedef struct geometry {
    conv_direction direction;
    int spatial;
    type x, w, y;
    int64_t groups, group_in, group_out; /* channels of one group */
    int64_t stride[MAX_RANK], low[MAX_RANK], high[MAX_RANK], dilation[MAX_RANK];
} geometry;

static const conv_attributes *conv_of(const node *n) {
    return n->attributes;
}

static conv_direction direction_of(const node *n) {
    return (conv_direction)conv_of(n)->direction;
}

/* An empty list stands for `otherwise` along every axis. */
static int64_t list_item(const integer_list *list, int i, int64_t otherwise) {
    return i < list->count ? list->items[i] : otherwise;
}

/* `first`, `second` and `result` in the order of the node. */
static geometry geometry_of(const node *n, const type *first, const type *second,
                            const type *result) {
    const conv_attributes *a = conv_of(n);
    geometry c = {.direction = direction_of(n), .spatial = first->rank - 2};
    c.x = c.direction == CONV_BACKWARD_DATA ? *result : *first;
    c.w = c.direction == CONV_BACKWARD_FILTER ? *result : *second;
    c.y = c.direction == CONV_FORWARD         ? *result
          : c.direction == CONV_BACKWARD_DATA ? *first
                                              : *second;
    c.groups = a->groups == 0 ? 1 : a->groups;
    c.group_in = c.w.dims[c.spatial].count;
    c.group_out = c.w.dims[c.spatial + 1].count / c.groups;
    for (int i = 0; i < c.spatial; i++) {
        c.stride[i] = list_item(&a->strides, i, 1);
        c.low[i] = list_item(&a->low, i, 0);
        c.high[i] = list_item(&a->high, i, 0);
        c.dilation[i] = list_item(&a->dilation, i, 1);
    }
    return c;
}

static geometry geometry_of_node(const graph *g, const node *n) {
    return geometry_of(n, operand_type(g, n, 0), operand_type(g, n, 1), &n->types[0]);
}

/* ---- inference --------------------------------------------------------------------------- */

static bool check_lists(const graph *g, const node *n, const type *first, const type *second,
                        diagnostics *d) {
    const conv_attributes *a = conv_of(n);
    int spatial = first->rank - 2;
    if (spatial < 1 || second->rank != first->rank || second->dtype != first->dtype)
        return op_fail(d, n,
                       "%s and %s must have one type and one rank: batch or kernel, spatial axes, "
                       "channels",
                       type_words(g, first), type_words(g, second));
    const integer_list *lists[] = {&a->strides, &a->low, &a->high, &a->dilation};
    for (int i = 0; i < 4; i++)
        if (lists[i]->count != 0 && lists[i]->count != spatial)
            return op_fail(d, n, "strides, low, high and dilation need %d numbers for %s, got %d",
                           spatial, type_words(g, first), lists[i]->count);
    if (a->groups < 0)
        return op_fail(d, n, "groups must be positive, got %lld", (long long)a->groups);
    if (direction_of(n) != CONV_FORWARD && a->size.count != spatial)
        return op_fail(d, n, "needs the %d spatial dims of its result", spatial);
    return check_number(g, n, first, d);
}

/* Channels of x and y against those of the filter. */
static bool check_channels(const graph *g, const node *n, const geometry *c, diagnostics *d) {
    dim in = c->x.dims[c->spatial + 1], out = c->y.dims[c->spatial + 1], wanted;
    if (c->w.dims[c->spatial + 1].count % c->groups != 0)
        return op_fail(d, n, "%lld groups do not divide the %s output channels of the filter %s",
                       (long long)c->groups, dim_words(g, c->w.dims[c->spatial + 1]),
                       type_words(g, &c->w));
    if (!dim_multiply(c->w.dims[c->spatial], dim_of(c->groups), &wanted) ||
        !dim_equal(in, wanted) || !dim_equal(out, c->w.dims[c->spatial + 1]))
        return op_fail(
            d, n,
            "the filter %s takes %s x %lld (groups) channels to %s, but the tensors are %s "
            "and %s",
            type_words(g, &c->w), dim_words(g, c->w.dims[c->spatial]), (long long)c->groups,
            dim_words(g, c->w.dims[c->spatial + 1]), type_words(g, &c->x), type_words(g, &c->y));
    return dim_equal(c->x.dims[0], c->y.dims[0]) ||
           op_fail(d, n, "%s and %s have different batches", type_words(g, &c->x),
                   type_words(g, &c->y));
}

/* The output extent of spatial axis i. */
static bool output_extent(const graph *g, const node *n, const geometry *c, int i, dim *out,
                          diagnostics *d) {
    dim taps = c->w.dims[i];
    if (taps.symbolic)
        return op_fail(d, n,
                       "the filter %s cannot have a kernel of %s; bind the batch to a constant",
                       type_words(g, &c->w), dim_words(g, taps));
    return window_extent(g, n, i + 1, c->x.dims[i + 1], taps.count, c->stride[i], c->low[i],
                         c->high[i], c->dilation[i], out, d);
}

/* The result's type before anything is checked: batch and channels from the operands. */
static type guess_result(const node *n, const type *first, const type *second) {
    const conv_attributes *a = conv_of(n);
    int spatial = first->rank - 2;
    int64_t groups = a->groups == 0 ? 1 : a->groups;
    type t = *first;
    conv_direction direction = direction_of(n);
    for (int i = 0; direction != CONV_FORWARD && i < spatial; i++)
        t.dims[direction == CONV_BACKWARD_FILTER ? i : i + 1] = a->size.items[i];
    if (direction == CONV_FORWARD)
        t.dims[spatial + 1] = second->dims[spatial + 1];
    if (direction == CONV_BACKWARD_DATA &&
        !dim_multiply(second->dims[spatial], dim_of(groups), &t.dims[spatial + 1]))
        t.dims[spatial + 1] =
            second->dims[spatial]; /* overflow: refused when channels are compared */
    if (direction == CONV_BACKWARD_FILTER) {
        t.dims[spatial] = first->dims[spatial + 1];
        t.dims[spatial].count /= groups;
        t.dims[spatial + 1] = second->dims[spatial + 1];
    }
    return t;
}

static bool conv_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *first = operand_type(g, n, 0), *second = operand_type(g, n, 1);
    if (!check_lists(g, n, first, second, d))
        return false;
    type result = guess_result(n, first, second);
    geometry c = geometry_of(n, first, second, &result);
    for (int i = 0; i < c.spatial; i++) {
        dim extent;
        if (!output_extent(g, n, &c, i, &extent, d))
            return false;
        if (c.direction == CONV_FORWARD)
            result.dims[i + 1] = c.y.dims[i + 1] = extent;
        else if (!dim_equal(c.y.dims[i + 1], extent))
            return op_fail(d, n, "axis %d of %s would be %s for an input %s and a filter %s", i + 1,
                           type_words(g, &c.y), dim_words(g, extent), type_words(g, &c.x),
                           type_words(g, &c.w));
    }
    return check_channels(g, n, &c, d) && infer_one(g, n, result, results, d);
}

/* ---- gradient ---------------------------------------------------------------------------- */

/* The conv of `direction` over the same geometry: the product of two of x, w, y by role. */
static value conv_toward(graph *g, const node *n, conv_direction direction, value first,
                         value second, const type *result) {
    conv_attributes a = *conv_of(n);
    int spatial = result->rank - 2, start = direction == CONV_BACKWARD_FILTER ? 0 : 1;
    a.direction = (int)direction;
    a.size = (dim_list){.count = direction == CONV_FORWARD ? 0 : spatial};
    for (int i = 0; i < a.size.count; i++)
        a.size.items[i] = result->dims[start + i];
    return build_conv(g, first, second, &a);
}

/* Each operand's gradient has the role of that operand; the other two roles are multiplied. */
static void conv_vjp(gradient_context *cx, const node *n) {
    value dy = gradient_of(cx, n), first = n->operands[0], second = n->operands[1];
    const type t0 = *value_type(cx->g, first), t1 = *value_type(cx->g, second);
    conv_direction direction = direction_of(n);
    bool needs0 = cx->needs(cx, n, 0), needs1 = cx->needs(cx, n, 1);
    if (direction == CONV_FORWARD) { /* x, w -> y */
        if (needs0)
            cx->add(cx, n, 0, conv_toward(cx->g, n, CONV_BACKWARD_DATA, dy, second, &t0));
        if (needs1)
            cx->add(cx, n, 1, conv_toward(cx->g, n, CONV_BACKWARD_FILTER, first, dy, &t1));
    } else if (direction == CONV_BACKWARD_DATA) { /* y, w -> x */
        if (needs0)
            cx->add(cx, n, 0, conv_toward(cx->g, n, CONV_FORWARD, dy, second, &t0));
        if (needs1)
            cx->add(cx, n, 1, conv_toward(cx->g, n, CONV_BACKWARD_FILTER, dy, first, &t1));
    } else { /* x, y -> w */
        if (needs0)
            cx->add(cx, n, 0, conv_toward(cx->g, n, CONV_BACKWARD_DATA, second, dy, &t0));
        if (needs1)
            cx->add(cx, n, 1, conv_toward(cx->g, n, CONV_FORWARD, first, dy, &t1));
    }
}

/* ---- interpretation ---------------------------------------------------------------------- */

/* The element of x that output p meets at kernel point k; false outside. */
static bool input_point(const geometry *c, const type *x, const int64_t *p, const int64_t *k,
                        int64_t *out) {
    for (int i = 0; i < c->spatial; i++) {
        out[i] = p[i] * c->stride[i] + k[i] * c->dilation[i] - c->low[i];
        if (out[i] < 0 || out[i] >= x->dims[i + 1].count)
            return false;
    }
    return true;
}

static void accumulate(const interpreter *it, cn_dtype dtype, number *sum, number a, number b) {
    *sum = fold_step(it, REDUCE_SUM, dtype, *sum, number_product(dtype, a, b));
}

/* One walk over all (n, p, co, k, ci) serves the three directions; each element of the result
 * gets its terms in the order of the walk. */
static void conv_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    geometry c = geometry_of(n, &operands[0]->type, &operands[1]->type, &results[0]->type);
    bool forward = c.direction == CONV_FORWARD, data = c.direction == CONV_BACKWARD_DATA;
    tensor *x = data ? results[0] : operands[0], *y = forward ? results[0] : operands[data ? 0 : 1];
    tensor *w = forward || data ? operands[1] : results[0];
    int64_t extents[MAX_RANK], at_y[MAX_RANK], at_w[MAX_RANK] = {0}, at_x[MAX_RANK];
    for (int i = 0; i <= c.spatial; i++)
        extents[i] = c.w.dims[i].count;
    for (int64_t i = 0; x->count > 0 && w->count > 0 && i < y->count; i++) {
        tensor_index(&y->type, i, at_y);
        int64_t out = at_y[c.spatial + 1];
        at_x[0] = at_y[0];
        at_w[c.spatial + 1] = out;
        do {
            if (!input_point(&c, &x->type, at_y + 1, at_w, at_x + 1))
                continue;
            at_x[c.spatial + 1] = out / c.group_out * c.group_in + at_w[c.spatial];
            number *px = &x->items[tensor_offset(&x->type, at_x)];
            number *pw = &w->items[tensor_offset(&w->type, at_w)], *py = &y->items[i];
            if (forward)
                accumulate(it, c.y.dtype, py, *px, *pw);
            else if (data)
                accumulate(it, c.y.dtype, px, *py, *pw);
            else
                accumulate(it, c.y.dtype, pw, *px, *py);
        } while (next_point(c.spatial + 1, extents, at_w));
    }
}

/* ---- lowering ---------------------------------------------------------------------------- */

/* What the product at one point of the sum reads: an index of each role, and where it counts. */
typedef struct conv_point {
    const expr *x[MAX_RANK], *w[MAX_RANK], *y[MAX_RANK];
    const expr *inside; /* NULL: everywhere */
} conv_point;

/* Where the reduction axes of a sum come from: a reduce (`axes`) or a contraction. */
typedef struct sum_axes {
    loop_contract *contract; /* NULL: collect in axes */
    loop_variable *axes[MAX_RANK];
    int count;
} sum_axes;

static const expr *sum_axis(lowering *l, sum_axes *sum, const char *hint, dim extent) {
    if (dim_is(extent, 1))
        return index_constant(l, 0);
    if (sum->contract != NULL)
        return contract_axis(l, sum->contract, true, hint, extent);
    loop_variable *v = sum->axes[sum->count++] = lower_axis(l, hint, extent);
    return expr_variable(l->arena, v);
}

static const expr *scaled(lowering *l, const expr *x, int64_t factor) {
    return expr_multiply(l->arena, x, factor);
}

/* x's spatial index from y's and w's, and the condition that it is not in the padding. */
static void pull_input(lowering *l, const geometry *c, conv_point *p) {
    for (int i = 0; i < c->spatial; i++) {
        const expr *at = expr_add(l->arena, scaled(l, p->y[i + 1], c->stride[i]),
                                  scaled(l, p->w[i], c->dilation[i]));
        p->x[i + 1] = expr_add(l->arena, at, index_constant(l, -c->low[i]));
        if (c->low[i] > 0)
            p->inside = condition_and(
                l, p->inside, index_compare(l, SCALAR_GE, p->x[i + 1], index_constant(l, 0)));
        if (c->high[i] > 0)
            p->inside = condition_and(
                l, p->inside,
                index_compare(l, SCALAR_LT, p->x[i + 1], expr_extent(l->arena, c->x.dims[i + 1])));
    }
}

/* y's spatial index from x's and w's, and the condition that a window starts there. */
static void pull_output(lowering *l, const geometry *c, conv_point *p) {
    for (int i = 0; i < c->spatial; i++) {
        const expr *at = expr_add(l->arena, p->x[i + 1], scaled(l, p->w[i], -c->dilation[i]));
        at = expr_add(l->arena, at, index_constant(l, c->low[i]));
        p->y[i + 1] = at;
        if (c->stride[i] == 1) {
            p->inside = condition_and(l, p->inside, index_within(l, at, c->y.dims[i + 1]));
            continue;
        }
        const expr *step = index_constant(l, c->stride[i]), *zero = index_constant(l, 0);
        const expr *off = index_binary(l, SCALAR_REM, at, step);
        p->y[i + 1] = index_binary(l, SCALAR_DIV, at, step);
        const expr *extent = expr_extent(l->arena, c->y.dims[i + 1]);
        p->inside = condition_and(l, p->inside, index_compare(l, SCALAR_GE, at, zero));
        p->inside = condition_and(l, p->inside, index_compare(l, SCALAR_EQ, off, zero));
        p->inside = condition_and(l, p->inside, index_compare(l, SCALAR_LT, p->y[i + 1], extent));
    }
}

/* The channel of x that a channel of y and one of the filter's inputs stand for. */
static const expr *input_channel(lowering *l, const geometry *c, const expr *out, const expr *in) {
    if (c->groups == 1)
        return in;
    const expr *group = index_binary(l, SCALAR_DIV, out, index_constant(l, c->group_out));
    return expr_add(l->arena, scaled(l, group, c->group_in), in);
}

/* Both channels of the filter for a channel of x, summed over the outputs of its group. */
static void split_input_channel(lowering *l, const geometry *c, conv_point *p, sum_axes *sum) {
    int in = c->spatial, out = c->spatial + 1;
    p->w[in] = p->x[out];
    p->w[out] = sum_axis(l, sum, "c", c->groups == 1 ? c->w.dims[out] : dim_of(c->group_out));
    if (c->groups > 1) {
        const expr *size = index_constant(l, c->group_in);
        const expr *group = index_binary(l, SCALAR_DIV, p->x[out], size);
        p->w[in] = index_binary(l, SCALAR_REM, p->x[out], size);
        p->w[out] = expr_add(l->arena, scaled(l, group, c->group_out), p->w[out]);
    }
    p->y[out] = p->w[out];
}

/* Fills the indices of all roles from the result's index; makes the axes of the sum. */
static conv_point conv_point_at(lowering *l, const geometry *c, const expr *const *index,
                                sum_axes *sum) {
    conv_point p = {.inside = NULL};
    int in = c->spatial, out = c->spatial + 1; /* channel axes of w; x and y have theirs at `out` */
    bool forward = c->direction == CONV_FORWARD, filter = c->direction == CONV_BACKWARD_FILTER;
    const expr **mine = forward ? p.y : filter ? p.w : p.x;
    for (int i = 0; i < c->spatial + 2; i++)
        mine[i] = index[i];
    for (int i = 0; filter && i <= c->spatial; i++)
        p.y[i] = sum_axis(l, sum, i == 0 ? "n" : "p", c->y.dims[i]);
    for (int i = 0; !filter && i < c->spatial; i++)
        p.w[i] = sum_axis(l, sum, "k", c->w.dims[i]);
    if (c->direction == CONV_BACKWARD_DATA) {
        split_input_channel(l, c, &p, sum);
        p.y[0] = p.x[0];
        pull_output(l, c, &p);
        return p;
    }
    if (forward) {
        p.w[in] = sum_axis(l, sum, "c", c->w.dims[in]);
        p.w[out] = p.y[out];
    } else {
        p.y[out] = p.w[out];
    }
    p.x[0] = p.y[0];
    p.x[out] = input_channel(l, c, p.y[out], p.w[in]);
    pull_input(l, c, &p);
    return p;
}

/* The two operands of the product, in the order of the node; the guarded one is zero outside. */
static void operands_at(lowering *l, const node *n, const geometry *c, const conv_point *p,
                        const expr **terms) {
    const expr *const *first = c->direction == CONV_BACKWARD_DATA ? p->y : p->x;
    const expr *const *second = c->direction == CONV_BACKWARD_FILTER ? p->y : p->w;
    const expr *zero = identity_expression(l, REDUCE_SUM, c->x.dtype);
    terms[0] = p->inside == NULL ? lower_operand(l, n, 0, first)
                                 : lower_operand_guarded(l, n, 0, first, p->inside, zero);
    terms[1] = lower_operand(l, n, 1, second);
}

static const expr *conv_element(lowering *l, const node *n, uint32_t result,
                                const expr *const *index) {
    geometry c = geometry_of_node(l->region, n);
    cn_dtype wide = accumulator_dtype(c.x.dtype);
    sum_axes sum = {0};
    conv_point p = conv_point_at(l, &c, index, &sum);
    const expr *terms[2];
    if (sum.count > 0)
        lower_reduce_begin(l, sum.axes, sum.count);
    operands_at(l, n, &c, &p, terms);
    for (int i = 0; i < 2; i++)
        terms[i] = cast_expression(l, terms[i], wide);
    const expr *total = lower_scalar(l, SCALAR_MUL, wide, terms, 2);
    if (sum.count > 0)
        total = lower_reduce_end(l, FOLD_SUM, wide, total);
    return cast_expression(l, total, n->types[result].dtype);
}

/* Groups would make the channel of x depend on the channel of y: no matrix product. They are few
 * per output, and `element` does them as elementwise work. */
static bool conv_contract(lowering *l, const node *n, loop_contract *out) {
    geometry c = geometry_of_node(l->region, n);
    if (c.groups > 1)
        return false;
    const expr *index[MAX_RANK], *terms[2];
    sum_axes sum = {.contract = out};
    for (int i = 0; i < n->types[0].rank; i++)
        index[i] = contract_axis(l, out, false, "i", n->types[0].dims[i]);
    conv_point p = conv_point_at(l, &c, index, &sum);
    if (out->reduction.count == 0)
        return false;
    operands_at(l, n, &c, &p, terms);
    out->left = terms[0];
    out->right = terms[1];
    out->accumulator = accumulator_dtype(c.x.dtype);
    return true;
}

/* Two per (n, p, k, ci, co), the padding counted. */
static double conv_cost(const graph *g, const node *n, int64_t batch) {
    geometry c = geometry_of_node(g, n);
    double flops = 2 * (double)type_count(&c.y, batch);
    for (int i = 0; i <= c.spatial; i++)
        flops *= (double)dim_bind(c.w.dims[i], batch);
    return flops;
}

const op_def op_conv = {
    .name = "conv",
    .summary = "Convolution over NHWC and HWIO: forward, backward_data or backward_filter.",
    .operand_count = 2,
    .traits = OP_CONTRACTION,
    .attributes = &schema,
    .infer = conv_infer,
    .vjp = conv_vjp,
    .interpret = conv_interpret,
    .element = conv_element,
    .contract = conv_contract,
    .cost = conv_cost,
};
