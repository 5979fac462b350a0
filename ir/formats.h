/* What a graph can be printed as.
 *
 *     cnir   the text that reads back (print.c)      svg    a picture (print_svg.c, layout.c)
 *     dot    for Graphviz (print_dot.c)              json   for programs (print_json.c)
 */
#ifndef CORNU_IR_FORMATS_H
#define CORNU_IR_FORMATS_H

#include "base/text.h"
#include "ir/ir.h"

void graph_print_dot(const graph *g, text *out);
void graph_print_svg(const graph *g, text *out);
/* An object of the members below, which stand in an object of the caller's: `"name": ...,
 * "inputs": [...], "nodes": [...], "outputs": [...]`. */
void graph_print_json(const graph *g, text *out);

/* ---- what pictures share (picture.c) --------------------------------------------------------- */

/* What a node is in a picture. Constants of one element are words in the nodes that use them. */
typedef enum picture_kind {
    PICTURE_DATA,
    PICTURE_STATE,
    PICTURE_CONSTANT,
    PICTURE_CONTRACTION,
    PICTURE_REDUCTION,
    PICTURE_POINTWISE,
    PICTURE_MOVEMENT,
    PICTURE_OTHER,
    PICTURE_OUTPUT,
    PICTURE_KIND_COUNT,
} picture_kind;

typedef struct picture_node {
    picture_kind kind;
    const char *title;   /* "conv", "dense/kernel" */
    const char *detail;  /* attributes, or the ops of a group; "" = none */
    const char *type;    /* "f32[B,10]", and of which layer */
    const char *tooltip; /* the line of the node as text, with its place in the program */
} picture_node;

typedef struct picture_edge {
    uint32_t from, to; /* indices of picture nodes */
    bool update;       /* from an output back to the state it overwrites; not drawn in layers */
} picture_edge;

/* A graph as boxes and arrows; outputs are boxes too. */
typedef struct picture {
    const char *name;
    VEC(picture_node) nodes;
    VEC(picture_edge) edges;
} picture;

extern const char *const picture_kind_names[PICTURE_KIND_COUNT];
/* The fill of a box of each kind, "#rrggbb". */
extern const char *const picture_colors[PICTURE_KIND_COUNT];
picture picture_of(const graph *g, arena *a);

#endif
