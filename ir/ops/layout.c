/* pack: the order in memory as an op.
 *
 * Layout is logical everywhere else (NHWC, HWIO, dense). The layout pass writes a pack where a
 * kernel wants its operand in another order: axis i of the result is axis permutation[i] of
 * the operand. What distinguishes it from a transpose is the promise that only a kernel which
 * knows the order reads it, so it is never moved, merged into maths or cancelled by algebra.
 */
#include "ir/ops/ops.h"
#include "ir/ops/rules.h"

static const attribute_field pack_fields[] = {
    {"permutation", FIELD_INTEGERS, offsetof(pack_attributes, permutation), NULL}, {0}};
static const attribute_schema pack_schema = {sizeof(pack_attributes), pack_fields};

static const integer_list *permutation_of(const node *n) {
    return &((const pack_attributes *)n->attributes)->permutation;
}

static bool pack_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *x = operand_type(g, n, 0);
    const integer_list *permutation = permutation_of(n);
    if (permutation->count != x->rank)
        return op_fail(d, n, "%s needs a permutation of %d axes, got %d", type_words(g, x), x->rank,
                       permutation->count);
    if (!check_axes(n, permutation, x->rank, "permutation", d))
        return false;
    *results = *x;
    for (int i = 0; i < x->rank; i++)
        results->dims[i] = x->dims[permutation->items[i]];
    return true;
}

static void pack_vjp(gradient_context *cx, const node *n) {
    const integer_list *permutation = permutation_of(n);
    pack_attributes inverse = {.permutation.count = permutation->count};
    for (int i = 0; i < permutation->count; i++)
        inverse.permutation.items[permutation->items[i]] = i;
    value dy = gradient_of(cx, n);
    cx->add(cx, n, 0,
            graph_add(cx->g, &(node_spec){.op = &op_pack,
                                          .operands = &dy,
                                          .operand_count = 1,
                                          .attributes = &inverse}));
}

static void pack_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    (void)it;
    const integer_list *permutation = permutation_of(n);
    for (int64_t i = 0; i < results[0]->count; i++) {
        int64_t to[MAX_RANK], from[MAX_RANK];
        tensor_index(&results[0]->type, i, to);
        for (int k = 0; k < permutation->count; k++)
            from[permutation->items[k]] = to[k];
        results[0]->items[i] = operands[0]->items[tensor_offset(&operands[0]->type, from)];
    }
}

static const expr *pack_element(lowering *l, const node *n, uint32_t result,
                                const expr *const *index) {
    (void)result;
    const integer_list *permutation = permutation_of(n);
    const expr *from[MAX_RANK];
    for (int k = 0; k < permutation->count; k++)
        from[permutation->items[k]] = index[k];
    return lower_operand(l, n, 0, from);
}

static double pack_cost(const graph *g, const node *n, int64_t batch) {
    (void)g, (void)n, (void)batch;
    return 0;
}

const op_def op_pack = {
    .name = "pack",
    .summary = "The operand in another order in memory, for a kernel that wants it so.",
    .operand_count = 1,
    .traits = OP_INDEX,
    .attributes = &pack_schema,
    .infer = pack_infer,
    .vjp = pack_vjp,
    .interpret = pack_interpret,
    .element = pack_element,
    .cost = pack_cost,
};
