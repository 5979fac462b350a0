/* Writing what the target made of a graph; see the header.
 *
 * Each file is printed into the arena first and written in one go.
 */
#include "codegen/cpu/dump.h"

#include "ir/ops/ops.h"
#include "passes/dump.h"

static bool is_on(const cpu_dump *d) {
    return d->options->dump_directory != NULL;
}

void cpu_dump_begin(cpu_dump *d, const graph *scheduled, const pipeline_options *options,
                    pass_context *cx) {
    *d = (cpu_dump){.options = options, .cx = cx, .graph = scheduled};
    text_init(&d->loops, cx->arena);
}

void cpu_dump_kernel(cpu_dump *d, const kernel *k) {
    if (!is_on(d))
        return;
    text_append(&d->loops, d->loops.length > 0 ? "\n" : "");
    kernel_print(k, &d->loops);
}

static bool dump_plan(cpu_dump *d, int64_t capacity) {
    text t;
    text_init(&t, d->cx->arena);
    const memory_plan *plan =
        plan_memory(d->graph, capacity > 0 ? capacity : 1, d->cx->arena, d->cx->facts);
    if (plan == NULL)
        return false;
    memory_plan_print(plan, &t);
    return dump_text(d->options, 1, "memory.txt", &t, d->cx);
}

static bool dump_units(cpu_dump *d, const program_text *program) {
    for (uint32_t i = 0; i < program->units.count; i++) {
        const toolchain_unit *unit = &program->units.items[i];
        text t;
        text_init(&t, d->cx->arena);
        text_append_n(&t, unit->text, unit->length);
        if (!dump_text(d->options, 3, unit->name, &t, d->cx))
            return false;
    }
    return true;
}

bool cpu_dump_code(cpu_dump *d, const program_text *program, int64_t capacity) {
    return !is_on(d) || (dump_plan(d, capacity) &&
                         dump_text(d->options, 2, "kernels.loop", &d->loops, d->cx) &&
                         dump_units(d, program));
}

/* Kernels are named for what they compute; here they meet the layers they work for. */
static void print_launches(const graph *g, text *out) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op != &op_group)
            continue;
        const group_attributes *group = n->attributes;
        text_printf(out, "%%%-4u %s", id, group->name);
        if (n->location.file != NULL)
            text_printf(out, "  # %s:%d", n->location.file, n->location.line);
        if (n->location.layer != NULL)
            text_printf(out, " %s", n->location.layer);
        text_append(out, "\n");
    }
}

bool cpu_dump_launches(cpu_dump *d, const cpu_executable *x) {
    if (!is_on(d))
        return true;
    text t;
    text_init(&t, d->cx->arena);
    text_printf(&t, "%s\n", x->base.report);
    print_launches(d->graph, &t);
    return dump_text(d->options, 4, "launches.txt", &t, d->cx);
}
