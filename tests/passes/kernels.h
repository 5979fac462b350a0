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
    char *step, **inputs, **outputs;
    tensor ***constants;
} planned_memory;

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
    return NULL;
}

static inline tensor *read_planned(interpreter *it, const planned_memory *m, const graph *g, value v) {
    if (m->constants[v.node] != NULL)
        return m->constants[v.node][0];
    tensor *t = tensor_new(it, value_type(g, v));
    tensor_from_bytes(t, address_in(m, v));
    return t;
}

static inline void run_planned_node(workspace *w, interpreter *it, const graph *g, uint32_t id,
                                    planned_memory *m) {
    const node *n = graph_node(g, id);
    tensor **arguments = ARENA_ARRAY(w->arena, tensor *, n->operand_count + n->result_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        arguments[i] = read_planned(it, m, g, n->operands[i]);
    for (uint32_t r = 0; r < n->result_count; r++)
        arguments[n->operand_count + r] = group_in_place(n, r) >= 0
                                              ? arguments[group_in_place(n, r)]
                                              : tensor_new(it, &n->types[r]);
    it->graph = g;
    if (n->op == &op_group) {
        if (!kernel_interpret(it, must_lower(w, g, n), arguments))
            fail_msg("%s", w->diagnostics.message);
    } else {
        n->op->interpret(it, n, arguments, arguments + n->operand_count);
    }
    if (node_has(n, OP_LEAF))
        m->constants[id] = arguments;
    for (uint32_t r = 0; r < n->result_count && !node_has(n, OP_LEAF); r++)
        tensor_to_bytes(arguments[n->operand_count + r], address_in(m, (value){id, r}));
}

static inline char *block_for(workspace *w, const type *t, int64_t batch) {
    return arena_alloc(w->arena, (size_t)type_bytes(t, batch) + 1);
}

static inline tensor **run_planned(workspace *w, interpreter *it, const memory_plan *plan,
                                   tensor *const *inputs) {
    const graph *g = plan->graph;
    planned_memory m = {.plan = plan, .step = arena_alloc(w->arena, plan->arena_bytes + 1)};
    m.inputs = ARENA_ARRAY(w->arena, char *, g->inputs.count);
    m.outputs = ARENA_ARRAY(w->arena, char *, g->outputs.count);
    m.constants = ARENA_ARRAY(w->arena, tensor **, g->nodes.count);
    memset(m.step, 0xff, plan->arena_bytes);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        m.inputs[i] = block_for(w, value_type(g, g->inputs.items[i].value), it->batch);
        tensor_to_bytes(inputs[i], m.inputs[i]);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        m.outputs[i] = block_for(w, value_type(g, g->outputs.items[i].value), it->batch);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op != &op_input)
            run_planned_node(w, it, g, id, &m);
    tensor **outputs = ARENA_ARRAY(w->arena, tensor *, g->outputs.count);
    for (uint32_t i = 0; i < g->outputs.count; i++)
        outputs[i] = read_planned(it, &m, g, g->outputs.items[i].value);
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
