/* The composites: what they are made of, and gradients where a better one is known.
 *
 * All are forms that stay finite where the plain formula would overflow: exponents are taken
 * below the largest logit, log(1 + exp(x)) is split at zero. The largest logit passes no
 * gradient: every result is the same whatever is subtracted.
 *
 * Rows run along one axis; for the cross-entropies it is the last. Labels outside 0..K-1 match no
 * class: such a row has loss 0 and gradient 0, as a row of zeros would as targets.
 */
#include "ir/composite.h"

#include <string.h>

#include "ir/build.h"
#include "ir/ops/rules.h"

/* ---- rows ------------------------------------------------------------------------------- */

static integer_list one_axis(int64_t axis) {
    return (integer_list){.count = 1, .items = {axis}};
}

static integer_list last_axis(const graph *g, value x) {
    return one_axis(value_type(g, x)->rank - 1);
}

/* x with a fold of it over `axes` spread over the rows again. */
static value fold_rows(graph *g, reduce_kind kind, value x, const integer_list *axes) {
    value folded = build_reduce(g, kind, x, axes->count, axes->items);
    return broadcast_over(g, folded, value_type(g, x), axes);
}

/* One number per row (its axis gone) to every element of the row. */
static value spread(graph *g, value row_numbers, value like, const integer_list *axes) {
    return broadcast_over(g, row_numbers, value_type(g, like), axes);
}

static value below_largest(graph *g, value x, const integer_list *axes) {
    return build_sub(g, x, build_stop_gradient(g, fold_rows(g, REDUCE_MAX, x, axes)));
}

static value softmax_of(graph *g, value x, const integer_list *axes) {
    value e = build_exp(g, below_largest(g, x, axes));
    return build_div(g, e, fold_rows(g, REDUCE_SUM, e, axes));
}

static value log_softmax_of(graph *g, value x, const integer_list *axes) {
    value below = below_largest(g, x, axes);
    value sum = build_sum(g, build_exp(g, below), axes->count, axes->items);
    return build_sub(g, below, spread(g, build_log(g, sum), x, axes));
}

/* The same as composites, for gradients: expansion and CSE share them with the forward pass. */
static value row_composite(graph *g, const char *name, value x, int64_t axis) {
    composite_attributes a = {.parameters = one_axis(axis)};
    value y;
    build_composite(g, name, &a, &x, 1, &y);
    return y;
}

static bool check_rows(graph *g, const char *name, value x, int64_t axis) {
    const type *t = value_type(g, x);
    if (dtype_is_float(t->dtype) && axis >= 0 && axis < t->rank)
        return true;
    return diag_fail(arena_diagnostics(g->arena), CN_ERROR_SHAPE,
                     "%s: needs floats and one of their axes, got %s and axis %lld", name,
                     type_words(g, t), (long long)axis);
}

/* ---- softmax, log_softmax ----------------------------------------------------------------- */

static void softmax_decompose(graph *g, const composite_attributes *a, const value *operands,
                              value *results) {
    if (check_rows(g, a->name, operands[0], a->parameters.items[0]))
        results[0] = softmax_of(g, operands[0], &a->parameters);
}

static void log_softmax_decompose(graph *g, const composite_attributes *a, const value *operands,
                                  value *results) {
    if (check_rows(g, a->name, operands[0], a->parameters.items[0]))
        results[0] = log_softmax_of(g, operands[0], &a->parameters);
}

static integer_list parameters_of(const node *n) {
    return ((const composite_attributes *)n->attributes)->parameters;
}

/* dx = y * (dy - sum(dy * y)) */
static void softmax_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    node self = *n;
    integer_list axes = parameters_of(n);
    value y = forward_result(cx), dy = gradient_of(cx, n);
    value mean = fold_rows(g, REDUCE_SUM, build_mul(g, dy, y), &axes);
    cx->add(cx, &self, 0, build_mul(g, y, build_sub(g, dy, mean)));
}

/* dx = dy - exp(y) * sum(dy) */
static void log_softmax_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    node self = *n;
    integer_list axes = parameters_of(n);
    value dy = gradient_of(cx, n), sum = fold_rows(g, REDUCE_SUM, dy, &axes);
    cx->add(cx, &self, 0,
            build_sub(g, dy, build_mul(g, build_exp(g, forward_result(cx)), sum)));
}

static const composite_def softmax = {
    .name = "softmax",
    .summary = "exp(x) over its sum along an axis.",
    .operand_count = 1,
    .result_count = 1,
    .decompose = softmax_decompose,
    .vjp = softmax_vjp,
};

static const composite_def log_softmax = {
    .name = "log_softmax",
    .summary = "The logarithm of softmax, finite where softmax underflows.",
    .operand_count = 1,
    .result_count = 1,
    .decompose = log_softmax_decompose,
    .vjp = log_softmax_vjp,
};

/* ---- cross-entropies of rows ---------------------------------------------------------------- */

static void cross_entropy_decompose(graph *g, const composite_attributes *a, const value *operands,
                                    value *results) {
    integer_list axes = last_axis(g, operands[0]);
    if (!check_rows(g, a->name, operands[0], axes.items[0]))
        return;
    value terms = build_mul(g, operands[1], log_softmax_of(g, operands[0], &axes));
    results[0] = build_neg(g, build_sum(g, terms, 1, axes.items));
}

/* dlogits = dy * (softmax * sum(targets) - targets) */
static value cross_entropy_slope(graph *g, value dy, value logits, value targets,
                                 const integer_list *axes) {
    value y = row_composite(g, "softmax", logits, axes->items[0]);
    value expected = build_mul(g, y, fold_rows(g, REDUCE_SUM, targets, axes));
    return build_mul(g, dy, build_sub(g, expected, targets));
}

/* dtargets = -dy * log_softmax */
static void cross_entropy_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    node self = *n;
    value logits = n->operands[0], targets = n->operands[1];
    integer_list axes = last_axis(g, logits);
    value dy = spread(g, gradient_of(cx, n), logits, &axes);
    if (cx->needs(cx, &self, 0))
        cx->add(cx, &self, 0, cross_entropy_slope(g, dy, logits, targets, &axes));
    if (cx->needs(cx, &self, 1)) {
        value log_y = row_composite(g, "log_softmax", logits, axes.items[0]);
        cx->add(cx, &self, 1, build_neg(g, build_mul(g, dy, log_y)));
    }
}

static const composite_def softmax_cross_entropy = {
    .name = "softmax_cross_entropy",
    .summary = "-sum(targets * log_softmax(logits)) along the last axis.",
    .operand_count = 2,
    .result_count = 1,
    .decompose = cross_entropy_decompose,
    .vjp = cross_entropy_vjp,
};

/* Where the class is the label of its row: a mask instead of a gather, which fuses. Counted in
 * 32 bits at least, since in u8 class 256 would be class 0 again. */
static value label_mask(graph *g, value labels, value logits, const integer_list *axes) {
    const type *t = value_type(g, logits);
    cn_dtype dtype = value_type(g, labels)->dtype;
    if (dtype_bytes(dtype) < 4) {
        dtype = CN_I32;
        labels = build_cast(g, labels, dtype);
    }
    value classes = build_iota(g, dtype, t->rank, t->dims, t->rank - 1);
    return build_compare(g, COMPARE_EQ, classes, spread(g, labels, logits, axes));
}

static bool check_labels(graph *g, const char *name, value logits, value labels) {
    const type *x = value_type(g, logits), *k = value_type(g, labels);
    type row = type_make(k->dtype, x->rank - 1, x->dims);
    if (dtype_is_integer(k->dtype) && type_equal(&row, k))
        return true;
    return diag_fail(arena_diagnostics(g->arena), CN_ERROR_SHAPE,
                     "%s: logits %s need one integer label per row, got %s", name,
                     type_words(g, x), type_words(g, k));
}

static void sparse_cross_entropy_decompose(graph *g, const composite_attributes *a,
                                           const value *operands, value *results) {
    value logits = operands[0], labels = operands[1];
    integer_list axes = last_axis(g, logits);
    if (!check_rows(g, a->name, logits, axes.items[0]) || !check_labels(g, a->name, logits, labels))
        return;
    value log_y = log_softmax_of(g, logits, &axes);
    value mask = label_mask(g, labels, logits, &axes);
    value terms = build_select(g, mask, log_y, build_full_like(g, log_y, 0));
    results[0] = build_neg(g, build_sum(g, terms, 1, axes.items));
}

/* The mask as targets: a row without a class has none, so its gradient is 0. */
static void sparse_cross_entropy_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    node self = *n;
    value logits = n->operands[0], labels = n->operands[1];
    if (!cx->needs(cx, &self, 0))
        return;
    integer_list axes = last_axis(g, logits);
    value dy = spread(g, gradient_of(cx, n), logits, &axes);
    value mask = label_mask(g, labels, logits, &axes);
    value targets = build_cast(g, mask, value_type(g, logits)->dtype);
    cx->add(cx, &self, 0, cross_entropy_slope(g, dy, logits, targets, &axes));
}

static const composite_def sparse_softmax_cross_entropy = {
    .name = "sparse_softmax_cross_entropy",
    .summary = "-log_softmax(logits) at the label of each row.",
    .operand_count = 2,
    .result_count = 1,
    .decompose = sparse_cross_entropy_decompose,
    .vjp = sparse_cross_entropy_vjp,
};

/* ---- softplus, sigmoid_cross_entropy --------------------------------------------------------- */

/* log1p(exp(-|x|)): between 0 and log 2 */
static value softplus_tail(graph *g, value x) {
    return build_unary(g, &op_log1p, build_exp(g, build_neg(g, build_abs(g, x))));
}

static value softplus_of(graph *g, value x) {
    value above = build_max(g, x, build_full_like(g, x, 0));
    return build_add(g, above, softplus_tail(g, x));
}

static void softplus_decompose(graph *g, const composite_attributes *a, const value *operands,
                               value *results) {
    (void)a;
    results[0] = softplus_of(g, operands[0]);
}

/* dx = dy * sigmoid(x) */
static void softplus_vjp(gradient_context *cx, const node *n) {
    node self = *n;
    value dy = gradient_of(cx, n), slope = build_sigmoid(cx->g, self.operands[0]);
    cx->add(cx, &self, 0, build_mul(cx->g, dy, slope));
}

static const composite_def softplus = {
    .name = "softplus",
    .summary = "log(1 + exp(x)), without overflow.",
    .operand_count = 1,
    .result_count = 1,
    .decompose = softplus_decompose,
    .vjp = softplus_vjp,
};

/* max(x, 0) - x * target + log1p(exp(-|x|)) */
static void sigmoid_cross_entropy_decompose(graph *g, const composite_attributes *a,
                                            const value *operands, value *results) {
    (void)a;
    value x = operands[0];
    value positive = build_max(g, x, build_full_like(g, x, 0));
    value linear = build_sub(g, positive, build_mul(g, x, operands[1]));
    results[0] = build_add(g, linear, softplus_tail(g, x));
}

/* dlogits = dy * (sigmoid(logits) - targets), dtargets = -dy * logits */
static void sigmoid_cross_entropy_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    node self = *n;
    value logits = n->operands[0], targets = n->operands[1], dy = gradient_of(cx, n);
    if (cx->needs(cx, &self, 0)) {
        value slope = build_sub(g, build_sigmoid(g, logits), targets);
        cx->add(cx, &self, 0, build_mul(g, dy, slope));
    }
    if (cx->needs(cx, &self, 1))
        cx->add(cx, &self, 1, build_neg(g, build_mul(g, dy, logits)));
}

static const composite_def sigmoid_cross_entropy = {
    .name = "sigmoid_cross_entropy",
    .summary = "-(targets * log(sigmoid(x)) + (1 - targets) * log(1 - sigmoid(x))).",
    .operand_count = 2,
    .result_count = 1,
    .decompose = sigmoid_cross_entropy_decompose,
    .vjp = sigmoid_cross_entropy_vjp,
};

/* ---- the list -------------------------------------------------------------------------------- */

const composite_def *const composite_registry[] = {
    &softmax,
    &log_softmax,
    &softmax_cross_entropy,
    &sparse_softmax_cross_entropy,
    &sigmoid_cross_entropy,
    &softplus,
    NULL,
};

const composite_def *composite_find(const char *name) {
    for (const composite_def *const *def = composite_registry; *def != NULL; def++)
        if (strcmp((*def)->name, name) == 0)
            return *def;
    return NULL;
}
