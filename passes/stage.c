/* The formats of stages; see the header. A new format is a row. */
#include "passes/stage.h"

#include <string.h>

#include "ir/formats.h"
#include "ir/ops/ops.h"
#include "passes/pass.h"

const char *const stage_names[STAGE_KIND_COUNT] = {
    [STAGE_GRAPH] = "graph",   [STAGE_TIMINGS] = "timings",   [STAGE_REMARKS] = "remarks",
    [STAGE_MEMORY] = "memory", [STAGE_LOOPS] = "loops",       [STAGE_CODE] = "c",
    [STAGE_REPORT] = "report", [STAGE_LAUNCHES] = "launches",
};

/* ---- text ------------------------------------------------------------------------------------ */

static void print_cnir(const stage *s, text *out) {
    graph_print(s->graph, out);
}

static void print_dot(const stage *s, text *out) {
    graph_print_dot(s->graph, out);
}

static void print_svg(const stage *s, text *out) {
    graph_print_svg(s->graph, out);
}

static void print_parts(const stage *s, text *out) {
    for (uint32_t i = 0; i < s->part_count; i++) {
        text_append(out, i > 0 ? "\n" : "");
        text_append(out, s->parts[i].text);
    }
}

static void print_memory(const stage *s, text *out) {
    memory_plan_print(s->plan, out);
}

/* Kernels are named for what they compute; here they meet the layers they work for. */
static void print_launch(const node *n, uint32_t id, int depth, text *out) {
    const char *name =
        n->op == &op_group ? ((const group_attributes *)n->attributes)->name : n->op->name;
    text_indent(out, depth);
    text_printf(out, "%%%-4u %s", id, name);
    if (n->location.file != NULL)
        text_printf(out, "  # %s:%d", n->location.file, n->location.line);
    if (n->location.layer != NULL)
        text_printf(out, " %s", n->location.layer);
    text_append(out, "\n");
}

static void print_launches_of(const graph *g, int depth, text *out) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op == &op_group || n->op == &op_scan)
            print_launch(n, id, depth, out);
        if (n->op == &op_scan) /* its body's launches run once a step */
            print_launches_of(n->regions[0], depth + 1, out);
    }
}

static void print_launches(const stage *s, text *out) {
    print_launches_of(s->graph, 0, out);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void begin_json(const stage *s, text *out) {
    text_printf(out, "{\"schema\": \"cornu.dump/1\", \"stage\": \"%s\",\n", stage_names[s->kind]);
}

static void print_graph_json(const stage *s, text *out) {
    begin_json(s, out);
    graph_print_json(s->graph, out);
    text_append(out, "}\n");
}

static void print_parts_json(const stage *s, text *out) {
    begin_json(s, out);
    text_append(out, "\"parts\": [");
    for (uint32_t i = 0; i < s->part_count; i++) {
        text_append(out, i > 0 ? ",\n{\"name\": " : "\n{\"name\": ");
        text_json(out, s->parts[i].name);
        text_append(out, ", \"text\": ");
        text_json(out, s->parts[i].text);
        text_append(out, "}");
    }
    text_append(out, "]}\n");
}

static const char *storage_word(const memory_plan *p, const storage *s) {
    static const char *const words[] = {
        [STORAGE_INPUT] = "input",
        [STORAGE_OUTPUT] = "output",
        [STORAGE_ARENA] = "arena",
        [STORAGE_CONSTANT] = "constant",
    };
    bool state = s->kind == STORAGE_INPUT && p->graph->inputs.items[s->index].role == INPUT_STATE;
    return state ? "state" : words[s->kind];
}

static void print_storage_json(const memory_plan *p, value v, text *out) {
    const storage *s = &p->of[v.node][v.result];
    text_printf(out, "{\"node\": %u, \"result\": %u, \"type\": \"", v.node, v.result);
    text_type(out, value_type(p->graph, v));
    text_printf(out, "\", \"place\": \"%s\", ", storage_word(p, s));
    if (s->kind == STORAGE_ARENA)
        text_printf(out, "\"offset\": %zu, ", s->offset);
    text_printf(out, "\"bytes\": %zu, \"first\": %u, \"last\": %u}", s->bytes, s->first, s->last);
}

static void print_plan_json(const memory_plan *p, text *out) {
    const char *before = "\n";
    text_printf(out,
                "\"capacity\": %lld, \"arena_bytes\": %zu, \"lower_bound_bytes\": %zu, "
                "\"state_bytes\": %zu, \"io_bytes\": %zu,\n\"values\": [",
                (long long)p->capacity, p->arena_bytes, p->lower_bound_bytes, p->state_bytes,
                p->io_bytes);
    for (uint32_t id = 1; id < p->graph->nodes.count; id++)
        for (uint32_t r = 0; r < graph_node(p->graph, id)->result_count; r++) {
            text_append(out, before);
            print_storage_json(p, (value){id, r}, out);
            before = ",\n";
        }
    text_append(out, "],\n\"bodies\": [");
    before = "";
    for (uint32_t id = 1; id < p->graph->nodes.count; id++) {
        if (p->bodies[id] == NULL)
            continue;
        text_printf(out, "%s{\"node\": %u, \"offset\": %zu, ", before, id,
                    p->body_space[id].offset);
        print_plan_json(p->bodies[id], out);
        text_append(out, "}");
        before = ",\n";
    }
    text_append(out, "]");
}

static void print_memory_json(const stage *s, text *out) {
    begin_json(s, out);
    print_plan_json(s->plan, out);
    text_append(out, "}\n");
}

static void print_launch_json(const node *n, uint32_t id, text *out) {
    text_printf(out, "{\"node\": %u", id);
    if (n->op == &op_group) {
        text_append(out, ", \"kernel\": ");
        text_json(out, ((const group_attributes *)n->attributes)->name);
    }
    if (n->location.file != NULL) {
        text_append(out, ", \"file\": ");
        text_json(out, n->location.file);
        text_printf(out, ", \"line\": %d", n->location.line);
    }
    if (n->location.layer != NULL) {
        text_append(out, ", \"layer\": ");
        text_json(out, n->location.layer);
    }
}

static void print_launches_json_of(const graph *g, text *out) {
    const char *before = "[\n";
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op != &op_group && n->op != &op_scan)
            continue;
        text_append(out, before);
        print_launch_json(n, id, out);
        if (n->op == &op_scan) {
            text_append(out, ", \"body\": ");
            print_launches_json_of(n->regions[0], out);
        }
        text_append(out, "}");
        before = ",\n";
    }
    text_append(out, *before == '[' ? "[]" : "]");
}

static void print_launches_json(const stage *s, text *out) {
    begin_json(s, out);
    text_append(out, "\"launches\": ");
    print_launches_json_of(s->graph, out);
    text_append(out, "}\n");
}

/* ---- the table ------------------------------------------------------------------------------- */

static const stage_format formats[] = {
    {"cnir", STAGE_GRAPH, print_cnir},        {"dot", STAGE_GRAPH, print_dot},
    {"svg", STAGE_GRAPH, print_svg},          {"json", STAGE_GRAPH, print_graph_json},
    {"text", STAGE_TIMINGS, print_parts},     {"json", STAGE_TIMINGS, print_parts_json},
    {"text", STAGE_REMARKS, print_parts},     {"json", STAGE_REMARKS, print_parts_json},
    {"text", STAGE_MEMORY, print_memory},     {"json", STAGE_MEMORY, print_memory_json},
    {"text", STAGE_LOOPS, print_parts},       {"json", STAGE_LOOPS, print_parts_json},
    {"c", STAGE_CODE, print_parts},           {"json", STAGE_CODE, print_parts_json},
    {"text", STAGE_LAUNCHES, print_launches}, {"json", STAGE_LAUNCHES, print_launches_json},
    {"text", STAGE_REPORT, print_parts},      {"json", STAGE_REPORT, print_parts_json},
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

const stage_format *stage_format_find(stage_kind kind, const char *name) {
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].kind == kind && (name == NULL || strcmp(formats[i].name, name) == 0))
            return &formats[i];
    return NULL;
}

const char *stage_format_list(stage_kind kind, arena *a) {
    int last = 0;
    text t;
    text_init(&t, a);
    for (int i = 0; i < FORMAT_COUNT; i++)
        last = formats[i].kind == kind ? i : last;
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].kind == kind)
            text_printf(&t, "%s%s",
                        t.length == 0 ? ""
                        : i == last   ? " or "
                                      : ", ",
                        formats[i].name);
    return t.data;
}
