/* The cpu target's part of an artefact (codegen/aot/artifact.h): kernels, launches, the processor.
 *
 * The same passes, loops and kernel texts as in cpu.c, so the same bits; what cpu.c leaves to the
 * executor (execute.c), addresses and the order of launches, becomes text with offsets planned
 * for one capacity. With several instruction-set levels each has a unit of its own, and kernels
 * the level in their names; else all is one unit, NAME.c.
 */
#include "codegen/aot/artifact.h"

#include <string.h>

#include "base/platform.h"
#include "base/size.h"
#include "codegen/cpu/artifact.h"
#include "codegen/cpu/build.h"
#include "codegen/cpu/size_text.h"
#include "ir/ops/ops.h"

extern const target target_cpu;

enum { MOST_LEVELS = 2, MOST_FUNCTIONS = 2 };

/* One function after the passes. */
typedef struct scheduled_function {
    const artifact_function *of;
    graph *graph;
    memory_plan *plan;
} scheduled_function;

typedef struct level_build {
    const isa_level *isa;
    const char *suffix; /* of names: "", or "_v3" */
    cpu_build build;
    const cpu_function *functions[MOST_FUNCTIONS];
} level_build;

typedef struct writer {
    const artifact *artifact; /* `whole`, without variables that nothing reads */
    artifact whole;
    artifact_function predict, train;
    const compile_options *options;
    diagnostics *diag;
    arena *arena;
    level_build levels[MOST_LEVELS];
    int level_count;
    scheduled_function functions[MOST_FUNCTIONS];
    int function_count;
    artifact_facts facts;
} writer;

/* ---- levels -------------------------------------------------------------------------------- */

static bool add_level(writer *w, const char *name, const char *suffix) {
    const isa_level *isa = isa_find(name);
    if (isa == NULL)
        return diag_fail(w->diag, CN_ERROR_INVALID_ARGUMENT,
                         "export: \"%s\" is no instruction-set level; x86-64-v2, x86-64-v3, "
                         "x86-64-v4, armv8-a, native and multi are",
                         name);
    w->levels[w->level_count++] = (level_build){.isa = isa, .suffix = suffix};
    return true;
}

static bool is_portable(const writer *w) {
    return w->levels[0].isa->is_portable;
}

static bool choose_levels(writer *w) {
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

static bool is_multi(const writer *w) {
    return w->level_count > 1;
}

/* ---- functions ----------------------------------------------------------------------------- */

static bool can_be_written(writer *w, const graph *g) {
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == &op_scan)
            return diag_fail(w->diag, CN_ERROR_UNSUPPORTED,
                             "export: \"%s\" has a loop over time steps, which programs compiled "
                             "ahead of time do not run yet",
                             w->artifact->model);
    return true;
}

static bool schedule(writer *w, const artifact_function *f, const target_facts *facts) {
    compile_options named = *w->options;
    named.label = f->name;
    pipeline_options options = target_pipeline_options(&named);
    pass_context cx = {.arena = w->arena, .diag = w->diag, .facts = facts};
    graph *g = pipeline_run(f->graph, &options, &cx);
    if (g == NULL || !can_be_written(w, g))
        return false;
    memory_plan *plan = plan_memory(g, w->artifact->capacity, w->arena, facts);
    if (plan == NULL)
        return false;
    w->functions[w->function_count++] = (scheduled_function){f, g, plan};
    return true;
}

static bool build_level(writer *w, level_build *l) {
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

static const int *renumber(writer *w, const int *variables, uint32_t count, const int *place) {
    int *moved = ARENA_ARRAY(w->arena, int, count + 1);
    for (uint32_t i = 0; i < count; i++)
        moved[i] = place[variables[i]];
    return moved;
}

static void renumber_function(writer *w, scheduled_function *s, artifact_function *to,
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
static void drop_unused(writer *w) {
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

static size_t largest(const writer *w, bool workspace) {
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

static int64_t only_batch(const writer *w) {
    for (int i = 0; i < w->function_count; i++)
        if (w->functions[i].graph->bound_batch != 0)
            return w->functions[i].graph->bound_batch;
    return 0;
}

static bool measure(writer *w) {
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

/* ---- kernels ------------------------------------------------------------------------------- */

/* The tables of a level: the stages of each kernel. */
static void print_table(const writer *w, const level_build *l, text *out) {
    const char *prefix = w->artifact->prefix;
    text_printf(out, "\n%sconst struct %s_kernel %s_kernels%s[] = {\n",
                is_multi(w) ? LINKAGE_HIDDEN " " : "static ", prefix, prefix, l->suffix);
    const program_text *p = &l->build.program;
    for (uint32_t i = 0; i < p->kernels.count; i++) {
        const cpu_kernel *k = p->kernels.items[i];
        text_printf(out, "    {%u, (const struct %s_stage[]){", k->stages.count, prefix);
        for (uint32_t s = 0; s < k->stages.count; s++)
            text_printf(out, "%s{%s, %s_tasks}", s ? ", " : "", k->stages.items[s],
                        k->stages.items[s]);
        text_append(out, "}},\n");
    }
    if (p->kernels.count == 0)
        text_append(out, "    {0, 0}\n");
    text_append(out, "};\n");
}

static void print_structs(const writer *w, text *out) {
    static const template_slot none[] = {{NULL, NULL}};
    template_expand(artifact_kernel_template, w->artifact->prefix, none, false, out);
}

static const char *level_text(const writer *w, const level_build *l) {
    text t;
    text_init(&t, w->arena);
    program_print(&l->build.program, &t);
    print_structs(w, &t);
    print_table(w, l, &t);
    return t.data;
}

/* What the one source says of kernels that are in others. */
static const char *other_levels(const writer *w) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, "typedef long long i64;\n");
    print_structs(w, &t);
    for (int l = 0; l < w->level_count; l++)
        text_printf(&t, "extern " LINKAGE_HIDDEN " const struct %s_kernel %s_kernels%s[];\n",
                    w->artifact->prefix, w->artifact->prefix, w->levels[l].suffix);
    return t.data;
}

/* Which table this processor runs: the first whose level it has. */
static const char *processor_text(const writer *w) {
    static const template_slot none[] = {{NULL, NULL}};
    text t, names;
    text_init(&t, w->arena);
    text_init(&names, w->arena);
    if (is_portable(w))
        return arena_format(w->arena,
                            "static const void *%s_choose_kernels(void) {\n"
                            "    return %s_kernels;\n}\n\n#define %s_LEVELS \"\"\n",
                            w->artifact->prefix, w->artifact->prefix,
                            artifact_capitals(w->artifact, w->arena));
    template_expand(artifact_processor_template, w->artifact->prefix, none, false, &t);
    text_printf(&t,
                "\n/* NULL when it can run none. */\nANYWHERE static const void "
                "*%s_choose_kernels(void) {\n"
                "    const int has = %s_processor();\n",
                w->artifact->prefix, w->artifact->prefix);
    for (int l = 0; l < w->level_count; l++) {
        const isa_level *isa = w->levels[l].isa;
        text_printf(&t, "    if (has >= %d) /* %s */\n        return %s_kernels%s;\n",
                    isa->processor, isa->name, w->artifact->prefix, w->levels[l].suffix);
        text_printf(&names, "%s%s", l ? " or " : "", isa->name);
    }
    text_printf(&t, "    return 0;\n}\n\n#define %s_LEVELS \"%s\"\n",
                artifact_capitals(w->artifact, w->arena), names.data);
    return t.data;
}

/* ---- launches ------------------------------------------------------------------------------ */

static void print_constant(const graph *g, uint32_t id, const char *name, const void *bytes,
                           text *out) {
    size_t count = size_align((size_t)type_bytes(&graph_node(g, id)->types[0], 1), 8) / 8;
    text_printf(out, "static const __attribute__((aligned(64))) unsigned long long %s[] = { /* ",
                name);
    text_type(out, &graph_node(g, id)->types[0]);
    text_append(out, " */");
    for (size_t i = 0; i < count; i++) {
        uint64_t word = 0;
        size_t left = (size_t)type_bytes(&graph_node(g, id)->types[0], 1) - 8 * i;
        memcpy(&word, (const char *)bytes + 8 * i, left < 8 ? left : 8);
        text_printf(out, "%s0x%llxu%s", i % 6 ? " " : "\n    ", (unsigned long long)word,
                    i + 1 < count ? "," : "");
    }
    text_append(out, "};\n");
}

static const char *constant_name(const writer *w, int function, uint32_t id) {
    return arena_format(w->arena, "%s_constant_%s_%u", w->artifact->prefix,
                        w->functions[function].of->name, id);
}

/* Where a value is while the program runs, as C. */
static const char *address(const writer *w, int function, value v) {
    const scheduled_function *s = &w->functions[function];
    const artifact_function *f = s->of;
    const storage *at = &s->plan->of[v.node][v.result];
    uint32_t index = (uint32_t)at->index;
    switch (at->kind) {
    case STORAGE_INPUT:
        return index < f->data_inputs
                   ? arena_format(w->arena, "in[%u]", index)
                   : arena_format(w->arena, "keep[%d]", f->input_variables[index - f->data_inputs]);
    case STORAGE_OUTPUT:
        return index < f->data_outputs ? arena_format(w->arena, "out[%u]", index)
                                       : arena_format(w->arena, "keep[%d]",
                                                      f->output_variables[index - f->data_outputs]);
    case STORAGE_ARENA:
        return arena_format(w->arena, "arena + %zu", at->offset);
    case STORAGE_CONSTANT:
        break;
    }
    return arena_format(w->arena, "(void *)(uintptr_t)%s", constant_name(w, function, v.node));
}

/* The name of a value that the caller or the model keeps; NULL for those in between. */
static const char *kept_name(const writer *w, int function, value v) {
    const scheduled_function *s = &w->functions[function];
    const artifact_function *f = s->of;
    const storage *at = &s->plan->of[v.node][v.result];
    uint32_t index = (uint32_t)at->index;
    if (at->kind == STORAGE_INPUT)
        return index < f->data_inputs
                   ? f->input_names[index]
                   : w->artifact->variables[f->input_variables[index - f->data_inputs]].name;
    return at->kind == STORAGE_OUTPUT && index < f->data_outputs ? f->output_names[index] : NULL;
}

static void print_values(const writer *w, int function, const value *values, uint32_t count,
                         text *out) {
    for (uint32_t i = 0; i < count; i++) {
        const char *name = kept_name(w, function, values[i]);
        text_append(out, i ? ", " : "");
        if (name != NULL) {
            text_identifier(out, name);
            text_append(out, " ");
        }
        text_type(out, value_type(w->functions[function].graph, values[i]));
    }
}

/* Breaks a line at spaces before it gets too long. */
static void print_wrapped(const char *line, const char *indent, text *out) {
    enum { WIDTH = 100 };
    while (strlen(line) > WIDTH) {
        size_t cut = WIDTH;
        while (cut > strlen(indent) && line[cut] != ' ')
            cut--;
        if (cut <= strlen(indent))
            break;
        text_append_n(out, line, cut);
        text_append(out, "\n");
        line = arena_format(out->arena, "%s%s", indent, line + cut + 1);
    }
    text_printf(out, "%s\n", line);
}

/* The layer, what goes in and what comes out; then the call. */
static void print_launch(const writer *w, int function, const cpu_launch *launch, text *out) {
    const node *n = graph_node(w->functions[function].graph, launch->node);
    const cpu_kernel *k = w->levels[0].build.program.kernels.items[launch->kernel_index];
    text about, call;
    text_init(&about, w->arena);
    text_init(&call, w->arena);
    text_append(&about, "    /* ");
    if (n->location.layer != NULL && n->location.layer[0] != '\0') {
        text_identifier(&about, n->location.layer);
        text_append(&about, ": ");
    }
    print_values(w, function, launch->arguments, n->operand_count, &about);
    text_append(&about, " -> ");
    print_values(w, function, launch->arguments + n->operand_count, n->result_count, &about);
    text_append(&about, " */");
    print_wrapped(about.data, "     * ", out);
    text_printf(out, "    %s_launch(r, %d /* %s */,\n", w->artifact->prefix, launch->kernel_index,
                k->name);
    text_append(&call, "        (void *const[]){");
    for (int i = 0; i < launch->argument_count; i++)
        text_printf(&call, "%s, ", address(w, function, launch->arguments[i]));
    text_append(&call, "r->space});");
    print_wrapped(call.data, "                        ", out);
}

static void print_function(const writer *w, int function, text *out) {
    const scheduled_function *s = &w->functions[function];
    const cpu_function *f = w->levels[0].functions[function];
    for (uint32_t id = 1; id < s->graph->nodes.count; id++)
        if (f->constants[id] != NULL)
            print_constant(s->graph, id, constant_name(w, function, id), f->constants[id], out);
    text_printf(out, "\n/* ");
    artifact_print_signature(s->of, out);
    text_printf(out,
                " */\nstatic void %s_launch_%s(const struct %s_run *r) {\n"
                "    char *const arena = r->arena;\n"
                "    void *const *const in = r->in, *const *const out = r->out;\n"
                "    void *const *const keep = r->variables;\n"
                "    (void)arena, (void)in, (void)out, (void)keep;\n",
                w->artifact->prefix, s->of->name, w->artifact->prefix);
    for (uint32_t i = 0; i < f->launches.count; i++)
        print_launch(w, function, &f->launches.items[i], out);
    text_append(out, "}\n\n");
}

static const char *launches_text(writer *w) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, "/* ---- launches "
                    "-------------------------------------------------------------------------- "
                    "*/\n\n/* Their arguments: in and out are the caller's arrays, keep the "
                    "model's variables. */\n");
    for (int i = 0; i < w->function_count; i++) {
        print_function(w, i, &t);
        w->facts.launch_count += (int)w->levels[0].functions[i]->launches.count;
    }
    return t.data;
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

static const char *flags_text(const writer *w, const isa_level *isa) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, isa != NULL && isa->is_portable ? "-std=c99" : "-std=c11");
    text_append(&t, " -O3 -fPIC -ffp-contract=off -fno-math-errno -fno-trapping-math"
                    " -fno-strict-aliasing");
    for (int i = 0; isa != NULL && isa->driver_flags[i] != NULL; i++)
        text_printf(&t, " %s", isa->driver_flags[i]);
    return t.data;
}

static bool write_text(writer *w, const char *path, const char *words) {
    atomic_file *file = atomic_file_open(path, w->diag);
    if (file == NULL)
        return false;
    atomic_file_write(file, words, strlen(words));
    return atomic_file_commit(file, w->diag);
}

/* FOLDER/name: files lie beside the object. */
static const char *beside(const writer *w, const char *name) {
    const char *path = w->artifact->path, *slash = strrchr(path, '/');
    return slash == NULL ? name
                         : arena_format(w->arena, "%.*s/%s", (int)(slash - path), path, name);
}

/* What is kept of variables in the object, each at its place. */
static const void *values_block(writer *w, size_t *bytes) {
    const artifact *x = w->artifact;
    int first = 0;
    while (first < x->variable_count && !artifact_embeds(x, first))
        first++;
    size_t start = artifact_offset(x, first);
    *bytes = artifact_offset(x, x->variable_count) - start;
    char *block = *bytes == 0 ? NULL : arena_alloc(w->arena, *bytes);
    for (int i = first; i < x->variable_count; i++)
        memcpy(block + artifact_offset(x, i) - start, x->variables[i].data,
               (size_t)type_bytes(&x->variables[i].type, 1));
    return block;
}

typedef VEC(toolchain_unit) unit_list;

static void add_unit(writer *w, unit_list *units, const char *name, const char *words) {
    vec_push(w->arena, units,
             (toolchain_unit){.name = name, .text = words, .length = strlen(words)});
}

static unit_list make_units(writer *w) {
    const artifact *x = w->artifact;
    unit_list units = {0};
    add_unit(w, &units, arena_format(w->arena, "%s.c", x->prefix),
             arena_format(w->arena, "%s%s%s", freestanding,
                          artifact_header(x, &w->facts, false, w->arena),
                          artifact_source(x, &w->facts, false, w->arena)));
    for (int l = 0; is_multi(w) && l < w->level_count; l++)
        add_unit(w, &units, arena_format(w->arena, "%s%s.c", x->prefix, w->levels[l].suffix),
                 level_text(w, &w->levels[l]));
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

/* Every unit at its level; nothing is allocated from an arena while the toolchain is open. */
static bool write_object(writer *w) {
    unit_list units = make_units(w);
    const isa_level **levels = ARENA_ARRAY(w->arena, const isa_level *, units.count);
    for (uint32_t i = 0; i < units.count; i++)
        levels[i] = is_multi(w) && i >= 1 && i <= (uint32_t)w->level_count ? w->levels[i - 1].isa
                    : is_multi(w)                                          ? isa_find("x86-64-v2")
                                                                           : w->levels[0].isa;
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

static bool write_sources(writer *w) {
    const artifact *x = w->artifact;
    arena *a = w->arena;
    bool written = write_text(w, beside(w, arena_format(a, "%s.h", x->prefix)),
                              artifact_header(x, &w->facts, true, a)) &&
                   write_text(w, beside(w, arena_format(a, "%s.c", x->prefix)),
                              artifact_source(x, &w->facts, true, a)) &&
                   write_text(w, beside(w, "main.c"), artifact_main(x, &w->facts, a));
    for (int l = 0; written && is_multi(w) && l < w->level_count; l++)
        written =
            write_text(w, beside(w, arena_format(a, "%s%s.c", x->prefix, w->levels[l].suffix)),
                       arena_format(a, "/* Kernels of %s.c for %s:\n *     cc %s -c */\n%s",
                                    x->prefix, w->levels[l].isa->name,
                                    flags_text(w, w->levels[l].isa), level_text(w, &w->levels[l])));
    return written;
}

/* ---- write --------------------------------------------------------------------------------- */

static bool write_guarded(writer *w, const target_facts *facts) {
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
        w->facts.kernels = is_multi(w) ? other_levels(w) : level_text(w, &w->levels[0]);
        w->facts.levels = processor_text(w);
        w->facts.launches = launches_text(w);
        ok = write_object(w) && write_sources(w);
    }
    diag_pop_recovery(w->diag, &point);
    return ok;
}

bool cpu_write(const artifact *x, const compile_options *o, memory *m, diagnostics *d) {
    writer w = {.whole = *x, .options = o, .diag = d, .arena = arena_new(m, d)};
    w.artifact = &w.whole;
    bool ok = w.arena != NULL ? write_guarded(&w, target_cpu.facts(o))
                              : diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "export: out of memory");
    arena_free(w.arena);
    return ok;
}
