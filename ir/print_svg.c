/* A graph as a picture: one self-contained SVG without scripts or fonts of its own.
 *
 * A box says what a node is (title), how (attributes, or the ops of a group) and what comes out
 * (type); its tooltip is its whole line and the place in the user's program. Arrows are smooth
 * through their bends. Outputs that overwrite a state name it in words: an arrow back would cross
 * everything.
 */
#include "ir/layout.h"

#include <stdlib.h>

static const double LINE_HEIGHT = 14, PADDING = 7;
static const double CHARACTER_WIDTH = 6.3; /* of 10.5px monospace, by which boxes are measured */

static size_t characters(const char *s) {
    size_t count = 0;
    for (; *s != '\0'; s++)
        count += ((unsigned char)*s & 0xc0) != 0x80;
    return count;
}

static void measure(const picture_node *n, layout_box *box) {
    size_t widest = characters(n->title);
    widest = characters(n->detail) > widest ? characters(n->detail) : widest;
    widest = characters(n->type) > widest ? characters(n->type) : widest;
    box->width = (double)widest * CHARACTER_WIDTH + 2 * PADDING;
    box->height = (*n->detail == '\0' ? 2 : 3) * LINE_HEIGHT + PADDING;
}

/* Tenths are enough, and are the same in every locale. */
static void print_number(text *out, double x) {
    long tenths = (long)(x * 10 + (x < 0 ? -0.5 : 0.5));
    text_printf(out, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
    if (tenths % 10 != 0)
        text_printf(out, ".%ld", labs(tenths) % 10);
}

static void print_pair(text *out, const char *before, double x, double y) {
    text_append(out, before);
    print_number(out, x);
    text_append(out, " ");
    print_number(out, y);
}

static void print_path(const layout_path *path, text *out) {
    const layout_point *p = path->points.items;
    print_pair(out, "<path d=\"M", p[0].x, p[0].y);
    for (uint32_t i = 1; i < path->points.count; i++) {
        double middle = (p[i - 1].y + p[i].y) / 2;
        print_pair(out, "C", p[i - 1].x, middle);
        print_pair(out, " ", p[i].x, middle);
        print_pair(out, " ", p[i].x, p[i].y);
    }
    text_append(out, "\"/>\n");
}

static void print_line(const layout_box *box, double y, const char *class, const char *words,
                       text *out) {
    text_append(out, "<text x=\"");
    print_number(out, box->x);
    text_append(out, "\" y=\"");
    print_number(out, y);
    text_printf(out, "\"%s>", class);
    text_xml(out, words);
    text_append(out, "</text>");
}

static void print_box(const picture_node *n, const layout_box *box, text *out) {
    double top = box->y - box->height / 2, y = top + LINE_HEIGHT;
    text_append(out, "<g><title>");
    text_xml(out, n->tooltip);
    text_append(out, "</title><rect x=\"");
    print_number(out, box->x - box->width / 2);
    text_append(out, "\" y=\"");
    print_number(out, top);
    text_append(out, "\" width=\"");
    print_number(out, box->width);
    text_append(out, "\" height=\"");
    print_number(out, box->height);
    text_printf(out, "\" fill=\"%s\"/>", picture_colors[n->kind]);
    print_line(box, y, " class=\"t\"", n->title, out);
    if (*n->detail != '\0')
        print_line(box, y += LINE_HEIGHT, "", n->detail, out);
    print_line(box, y + LINE_HEIGHT, " class=\"y\"", n->type, out);
    text_append(out, "</g>\n");
}

static void print_opening(const picture *p, const layout *l, text *out) {
    text_append(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    print_pair(out, "", l->width, l->height);
    text_append(out, "\" width=\"");
    print_number(out, l->width);
    text_append(out, "\" height=\"");
    print_number(out, l->height);
    text_append(out, "\" role=\"img\">\n<title>");
    text_xml(out, p->name);
    text_append(out, "</title>\n<style>"
                     "text{font:10.5px ui-monospace,\"DejaVu Sans Mono\",monospace;fill:#111827;"
                     "text-anchor:middle}"
                     ".t{font-weight:600}.y{fill:#4b5563}"
                     "rect{rx:4;stroke:#6b7280;stroke-width:.8}"
                     "path{fill:none;stroke:#9ca3af;stroke-width:1.1;marker-end:url(#tip)}"
                     "</style>\n"
                     "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
                     "markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\">"
                     "<polygon points=\"0,1 8,4 0,7\" fill=\"#9ca3af\"/></marker></defs>\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\" "
                     "style=\"stroke:none;rx:0\"/>\n");
}

void graph_print_svg(const graph *g, text *out) {
    arena *a = out->arena;
    picture p = picture_of(g, a);
    layout l = {.boxes = ARENA_ARRAY(a, layout_box, p.nodes.count)};
    for (uint32_t i = 0; i < p.nodes.count; i++)
        measure(&p.nodes.items[i], &l.boxes[i]);
    layout_picture(&p, &l, a);
    print_opening(&p, &l, out);
    for (uint32_t i = 0; i < p.edges.count; i++)
        if (l.paths[i].points.count > 0)
            print_path(&l.paths[i], out);
    for (uint32_t i = 0; i < p.nodes.count; i++)
        print_box(&p.nodes.items[i], &l.boxes[i], out);
    text_append(out, "</svg>\n");
}
