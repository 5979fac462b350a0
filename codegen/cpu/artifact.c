/* The cpu target's part of an artefact (codegen/aot/artifact.h): kernels, launches, the processor.
 *
 * The same passes, loops and kernel texts as in cpu.c, so the same bits; what cpu.c leaves to the
 * executor (execute.c), addresses and the order of launches, becomes text with offsets planned
 * for one capacity. With several instruction-set levels each has a unit of its own, and kernels
 * the level in their names; else all is one source, NAME.c, which is compiled in several units
 * where it is long, so that processors share the work.
 */
#include "codegen/cpu/artifact.h"

#include <string.h>

#include "base/platform.h"
#include "base/size.h"
#include "codegen/cpu/size_text.h"
#include "ir/ops/ops.h"

extern const target target_cpu;

/* ---- levels -------------------------------------------------------------------------------- */

static bool add_level(artifact_writer *w, const char *name, const char *suffix) {
    const isa_level *isa = isa_find(name);
    if (isa == NULL)
        return diag_fail(w->diag, CN_ERROR_INVALID_ARGUMENT,
                         "export: \"%s\" is no instruction-set level; x86-64-v2, x86-64-v3, "
                         "x86-64-v4, aarch64, native, multi and portable are",
                         name);
    w->levels[w->level_count++] = (level_build){.isa = isa, .suffix = suffix};
    return true;
}

static bool choose_levels(artifact_writer *w) {
    const char *name = w->artifact->levels;
    if (strcmp(name, "multi") == 0) /* of equal bits: those with fused multiply-add */
        return add_level(w, "x86-64-v4", "_v4") && add_level(w, "x86-64-v3", "_v3");
    bool native = strcmp(name, "native") == 0;
    if (!add_level(w, native ? "host" : strcmp(name, "aarch64") == 0 ? "armv8-a" : name, ""))
        return false;
    return !is_portable(w) || w->artifact->weights != ARTIFACT_EMBEDDED ||
           diag_fail(w->diag, CN_ERROR_INVALID_ARGUMENT,
                     "export: portable C holds no weights, which an assembler would have to put "
                     "in; keep them in a file, or with the caller");
}

/* ---- functions ----------------------------------------------------------------------------- */

static bool can_be_written(artifact_writer *w, const graph *g) {
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == &op_scan)
            return diag_fail(w->diag, CN_ERROR_UNSUPPORTED,
                             "export: \"%s\" has a loop over time steps, which programs compiled "
                             "ahead of time do not run yet",
                             w->artifact->model);
    return true;
}

/* The batch that inputs of constant shape have; 0 when it may vary. */
static int64_t fixed_batch(const artifact_function *f, const graph *g) {
    for (uint32_t i = 0; i < f->data_inputs; i++) {
        const type *t = value_type(g, g->inputs.items[i].value);
        for (int axis = 0; axis < t->rank; axis++)
            if (t->dims[axis].symbolic)
                return g->bound_batch;
    }
    const type *first = f->data_inputs == 0 ? NULL : value_type(g, g->inputs.items[0].value);
    return first == NULL || first->rank == 0 ? 1 : first->dims[0].count;
}

static int64_t usual_capacity(const artifact_function *f, const graph *g) {
    int64_t fixed = fixed_batch(f, g);
    return fixed > 0 ? fixed : USUAL_CAPACITY;
}

static bool schedule(artifact_writer *w, const artifact_function *f, const target_facts *facts) {
    compile_options named = *w->options;
    named.label = f->name;
    pipeline_options options = target_pipeline_options(&named);
    pass_context cx = {.arena = w->arena, .diag = w->diag, .facts = facts};
    graph *g = pipeline_run(f->graph, &options, &cx);
    if (g == NULL || !can_be_written(w, g))
        return false;
    if (w->whole.capacity == 0)
        w->whole.capacity = usual_capacity(f, g);
    memory_plan *plan = plan_memory(g, w->artifact->capacity, w->arena, facts);
    if (plan == NULL)
        return false;
    w->functions[w->function_count++] = (scheduled_function){f, g, plan};
    return true;
}

static bool build_level(artifact_writer *w, level_build *l) {
    cpu_build *b = &l->build;
    const char *prefix = arena_format(w->arena, "%s_k%s_", w->artifact->prefix, l->suffix);
    *b = (cpu_build){.diag = w->diag, .kept = w->arena, .scratch = w->arena};
    program_begin(&b->program, l->isa, prefix, w->arena);
    b->program.linkage = is_multi(w) ? LINKAGE_HIDDEN : LINKAGE_STATIC;
    for (int i = 0; i < w->function_count; i++) {
        l->functions[i] = cpu_build_function(b, w->functions[i].graph);
        if (l->functions[i] == NULL)
            return false;
    }
    return l->build.program.kernels.count == w->levels[0].build.program.kernels.count ||
           diag_fail(w->diag, CN_ERROR_INTERNAL, "export: levels differ in their kernels");
}

/* ---- variables ----------------------------------------------------------------------------- */

static void mark_used(const scheduled_function *s, bool *used) {
    const graph *g = s->graph;
    uint32_t *input_of = ARENA_ARRAY(g->arena, uint32_t, g->nodes.count);
    for (uint32_t i = s->of->data_inputs; i < g->inputs.count; i++)
        input_of[g->inputs.items[i].value.node] = 1 + i - s->of->data_inputs;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        for (uint32_t k = 0; k < graph_node(g, id)->operand_count; k++) {
            uint32_t input = input_of[graph_node(g, id)->operands[k].node];
            if (input > 0)
                used[s->of->input_variables[input - 1]] = true;
        }
    for (uint32_t o = s->of->data_outputs; o < g->outputs.count; o++)
        used[s->of->output_variables[o - s->of->data_outputs]] = true;
}

static const int *renumber(artifact_writer *w, const int *variables, uint32_t count,
                           const int *place) {
    int *moved = ARENA_ARRAY(w->arena, int, count + 1);
    for (uint32_t i = 0; i < count; i++)
        moved[i] = place[variables[i]];
    return moved;
}

static void renumber_function(artifact_writer *w, scheduled_function *s, artifact_function *to,
                              const int *place) {
    const graph *g = s->graph;
    *to = *s->of;
    to->input_variables =
        renumber(w, to->input_variables, g->inputs.count - to->data_inputs, place);
    to->output_variables =
        renumber(w, to->output_variables, g->outputs.count - to->data_outputs, place);
    s->of = to;
}

/* What the passes have made superfluous: the random key of a prediction that drops nothing. Weights
 * stay, so that files of them are whole. */
static void drop_unused(artifact_writer *w) {
    artifact *x = &w->whole;
    bool *used = ARENA_ARRAY(w->arena, bool, x->variable_count + 1);
    int *place = ARENA_ARRAY(w->arena, int, x->variable_count + 1), count = 0;
    artifact_variable *kept = ARENA_ARRAY(w->arena, artifact_variable, x->variable_count + 1);
    artifact_metric *metrics = ARENA_ARRAY(w->arena, artifact_metric, x->metric_count + 1);
    for (int i = 0; i < w->function_count; i++)
        mark_used(&w->functions[i], used);
    for (int i = 0; i < x->variable_count; i++) {
        place[i] = i < x->weight_count || used[i] ? count : -1;
        if (place[i] >= 0)
            kept[count++] = x->variables[i];
    }
    for (int i = 0; i < x->metric_count; i++)
        metrics[i] = (artifact_metric){x->metrics[i].name, place[x->metrics[i].sum],
                                       place[x->metrics[i].weight]};
    x->variables = kept;
    x->variable_count = count;
    x->metrics = metrics;
    renumber_function(w, &w->functions[0], &w->predict, place);
    x->predict = &w->predict;
    if (w->function_count > 1) {
        renumber_function(w, &w->functions[1], &w->train, place);
        x->train = &w->train;
    }
}

/* ---- sizes --------------------------------------------------------------------------------- */

static size_t largest(const artifact_writer *w, bool workspace) {
    size_t most = 0;
    for (int l = 0; l < w->level_count; l++) {
        const program_text *p = &w->levels[l].build.program;
        for (uint32_t i = 0; i < p->kernels.count; i++) {
            const cpu_kernel *k = p->kernels.items[i];
            const char *words = workspace ? k->workspace : k->scratch;
            size_t bytes =
                words == NULL ? 0 : (size_t)size_text_value(words, w->artifact->capacity);
            most = bytes > most ? bytes : most;
        }
    }
    return size_align(most, 64);
}

static int64_t only_batch(const artifact_writer *w) {
    for (int i = 0; i < w->function_count; i++)
        if (fixed_batch(w->functions[i].of, w->functions[i].graph) != 0)
            return fixed_batch(w->functions[i].of, w->functions[i].graph);
    return 0;
}

static bool measure(artifact_writer *w) {
    artifact_facts *f = &w->facts;
    for (int i = 0; i < w->function_count; i++)
        if (w->functions[i].plan->arena_bytes > f->arena_bytes)
            f->arena_bytes = w->functions[i].plan->arena_bytes;
    f->space_bytes = largest(w, true);
    f->scratch_bytes = largest(w, false);
    f->only_batch = only_batch(w);
    return f->only_batch == 0 || f->only_batch == w->artifact->capacity ||
           diag_fail(w->diag, CN_ERROR_INVALID_ARGUMENT,
                     "export: \"%s\" takes batches of %lld only, the capacity is %lld",
                     w->artifact->model, (long long)f->only_batch,
                     (long long)w->artifact->capacity);
}

/* ---- files --------------------------------------------------------------------------------- */

/* What the standard headers would say. */
static const char freestanding[] = "typedef __SIZE_TYPE__ size_t;\n"
                                   "typedef __UINTPTR_TYPE__ uintptr_t;\n"
                                   "typedef __INT8_TYPE__ int8_t;\n"
                                   "typedef __UINT8_TYPE__ uint8_t;\n"
                                   "typedef __UINT16_TYPE__ uint16_t;\n"
                                   "typedef __INT32_TYPE__ int32_t;\n"
                                   "typedef __UINT32_TYPE__ uint32_t;\n"
                                   "typedef __INT64_TYPE__ int64_t;\n"
                                   "typedef __UINT64_TYPE__ uint64_t;\n"
                                   "#define UINT64_C(x) x##ull\n";

static const char *flags_text(const artifact_writer *w, const isa_level *isa) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, isa != NULL && isa->is_portable ? "-std=c99" : "-std=c11");
    text_append(&t, " -O3 -fPIC -ffp-contract=off -fno-math-errno -fno-trapping-math"
                    " -fno-strict-aliasing");
    for (int i = 0; isa != NULL && isa->driver_flags[i] != NULL; i++)
        text_printf(&t, " %s", isa->driver_flags[i]);
    return t.data;
}

static bool write_text(artifact_writer *w, const char *path, const char *words) {
    atomic_file *file = atomic_file_open(path, w->diag);
    if (file == NULL)
        return false;
    atomic_file_write(file, words, strlen(words));
    return atomic_file_commit(file, w->diag);
}

/* FOLDER/name: files lie beside the object. */
static const char *beside(const artifact_writer *w, const char *name) {
    const char *path = w->artifact->path, *slash = strrchr(path, '/');
    return slash == NULL ? name
                         : arena_format(w->arena, "%.*s/%s", (int)(slash - path), path, name);
}

/* What is kept of variables in the object, each at its place. */
static const void *values_block(artifact_writer *w, size_t *bytes) {
    const artifact *x = w->artifact;
    int first = artifact_first_embedded(x);
    size_t start = artifact_offset(x, first);
    *bytes = artifact_offset(x, x->variable_count) - start;
    char *block = *bytes == 0 ? NULL : arena_alloc(w->arena, *bytes);
    for (int i = first; i < x->variable_count; i++)
        memcpy(block + artifact_offset(x, i) - start, x->variables[i].data,
               (size_t)type_bytes(&x->variables[i].type, 1));
    return block;
}

typedef VEC(toolchain_unit) unit_list;

static void add_unit(artifact_writer *w, unit_list *units, const char *name, const char *words) {
    vec_push(w->arena, units,
             (toolchain_unit){.name = name, .text = words, .length = strlen(words)});
}

/* The header, tables and calls around these words about kernels. */
static const char *interface_text(artifact_writer *w, const char *kernels) {
    artifact_facts facts = w->facts;
    facts.kernels = kernels;
    return arena_format(w->arena, "%s%s%s", freestanding,
                        artifact_header(w->artifact, &facts, false, w->arena),
                        artifact_source(w->artifact, &facts, false, w->arena));
}

/* Of the one source its interface, and kernels in units that threads share out. */
static void add_parts(artifact_writer *w, unit_list *units) {
    const program_text *p = &w->levels[0].build.program;
    add_unit(w, units, arena_format(w->arena, "%s.c", w->artifact->prefix),
             interface_text(w, artifact_kernel_table(w, &w->levels[0])));
    for (uint32_t first = 0, end; first < p->kernels.count; first = end) {
        text t;
        text_init(&t, w->arena);
        end = program_part_end(p, first);
        program_print_part(p, first, end, LINKAGE_HIDDEN, &t);
        add_unit(w, units, arena_format(w->arena, "kernels_%u.c", first), t.data);
    }
}

static unit_list make_units(artifact_writer *w) {
    const artifact *x = w->artifact;
    const program_text *p = &w->levels[0].build.program;
    unit_list units = {0};
    if (!is_multi(w) && !is_portable(w) && program_part_end(p, 0) < p->kernels.count)
        add_parts(w, &units);
    else
        add_unit(w, &units, arena_format(w->arena, "%s.c", x->prefix),
                 interface_text(w, w->facts.kernels));
    for (int l = 0; is_multi(w) && l < w->level_count; l++)
        add_unit(w, &units, arena_format(w->arena, "%s%s.c", x->prefix, w->levels[l].suffix),
                 artifact_kernels(w, &w->levels[l]));
    size_t bytes;
    const void *values = values_block(w, &bytes);
    if (values != NULL)
        vec_push(w->arena, &units,
                 (toolchain_unit){.name = arena_format(w->arena, "%s_values", x->prefix),
                                  .data = values,
                                  .data_bytes = bytes});
    return units;
}

static toolchain_product product_of(const char *path) {
    const char *end = strrchr(path, '.');
    return end != NULL && strcmp(end, ".a") == 0   ? TOOLCHAIN_ARCHIVE
           : end != NULL && strcmp(end, ".o") == 0 ? TOOLCHAIN_OBJECT
                                                   : TOOLCHAIN_SHARED_OBJECT;
}

/* The interface of several levels runs before one is chosen: on the least of its family. */
static const isa_level *level_of_unit(const artifact_writer *w, uint32_t unit) {
    if (!is_multi(w))
        return w->levels[0].isa;
    bool has_kernels = unit >= 1 && unit <= (uint32_t)w->level_count;
    return has_kernels ? w->levels[unit - 1].isa : isa_find("x86-64-v2");
}

/* Every unit at its level; nothing is allocated from an arena while the toolchain is open. */
static bool write_object(artifact_writer *w) {
    unit_list units = make_units(w);
    const isa_level **levels = ARENA_ARRAY(w->arena, const isa_level *, units.count);
    for (uint32_t i = 0; i < units.count; i++)
        levels[i] = level_of_unit(w, i);
    toolchain_request request = {.units = units.items,
                                 .unit_count = (int)units.count,
                                 .isa = levels[0],
                                 .unit_levels = levels,
                                 .threads = w->options->compile_threads};
    toolchain_options options = {.cache_directory = w->options->cache_directory};
    toolchain_report report = {0};
    toolchain *t = toolchain_new(w->diag, &options);
    bool written = t != NULL && toolchain_write(t, &request, product_of(w->artifact->path),
                                                w->artifact->path, w->diag, &report);
    toolchain_free(t);
    w->facts.stack_bytes = report.stack_bytes;
    return written;
}

static bool may_replace(const artifact_writer *w, const char *name) {
    return artifact_may_replace(beside(w, name), ARTIFACT_MARK, w->diag);
}

/* Before anything is written: a model's own source may have the name of what it is exported as. */
static bool may_write(const artifact_writer *w) {
    const char *prefix = w->artifact->prefix;
    bool may = may_replace(w, arena_format(w->arena, "%s.h", prefix)) &&
               may_replace(w, arena_format(w->arena, "%s.c", prefix)) && may_replace(w, "main.c");
    for (int l = 0; may && is_multi(w) && l < w->level_count; l++)
        may = may_replace(w, arena_format(w->arena, "%s%s.c", prefix, w->levels[l].suffix));
    return may;
}

static bool write_sources(artifact_writer *w) {
    const artifact *x = w->artifact;
    arena *a = w->arena;
    bool written = write_text(w, beside(w, arena_format(a, "%s.h", x->prefix)),
                              artifact_header(x, &w->facts, true, a)) &&
                   write_text(w, beside(w, arena_format(a, "%s.c", x->prefix)),
                              artifact_source(x, &w->facts, true, a)) &&
                   write_text(w, beside(w, "main.c"), artifact_main(x, &w->facts, a));
    for (int l = 0; written && is_multi(w) && l < w->level_count; l++)
        written = write_text(
            w, beside(w, arena_format(a, "%s%s.c", x->prefix, w->levels[l].suffix)),
            arena_format(a,
                         "/* Kernels of %s.c, " ARTIFACT_MARK ", for %s:\n *     cc %s -c */\n%s",
                         x->prefix, w->levels[l].isa->name, flags_text(w, w->levels[l].isa),
                         artifact_kernels(w, &w->levels[l])));
    return written;
}

/* ---- write --------------------------------------------------------------------------------- */

static bool write_guarded(artifact_writer *w, const target_facts *facts) {
    diag_recovery point;
    if (DIAG_RECOVER(w->diag, &point))
        return false;
    const artifact *x = w->artifact;
    bool ok = choose_levels(w) && schedule(w, x->predict, facts) &&
              (x->train == NULL || schedule(w, x->train, facts));
    if (ok)
        drop_unused(w);
    for (int l = 0; ok && l < w->level_count; l++)
        ok = build_level(w, &w->levels[l]);
    ok = ok && measure(w);
    if (ok) {
        w->facts.compiler_flags = flags_text(w, is_multi(w) ? NULL : w->levels[0].isa);
        w->facts.kernels =
            is_multi(w) ? artifact_other_levels(w) : artifact_kernels(w, &w->levels[0]);
        w->facts.levels = artifact_processor(w);
        w->facts.launches = artifact_launches(w);
        ok = may_write(w) && write_object(w) && write_sources(w);
    }
    diag_pop_recovery(w->diag, &point);
    return ok;
}

bool cpu_write(const artifact *x, const compile_options *o, memory *m, diagnostics *d) {
    artifact_writer w = {.whole = *x, .options = o, .diag = d, .arena = arena_new(m, d)};
    w.artifact = &w.whole;
    bool ok = w.arena != NULL ? write_guarded(&w, target_cpu.facts(o))
                              : diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "export: out of memory");
    arena_free(w.arena);
    return ok;
}
