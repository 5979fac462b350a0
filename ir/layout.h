/* Where the boxes and arrows of a picture go: in layers from top to bottom. */
#ifndef CORNU_IR_LAYOUT_H
#define CORNU_IR_LAYOUT_H

#include "ir/formats.h"

typedef struct layout_point {
    double x, y;
} layout_point;

/* The middle of the box. */
typedef struct layout_box {
    double x, y, width, height;
} layout_box;

/* From the lower edge of one box to the upper edge of another. */
typedef struct layout_path {
    VEC(layout_point) points;
} layout_path;

typedef struct layout {
    layout_box *boxes;  /* as the picture's nodes: width and height are given, the rest is made */
    layout_path *paths; /* as the picture's edges; no points for updates */
    double width, height;
} layout;

/* Deterministic. About n log n in boxes and the layers that arrows cross. */
void layout_picture(const picture *p, layout *l, arena *a);

#endif
