/* The gradient of a scan: another scan, in the other direction.
 *
 * The body is differentiated once, into a joint graph of its forward nodes and of the backward
 * nodes that compute the gradients of its inputs. Then the joint graph is cut:
 *
 *   forward scan    the same node, extended in place: the forward values that backward nodes
 *                   use (residuals) are stacked as further results. Results are only appended,
 *                   so every value of the graph keeps its meaning.
 *   backward scan   carries the gradients of the carries, reads residuals, inputs and gradients
 *                   of outputs row by row, yields gradients of the inputs row by row.
 *   outside         gradients of constants (weights). A term dot(a_t, b_t), summed over the steps,
 *                   is ONE dot over stacked a and b with time as one more contracted axis; a
 *                   sum over axes likewise; linear ops between them move out. Only what has
 *                   none of these forms accumulates in a carry.
 *
 * Residuals are chosen so that little is stored: inputs are read again where they lie; leaves,
 * random bits, index maps and cheap ops on what is there anyway are recomputed; what is an output
 * already is not stored twice. Work that depends on constants alone stays in the body,
 * where hoisting finds it, forward and backward alike.
 *
 * Every step here is one sweep over the joint graph.
 */
#include <string.h>

#include "ir/build.h"
#include "ir/ops/rules.h"
#include "ir/ops/scan.h"

/* How the gradient of a constant is summed over the steps. */
typedef enum sum_form {
    SUM_UNSEEN,
    SUM_OF_TWO,     /* add: the sums of both operands */
    SUM_LINEAR,     /* a linear op of one operand: the op of the sum */
    SUM_DOT,        /* one contraction over stacked operands */
    SUM_REDUCTION,  /* one reduction over the stacked operand */
    SUM_OF_ROWS,    /* stacked already: one reduction over the steps */
    SUM_ACCUMULATED /* a carry */
} sum_form;

enum { DEEPEST_SUM = 256 }; /* terms nested deeper accumulate: the recursion stays bounded */

typedef VEC(value) value_list;

/* "Table" below: for each node of the joint graph an array over its results. */
typedef struct scan_gradient {
    gradient_context *cx;
    arena *arena;
    node scan; /* as it was before it was extended */
    scan_parts parts;
    bool *wanted;            /* per operand: whether its gradient is */
    graph *joint;
    value *outputs, *dx;     /* of the body, in joint: per region output, per region input */
    value *dh, *dy;          /* inputs of joint: gradient per carry, per step output; or none */
    bool *backward;          /* per node: depends on a gradient */
    bool *invariant;         /* per node: the same at every step */
    bool *recomputed;        /* per node: forward, and computed again by the backward scan */
    bool **used;             /* table: the backward scan needs it */
    bool **saved;            /* table: forward, and stacked by the forward scan */
    value **stacked;         /* table: all steps' values, in the outer graph; or none */
    sum_form **forms;        /* table */
    value **sums;            /* table: its sum over the steps, in the outer graph */
    value_list accumulated;  /* joint values that carries of the backward scan add up */
    value_list emitted;      /* joint values the backward scan stacks for sums */
} scan_gradient;

static value first_result(uint32_t id) {
    return (value){id, 0};
}

static value outer_operand(const scan_gradient *s, uint32_t i) {
    return s->scan.operands[i];
}

static value outer_gradient(scan_gradient *s, uint32_t result) {
    return s->cx->of_result(s->cx, &s->scan, result);
}

static bool is_float(const graph *g, value v) {
    return dtype_is_float(value_type(g, v)->dtype);
}

/* ---- the joint graph -------------------------------------------------------------------- */

static value joint_input(scan_gradient *s, const type *t) {
    return graph_add_input(s->joint, NULL, *t, INPUT_DATA, false);
}

static void add_gradient_inputs(scan_gradient *s) {
    const graph *region = s->scan.regions[0];
    s->dh = ARENA_ARRAY(s->arena, value, s->parts.carries);
    s->dy = ARENA_ARRAY(s->arena, value, s->parts.outputs);
    for (uint32_t r = 0; r < s->scan.result_count; r++) {
        value output = region->outputs.items[r].value;
        bool is_carry = r < s->parts.carries;
        if (!is_float(region, output) || (!is_carry && value_is_none(outer_gradient(s, r))))
            continue;
        value input = joint_input(s, value_type(region, output));
        *(is_carry ? &s->dh[r] : &s->dy[r - s->parts.carries]) = input;
    }
}

static bool is_float_carry(const scan_gradient *s, uint32_t operand) {
    uint32_t k = operand - s->parts.constants;
    return operand >= s->parts.constants && k < s->parts.carries && !value_is_none(s->dh[k]);
}

static void build_joint(scan_gradient *s) {
    const graph *region = s->scan.regions[0];
    uint32_t inputs = region->inputs.count;
    s->joint = graph_new(s->arena, NULL);
    value *arguments = ARENA_ARRAY(s->arena, value, inputs);
    for (uint32_t i = 0; i < inputs; i++)
        arguments[i] = joint_input(s, value_type(region, region->inputs.items[i].value));
    add_gradient_inputs(s);

    bool *wanted = ARENA_ARRAY(s->arena, bool, inputs);
    value *dy = ARENA_ARRAY(s->arena, value, s->scan.result_count);
    for (uint32_t i = 0; i < inputs; i++)
        wanted[i] = s->wanted[i] || is_float_carry(s, i);
    for (uint32_t r = 0; r < s->scan.result_count; r++)
        dy[r] = r < s->parts.carries ? s->dh[r] : s->dy[r - s->parts.carries];
    s->outputs = ARENA_ARRAY(s->arena, value, s->scan.result_count);
    s->dx = ARENA_ARRAY(s->arena, value, inputs);
    s->cx->of_region(s->cx, &(region_gradient){.region = region,
                                               .to = s->joint,
                                               .arguments = arguments,
                                               .wanted = wanted,
                                               .dy = dy,
                                               .outputs = s->outputs,
                                               .dx = s->dx});
}

static void make_tables(scan_gradient *s) {
    uint32_t count = s->joint->nodes.count;
    s->used = ARENA_ARRAY(s->arena, bool *, count);
    s->saved = ARENA_ARRAY(s->arena, bool *, count);
    s->stacked = ARENA_ARRAY(s->arena, value *, count);
    s->forms = ARENA_ARRAY(s->arena, sum_form *, count);
    s->sums = ARENA_ARRAY(s->arena, value *, count);
    for (uint32_t id = 1; id < count; id++) {
        uint32_t results = graph_node(s->joint, id)->result_count;
        s->used[id] = ARENA_ARRAY(s->arena, bool, results);
        s->saved[id] = ARENA_ARRAY(s->arena, bool, results);
        s->stacked[id] = ARENA_ARRAY(s->arena, value, results);
        s->forms[id] = ARENA_ARRAY(s->arena, sum_form, results);
        s->sums[id] = ARENA_ARRAY(s->arena, value, results);
    }
    s->backward = ARENA_ARRAY(s->arena, bool, count);
    s->invariant = ARENA_ARRAY(s->arena, bool, count);
    s->recomputed = ARENA_ARRAY(s->arena, bool, count);
}

/* Inputs of joint are its first nodes: constants, carries, inputs, then gradients. */
static void classify(scan_gradient *s) {
    uint32_t forward_inputs = s->scan.operand_count;
    for (uint32_t id = 1; id < s->joint->nodes.count; id++) {
        const node *n = graph_node(s->joint, id);
        bool is_input = id <= s->joint->inputs.count;
        s->backward[id] = is_input && id > forward_inputs;
        s->invariant[id] = !is_input || id <= s->parts.constants;
        for (uint32_t i = 0; i < n->operand_count; i++) {
            s->backward[id] |= s->backward[n->operands[i].node];
            s->invariant[id] &= s->invariant[n->operands[i].node];
        }
    }
}

/* Inputs and gradients of outputs lie stacked in the outer graph already, and so do outputs. */
static void find_stacked(scan_gradient *s) {
    uint32_t first_input = s->parts.constants + s->parts.carries;
    for (uint32_t i = first_input; i < s->scan.operand_count; i++)
        s->stacked[i + 1][0] = outer_operand(s, i);
    for (uint32_t o = 0; o < s->parts.outputs; o++) {
        value output = s->outputs[s->parts.carries + o];
        if (!value_is_none(s->dy[o]))
            s->stacked[s->dy[o].node][0] = outer_gradient(s, s->parts.carries + o);
        if (value_is_none(s->stacked[output.node][output.result]))
            s->stacked[output.node][output.result] =
                (value){s->cx->node, s->parts.carries + o};
    }
}

/* ---- sums over the steps: which form, and what they need stacked ------------------------- */

static bool is_linear(const op_def *op) {
    return op == &op_neg || op == &op_reshape || op == &op_transpose || op == &op_broadcast;
}

/* Differs from step to step, and has room for one more axis. */
static bool can_stack(const scan_gradient *s, value v) {
    return !s->invariant[v.node] && value_type(s->joint, v)->rank < MAX_RANK;
}

static sum_form form_of(const scan_gradient *s, value v, int depth) {
    const node *n = value_node(s->joint, v);
    if (!value_is_none(s->stacked[v.node][v.result]))
        return SUM_OF_ROWS;
    if (!s->backward[v.node] || depth == DEEPEST_SUM)
        return SUM_ACCUMULATED;
    if (n->op == &op_add)
        return SUM_OF_TWO;
    if (is_linear(n->op))
        return SUM_LINEAR;
    if (n->op == &op_dot_general && can_stack(s, n->operands[0]) && can_stack(s, n->operands[1]))
        return SUM_DOT;
    if (n->op == &op_reduce && ((const reduce_attributes *)n->attributes)->kind == REDUCE_SUM &&
        can_stack(s, n->operands[0]))
        return SUM_REDUCTION;
    return SUM_ACCUMULATED;
}

static void require_stacked(scan_gradient *s, value v) {
    if (!value_is_none(s->stacked[v.node][v.result]) || s->saved[v.node][v.result])
        return;
    if (!s->backward[v.node]) {
        s->saved[v.node][v.result] = true;
        return;
    }
    for (uint32_t i = 0; i < s->emitted.count; i++)
        if (value_equal(s->emitted.items[i], v))
            return;
    vec_push(s->arena, &s->emitted, v);
}

static void plan_sum(scan_gradient *s, value v, int depth) {
    sum_form *form = &s->forms[v.node][v.result];
    const node *n = value_node(s->joint, v);
    if (*form != SUM_UNSEEN)
        return;
    *form = form_of(s, v, depth);
    if (*form == SUM_ACCUMULATED)
        vec_push(s->arena, &s->accumulated, v);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        if (*form == SUM_OF_TWO || *form == SUM_LINEAR)
            plan_sum(s, n->operands[i], depth + 1);
        else if (*form == SUM_DOT || *form == SUM_REDUCTION)
            require_stacked(s, n->operands[i]);
    }
}

static void plan_sums(scan_gradient *s) {
    for (uint32_t i = 0; i < s->parts.constants; i++)
        if (s->wanted[i] && !value_is_none(s->dx[i]))
            plan_sum(s, s->dx[i], 0);
}

/* ---- the cut: what is used, saved, recomputed --------------------------------------------- */

static void use(scan_gradient *s, value v) {
    if (!value_is_none(v))
        s->used[v.node][v.result] = true;
}

static bool is_used(const scan_gradient *s, uint32_t id) {
    for (uint32_t r = 0; r < graph_node(s->joint, id)->result_count; r++)
        if (s->used[id][r] && !s->saved[id][r])
            return true;
    return false;
}

static void use_operands(scan_gradient *s, uint32_t id) {
    const node *n = graph_node(s->joint, id);
    for (uint32_t i = 0; i < n->operand_count; i++)
        use(s, n->operands[i]);
}

static void find_used(scan_gradient *s) {
    for (uint32_t i = 0; i < s->scan.operand_count; i++)
        if (i >= s->parts.constants && (s->wanted[i] || is_float_carry(s, i)))
            use(s, s->dx[i]);
    for (uint32_t i = 0; i < s->accumulated.count; i++)
        use(s, s->accumulated.items[i]);
    for (uint32_t i = 0; i < s->emitted.count; i++)
        use(s, s->emitted.items[i]);
    for (uint32_t id = s->joint->nodes.count; id-- > 1;)
        if (s->backward[id] && is_used(s, id))
            use_operands(s, id);
}

/* Worth computing twice: no storage for what costs next to nothing. */
static bool is_recomputable(const scan_gradient *s, uint32_t id) {
    const node *n = graph_node(s->joint, id);
    return n->operand_count == 0 || s->invariant[id] ||
           node_has(n, OP_CHEAP | OP_INDEX | OP_RANDOM);
}

static void choose_residuals(scan_gradient *s) {
    bool *available = ARENA_ARRAY(s->arena, bool, s->joint->nodes.count);
    for (uint32_t id = 1; id < s->joint->nodes.count; id++) {
        const node *n = graph_node(s->joint, id);
        if (s->backward[id])
            continue;
        available[id] = n->op == &op_input || is_recomputable(s, id);
        for (uint32_t i = 0; i < n->operand_count; i++) {
            value x = n->operands[i];
            available[id] &= available[x.node] || s->saved[x.node][x.result];
        }
        for (uint32_t r = 0; r < n->result_count && !available[id]; r++)
            s->saved[id][r] |= s->used[id][r] || !value_is_none(s->stacked[id][r]);
    }
    for (uint32_t id = s->joint->nodes.count; id-- > 1;) {
        s->recomputed[id] = !s->backward[id] && is_used(s, id);
        if (s->recomputed[id])
            use_operands(s, id);
    }
    for (uint32_t k = 0; k < s->parts.carries; k++) { /* carries are read before their step */
        uint32_t id = s->parts.constants + k + 1;
        s->saved[id][0] |= s->used[id][0];
    }
}

/* ---- copying parts of the joint graph ------------------------------------------------------ */

static value **new_map(const scan_gradient *s) {
    value **map = ARENA_ARRAY(s->arena, value *, s->joint->nodes.count);
    for (uint32_t id = 1; id < s->joint->nodes.count; id++)
        map[id] = ARENA_ARRAY(s->arena, value, graph_node(s->joint, id)->result_count);
    return map;
}

/* Copies the nodes that `take` lists and the map does not hold yet. */
static void copy_nodes(const scan_gradient *s, const bool *take, graph *to, value **map) {
    for (uint32_t id = 1; id < s->joint->nodes.count; id++) {
        const node *n = graph_node(s->joint, id);
        if (!take[id] || n->op == &op_input)
            continue;
        value *operands = ARENA_ARRAY(s->arena, value, n->operand_count);
        for (uint32_t i = 0; i < n->operand_count; i++)
            operands[i] = map[n->operands[i].node][n->operands[i].result];
        value v = graph_copy_node(to, n, operands);
        for (uint32_t r = 0; r < n->result_count && !value_is_none(v); r++)
            if (value_is_none(map[id][r])) /* else it is a residual */
                map[id][r] = value_result(v, r);
    }
}

/* ---- the forward scan, extended ------------------------------------------------------------- */

static value_list list_residuals(scan_gradient *s) {
    value_list residuals = {0};
    for (uint32_t id = 1; id < s->joint->nodes.count; id++) {
        for (uint32_t r = 0; r < graph_node(s->joint, id)->result_count; r++) {
            if (!s->saved[id][r] || !value_is_none(s->stacked[id][r]))
                continue;
            s->stacked[id][r] = (value){s->cx->node, s->scan.result_count + residuals.count};
            vec_push(s->arena, &residuals, (value){id, r});
        }
    }
    return residuals;
}

/* The body as it was, with more outputs. */
static graph *extended_body(scan_gradient *s, const value_list *residuals) {
    graph *body = graph_new(s->arena, NULL);
    value **map = new_map(s);
    bool *take = ARENA_ARRAY(s->arena, bool, s->joint->nodes.count);
    for (uint32_t r = 0; r < s->scan.result_count; r++)
        take[s->outputs[r].node] = true;
    for (uint32_t i = 0; i < residuals->count; i++)
        take[residuals->items[i].node] = true;
    for (uint32_t id = s->joint->nodes.count; id-- > 1;) {
        const node *n = graph_node(s->joint, id);
        for (uint32_t i = 0; take[id] && i < n->operand_count; i++)
            take[n->operands[i].node] = true;
    }
    for (uint32_t i = 0; i < s->scan.operand_count; i++)
        map[i + 1][0] = graph_add_input(body, NULL, *value_type(s->joint, first_result(i + 1)),
                                        INPUT_DATA, false);
    copy_nodes(s, take, body, map);
    for (uint32_t r = 0; r < s->scan.result_count; r++)
        graph_add_output(body, map[s->outputs[r].node][s->outputs[r].result], NULL, -1);
    for (uint32_t i = 0; i < residuals->count; i++)
        graph_add_output(body, map[residuals->items[i].node][residuals->items[i].result], NULL, -1);
    return body;
}

static void extend_forward(scan_gradient *s) {
    value_list residuals = list_residuals(s);
    if (residuals.count == 0)
        return;
    uint32_t count = s->scan.result_count + residuals.count;
    type *types = ARENA_ARRAY(s->arena, type, count);
    memcpy(types, s->scan.types, s->scan.result_count * sizeof(type));
    for (uint32_t i = 0; i < residuals.count; i++)
        types[s->scan.result_count + i] =
            scan_stacked_type(value_type(s->joint, residuals.items[i]), s->parts.length);
    graph *body = extended_body(s, &residuals);
    node *scan = &s->cx->g->nodes.items[s->cx->node];
    scan->regions = arena_copy(s->arena, &body, sizeof body);
    scan->types = types;
    scan->result_count = count;
}

/* ---- the backward scan ---------------------------------------------------------------------- */

typedef struct backward_scan {
    graph *body;
    value **map;         /* table: joint -> body */
    value_list operands; /* in the outer graph */
    scan_attributes attributes;
    value node;          /* in the outer graph */
    uint32_t *input_row; /* per operand of the forward scan: the result that holds its gradient */
    uint32_t *emitted_row; /* per emitted value: the result it is stacked in */
} backward_scan;

static void bind_input(scan_gradient *s, backward_scan *b, value v, value operand) {
    b->map[v.node][v.result] =
        graph_add_input(b->body, NULL, *value_type(s->joint, v), INPUT_DATA, false);
    vec_push(s->arena, &b->operands, operand);
}

static void bind_carries(scan_gradient *s, backward_scan *b, value *running_sums) {
    graph *g = s->cx->g;
    for (uint32_t k = 0; k < s->parts.carries; k++) {
        if (value_is_none(s->dh[k]))
            continue;
        value start = outer_gradient(s, k);
        bind_input(s, b, s->dh[k],
                   value_is_none(start) ? build_zeros(g, &s->scan.types[k]) : start);
    }
    for (uint32_t i = 0; i < s->accumulated.count; i++) {
        const type *t = value_type(s->joint, s->accumulated.items[i]);
        running_sums[i] = graph_add_input(b->body, NULL, *t, INPUT_DATA, false);
        vec_push(s->arena, &b->operands, build_zeros(g, t));
    }
}

static void bind_inputs(scan_gradient *s, backward_scan *b, value *running_sums) {
    for (uint32_t i = 0; i < s->parts.constants; i++)
        if (s->used[i + 1][0])
            bind_input(s, b, first_result(i + 1), outer_operand(s, i));
    b->attributes.constants = b->operands.count;
    bind_carries(s, b, running_sums);
    b->attributes.carries = b->operands.count - b->attributes.constants;
    for (uint32_t id = s->parts.constants + 1; id < s->joint->nodes.count; id++) {
        bool is_input = id <= s->joint->inputs.count;
        for (uint32_t r = 0; r < graph_node(s->joint, id)->result_count; r++) {
            bool is_stack = s->saved[id][r] || (is_input && value_is_none(b->map[id][r]));
            if (s->used[id][r] && is_stack)
                bind_input(s, b, (value){id, r}, s->stacked[id][r]);
        }
    }
}

static void copy_backward_nodes(scan_gradient *s, backward_scan *b) {
    bool *take = ARENA_ARRAY(s->arena, bool, s->joint->nodes.count);
    for (uint32_t id = 1; id < s->joint->nodes.count; id++)
        take[id] = s->recomputed[id] || (s->backward[id] && is_used(s, id));
    copy_nodes(s, take, b->body, b->map);
}

static value in_body(const backward_scan *b, value v) {
    return b->map[v.node][v.result];
}

/* The result that stacks v, one for all who ask. */
static uint32_t row_output(backward_scan *b, value v) {
    for (uint32_t i = (uint32_t)b->attributes.carries; i < b->body->outputs.count; i++)
        if (value_equal(b->body->outputs.items[i].value, v))
            return i;
    graph_add_output(b->body, v, NULL, -1);
    return b->body->outputs.count - 1;
}

static void add_outputs(scan_gradient *s, backward_scan *b, const value *running_sums) {
    for (uint32_t k = 0; k < s->parts.carries; k++) {
        value dx = s->dx[s->parts.constants + k];
        if (value_is_none(s->dh[k]))
            continue;
        graph_add_output(b->body,
                         value_is_none(dx) ? build_zeros(b->body, value_type(s->joint, s->dh[k]))
                                           : in_body(b, dx),
                         NULL, -1);
    }
    for (uint32_t i = 0; i < s->accumulated.count; i++)
        graph_add_output(
            b->body, build_add(b->body, running_sums[i], in_body(b, s->accumulated.items[i])), NULL,
            -1);
    for (uint32_t i = s->parts.constants + s->parts.carries; i < s->scan.operand_count; i++)
        if (s->wanted[i] && !value_is_none(s->dx[i]))
            b->input_row[i] = row_output(b, in_body(b, s->dx[i]));
    for (uint32_t i = 0; i < s->emitted.count; i++)
        b->emitted_row[i] = row_output(b, in_body(b, s->emitted.items[i]));
}

static value *sum_of(const scan_gradient *s, value v) {
    return &s->sums[v.node][v.result];
}

static void add_backward_scan(scan_gradient *s, backward_scan *b) {
    value *running_sums = ARENA_ARRAY(s->arena, value, s->accumulated.count);
    b->body = graph_new(s->arena, NULL);
    b->map = new_map(s);
    b->input_row = ARENA_ARRAY(s->arena, uint32_t, s->scan.operand_count);
    b->emitted_row = ARENA_ARRAY(s->arena, uint32_t, s->emitted.count);
    b->attributes = (scan_attributes){.length = s->parts.length, .reverse = !s->parts.reverse};
    bind_inputs(s, b, running_sums);
    copy_backward_nodes(s, b);
    add_outputs(s, b, running_sums);
    if (b->body->outputs.count == 0)
        return;
    b->node = graph_add(s->cx->g, &(node_spec){.op = &op_scan,
                                               .operands = b->operands.items,
                                               .operand_count = b->operands.count,
                                               .attributes = &b->attributes,
                                               .regions = &b->body,
                                               .region_count = 1});
    for (uint32_t i = 0; i < s->emitted.count; i++) {
        value v = s->emitted.items[i];
        s->stacked[v.node][v.result] = value_result(b->node, b->emitted_row[i]);
    }
    uint32_t first_sum = (uint32_t)b->attributes.carries - s->accumulated.count;
    for (uint32_t i = 0; i < s->accumulated.count; i++)
        *sum_of(s, s->accumulated.items[i]) = value_result(b->node, first_sum + i);
}

/* ---- sums over the steps, outside ------------------------------------------------------------ */

static value stacked_of(const scan_gradient *s, value v) {
    return s->stacked[v.node][v.result];
}

/* The same axes with the steps' axis before them, and the steps' axis itself when it is one. */
static integer_list shift_axes(const integer_list *axes, bool with_steps) {
    integer_list shifted = {0};
    if (with_steps)
        shifted.items[shifted.count++] = 0;
    for (int i = 0; i < axes->count; i++)
        shifted.items[shifted.count++] = axes->items[i] + 1;
    return shifted;
}

static value sum_of_dots(scan_gradient *s, const node *n) {
    const dot_attributes *a = n->attributes;
    dot_attributes over_steps = {.left_batch = shift_axes(&a->left_batch, false),
                                 .right_batch = shift_axes(&a->right_batch, false),
                                 .left_contract = shift_axes(&a->left_contract, true),
                                 .right_contract = shift_axes(&a->right_contract, true)};
    return build_dot(s->cx->g, stacked_of(s, n->operands[0]), stacked_of(s, n->operands[1]),
                     &over_steps);
}

static value sum_of_reductions(scan_gradient *s, const node *n) {
    const reduce_attributes *a = n->attributes;
    integer_list axes = shift_axes(&a->axes, true);
    return build_sum(s->cx->g, stacked_of(s, n->operands[0]), axes.count, axes.items);
}

/* Depth is bounded by plan_sum. */
static value sum_over_steps(scan_gradient *s, value v) {
    const node *n = value_node(s->joint, v);
    value *sum = sum_of(s, v);
    if (!value_is_none(*sum))
        return *sum;
    value first = NO_VALUE;
    switch (s->forms[v.node][v.result]) {
    case SUM_OF_TWO:
        first = sum_over_steps(s, n->operands[0]);
        *sum = build_add(s->cx->g, first, sum_over_steps(s, n->operands[1]));
        break;
    case SUM_LINEAR:
        first = sum_over_steps(s, n->operands[0]);
        *sum = graph_copy_node(s->cx->g, n, &first);
        break;
    case SUM_DOT:
        *sum = sum_of_dots(s, n);
        break;
    case SUM_REDUCTION:
        *sum = sum_of_reductions(s, n);
        break;
    case SUM_OF_ROWS:
        *sum = build_sum(s->cx->g, stacked_of(s, v), 1, (const int64_t[]){0});
        break;
    case SUM_UNSEEN:
    case SUM_ACCUMULATED: /* add_backward_scan set it */
        break;
    }
    return *sum;
}

static void give_gradients(scan_gradient *s, const backward_scan *b) {
    uint32_t carry = 0;
    for (uint32_t i = 0; i < s->scan.operand_count; i++) {
        value dx = NO_VALUE;
        if (i < s->parts.constants) {
            if (s->wanted[i] && !value_is_none(s->dx[i]))
                dx = sum_over_steps(s, s->dx[i]);
        } else if (i < s->parts.constants + s->parts.carries) {
            if (is_float_carry(s, i))
                dx = value_result(b->node, carry++);
        } else if (s->wanted[i] && !value_is_none(s->dx[i])) {
            dx = value_result(b->node, b->input_row[i]);
        }
        if (s->wanted[i] && !value_is_none(dx))
            s->cx->add(s->cx, &s->scan, i, dx);
    }
}

void scan_vjp(gradient_context *cx, const node *n) {
    /* From the graph, not from n: another gradient may have extended the node since. */
    scan_gradient s = {.cx = cx, .arena = cx->g->arena, .scan = *graph_node(cx->g, cx->node)};
    s.parts = scan_parts_of(&s.scan);
    s.wanted = ARENA_ARRAY(s.arena, bool, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        s.wanted[i] = cx->needs(cx, n, i);
    build_joint(&s);
    make_tables(&s);
    classify(&s);
    find_stacked(&s);
    plan_sums(&s);
    find_used(&s);
    choose_residuals(&s);
    extend_forward(&s);
    backward_scan b = {0};
    add_backward_scan(&s, &b);
    give_gradients(&s, &b);
}
