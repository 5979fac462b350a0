/* Running a fused graph the way a program does: kernel by kernel, results over operands where
 * the graph says so. The graph before fusion, interpreted, says what is right. */
#ifndef CORNU_TESTS_PASSES_KERNELS_H
#define CORNU_TESTS_PASSES_KERNELS_H

#include <math.h>
#include <stdio.h>

#include "ir/loop_interpret.h"
#include "ir/ops/ops.h"
#include "passes/inplace.h"
#include "passes/pass.h"
#include "tests/ir/tensors.h"

static const target_facts test_facts = {
    .name = "test",
    .vector_bytes = 64,
    .row_bytes = 32768,
    .cache_bytes = 1 << 20,
    .alignment = 64,
    .max_group_buffers = 32,
    .max_group_nodes = 256,
    .lowers_to_loops = true,
};

static inline pass_context context_for(workspace *w, text *remarks) {
    return (pass_context){
        .arena = w->arena, .diag = &w->diagnostics, .facts = &test_facts, .remarks = remarks};
}

static inline void print_graph(workspace *w, const graph *g) {
    text t;
    text_init(&t, w->arena);
    graph_print(g, &t);
    fprintf(stderr, "%s", t.data);
}

static inline graph *must_run(workspace *w, const pass *p, graph *g) {
    pass_context cx = context_for(w, NULL);
    graph *after = p->run(g, &cx);
    if (after == NULL || !graph_verify(after, &w->diagnostics)) {
        print_graph(w, g);
        fail_msg("%s: %s", p->name, w->diagnostics.message);
    }
    return after;
}

static inline kernel *must_lower(workspace *w, const graph *g, const node *n) {
    kernel *k = lower_group(g, n, w->arena, &w->diagnostics);
    if (k == NULL) {
        print_graph(w, g);
        fail_msg("lower: %s", w->diagnostics.message);
    }
    return k;
}

/* Runs one group on tensors; results in place share the operand's tensor. */
static inline void run_group(workspace *w, interpreter *it, const graph *g, const node *n,
                             tensor ***values, uint32_t id) {
    kernel *k = must_lower(w, g, n);
    tensor **arguments = ARENA_ARRAY(w->arena, tensor *, n->operand_count + n->result_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        arguments[i] = values[n->operands[i].node][n->operands[i].result];
    for (uint32_t r = 0; r < n->result_count; r++) {
        int over = group_in_place(n, r);
        tensor *y = over >= 0 ? arguments[over] : tensor_new(it, &n->types[r]);
        for (int64_t i = 0; over < 0 && i < y->count && dtype_is_float(y->type.dtype); i++)
            y->items[i].f = NAN;
        arguments[n->operand_count + r] = values[id][r] = y;
    }
    if (!kernel_interpret(it, k, arguments))
        fail_msg("%s", w->diagnostics.message);
}

/* Inputs are copied: kernels may overwrite them. */
static inline tensor **run_kernels(workspace *w, interpreter *it, const graph *g,
                                   tensor *const *inputs) {
    tensor ***values = ARENA_ARRAY(w->arena, tensor **, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        values[id] = ARENA_ARRAY(w->arena, tensor *, graph_node(g, id)->result_count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        tensor *copy = arena_copy(w->arena, inputs[i], sizeof *copy);
        copy->items = arena_copy(w->arena, copy->items, (size_t)copy->count * sizeof *copy->items);
        values[g->inputs.items[i].value.node][0] = copy;
    }
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op == &op_group) {
            run_group(w, it, g, n, values, id);
        } else if (n->op != &op_input) {
            tensor **operands = ARENA_ARRAY(w->arena, tensor *, n->operand_count);
            for (uint32_t i = 0; i < n->operand_count; i++)
                operands[i] = values[n->operands[i].node][n->operands[i].result];
            for (uint32_t r = 0; r < n->result_count; r++)
                values[id][r] = tensor_new(it, &n->types[r]);
            it->graph = g;
            n->op->interpret(it, n, operands, values[id]);
        }
    }
    tensor **outputs = ARENA_ARRAY(w->arena, tensor *, g->outputs.count);
    for (uint32_t i = 0; i < g->outputs.count; i++)
        outputs[i] = values[g->outputs.items[i].value.node][g->outputs.items[i].value.result];
    return outputs;
}

/* The same through real memory laid out by a plan: every value lies where the plan says, inputs
 * and outputs in blocks of their own, a donated output in its input's. */
typedef struct planned_memory {
    const memory_plan *plan;
    char *step, **inputs, **outputs, **constants;
} planned_memory;

static inline void run_planned_graph(workspace *w, interpreter *it, planned_memory *m);

static inline char *address_in(const planned_memory *m, value v) {
    const storage *s = &m->plan->of[v.node][v.result];
    switch (s->kind) {
    case STORAGE_INPUT:
        return m->inputs[s->index];
    case STORAGE_OUTPUT:
        return m->outputs[s->index];
    case STORAGE_ARENA:
        return m->step + s->offset;
    case STORAGE_CONSTANT:
        break;
    }
    return m->constants[v.node];
}

static inline tensor *read_planned(interpreter *it, const planned_memory *m, value v) {
    tensor *t = tensor_new(it, value_type(m->plan->graph, v));
    tensor_from_bytes(t, address_in(m, v));
    return t;
}

static inline char *block_for(workspace *w, const type *t, int64_t batch) {
    return arena_alloc(w->arena, (size_t)type_bytes(t, batch) + 1);
}

static inline void run_planned_group(workspace *w, interpreter *it, uint32_t id,
                                     planned_memory *m) {
    const node *n = graph_node(m->plan->graph, id);
    tensor **arguments = ARENA_ARRAY(w->arena, tensor *, n->operand_count + n->result_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        arguments[i] = read_planned(it, m, n->operands[i]);
    for (uint32_t r = 0; r < n->result_count; r++)
        arguments[n->operand_count + r] = group_in_place(n, r) >= 0
                                              ? arguments[group_in_place(n, r)]
                                              : tensor_new(it, &n->types[r]);
    if (!kernel_interpret(it, must_lower(w, m->plan->graph, n), arguments))
        fail_msg("%s", w->diagnostics.message);
    for (uint32_t r = 0; r < n->result_count; r++)
        tensor_to_bytes(arguments[n->operand_count + r], address_in(m, (value){id, r}));
}

static inline void run_planned_constant(workspace *w, interpreter *it, uint32_t id,
                                        planned_memory *m) {
    const node *n = graph_node(m->plan->graph, id);
    tensor *t = tensor_new(it, &n->types[0]);
    n->op->interpret(it, n, NULL, &t);
    m->constants[id] = block_for(w, &n->types[0], it->batch);
    tensor_to_bytes(t, m->constants[id]);
}

/* How any executor runs a scan: carries live in the scan's results, rows move by their bytes. */
static inline void run_planned_scan(workspace *w, interpreter *it, uint32_t id, planned_memory *m) {
    const node *n = graph_node(m->plan->graph, id);
    const scan_attributes *a = n->attributes;
    const graph *body = n->regions[0];
    planned_memory inner = {.plan = m->plan->bodies[id],
                            .step = m->step + m->plan->body_space[id].offset,
                            .inputs = ARENA_ARRAY(w->arena, char *, n->operand_count),
                            .outputs = ARENA_ARRAY(w->arena, char *, n->result_count),
                            .constants = ARENA_ARRAY(w->arena, char *, body->nodes.count)};
    for (int64_t i = 0; i < a->carries; i++) {
        size_t bytes = (size_t)type_bytes(&n->types[i], it->batch);
        inner.inputs[a->constants + i] = address_in(m, (value){id, (uint32_t)i});
        memcpy(inner.inputs[a->constants + i], address_in(m, n->operands[a->constants + i]), bytes);
    }
    for (int64_t step = 0; step < a->length; step++) {
        int64_t t = a->reverse ? a->length - 1 - step : step;
        for (int64_t i = 0; i < n->operand_count; i++) {
            int64_t row = type_bytes(value_type(body, body->inputs.items[i].value), it->batch);
            if (i < a->constants)
                inner.inputs[i] = address_in(m, n->operands[i]);
            else if (i >= a->constants + a->carries)
                inner.inputs[i] = address_in(m, n->operands[i]) + t * row;
        }
        for (int64_t i = a->carries; i < n->result_count; i++)
            inner.outputs[i] =
                address_in(m, (value){id, (uint32_t)i}) +
                t * type_bytes(value_type(body, body->outputs.items[i].value), it->batch);
        run_planned_graph(w, it, &inner);
    }
}

static inline void run_planned_graph(workspace *w, interpreter *it, planned_memory *m) {
    const graph *g = m->plan->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op == &op_group)
            run_planned_group(w, it, id, m);
        else if (n->op == &op_scan)
            run_planned_scan(w, it, id, m);
        else if (n->op != &op_input)
            run_planned_constant(w, it, id, m);
    }
}

static inline tensor **run_planned(workspace *w, interpreter *it, const memory_plan *plan,
                                   tensor *const *inputs) {
    const graph *g = plan->graph;
    planned_memory m = {.plan = plan, .step = arena_alloc(w->arena, plan->arena_bytes + 1)};
    m.inputs = ARENA_ARRAY(w->arena, char *, g->inputs.count);
    m.outputs = ARENA_ARRAY(w->arena, char *, g->outputs.count);
    m.constants = ARENA_ARRAY(w->arena, char *, g->nodes.count);
    memset(m.step, 0xff, plan->arena_bytes);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        m.inputs[i] = block_for(w, value_type(g, g->inputs.items[i].value), it->batch);
        tensor_to_bytes(inputs[i], m.inputs[i]);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        m.outputs[i] = block_for(w, value_type(g, g->outputs.items[i].value), it->batch);
    run_planned_graph(w, it, &m);
    tensor **outputs = ARENA_ARRAY(w->arena, tensor *, g->outputs.count);
    for (uint32_t i = 0; i < g->outputs.count; i++)
        outputs[i] = read_planned(it, &m, g->outputs.items[i].value);
    return outputs;
}

static inline bool numbers_agree(cn_dtype dtype, number x, number y, double tolerance) {
    if (!dtype_is_float(dtype))
        return x.i == y.i;
    if (isnan(x.f) || isnan(y.f))
        return isnan(x.f) && isnan(y.f);
    return x.f == y.f || fabs(x.f - y.f) <= tolerance * (1 + fabs(y.f));
}

static inline void assert_outputs_agree(workspace *w, const graph *g, tensor *const *got,
                                        tensor *const *wanted, double tolerance) {
    for (uint32_t i = 0; i < g->outputs.count; i++)
        for (int64_t k = 0; k < wanted[i]->count; k++)
            if (!numbers_agree(wanted[i]->type.dtype, got[i]->items[k], wanted[i]->items[k],
                               tolerance)) {
                print_graph(w, g);
                fail_msg("output %u element %lld: %.17g, not %.17g", i, (long long)k,
                         got[i]->items[k].f, wanted[i]->items[k].f);
            }
}

/* Inputs that f32 can hold, for runs that round. */
static inline tensor **rounded_inputs(interpreter *it, const graph *g) {
    tensor **inputs = filled_inputs(it, g);
    for (uint32_t i = 0; i < g->inputs.count; i++)
        for (int64_t k = 0; k < inputs[i]->count; k++)
            if (dtype_is_float(inputs[i]->type.dtype))
                inputs[i]->items[k].f = (float)inputs[i]->items[k].f;
    return inputs;
}

/* `after` by kernels computes what `before` means, on these inputs. */
static inline void assert_same_meaning(workspace *w, const graph *before, const graph *after,
                                       int64_t batch) {
    interpreter it = interpreter_for(w, batch);
    tensor **inputs = filled_inputs(&it, before);
    tensor **wanted = run_graph(w, &it, before, inputs);
    assert_outputs_agree(w, after, run_kernels(w, &it, after, inputs), wanted, 1e-6);
}

static inline int count_groups(const graph *g) {
    int count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        count += graph_node(g, id)->op == &op_group;
    return count;
}

#endif
