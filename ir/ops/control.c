/* Ops that stand for graphs, and ops that hold something back.
 *
 * composite and group run their region once, on their operands; a composite is a meaning that
 * passes may want to see whole (ir/composite.h), a group is one kernel. `gradient` stands for
 * what autodiff will write in its place. stop_gradient and barrier are the identity: one to
 * gradients, one to fusion.
 */
#include "ir/ops/control.h"

#include "ir/composite.h"
#include "ir/ops/ops.h"
#include "ir/ops/rules.h"

/* ---- regions ------------------------------------------------------------------------------ */

bool check_region(const node *n, diagnostics *d) {
    if (n->region_count != 1)
        return op_fail(d, n, "has %u regions, needs one", n->region_count);
    if (n->regions[0]->inputs.count != n->operand_count)
        return op_fail(d, n, "its region has %u inputs for %u operands",
                       n->regions[0]->inputs.count, n->operand_count);
    return true;
}

bool check_region_input(const graph *g, const node *n, uint32_t i, const type *wanted,
                        diagnostics *d) {
    const graph *region = n->regions[0];
    const type *got = value_type(region, region->inputs.items[i].value);
    if (type_equal(got, wanted))
        return true;
    return op_fail(d, n, "input %u of its region is %s, its operands need %s", i,
                   type_words(g, got), type_words(g, wanted));
}

double region_cost(const graph *region, int64_t batch) {
    double sum = 0;
    for (uint32_t id = 1; id < region->nodes.count; id++) {
        const node *n = graph_node(region, id);
        if (n->op->cost != NULL)
            sum += n->op->cost(region, n, batch);
        else
            for (uint32_t r = 0; r < n->result_count; r++)
                sum += (double)type_count(&n->types[r], batch);
    }
    return sum;
}

static uint32_t count_region_outputs(const node *n) {
    return n->region_count == 0 ? 0 : n->regions[0]->outputs.count;
}

static bool infer_from_region(const graph *g, const node *n, type *results, diagnostics *d) {
    if (!check_region(n, d))
        return false;
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!check_region_input(g, n, i, operand_type(g, n, i), d))
            return false;
    const graph *region = n->regions[0];
    for (uint32_t r = 0; r < region->outputs.count; r++)
        results[r] = *value_type(region, region->outputs.items[r].value);
    return true;
}

static void interpret_region(interpreter *it, const node *n, tensor *const *operands,
                             tensor **results) {
    interpret_graph(it, n->regions[0], operands, results);
}

static double cost_of_region(const graph *g, const node *n, int64_t batch) {
    (void)g;
    return region_cost(n->regions[0], batch);
}

/* ---- composite ---------------------------------------------------------------------------- */

static const attribute_field composite_fields[] = {
    {"name", FIELD_STRING, offsetof(composite_attributes, name), NULL},
    {"parameters", FIELD_INTEGERS, offsetof(composite_attributes, parameters), NULL},
    {"number", FIELD_FLOAT, offsetof(composite_attributes, number), NULL},
    {0}};
static const attribute_schema composite_schema = {sizeof(composite_attributes), composite_fields};

static bool composite_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const composite_attributes *a = n->attributes;
    const composite_def *known = composite_find(a->name);
    if (known != NULL && (n->operand_count != (uint32_t)known->operand_count ||
                          n->result_count != (uint32_t)known->result_count))
        return op_fail(d, n, "\"%s\" maps %d operands to %d results, got %u and %u", a->name,
                       known->operand_count, known->result_count, n->operand_count,
                       n->result_count);
    return infer_from_region(g, n, results, d);
}

static void differentiate_region(gradient_context *cx, const node *n) {
    arena *a = cx->g->arena;
    const graph *region = n->regions[0];
    bool *wanted = ARENA_ARRAY(a, bool, n->operand_count);
    value *dx = ARENA_ARRAY(a, value, n->operand_count);
    value *dy = ARENA_ARRAY(a, value, n->result_count);
    value *outputs = ARENA_ARRAY(a, value, n->result_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        wanted[i] = cx->needs(cx, n, i);
    for (uint32_t r = 0; r < n->result_count; r++)
        dy[r] = cx->of_result(cx, n, r);
    cx->of_region(cx, &(region_gradient){.region = region,
                                         .to = cx->g,
                                         .arguments = n->operands,
                                         .wanted = wanted,
                                         .dy = dy,
                                         .outputs = outputs,
                                         .dx = dx});
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (wanted[i] && !value_is_none(dx[i]))
            cx->add(cx, n, i, dx[i]);
}

static void composite_vjp(gradient_context *cx, const node *n) {
    const composite_attributes *a = n->attributes;
    const composite_def *known = composite_find(a->name);
    if (known != NULL && known->vjp != NULL) {
        known->vjp(cx, n);
    } else {
        node copy = *n; /* the array n lies in moves as nodes are added */
        differentiate_region(cx, &copy);
    }
}

const op_def op_composite = {
    .name = "composite",
    .summary = "A named composition of primitives, kept whole until no target claims it.",
    .operand_count = -1,
    .traits = OP_TRANSIENT | OP_REGION,
    .attributes = &composite_schema,
    .count_results = count_region_outputs,
    .infer = composite_infer,
    .vjp = composite_vjp,
    .interpret = interpret_region,
    .cost = cost_of_region,
};

/* ---- gradient ----------------------------------------------------------------------------- */

static uint32_t count_gradients(const node *n) {
    return n->operand_count == 0 ? 0 : n->operand_count - 1;
}

static bool gradient_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    if (n->operand_count < 2)
        return op_fail(d, n, "needs a loss and at least one value to differentiate it by");
    const type *loss = operand_type(g, n, 0);
    if (loss->rank != 0 || !dtype_is_float(loss->dtype))
        return op_fail(d, n, "the loss must be a float scalar, got %s; sum it or average it first",
                       type_words(g, loss));
    for (uint32_t i = 1; i < n->operand_count; i++) {
        results[i - 1] = *operand_type(g, n, i);
        if (!dtype_is_float(results[i - 1].dtype))
            return op_fail(d, n, "cannot differentiate by operand %u, which is %s", i,
                           type_words(g, &results[i - 1]));
    }
    return true;
}

static void gradient_interpret(interpreter *it, const node *n, tensor *const *operands,
                               tensor **results) {
    (void)operands, (void)results;
    op_fail(it->diag, n, "is not expanded; autodiff comes before a graph runs");
}

const op_def op_gradient = {
    .name = "gradient",
    .summary = "The gradient of a scalar by each of some values; autodiff expands it.",
    .operand_count = -1,
    .traits = OP_TRANSIENT,
    .count_results = count_gradients,
    .infer = gradient_infer,
    .interpret = gradient_interpret,
};

/* ---- group -------------------------------------------------------------------------------- */

static const char *const group_kinds[] = {"map", "reduce", "row", "contract", "opaque", NULL};
static const attribute_field group_fields[] = {
    {"kind", FIELD_ENUM, offsetof(group_attributes, kind), group_kinds},
    {"name", FIELD_STRING, offsetof(group_attributes, name), NULL},
    {"in_place", FIELD_STRING, offsetof(group_attributes, in_place), NULL},
    {0}};
static const attribute_schema group_schema = {sizeof(group_attributes), group_fields};

const op_def op_group = {
    .name = "group",
    .summary = "One kernel: the nodes of its region are computed together.",
    .operand_count = -1,
    .traits = OP_NO_GRADIENT | OP_REGION,
    .attributes = &group_schema,
    .count_results = count_region_outputs,
    .infer = infer_from_region,
    .interpret = interpret_region,
    .cost = cost_of_region,
};

/* ---- stop_gradient, barrier ----------------------------------------------------------------- */

static bool infer_same(const graph *g, const node *n, type *results, diagnostics *d) {
    (void)d;
    *results = *operand_type(g, n, 0);
    return true;
}

static const expr *same_element(lowering *l, const node *n, uint32_t result,
                                const expr *const *index) {
    (void)result;
    return lower_operand(l, n, 0, index);
}

static double no_cost(const graph *g, const node *n, int64_t batch) {
    (void)g, (void)n, (void)batch;
    return 0;
}

static void barrier_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    (void)it, (void)n;
    for (int64_t i = 0; i < results[0]->count; i++)
        results[0]->items[i] = operands[0]->items[i];
}

static void stop_gradient_interpret(interpreter *it, const node *n, tensor *const *operands,
                                    tensor **results) {
    barrier_interpret(it, n, operands, results);
    bool has_tangents = dtype_is_float(results[0]->type.dtype);
    for (int64_t i = 0; has_tangents && i < results[0]->count; i++)
        results[0]->items[i].tangent = 0;
}

const op_def op_stop_gradient = {
    .name = "stop_gradient",
    .summary = "The identity, which no gradient passes.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .infer = infer_same,
    .interpret = stop_gradient_interpret,
    .element = same_element,
    .cost = no_cost,
};

static void barrier_vjp(gradient_context *cx, const node *n) {
    cx->add(cx, n, 0, gradient_of(cx, n));
}

const op_def op_barrier = {
    .name = "barrier",
    .summary = "The identity, across which nothing is fused or merged.",
    .operand_count = 1,
    .traits = OP_BARRIER,
    .infer = infer_same,
    .vjp = barrier_vjp,
    .interpret = barrier_interpret,
    .element = same_element,
    .cost = no_cost,
};
