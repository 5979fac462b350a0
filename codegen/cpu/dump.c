/* Handing over what the target made of a graph; see the header. */
#include "codegen/cpu/dump.h"

static bool is_on(const cpu_dump *d) {
    return d->options != NULL && dump_is_on(&d->options->dump);
}

static bool take(const cpu_dump *d, stage s) {
    return dump_take(&d->options->dump, &s, d->options->label, d->cx);
}

void cpu_dump_begin(cpu_dump *d, const graph *scheduled, const pipeline_options *options,
                    pass_context *cx) {
    *d = (cpu_dump){.options = options, .cx = cx, .graph = scheduled};
}

void cpu_dump_kernel(cpu_dump *d, const kernel *k) {
    text t;
    if (!is_on(d))
        return;
    text_init(&t, d->cx->arena);
    kernel_print(k, &t);
    vec_push(d->cx->arena, &d->loops, (stage_part){k->name, t.data});
}

static bool dump_plan(const cpu_dump *d, int64_t capacity) {
    const memory_plan *plan =
        plan_memory(d->graph, capacity > 0 ? capacity : 1, d->cx->arena, d->cx->facts);
    return plan != NULL && take(d, (stage){.kind = STAGE_MEMORY, .plan = plan});
}

static bool dump_c(const cpu_dump *d, const program_text *program) {
    uint32_t count = program->kernels.count;
    stage_part *parts = ARENA_ARRAY(d->cx->arena, stage_part, count + 1);
    text t;
    text_init(&t, d->cx->arena);
    program_print_prelude(program, 0, count, &t);
    parts[0] = (stage_part){"prelude", t.data};
    for (uint32_t i = 0; i < count; i++)
        parts[i + 1] =
            (stage_part){program->kernels.items[i]->name, program->kernels.items[i]->text};
    return take(d, (stage){.kind = STAGE_CODE, .parts = parts, .part_count = count + 1});
}

bool cpu_dump_code(cpu_dump *d, const program_text *program, int64_t capacity) {
    const stage loops = {
        .kind = STAGE_LOOPS, .parts = d->loops.items, .part_count = d->loops.count};
    return !is_on(d) || (dump_plan(d, capacity) && take(d, loops) && dump_c(d, program) &&
                         take(d, (stage){.kind = STAGE_LAUNCHES, .graph = d->graph}));
}

bool cpu_dump_report(const cpu_dump *d, const char *report) {
    const stage_part part = {"report", arena_format(d->cx->arena, "%s\n", report)};
    return !is_on(d) || take(d, (stage){.kind = STAGE_REPORT, .parts = &part, .part_count = 1});
}
