/* Ops that built-in layers need and the public vocabulary has not (yet). Poison in, poison out. */
#ifndef CORNU_FRONTEND_INTERNAL_OPS_H
#define CORNU_FRONTEND_INTERNAL_OPS_H

#include "frontend/frontend.h"

/* ops_window.c: windows over the two spatial axes of x [batch, height, width, channels]. */
typedef struct window2d {
    int64_t size[2], strides[2], dilation[2];
    cn_padding padding; /* CN_SAME: out = ceil(in / stride), the odd cell after */
} window2d;
/* Windows that the padding leaves: out[i] = 0 when none fits. */
int64_t window_positions(const window2d *w, int axis, int64_t extent);
/* filters [height, width, channels / groups, count]. */
cn_tensor op_conv2d(cn_tensor x, cn_tensor filters, const window2d *w, int64_t groups);
cn_tensor op_max_pool2d(cn_tensor x, const window2d *w);
/* Divides by the cells that exist. */
cn_tensor op_average_pool2d(cn_tensor x, const window2d *w);

/* ops_random.c: true with probability 1 - rate. */
cn_tensor op_random_keep(cn_context *c, const type *shape, double rate);

#endif
