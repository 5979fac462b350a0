/* What a program consists of, for those who look inside: launches with the layers they serve, their
 * cost, the ops they were fused from, loops and C; buffers with their place and lifetime.
 *
 * Nothing is kept for this while a program is compiled but where nodes come from: the graph of an
 * executable is the scheduled one, lowering and emitting are deterministic, so what was compiled is
 * made again here. Times are in numbers of launches (cpu.h), in which a scan comes before the
 * launches of its body.
 */
#include <string.h>

#include "codegen/cpu/cpu.h"
#include "codegen/cpu/emit.h"
#include "ir/ops/ops.h"
#include "passes/inplace.h"

typedef struct kernel_words {
    const char *loops, *source;
} kernel_words;

typedef struct description {
    const cpu_executable *x;
    int64_t batch;
    arena *arena;
    VEC(cn_profile_launch) launches;
    VEC(cn_profile_buffer) buffers;
    VEC(kernel_words) kernels; /* by index in the table; empty ones are not made yet */
} description;

/* A function where it runs: the program, or a scan's body. */
typedef struct place {
    const cpu_function *function;
    const memory_plan *plan;
    size_t offset; /* of its arena in the step's */
    int scan, end; /* number of the scan it is the body of, or -1; of the launch after its last */
    int64_t runs;
    int *begins, *ends;        /* by node: the launches that run there */
    int *interface, **buffers; /* rows, by input, then output; by value */
} place;

/* ---- buffers --------------------------------------------------------------------------- */

static const char *value_name(arena *a, const graph *g, value v) {
    return arena_format(a, graph_node(g, v.node)->result_count > 1 ? "%%%u#%u" : "%%%u", v.node,
                        v.result);
}

static const char *type_words(arena *a, const type *t) {
    text words;
    text_init(&words, a);
    text_type(&words, t);
    return words.data;
}

/* Launches and nodes count time differently: what lives up to a scan lives through its body. */
static void find_times(description *d, place *p) {
    const cpu_function *f = p->function;
    uint32_t count = f->graph->nodes.count, next = 0;
    int number = f->launches.count > 0 ? f->launches.items[0].number : 0;
    p->begins = ARENA_ARRAY(d->arena, int, count + 1);
    p->ends = ARENA_ARRAY(d->arena, int, count + 1);
    for (uint32_t id = 0; id <= count; id++) {
        if (next < f->launches.count && f->launches.items[next].node == id)
            number = f->launches.items[next++].number;
        p->begins[id] = number;
        int end = (next < f->launches.count ? f->launches.items[next].number : p->end) - 1;
        p->ends[id] = end < number ? number : end; /* before the first launch */
    }
}

static int add_buffer(description *d, const place *p, value v, cn_profile_buffer b) {
    const storage *s = &p->plan->of[v.node][v.result];
    const type *t = value_type(p->function->graph, v);
    if (b.name == NULL)
        b.name = value_name(d->arena, p->function->graph, v);
    else
        b.name = arena_string(d->arena, b.name);
    b.type = type_words(d->arena, t);
    b.bytes = (size_t)type_bytes(t, d->batch);
    b.first = p->begins[s->first];
    b.last = p->ends[s->last];
    vec_push(d->arena, &d->buffers, b);
    return (int)d->buffers.count - 1;
}

static cn_profile_place interface_place(const place *p, bool input, uint32_t i) {
    const graph *g = p->function->graph;
    if (p->scan >= 0)
        return CN_PLACE_SCAN;
    if (!input)
        return CN_PLACE_OUTPUT;
    return g->inputs.items[i].role == INPUT_STATE ? CN_PLACE_STATE : CN_PLACE_INPUT;
}

/* Several values may live in one input or output, one after the other: one row for each. */
static int interface_buffer(description *d, place *p, value v, const storage *s) {
    const graph *g = p->function->graph;
    bool input = s->kind == STORAGE_INPUT;
    uint32_t i = (uint32_t)s->index;
    int *row = &p->interface[input ? i : g->inputs.count + i];
    if (*row == 0) {
        const char *name = input ? g->inputs.items[i].name : g->outputs.items[i].name;
        cn_profile_buffer b = {.name = name, .place = interface_place(p, input, i)};
        *row = 1 + add_buffer(d, p, v, b);
    }
    cn_profile_buffer *b = &d->buffers.items[*row - 1];
    b->last = p->ends[s->last] > b->last ? p->ends[s->last] : b->last;
    return *row - 1;
}

static int value_buffer(description *d, place *p, value v) {
    const storage *s = &p->plan->of[v.node][v.result];
    const node *n = graph_node(p->function->graph, v.node);
    if (s->kind == STORAGE_INPUT || s->kind == STORAGE_OUTPUT)
        return interface_buffer(d, p, v, s);
    if (s->kind == STORAGE_CONSTANT)
        return add_buffer(d, p, v, (cn_profile_buffer){.place = CN_PLACE_CONSTANT});
    bool in_place = n->op == &op_group && group_in_place(n, v.result) >= 0;
    return add_buffer(d, p, v,
                      (cn_profile_buffer){.place = CN_PLACE_ARENA,
                                          .offset = p->offset + s->offset,
                                          .in_place = in_place});
}

static void add_buffers(description *d, place *p) {
    const graph *g = p->function->graph;
    p->interface = ARENA_ARRAY(d->arena, int, g->inputs.count + g->outputs.count + 1);
    p->buffers = ARENA_ARRAY(d->arena, int *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        uint32_t results = graph_node(g, id)->result_count;
        p->buffers[id] = ARENA_ARRAY(d->arena, int, results + 1);
        for (uint32_t r = 0; r < results; r++)
            p->buffers[id][r] = value_buffer(d, p, (value){id, r});
    }
}

/* ---- what a launch works for ----------------------------------------------------------- */

typedef VEC(cn_profile_origin) origin_list;

static bool same_words(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void add_origin(origin_list *list, const location *where, arena *a) {
    if (where->file == NULL && where->layer == NULL)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        const cn_profile_origin *o = &list->items[i];
        if (o->line == where->line && same_words(o->file, where->file) &&
            same_words(o->layer, where->layer))
            return;
    }
    vec_push(a, list, (cn_profile_origin){where->layer, where->file, where->line});
}

static void collect_origins(const graph *g, origin_list *list, arena *a) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        add_origin(list, &n->location, a);
        for (uint32_t i = 0; i < n->region_count; i++)
            collect_origins(n->regions[i], list, a);
    }
}

/* ---- launches -------------------------------------------------------------------------- */

/* Loops and C are those of the first launch with this kernel. */
static const kernel_words *words_of(description *d, const cpu_launch *launch, const graph *g) {
    while (d->kernels.count <= (uint32_t)launch->kernel_index)
        vec_push(d->arena, &d->kernels, (kernel_words){NULL, NULL});
    kernel_words *words = &d->kernels.items[launch->kernel_index];
    if (words->source != NULL)
        return words;
    const kernel *k =
        lower_group(g, graph_node(g, launch->node), d->arena, arena_diagnostics(d->arena));
    if (k == NULL) /* it was lowered before: only memory can be missing, and that unwinds */
        return words;
    text loops;
    text_init(&loops, d->arena);
    kernel_print(k, &loops);
    words->loops = loops.data;
    words->source = emit_kernel(k, launch->kernel->name, d->x->isa, d->arena)->text;
    return words;
}

static void add_arguments(description *d, const place *p, const cpu_launch *launch,
                          cn_profile_launch *out) {
    const node *n = graph_node(p->function->graph, launch->node);
    size_t count = (size_t)launch->argument_count;
    cn_profile_argument *arguments = ARENA_ARRAY(d->arena, cn_profile_argument, count + 1);
    for (size_t i = 0; i < count; i++) {
        value v = launch->arguments[i];
        bool written = i >= n->operand_count;
        const type *t = value_type(p->function->graph, v);
        double bytes = (double)type_bytes(t, d->batch) * (double)p->runs;
        arguments[i] = (cn_profile_argument){p->buffers[v.node][v.result], written};
        if (launch->body == NULL)
            *(written ? &out->bytes_written : &out->bytes_read) += bytes;
    }
    out->arguments = arguments;
    out->argument_count = count;
}

static void describe_function(description *d, place p);

/* Bytes of a scan are those of the launches that name it, whatever the depth. */
static void describe_body(description *d, const place *outer, const cpu_launch *launch, int end) {
    const node *n = graph_node(outer->function->graph, launch->node);
    const scan_attributes *a = n->attributes;
    uint32_t first = d->launches.count;
    place body = {.function = launch->body,
                  .plan = outer->plan->bodies[launch->node],
                  .offset = outer->offset + outer->plan->body_space[launch->node].offset,
                  .scan = launch->number,
                  .end = end,
                  .runs = outer->runs * a->length};
    describe_function(d, body);
    cn_profile_launch *scan = &d->launches.items[first - 1];
    for (uint32_t i = first; i < d->launches.count; i++) {
        const cn_profile_launch *inner = &d->launches.items[i];
        scan->bytes_read += inner->scan == launch->number ? inner->bytes_read : 0;
        scan->bytes_written += inner->scan == launch->number ? inner->bytes_written : 0;
    }
}

static void describe_launch(description *d, const place *p, const cpu_launch *launch, int end) {
    const graph *g = p->function->graph;
    const node *n = graph_node(g, launch->node);
    cn_profile_launch out = {.kernel = "scan", .scan = p->scan, .runs = p->runs};
    origin_list origins = {0};
    text region;
    text_init(&region, d->arena);
    graph_print(n->regions[0], &region);
    collect_origins(n->regions[0], &origins, d->arena);
    add_arguments(d, p, launch, &out);
    out.flops = n->op->cost(g, n, d->batch) * (double)p->runs;
    out.graph = region.data;
    out.origins = origins.items;
    out.origin_count = origins.count;
    if (launch->body == NULL) {
        const kernel_words *words = words_of(d, launch, g);
        out.kernel = arena_string(d->arena, launch->kernel->name);
        out.loops = words->loops;
        out.source = words->source;
    }
    vec_push(d->arena, &d->launches, out);
    if (launch->body != NULL)
        describe_body(d, p, launch, end);
}

static void describe_function(description *d, place p) {
    find_times(d, &p);
    add_buffers(d, &p);
    for (uint32_t i = 0; i < p.function->launches.count; i++) {
        const cpu_launch *launch = &p.function->launches.items[i];
        describe_launch(d, &p, launch, p.ends[launch->node] + 1);
    }
}

/* ---- the whole ------------------------------------------------------------------------- */

static void add_remarks(description *d, cn_profile *out) {
    VEC(const char *) lines = {0};
    for (const char *at = d->x->remarks; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        vec_push(d->arena, &lines, arena_string_n(d->arena, at, length));
        at += length + (at[length] == '\n');
    }
    out->remarks = lines.items;
    out->remark_count = lines.count;
}

static int count_launches(const cpu_executable *x) {
    int count = 0;
    for (uint32_t f = 0; f < x->functions.count; f++)
        count += (int)x->functions.items[f]->launches.count;
    return count;
}

void cpu_describe(const executable *base, int64_t batch, arena *a, cn_profile *out) {
    const cpu_executable *x = (const cpu_executable *)base;
    description d = {.x = x, .batch = batch, .arena = a};
    const memory_plan *plan = plan_memory(x->graph, batch, a, &x->facts);
    if (plan == NULL)
        return; /* the failure is in the arena's diagnostics */
    describe_function(&d, (place){.function = x->functions.items[0],
                                  .plan = plan,
                                  .scan = -1,
                                  .end = count_launches(x),
                                  .runs = 1});
    add_remarks(&d, out);
    out->target = "cpu";
    out->isa = x->isa->name;
    out->report = arena_string(a, x->base.report);
    out->launches = d.launches.items;
    out->launch_count = d.launches.count;
    out->buffers = d.buffers.items;
    out->buffer_count = d.buffers.count;
    out->arena_bytes = plan->arena_bytes;
    out->arena_least_bytes = plan->lower_bound_bytes;
    out->state_bytes = plan->state_bytes;
    out->io_bytes = plan->io_bytes;
}
