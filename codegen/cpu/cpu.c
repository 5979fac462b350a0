/* The `cpu` target: graphs to native code through freestanding C.
 *
 * Passes, one kernel per group, equal kernels once, units compiled in parallel (or found in the
 * cache) and loaded as a shared object; then the launch list in the order of the graph. Layers
 * appear only here, in the names of launches.
 */
#include "codegen/cpu/cpu.h"

#include <string.h>

#include "codegen/cpu/artifact.h"
#include "codegen/cpu/build.h"

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
    cpu_executable *result;
    cpu_build build;
} compilation;

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
    toolchain_request request = {.units = c->build.program.units.items,
                                 .unit_count = (int)c->build.program.units.count,
                                 .isa = c->isa,
                                 .threads = c->options->compile_threads,
                                 .sanitize_address = sanitizes(c->options, "address"),
                                 .sanitize_undefined = sanitizes(c->options, "undefined"),
                                 .sanitize_thread = sanitizes(c->options, "thread")};
    toolchain *t = toolchain_new(c->build.diag, &options);
    bool loaded =
        t != NULL && toolchain_load(t, &request, c->build.diag, &c->result->library, report);
    toolchain_free(t);
    return loaded;
}

/* In the order they run, a scan before the launches of its body. */
static void number_launches(cpu_function *const *functions, cpu_function *f, int *next) {
    for (uint32_t i = 0; i < f->launches.count; i++) {
        cpu_launch *launch = &f->launches.items[i];
        launch->number = (*next)++;
        for (cpu_function *const *body = functions; launch->body != NULL; body++)
            if (*body == launch->body) {
                number_launches(functions, *body, next);
                break;
            }
    }
}

static bool bind_kernels(compilation *c) {
    cpu_executable *x = c->result;
    program_query query;
    void *symbol = toolchain_symbol(x->library, PROGRAM_QUERY);
    memcpy(&query, &symbol, sizeof query);
    const program_table *table = symbol == NULL ? NULL : query(PROGRAM_ABI_VERSION);
    if (table == NULL || table->kernel_count != c->build.program.kernels.count)
        return diag_fail(c->build.diag, CN_ERROR_INTERNAL, "a compiled program lacks its table");
    for (uint32_t f = 0; f < x->functions.count; f++)
        for (uint32_t i = 0; i < x->functions.items[f]->launches.count; i++) {
            cpu_launch *launch = &x->functions.items[f]->launches.items[i];
            if (launch->body == NULL)
                launch->kernel = &table->kernels[launch->kernel_index];
        }
    int next = 0;
    number_launches(x->functions.items, x->functions.items[0], &next);
    return true;
}

static bool make_program(compilation *c) {
    toolchain_report report = {0};
    cpu_build *b = &c->build;
    program_begin(&b->program, c->isa, "k_", b->scratch);
    if (cpu_build_function(b, c->result->graph) == NULL)
        return false;
    program_finish(&b->program);
    c->result->functions = b->functions;
    if (!cpu_dump_code(&b->dump, &b->program, c->options->capacity) ||
        !load_program(c, &report) || !bind_kernels(c))
        return false;
    c->result->base.report = report_line(c->result->arena, b->program.kernels.count, &report);
    return cpu_dump_report(&b->dump, c->result->base.report);
}

/* ---- compile --------------------------------------------------------------------------- */

static bool make_executable(compilation *c, const graph *scheduled, const char *remarks,
                            arena *kept) {
    cpu_executable *x = ARENA_NEW(kept, cpu_executable);
    c->result = x;
    x->memory = arena_memory(kept);
    x->arena = kept;
    x->facts = *cpu_facts(c->options);
    x->isa = c->isa;
    x->remarks = arena_string(kept, remarks);
    x->base.operations = &cpu_operations;
    graph *copy = target_copy_graph(scheduled, c->options->explain, kept);
    if (copy == NULL)
        return false;
    x->graph = copy;
    target_describe(&x->base, copy, kept);
    return make_program(c);
}

static bool compile_guarded(compilation *c, graph *g, arena *kept) {
    diag_recovery point;
    if (DIAG_RECOVER(c->build.diag, &point))
        return false;
    pipeline_options options = target_pipeline_options(c->options);
    text remarks;
    text_init(&remarks, c->build.scratch);
    pass_context cx = {.arena = c->build.scratch,
                       .diag = c->build.diag,
                       .facts = cpu_facts(c->options),
                       .remarks = c->options->explain ? &remarks : NULL};
    g = pipeline_run(g, &options, &cx);
    if (g != NULL)
        cpu_dump_begin(&c->build.dump, g, &options, &cx);
    bool made = g != NULL && make_executable(c, g, remarks.data, kept);
    diag_pop_recovery(c->build.diag, &point);
    return made;
}

static bool find_isa(compilation *c) {
    const char *name = c->options->isa == NULL ? "host" : c->options->isa;
    c->isa = isa_find(name);
    if (c->isa == NULL)
        return diag_fail(c->build.diag, CN_ERROR_INVALID_ARGUMENT,
                         "\"%s\" is no instruction-set level; x86-64-v3 and x86-64-v4 are", name);
    return isa_runs_here(c->isa) ||
           diag_fail(c->build.diag, CN_ERROR_UNSUPPORTED, "this processor cannot run code for %s",
                     c->isa->name);
}

static executable *cpu_compile(graph *g, const compile_options *o, memory *m, diagnostics *d) {
    compilation c = {.options = o, .build = {.diag = d}};
    if (!find_isa(&c))
        return NULL;
    arena *kept = arena_new(m, d);
    c.build.kept = kept;
    c.build.scratch = arena_new(m, d);
    bool made =
        kept != NULL && c.build.scratch != NULL
            ? compile_guarded(&c, g, kept)
            : diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory compiling \"%s\"", g->name);
    arena_free(c.build.scratch);
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
    .write = cpu_write,
    .measure = cpu_measure,
    .findings = cpu_findings,
};
