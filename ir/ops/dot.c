/* dot_general: sums of products of two tensors over any axes, batched over any others.
 *
 * result[batch, left free, right free] = sum over contracted axes of left * right. Every matrix
 * product, einsum of two operands and outer product is this op, and both of its gradients are,
 * followed by a transpose. Axes of k*B may be batch, contracted or free, but not two of them
 * free, which would make B*B elements.
 */
#include "ir/ops/rules.h"

static const attribute_field fields[] = {
    {"left_batch", FIELD_INTEGERS, offsetof(dot_attributes, left_batch), NULL},
    {"right_batch", FIELD_INTEGERS, offsetof(dot_attributes, right_batch), NULL},
    {"left_contract", FIELD_INTEGERS, offsetof(dot_attributes, left_contract), NULL},
    {"right_contract", FIELD_INTEGERS, offsetof(dot_attributes, right_contract), NULL},
    {0}};
static const attribute_schema schema = {sizeof(dot_attributes), fields};

/* One operand's axes by what becomes of them. */
typedef struct side {
    type type;
    integer_list batch, contract, free;
} side;

static side side_of(const graph *g, const node *n, int operand) {
    const dot_attributes *a = n->attributes;
    side s = {.type = *operand_type(g, n, (uint32_t)operand),
              .batch = operand == 0 ? a->left_batch : a->right_batch,
              .contract = operand == 0 ? a->left_contract : a->right_contract};
    s.free = other_axes(s.type.rank, &s.batch, &s.contract);
    return s;
}

/* ---- inference --------------------------------------------------------------------------- */

static bool check_axes_of(const node *n, const side *s, diagnostics *d) {
    if (!check_axes(n, &s->batch, s->type.rank, "batch axis", d) ||
        !check_axes(n, &s->contract, s->type.rank, "contracted axis", d))
        return false;
    for (int i = 0; i < s->batch.count; i++)
        if (list_has(&s->contract, s->batch.items[i]))
            return op_fail(d, n, "axis %lld is batch and contracted at once",
                           (long long)s->batch.items[i]);
    return true;
}

static bool check_pairs(const graph *g, const node *n, const side *x, const integer_list *left,
                        const side *y, const integer_list *right, diagnostics *d) {
    if (left->count != right->count)
        return op_fail(d, n, "%s has %d batch or contracted axes where %s has %d",
                       type_words(g, &x->type), left->count, type_words(g, &y->type), right->count);
    for (int i = 0; i < left->count; i++)
        if (!dim_equal(x->type.dims[left->items[i]], y->type.dims[right->items[i]]))
            return op_fail(d, n,
                           "axis %lld of %s and axis %lld of %s must have one extent; transpose or "
                           "reshape so that they agree",
                           (long long)left->items[i], type_words(g, &x->type),
                           (long long)right->items[i], type_words(g, &y->type));
    return true;
}

static int append_dims(dim *dims, int rank, const side *s, const integer_list *axes) {
    for (int i = 0; i < axes->count; i++)
        dims[rank++] = s->type.dims[axes->items[i]];
    return rank;
}

static bool infer_product(const graph *g, const node *n, const side *x, const side *y,
                          type *results, diagnostics *d) {
    dim dims[2 * MAX_RANK], elements;
    int rank = append_dims(dims, 0, x, &x->batch);
    rank = append_dims(dims, rank, x, &x->free);
    rank = append_dims(dims, rank, y, &y->free);
    if (rank > MAX_RANK)
        return op_fail(d, n, "%s times %s has more than 8 axes; reshape first",
                       type_words(g, &x->type), type_words(g, &y->type));
    results[0] = type_make(x->type.dtype, rank, dims);
    if (type_elements(results, &elements))
        return true;
    return op_fail(
        d, n,
        "%s times %s has a size that is no multiple of one B; contract the batch, make it "
        "a batch axis of both, or bind it to a constant",
        type_words(g, &x->type), type_words(g, &y->type));
}

static bool dot_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    side x = side_of(g, n, 0), y = side_of(g, n, 1);
    if (x.type.dtype != y.type.dtype)
        return op_fail(d, n, "%s and %s differ in type; cast one of them", type_words(g, &x.type),
                       type_words(g, &y.type));
    return check_number(g, n, &x.type, d) && check_axes_of(n, &x, d) && check_axes_of(n, &y, d) &&
           check_pairs(g, n, &x, &x.batch, &y, &y.batch, d) &&
           check_pairs(g, n, &x, &x.contract, &y, &y.contract, d) &&
           infer_product(g, n, &x, &y, results, d);
}

/* ---- gradient ---------------------------------------------------------------------------- */

static integer_list range_list(int begin, int count) {
    integer_list list = {.count = count};
    for (int i = 0; i < count; i++)
        list.items[i] = begin + i;
    return list;
}

/* Gradient of operand `mine`: dy has axes [batch, left free, right free]; contracting it with the
 * other operand over the other's free axes leaves [batch, my free, the other's contracted axes
 * in increasing order], and a transpose puts each where it stands in my operand. */
static value operand_gradient(gradient_context *cx, const node *n, int mine) {
    side x = side_of(cx->g, n, mine), y = side_of(cx->g, n, 1 - mine);
    int batch = x.batch.count, y_start = batch + (mine == 0 ? x.free.count : 0);
    dot_attributes back = {.left_batch = range_list(0, batch),
                           .left_contract = range_list(y_start, y.free.count),
                           .right_batch = y.batch,
                           .right_contract = y.free};
    value product = build_dot(cx->g, gradient_of(cx, n), n->operands[1 - mine], &back);

    int64_t permutation[MAX_RANK] = {0};
    int at = 0;
    for (int i = 0; i < batch; i++)
        permutation[x.batch.items[i]] = at++;
    for (int i = 0; i < x.free.count; i++)
        permutation[x.free.items[i]] = at++;
    integer_list rest = other_axes(y.type.rank, &y.batch, &y.free);
    for (int i = 0; i < rest.count; i++)
        for (int k = 0; k < y.contract.count; k++)
            if (y.contract.items[k] == rest.items[i])
                permutation[x.contract.items[k]] = at++;
    return build_transpose(cx->g, product, permutation);
}

static void dot_vjp(gradient_context *cx, const node *n) {
    for (int i = 0; i < 2; i++)
        if (cx->needs(cx, n, (uint32_t)i))
            cx->add(cx, n, (uint32_t)i, operand_gradient(cx, n, i));
}

/* ---- interpretation ---------------------------------------------------------------------- */

/* out[axes[i]] = from[i] */
static void place(const integer_list *axes, const int64_t *from, int64_t *out) {
    for (int i = 0; i < axes->count; i++)
        out[axes->items[i]] = from[i];
}

static void dot_interpret(interpreter *it, const node *n, tensor *const *operands,
                          tensor **results) {
    side x = side_of(it->graph, n, 0), y = side_of(it->graph, n, 1);
    const tensor *left = operands[0], *right = operands[1];
    cn_dtype dtype = left->type.dtype;
    int64_t extents[MAX_RANK], k[MAX_RANK], index[MAX_RANK], at_x[MAX_RANK], at_y[MAX_RANK];
    for (int i = 0; i < x.contract.count; i++)
        extents[i] = left->type.dims[x.contract.items[i]].count;
    for (int64_t i = 0; left->count > 0 && right->count > 0 && i < results[0]->count; i++) {
        tensor_index(&results[0]->type, i, index);
        place(&x.batch, index, at_x);
        place(&y.batch, index, at_y);
        place(&x.free, index + x.batch.count, at_x);
        place(&y.free, index + x.batch.count + x.free.count, at_y);
        for (int c = 0; c < x.contract.count; c++)
            k[c] = 0;
        number sum = fold_identity(REDUCE_SUM, dtype);
        do {
            place(&x.contract, k, at_x);
            place(&y.contract, k, at_y);
            number a = left->items[tensor_offset(&left->type, at_x)];
            number b = right->items[tensor_offset(&right->type, at_y)];
            sum = fold_step(it, REDUCE_SUM, dtype, sum, number_product(dtype, a, b));
        } while (next_point(x.contract.count, extents, k));
        results[0]->items[i] = sum;
    }
}

/* ---- lowering ---------------------------------------------------------------------------- */

/* Indices of both operands from the result's index and one variable per contracted axis. */
static void operand_indices(const side *x, const side *y, const expr *const *index,
                            const expr *const *k, const expr **at_x, const expr **at_y) {
    int batch = x->batch.count;
    for (int i = 0; i < batch; i++)
        at_x[x->batch.items[i]] = at_y[y->batch.items[i]] = index[i];
    for (int i = 0; i < x->free.count; i++)
        at_x[x->free.items[i]] = index[batch + i];
    for (int i = 0; i < y->free.count; i++)
        at_y[y->free.items[i]] = index[batch + x->free.count + i];
    for (int i = 0; i < x->contract.count; i++)
        at_x[x->contract.items[i]] = at_y[y->contract.items[i]] = k[i];
}

static const expr *dot_element(lowering *l, const node *n, uint32_t result,
                               const expr *const *index) {
    side x = side_of(l->region, n, 0), y = side_of(l->region, n, 1);
    cn_dtype wide = accumulator_dtype(x.type.dtype);
    loop_variable *axes[MAX_RANK];
    const expr *k[MAX_RANK] = {0}, *at_x[MAX_RANK], *at_y[MAX_RANK];
    for (int i = 0; i < x.contract.count; i++) {
        axes[i] = lower_axis(l, "k", x.type.dims[x.contract.items[i]]);
        k[i] = expr_variable(l->arena, axes[i]);
    }
    operand_indices(&x, &y, index, k, at_x, at_y);
    if (x.contract.count > 0)
        lower_reduce_begin(l, axes, x.contract.count);
    const expr *terms[] = {cast_expression(l, lower_operand(l, n, 0, at_x), wide),
                           cast_expression(l, lower_operand(l, n, 1, at_y), wide)};
    const expr *sum = lower_scalar(l, SCALAR_MUL, wide, terms, 2);
    if (x.contract.count > 0)
        sum = lower_reduce_end(l, FOLD_SUM, wide, sum);
    return cast_expression(l, sum, n->types[result].dtype);
}

static bool dot_contract(lowering *l, const node *n, loop_contract *out) {
    side x = side_of(l->region, n, 0), y = side_of(l->region, n, 1);
    const type *t = &n->types[0];
    const expr *index[MAX_RANK], *k[MAX_RANK], *at_x[MAX_RANK], *at_y[MAX_RANK];
    if (x.contract.count == 0)
        return false; /* an outer product is elementwise work */
    for (int i = 0; i < t->rank; i++)
        index[i] = contract_axis(l, out, false, "i", t->dims[i]);
    for (int i = 0; i < x.contract.count; i++)
        k[i] = contract_axis(l, out, true, "k", x.type.dims[x.contract.items[i]]);
    operand_indices(&x, &y, index, k, at_x, at_y);
    out->left = lower_operand(l, n, 0, at_x);
    out->right = lower_operand(l, n, 1, at_y);
    out->accumulator = accumulator_dtype(t->dtype);
    return true;
}

static double dot_cost(const graph *g, const node *n, int64_t batch) {
    side x = side_of(g, n, 0);
    double flops = 2 * (double)type_count(&n->types[0], batch);
    for (int i = 0; i < x.contract.count; i++)
        flops *= (double)dim_bind(x.type.dims[x.contract.items[i]], batch);
    return flops;
}

const op_def op_dot_general = {
    .name = "dot_general",
    .summary = "Sum of products over contracted axes: [batch, left free, right free].",
    .operand_count = 2,
    .traits = OP_CONTRACTION,
    .attributes = &schema,
    .infer = dot_infer,
    .vjp = dot_vjp,
    .interpret = dot_interpret,
    .element = dot_element,
    .contract = dot_contract,
    .cost = dot_cost,
};
