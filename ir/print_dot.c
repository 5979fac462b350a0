/* A graph for Graphviz: `cornu dump model.c --format dot | dot -Tpdf`. */
#include "ir/formats.h"

/* Dot's strings know the quote and the backslash; "\n" there is a line break. */
static void print_string(const char *s, text *out) {
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            text_append(out, "\\");
        if (*s == '\n')
            text_append(out, "\\n");
        else if ((unsigned char)*s < 0x20)
            text_append(out, "?");
        else
            text_append_n(out, s, 1);
    }
}

static void print_box(const picture_node *n, uint32_t i, text *out) {
    text_printf(out, "  n%u [label=\"", i);
    print_string(n->title, out);
    if (*n->detail != '\0') {
        text_append(out, "\\n");
        print_string(n->detail, out);
    }
    text_append(out, "\\n");
    print_string(n->type, out);
    text_printf(out, "\", fillcolor=\"%s\", tooltip=\"", picture_colors[n->kind]);
    print_string(n->tooltip, out);
    text_append(out, "\"];\n");
}

void graph_print_dot(const graph *g, text *out) {
    picture p = picture_of(g, out->arena);
    text_append(out, "digraph \"");
    print_string(p.name, out);
    text_append(out, "\" {\n"
                     "  rankdir=TB;\n"
                     "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", "
                     "fontsize=11];\n"
                     "  edge [color=\"#6b7280\"];\n");
    for (uint32_t i = 0; i < p.nodes.count; i++)
        print_box(&p.nodes.items[i], i, out);
    for (uint32_t i = 0; i < p.edges.count; i++) {
        const picture_edge *e = &p.edges.items[i];
        text_printf(out, "  n%u -> n%u%s;\n", e->from, e->to,
                    e->update ? " [style=dashed, constraint=false]" : "");
    }
    text_append(out, "}\n");
}
