/* The text form .cnir, written. parse.c reads it back; docs and tests quote it.
 *
 *     cornu-ir 1
 *     func @train_step(%image: f32[B,784], %dense_w: f32[784,10] state donate "dense/w") {
 *       guard "batch = 32: sort along the batch"
 *       batch 32
 *       %3 = dot_general %image, %dense_w {left_contract=[1]} : f32[B,10]  # train.c:8 dense
 *       %4:2 = scan %3, %image {carries=1, length=8} : (f32[B,10], f32[8,B,10])
 *         region (%1: f32[B,10], %2: f32[B,784]) {
 *           return %1, %1
 *         }
 *       return %4#1 "loss", %3 into %dense_w "dense/w"
 *     }
 *
 * Numbers are positions in the graph, so equal graphs print equal text. Inputs go by name: its
 * letters, digits and '_', when these make a name of their own; the full name follows in
 * quotes where it differs. A comment that says file:line and layer is read back as such.
 */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "ir/ir.h"

enum { LONGEST_LINE = 100 };

/* What values are called in one graph or region. */
typedef struct printer {
    const graph *graph;
    const char **names; /* per node; NULL = by number */
    text *out;
    int indent;
} printer;

static void print_graph_body(const printer *p);

static void new_line(const printer *p, int deeper) {
    text_append(p->out, "\n");
    for (int i = 0; i < p->indent + deeper; i++)
        text_append(p->out, "  ");
}

/* ---- names ------------------------------------------------------------------------------ */

static const char *identifier_for(const char *name, map *taken, arena *a) {
    text t;
    bool found = false;
    text_init(&t, a);
    text_identifier(&t, name);
    if (t.length == 0 || (t.data[0] >= '0' && t.data[0] <= '9'))
        return NULL;
    map_put_text(taken, t.data, &found);
    return found ? NULL : t.data;
}

static const char **name_inputs(const graph *g, arena *a) {
    const char **names = ARENA_ARRAY(a, const char *, g->nodes.count);
    map taken;
    map_init(&taken, a);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        const graph_input *x = &g->inputs.items[i];
        if (x->name != NULL)
            names[x->value.node] = identifier_for(x->name, &taken, a);
    }
    return names;
}

static void print_id(const printer *p, uint32_t id) {
    if (p->names[id] != NULL)
        text_printf(p->out, "%%%s", p->names[id]);
    else
        text_printf(p->out, "%%%u", id);
}

static void print_value(const printer *p, value v) {
    print_id(p, v.node);
    if (value_node(p->graph, v)->result_count > 1)
        text_printf(p->out, "#%u", v.result);
}

/* ---- inputs and outputs ------------------------------------------------------------------ */

static void print_input(const printer *p, const graph_input *x) {
    print_id(p, x->value.node);
    text_append(p->out, ": ");
    text_type(p->out, value_type(p->graph, x->value));
    if (x->role == INPUT_STATE)
        text_append(p->out, " state");
    if (x->donated)
        text_append(p->out, " donate");
    const char *id = p->names[x->value.node];
    if (x->name != NULL && (id == NULL || strcmp(id, x->name) != 0)) {
        text_append(p->out, " ");
        text_quote(p->out, x->name);
    }
}

static size_t column(const text *out) {
    size_t start = out->length;
    while (start > 0 && out->data[start - 1] != '\n')
        start--;
    return out->length - start;
}

/* On one line where they fit, else one below the other. */
static void print_inputs(const printer *p) {
    text line;
    printer on_line = *p;
    text_init(&line, p->out->arena);
    on_line.out = &line;
    for (uint32_t i = 0; i < p->graph->inputs.count; i++) {
        text_append(&line, i == 0 ? "" : ", ");
        print_input(&on_line, &p->graph->inputs.items[i]);
    }
    if (column(p->out) + line.length <= LONGEST_LINE) {
        text_printf(p->out, "(%s) {", line.data);
        return;
    }
    text_append(p->out, "(");
    for (uint32_t i = 0; i < p->graph->inputs.count; i++) {
        text_append(p->out, i == 0 ? "" : ",");
        new_line(p, 1);
        print_input(p, &p->graph->inputs.items[i]);
    }
    text_append(p->out, ") {");
}

static void print_output(const printer *p, const graph_output *y) {
    print_value(p, y->value);
    if (y->into >= 0) {
        text_append(p->out, " into ");
        print_id(p, p->graph->inputs.items[y->into].value.node);
    }
    if (y->name != NULL) {
        text_append(p->out, " ");
        text_quote(p->out, y->name);
    }
}

static void print_outputs(const printer *p) {
    text line;
    printer on_line = *p;
    text_init(&line, p->out->arena);
    on_line.out = &line;
    text_append(p->out, "return");
    for (uint32_t i = 0; i < p->graph->outputs.count; i++) {
        text_append(&line, i == 0 ? " " : ", ");
        print_output(&on_line, &p->graph->outputs.items[i]);
    }
    if (column(p->out) + line.length <= LONGEST_LINE) {
        text_append(p->out, line.data);
        return;
    }
    for (uint32_t i = 0; i < p->graph->outputs.count; i++) {
        text_append(p->out, i == 0 ? "" : ",");
        new_line(p, 2);
        print_output(p, &p->graph->outputs.items[i]);
    }
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static void print_types(const printer *p, const node *n) {
    text_append(p->out, n->result_count == 1 ? " : " : " : (");
    for (uint32_t r = 0; r < n->result_count; r++) {
        if (r > 0)
            text_append(p->out, ", ");
        text_type(p->out, &n->types[r]);
    }
    if (n->result_count != 1)
        text_append(p->out, ")");
}

/* A user's text in a comment: a line break would end it. */
static void print_plain(const printer *p, const char *s) {
    for (; *s != '\0'; s++)
        text_append_n(p->out, (unsigned char)*s < 0x20 || *s == 0x7f ? "?" : s, 1);
}

static void print_location(const printer *p, const location *where) {
    if (where->file == NULL && where->layer == NULL)
        return;
    text_append(p->out, "  # ");
    print_plain(p, where->file == NULL ? "" : where->file);
    text_printf(p->out, ":%d", where->line < 0 ? 0 : where->line);
    if (where->layer != NULL) {
        text_append(p->out, " ");
        print_plain(p, where->layer);
    }
}

static void print_region(const printer *outer, const graph *region) {
    printer p = {region, name_inputs(region, outer->out->arena), outer->out, outer->indent + 1};
    new_line(&p, 0);
    text_append(p.out, "region ");
    print_inputs(&p);
    print_graph_body(&p);
    new_line(&p, 0);
    text_append(p.out, "}");
}

static void print_node(const printer *p, uint32_t id) {
    const node *n = graph_node(p->graph, id);
    print_id(p, id);
    if (n->result_count != 1)
        text_printf(p->out, ":%u", n->result_count);
    text_printf(p->out, " = %s", n->op->name);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        text_append(p->out, i == 0 ? " " : ", ");
        print_value(p, n->operands[i]);
    }
    if (n->op->attributes != NULL)
        attributes_print(n->op->attributes, n->attributes,
                         n->result_count > 0 ? n->types[0].dtype : CN_DTYPE_DEFAULT, p->out);
    print_types(p, n);
    print_location(p, &n->location);
    for (uint32_t i = 0; i < n->region_count; i++)
        print_region(p, n->regions[i]);
}

static void print_graph_body(const printer *p) {
    const graph *g = p->graph;
    for (uint32_t i = 0; i < g->guards.count; i++) {
        new_line(p, 1);
        text_append(p->out, "guard ");
        text_quote(p->out, g->guards.items[i]);
    }
    if (g->bound_batch != 0) {
        new_line(p, 1);
        text_printf(p->out, "batch %lld", (long long)g->bound_batch);
    }
    for (uint32_t id = g->inputs.count + 1; id < g->nodes.count; id++) {
        printer deeper = *p;
        new_line(p, 1);
        deeper.indent++;
        print_node(&deeper, id);
    }
    new_line(p, 1);
    print_outputs(p);
}

/* A name that is no plain word is quoted. */
static void print_function_name(text *out, const char *name) {
    text plain;
    text_init(&plain, out->arena);
    text_identifier(&plain, name);
    text_append(out, "func @");
    if (plain.length > 0 && strcmp(plain.data, name) == 0)
        text_append(out, name);
    else
        text_quote(out, name);
}

void graph_print(const graph *g, text *out) {
    printer p = {g, name_inputs(g, out->arena), out, 0};
    text_append(out, "cornu-ir 1\n");
    print_function_name(out, g->name == NULL ? "" : g->name);
    print_inputs(&p);
    print_graph_body(&p);
    text_append(out, "\n}\n");
}
