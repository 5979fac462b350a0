/* Texts that only this target can write: tables of kernels, the choice among levels, launches. */
#include "codegen/cpu/artifact.h"

#include <string.h>

#include "base/size.h"
#include "ir/ops/ops.h"

/* ---- kernels ------------------------------------------------------------------------------- */

/* The tables of a level: the stages of each kernel. */
static void print_table(const artifact_writer *w, const level_build *l, text *out) {
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

static void print_structs(const artifact_writer *w, text *out) {
    static const template_slot none[] = {{NULL, NULL}};
    template_expand(artifact_kernel_template, w->artifact->prefix, none, false, out);
}

const char *artifact_kernels(const artifact_writer *w, const level_build *l) {
    text t;
    text_init(&t, w->arena);
    program_print(&l->build.program, &t);
    print_structs(w, &t);
    print_table(w, l, &t);
    return t.data;
}

/* What the interface says of kernels that are compiled in units of their own. */
const char *artifact_kernel_table(const artifact_writer *w, const level_build *l) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, "typedef long long i64;\n");
    print_structs(w, &t);
    const program_text *p = &l->build.program;
    for (uint32_t i = 0; i < p->kernels.count; i++)
        for (uint32_t s = 0; s < p->kernels.items[i]->stages.count; s++) {
            const char *name = p->kernels.items[i]->stages.items[s];
            text_printf(&t,
                        LINKAGE_HIDDEN " void %s(void *const *, i64, i64, i64, void *);\n"
                                       LINKAGE_HIDDEN " i64 %s_tasks(i64);\n",
                        name, name);
        }
    print_table(w, l, &t);
    return t.data;
}

/* What the one source says of kernels that are in others. */
const char *artifact_other_levels(const artifact_writer *w) {
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
const char *artifact_processor(const artifact_writer *w) {
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

static const char *constant_name(const artifact_writer *w, int function, uint32_t id) {
    return arena_format(w->arena, "%s_constant_%s_%u", w->artifact->prefix,
                        w->functions[function].of->name, id);
}

/* Where a value is while the program runs, as C. */
static const char *address(const artifact_writer *w, int function, value v) {
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
static const char *kept_name(const artifact_writer *w, int function, value v) {
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

static void print_values(const artifact_writer *w, int function, const value *values,
                         uint32_t count, text *out) {
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

/* The layer, what goes in and what comes out; then the call. */
static void print_launch(const artifact_writer *w, int function, const cpu_launch *launch,
                         text *out) {
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
    artifact_print_wrapped(about.data, "     * ", out);
    text_printf(out, "    %s_launch(r, %d /* %s */,\n", w->artifact->prefix, launch->kernel_index,
                k->name);
    text_append(&call, "        (void *const[]){");
    for (int i = 0; i < launch->argument_count; i++)
        text_printf(&call, "%s, ", address(w, function, launch->arguments[i]));
    text_append(&call, "r->space});");
    artifact_print_wrapped(call.data, "                        ", out);
}

static void print_function(const artifact_writer *w, int function, text *out) {
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

const char *artifact_launches(artifact_writer *w) {
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
