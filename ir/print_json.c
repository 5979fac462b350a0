/* A graph for programs: everything the text form says, as JSON.
 *
 *     "name": "predict", "inputs": [{"node": 1, "name": "x", "type": "f32[B,4]"}],
 *     "nodes": [{"id": 3, "op": "reduce", "operands": [[1, 0]], "attributes": {"axes": [0, 1]},
 *                "types": ["f32[]"], "file": "train.c", "line": 8, "layer": "dense"}],
 *     "outputs": [{"node": 3, "result": 0, "name": "y"}]
 *
 * An operand is [node, result]. Attributes that are numbers, truth values and lists of integers
 * are such in JSON; all others, symbolic sizes and constants among them, are strings spelled as
 * in the text form. Members that would be empty or false are left out.
 */
#include <math.h>
#include <string.h>

#include "ir/formats.h"

static void print_members(const graph *g, text *out);

static void print_member(text *out, const char *name, const char *s) {
    if (s == NULL)
        return;
    text_printf(out, ", \"%s\": ", name);
    text_json(out, s);
}

static void print_type(text *out, const type *t) {
    text_append(out, "\"");
    text_type(out, t);
    text_append(out, "\"");
}

/* ---- inputs and outputs ---------------------------------------------------------------------- */

static void print_inputs(const graph *g, text *out) {
    text_append(out, "\"inputs\": [");
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        const graph_input *x = &g->inputs.items[i];
        text_printf(out, "%s{\"node\": %u", i > 0 ? ", " : "", x->value.node);
        print_member(out, "name", x->name);
        text_append(out, ", \"type\": ");
        print_type(out, value_type(g, x->value));
        text_append(out, x->role == INPUT_STATE ? ", \"state\": true" : "");
        text_append(out, x->donated ? ", \"donated\": true}" : "}");
    }
    text_append(out, "]");
}

static void print_outputs(const graph *g, text *out) {
    text_append(out, "\"outputs\": [");
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *y = &g->outputs.items[i];
        text_printf(out, "%s{\"node\": %u, \"result\": %u", i > 0 ? ", " : "", y->value.node,
                    y->value.result);
        print_member(out, "name", y->name);
        if (y->into >= 0)
            text_printf(out, ", \"into\": %u", g->inputs.items[y->into].value.node);
        text_append(out, "}");
    }
    text_append(out, "]");
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool is_json(const attribute_field *f, const void *attributes) {
    double x;
    switch (f->kind) {
    case FIELD_INTEGER:
    case FIELD_BOOL:
    case FIELD_INTEGERS:
        return true;
    case FIELD_FLOAT:
        memcpy(&x, (const char *)attributes + f->offset, sizeof x);
        return isfinite(x);
    default:
        return false;
    }
}

static void print_attribute(const attribute_field *f, const node *n, text *out) {
    cn_dtype bytes_as = n->result_count > 0 ? n->types[0].dtype : CN_DTYPE_DEFAULT;
    text_printf(out, "\"%s\": ", f->name);
    if (is_json(f, n->attributes)) {
        attribute_print(f, n->attributes, bytes_as, out);
    } else if (f->kind == FIELD_STRING) {
        const char *s;
        memcpy(&s, (const char *)n->attributes + f->offset, sizeof s);
        text_json(out, s);
    } else {
        text t;
        text_init(&t, out->arena);
        attribute_print(f, n->attributes, bytes_as, &t);
        text_json(out, t.data);
    }
}

static void print_attributes(const node *n, text *out) {
    const char *before = ", \"attributes\": {";
    if (n->op->attributes == NULL)
        return;
    for (const attribute_field *f = n->op->attributes->fields; f->name != NULL; f++) {
        if (attribute_is_default(f, n->attributes))
            continue;
        text_append(out, before);
        print_attribute(f, n, out);
        before = ", ";
    }
    text_append(out, before[2] == '\0' ? "}" : "");
}

static void print_regions(const node *n, text *out) {
    for (uint32_t i = 0; i < n->region_count; i++) {
        text_append(out, i == 0 ? ", \"regions\": [{" : ", {");
        print_members(n->regions[i], out);
        text_append(out, i + 1 == n->region_count ? "}]" : "}");
    }
}

static void print_node(const node *n, uint32_t id, text *out) {
    text_printf(out, "{\"id\": %u, \"op\": \"%s\", \"operands\": [", id, n->op->name);
    for (uint32_t i = 0; i < n->operand_count; i++)
        text_printf(out, "%s[%u, %u]", i > 0 ? ", " : "", n->operands[i].node,
                    n->operands[i].result);
    text_append(out, "]");
    print_attributes(n, out);
    text_append(out, ", \"types\": [");
    for (uint32_t r = 0; r < n->result_count; r++) {
        text_append(out, r > 0 ? ", " : "");
        print_type(out, &n->types[r]);
    }
    text_append(out, "]");
    if (n->location.file != NULL) {
        print_member(out, "file", n->location.file);
        text_printf(out, ", \"line\": %d", n->location.line);
    }
    print_member(out, "layer", n->location.layer);
    print_regions(n, out);
    text_append(out, "}");
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static void print_assumptions(const graph *g, text *out) {
    for (uint32_t i = 0; i < g->guards.count; i++) {
        text_append(out, i == 0 ? "\"guards\": [" : ", ");
        text_json(out, g->guards.items[i]);
        text_append(out, i + 1 == g->guards.count ? "],\n" : "");
    }
    if (g->bound_batch != 0)
        text_printf(out, "\"batch\": %lld,\n", (long long)g->bound_batch);
}

static void print_members(const graph *g, text *out) {
    print_inputs(g, out);
    text_append(out, ",\n");
    print_assumptions(g, out);
    text_append(out, "\"nodes\": [");
    for (uint32_t id = g->inputs.count + 1; id < g->nodes.count; id++) {
        text_append(out, id > g->inputs.count + 1 ? ",\n" : "\n");
        print_node(graph_node(g, id), id, out);
    }
    text_append(out, "],\n");
    print_outputs(g, out);
}

void graph_print_json(const graph *g, text *out) {
    text_append(out, "\"name\": ");
    text_json(out, g->name == NULL ? "" : g->name);
    text_append(out, ",\n");
    print_members(g, out);
}
