/* Constant folding: what is known when compiling is computed when compiling.
 *
 *     %2 = constant {value=[4]} : f32[]
 *     %3 = sqrt %2 : f32[]                 ->   %5 = constant {value=[2]} : f32[B,8]
 *     %4 = broadcast %3 : f32[B,8]
 *
 * The interpreter computes, in float32 mode, so a folded value is the one the program would have
 * got with exactly rounded functions. Three kinds: a pointwise op on splats (constants of one
 * number, whose shape may hold B) is a splat, moving a splat gives a splat, and any op on small
 * constants without B is a table. Where a condition is known, the branch not taken goes.
 *
 * What depends on B stays: a program serves every batch. Results are capped: a large table costs
 * more to load than to compute. Cost: the interpreter's on at most `most_work` operations a node.
 */
#include <string.h>

#include "ir/build.h"
#include "ir/interpret.h"
#include "ir/ops/ops.h"
#include "passes/peephole.h"

enum { MOST_ELEMENTS = 1 << 12 };
static const double most_work = 1 << 20;

/* ---- computing ------------------------------------------------------------------------------- */

static tensor *interpret_output(graph *alone, arena *a) {
    interpreter it = {.arena = a, .diag = arena_diagnostics(a), .batch = 1, .mode = INTERPRET_F32};
    tensor *result;
    return interpret_graph(&it, alone, NULL, &result) ? result : NULL;
}

/* A constant of type `t` with the elements of `x`; of one element where all are equal. */
static value constant_of(graph *g, const tensor *x, const type *t) {
    size_t element = (size_t)dtype_bytes(t->dtype), count = (size_t)x->count;
    unsigned char *bytes = arena_alloc_array(g->arena, count, element);
    tensor_to_bytes(x, bytes);
    bool splat = count > 0;
    for (size_t i = 1; splat && i < count; i++)
        splat = memcmp(bytes, bytes + i * element, element) == 0;
    return build_array(g, t, bytes, splat ? element : count * element);
}

/* The operands as constants of another graph: as they are, or as scalars. */
static value *copy_operands(const graph *g, const node *n, graph *alone, bool as_scalars) {
    value *operands = ARENA_ARRAY(g->arena, value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        const node *constant = value_node(g, n->operands[i]);
        const leaf_attributes *a = constant->attributes;
        type scalar = type_scalar(a->dtype);
        operands[i] = as_scalars ? build_array(alone, &scalar, a->value.bytes, a->value.length)
                                 : graph_copy_node(alone, constant, NULL);
    }
    return operands;
}

static value compute(graph *g, const node *n, bool as_scalars) {
    graph *alone = graph_new(g->arena, NULL);
    value v = graph_copy_node(alone, n, copy_operands(g, n, alone, as_scalars));
    graph_add_output(alone, v, NULL, -1);
    tensor *x = interpret_output(alone, g->arena);
    return x == NULL ? NO_VALUE : constant_of(g, x, &n->types[0]);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool operands_are_constant(const graph *g, const node *n) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (value_node(g, n->operands[i])->op != &op_constant)
            return false;
    return n->operand_count > 0;
}

static bool operands_are_splats(const graph *g, const node *n) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!value_is_splat(g, n->operands[i]))
            return false;
    return n->operand_count > 0;
}

static value fold_splats(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    if (!operands_are_splats(g, n))
        return NO_VALUE;
    if (node_has(n, OP_POINTWISE))
        return compute(g, n, true);
    if (!node_has(n, OP_INDEX) || n->operand_count != 1)
        return NO_VALUE;
    const leaf_attributes *a = value_node(g, n->operands[0])->attributes;
    return build_array(g, &n->types[0], a->value.bytes, a->value.length);
}

static bool is_small(const type *t) {
    dim elements;
    return type_elements(t, &elements) && !elements.symbolic && elements.count <= MOST_ELEMENTS;
}

static value fold_tables(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    bool folds = operands_are_constant(g, n) && is_small(&n->types[0]) && n->region_count == 0 &&
                 !node_has(n, OP_RANDOM | OP_TRANSIENT | OP_BARRIER);
    for (uint32_t i = 0; folds && i < n->operand_count; i++)
        folds = is_small(operand_type(g, n, i));
    if (!folds || (n->op->cost != NULL && n->op->cost(g, n, 1) > most_work))
        return NO_VALUE;
    return compute(g, n, false);
}

static value fold_select(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    double condition;
    if (!splat_number(g, n->operands[0], &condition))
        return NO_VALUE;
    return n->operands[condition != 0 ? 1 : 2];
}

/* B counts as known only where the graph is bound to one. */
static value fold_dim_size(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const leaf_attributes *a = n->attributes;
    if (a->size.symbolic && g->bound_batch == 0)
        return NO_VALUE;
    return build_constant(g, a->dtype, (double)dim_bind(a->size, g->bound_batch));
}

static const peephole rules[] = {
    {&op_select, fold_select},
    {&op_dim_size, fold_dim_size},
    {NULL, fold_splats},
    {NULL, fold_tables},
    {NULL, NULL},
};

static graph *run(graph *g, pass_context *cx) {
    return peephole_rewrite(g, cx, (const peephole *const[]){rules, NULL});
}

const pass pass_fold = {
    .name = "fold",
    .summary = "Computes what is known when compiling.",
    .run = run,
};
