/* From a scheduled graph to launches; see the header. */
#include "codegen/cpu/build.h"

#include <string.h>

#include "ir/ops/ops.h"

/* The elements of a constant, aligned as kernels expect; one stored element stands for all. */
static void *constant_bytes(const node *n, arena *a) {
    const leaf_attributes *leaf = n->attributes;
    size_t bytes = (size_t)type_bytes(&n->types[0], 1), stored = leaf->value.length;
    char *to = arena_alloc(a, bytes + 64);
    to += (64 - (uintptr_t)to % 64) % 64;
    for (size_t at = 0; stored > 0 && at + stored <= bytes; at += stored)
        memcpy(to + at, leaf->value.bytes, stored);
    return to;
}

static void keep_constants(cpu_function *f, arena *kept) {
    const graph *g = f->graph;
    f->constants = ARENA_ARRAY(kept, void *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == &op_constant)
            f->constants[id] = constant_bytes(graph_node(g, id), kept);
}

/* Operands, then results: the order of the kernel's arguments. */
static const value *launch_arguments(const node *n, uint32_t id, arena *a) {
    value *arguments = ARENA_ARRAY(a, value, n->operand_count + n->result_count);
    memcpy(arguments, n->operands, n->operand_count * sizeof *arguments);
    for (uint32_t r = 0; r < n->result_count; r++)
        arguments[n->operand_count + r] = (value){id, r};
    return arguments;
}

static void add_launch(cpu_build *b, cpu_function *f, uint32_t id, cpu_launch launch) {
    arena *kept = b->kept;
    const node *n = graph_node(f->graph, id);
    launch.node = id;
    launch.argument_count = (int)(n->operand_count + n->result_count);
    launch.arguments = launch_arguments(n, id, kept);
    f->argument_total += launch.argument_count;
    vec_push(kept, &f->launches, launch);
}

static bool add_group(cpu_build *b, cpu_function *f, uint32_t id) {
    kernel *k = lower_group(f->graph, graph_node(f->graph, id), b->scratch, b->diag);
    if (k == NULL)
        return false;
    uint32_t known = b->program.kernels.count;
    int index = program_add(&b->program, k);
    if (b->program.kernels.count > known)
        cpu_dump_kernel(&b->dump, k);
    const char *name = arena_string(b->kept, k->name);
    add_launch(b, f, id, (cpu_launch){.kernel_index = index, .name = name});
    return true;
}

/* The body's launches run once a step. */
static bool add_scan(cpu_build *b, cpu_function *f, uint32_t id) {
    const cpu_function *body = cpu_build_function(b, graph_node(f->graph, id)->regions[0]);
    if (body != NULL)
        add_launch(b, f, id, (cpu_launch){.body = body, .name = "scan"});
    return body != NULL;
}

/* Groups and scans become launches; inputs and constants are in memory already. */
static bool add_node(cpu_build *b, cpu_function *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (n->op == &op_group)
        return add_group(b, f, id);
    if (n->op == &op_scan)
        return add_scan(b, f, id);
    return n->op == &op_input || n->op == &op_constant ||
           diag_fail(b->diag, CN_ERROR_UNSUPPORTED, "%%%u %s has no kernel on the cpu target", id,
                     n->op->name);
}

const cpu_function *cpu_build_function(cpu_build *b, const graph *g) {
    cpu_function *f = ARENA_NEW(b->kept, cpu_function);
    f->graph = g;
    vec_push(b->kept, &b->functions, f);
    keep_constants(f, b->kept);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (!add_node(b, f, id))
            return NULL;
    return f;
}
