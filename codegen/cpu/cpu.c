/* The `cpu` target: graphs to native code through freestanding C.
 *
 * Passes, one kernel per group, equal kernels once, units compiled in parallel (or found in the
 * cache) and loaded as a shared object; then the launch list in the order of the graph. Layers
 * appear only here, in the names of launches.
 */
#include "codegen/cpu/cpu.h"

#include <string.h>

#include "codegen/cpu/dump.h"
#include "codegen/cpu/program.h"
#include "ir/ops/ops.h"

/* ---- facts ----------------------------------------------------------------------------- */

/* Grouping must not follow the vector width of the machine, or bits would: one set of facts. */
static const target_facts *cpu_facts(const compile_options *o) {
    static const target_facts facts = {
        .name = "cpu",
        .vector_bytes = 64,
        .row_bytes = 128 << 10,
        .cache_bytes = 1 << 20,
        .alignment = 64,
        .max_group_buffers = 32,
        .max_group_nodes = 256,
        .lowers_to_loops = true,
    };
    (void)o;
    return &facts;
}

/* ---- program --------------------------------------------------------------------------- */

typedef struct compilation {
    const compile_options *options;
    const isa_level *isa;
    diagnostics *diag;
    arena *scratch; /* what is not kept */
    cpu_executable *result;
    program_text program;
    cpu_dump dump;
} compilation;

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

static void add_launch(compilation *c, cpu_function *f, uint32_t id, cpu_launch launch) {
    arena *kept = c->result->arena;
    const node *n = graph_node(f->graph, id);
    launch.node = id;
    launch.argument_count = (int)(n->operand_count + n->result_count);
    launch.arguments = launch_arguments(n, id, kept);
    f->argument_total += launch.argument_count;
    vec_push(kept, &f->launches, launch);
}

static bool add_group(compilation *c, cpu_function *f, uint32_t id) {
    kernel *k = lower_group(f->graph, graph_node(f->graph, id), c->scratch, c->diag);
    if (k == NULL)
        return false;
    uint32_t known = c->program.kernels.count;
    int index = program_add(&c->program, k);
    if (c->program.kernels.count > known)
        cpu_dump_kernel(&c->dump, k);
    const char *name = arena_string(c->result->arena, k->name);
    add_launch(c, f, id, (cpu_launch){.kernel_index = index, .name = name});
    return true;
}

static const cpu_function *add_function(compilation *c, const graph *g);

/* The body's launches run once a step. */
static bool add_scan(compilation *c, cpu_function *f, uint32_t id) {
    const cpu_function *body = add_function(c, graph_node(f->graph, id)->regions[0]);
    if (body != NULL)
        add_launch(c, f, id, (cpu_launch){.body = body, .name = "scan"});
    return body != NULL;
}

/* Groups and scans become launches; inputs and constants are in memory already. */
static bool add_node(compilation *c, cpu_function *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (n->op == &op_group)
        return add_group(c, f, id);
    if (n->op == &op_scan)
        return add_scan(c, f, id);
    return n->op == &op_input || n->op == &op_constant ||
           diag_fail(c->diag, CN_ERROR_UNSUPPORTED, "%%%u %s has no kernel on the cpu target", id,
                     n->op->name);
}

static const cpu_function *add_function(compilation *c, const graph *g) {
    cpu_function *f = ARENA_NEW(c->result->arena, cpu_function);
    f->graph = g;
    vec_push(c->result->arena, &c->result->functions, f);
    keep_constants(f, c->result->arena);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (!add_node(c, f, id))
            return NULL;
    return f;
}

static bool add_functions(compilation *c) {
    program_begin(&c->program, c->isa, c->scratch);
    bool added = add_function(c, c->result->graph) != NULL;
    if (added)
        program_finish(&c->program);
    return added;
}

static const char *report_line(arena *a, uint32_t kernels, const toolchain_report *r) {
    if (r->cache_hit)
        return arena_format(a, "%u kernels from the cache, loaded in %.1f ms", kernels, r->load_ms);
    return arena_format(
        a, "%u kernels compiled in %.0f ms by %s, linked in %.1f ms, loaded in %.1f ms", kernels,
        r->compile_ms, r->compiler, r->link_ms, r->load_ms);
}

static bool sanitizes(const compile_options *o, const char *what) {
    return o->sanitize != NULL && strstr(o->sanitize, what) != NULL;
}

/* Nothing is allocated from an arena while the toolchain is open. */
static bool load_program(compilation *c, toolchain_report *report) {
    toolchain_options options = {.cache_directory = c->options->cache_directory};
    toolchain_request request = {.units = c->program.units.items,
                                 .unit_count = (int)c->program.units.count,
                                 .isa = c->isa,
                                 .threads = c->options->compile_threads,
                                 .sanitize_address = sanitizes(c->options, "address"),
                                 .sanitize_undefined = sanitizes(c->options, "undefined"),
                                 .sanitize_thread = sanitizes(c->options, "thread")};
    toolchain *t = toolchain_new(c->diag, &options);
    bool loaded = t != NULL && toolchain_load(t, &request, c->diag, &c->result->library, report);
    toolchain_free(t);
    return loaded;
}

static bool bind_kernels(compilation *c) {
    cpu_executable *x = c->result;
    program_query query;
    void *symbol = toolchain_symbol(x->library, PROGRAM_QUERY);
    memcpy(&query, &symbol, sizeof query);
    const program_table *table = symbol == NULL ? NULL : query(PROGRAM_ABI_VERSION);
    if (table == NULL || table->kernel_count != c->program.kernels.count)
        return diag_fail(c->diag, CN_ERROR_INTERNAL, "a compiled program lacks its table");
    for (uint32_t f = 0; f < x->functions.count; f++)
        for (uint32_t i = 0; i < x->functions.items[f]->launches.count; i++) {
            cpu_launch *launch = &x->functions.items[f]->launches.items[i];
            if (launch->body == NULL)
                launch->kernel = &table->kernels[launch->kernel_index];
        }
    return true;
}

static bool make_program(compilation *c) {
    toolchain_report report = {0};
    if (!add_functions(c) || !cpu_dump_code(&c->dump, &c->program, c->options->capacity) ||
        !load_program(c, &report) || !bind_kernels(c))
        return false;
    c->result->base.report = report_line(c->result->arena, c->program.kernels.count, &report);
    return cpu_dump_launches(&c->dump, c->result);
}

/* ---- compile --------------------------------------------------------------------------- */

static bool make_executable(compilation *c, const graph *scheduled, arena *kept) {
    cpu_executable *x = ARENA_NEW(kept, cpu_executable);
    c->result = x;
    x->memory = arena_memory(kept);
    x->arena = kept;
    x->facts = *cpu_facts(c->options);
    x->base.operations = &cpu_operations;
    graph *copy = target_copy_graph(scheduled, kept);
    if (copy == NULL)
        return false;
    x->graph = copy;
    target_describe(&x->base, copy, kept);
    return make_program(c);
}

static bool compile_guarded(compilation *c, graph *g, arena *kept) {
    diag_recovery point;
    if (DIAG_RECOVER(c->diag, &point))
        return false;
    pipeline_options options = target_pipeline_options(c->options);
    pass_context cx = {.arena = c->scratch, .diag = c->diag, .facts = cpu_facts(c->options)};
    g = pipeline_run(g, &options, &cx);
    if (g != NULL)
        cpu_dump_begin(&c->dump, g, &options, &cx);
    bool made = g != NULL && make_executable(c, g, kept);
    diag_pop_recovery(c->diag, &point);
    return made;
}

static bool find_isa(compilation *c) {
    const char *name = c->options->isa == NULL ? "host" : c->options->isa;
    c->isa = isa_find(name);
    if (c->isa == NULL)
        return diag_fail(c->diag, CN_ERROR_INVALID_ARGUMENT,
                         "\"%s\" is no instruction-set level; x86-64-v3 and x86-64-v4 are", name);
    return isa_runs_here(c->isa) ||
           diag_fail(c->diag, CN_ERROR_UNSUPPORTED, "this processor cannot run code for %s",
                     c->isa->name);
}

static executable *cpu_compile(graph *g, const compile_options *o, memory *m, diagnostics *d) {
    compilation c = {.options = o, .diag = d};
    if (!find_isa(&c))
        return NULL;
    arena *kept = arena_new(m, d);
    c.scratch = arena_new(m, d);
    bool made =
        kept != NULL && c.scratch != NULL
            ? compile_guarded(&c, g, kept)
            : diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory compiling \"%s\"", g->name);
    arena_free(c.scratch);
    if (made)
        return &c.result->base;
    if (c.result != NULL)
        toolchain_library_free(c.result->library);
    arena_free(kept);
    return NULL;
}

const target target_cpu = {
    .name = "cpu",
    .summary = "Native code by way of C, compiled in process.",
    .facts = cpu_facts,
    .compile = cpu_compile,
};
