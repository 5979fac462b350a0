/* What reduce_window (window.c) and select_and_scatter (select_and_scatter.c) share: the grid of
 * windows, in numbers for the interpreter and in expressions for lowering. */
#ifndef CORNU_IR_OPS_WINDOW_H
#define CORNU_IR_OPS_WINDOW_H

#include "ir/lower.h"
#include "ir/ops/ops.h"

extern const attribute_schema window_schema;

static inline const window_attributes *window_of(const node *n) {
    return n->attributes;
}
static inline reduce_kind window_kind(const node *n) {
    return (reduce_kind)window_of(n)->kind;
}

/* One element per window of operand 0. */
bool windowed_type(const graph *g, const node *n, type *out, diagnostics *d);
/* The element of x at point k of window i; false in the padding. */
bool window_point(const window_attributes *a, const type *x, const int64_t *i, const int64_t *k,
                  int64_t *out);
/* One operation per point of each window. */
double window_cost(const graph *g, const node *n, int64_t batch);

/* The points of a window while it is folded: fresh axes where it is wider than 1. */
typedef struct window_axes {
    loop_variable *axes[MAX_RANK];
    int count;
    const expr *k[MAX_RANK]; /* position in the window, per axis */
} window_axes;

window_axes window_axes_make(lowering *l, const window_attributes *a, int rank);
/* The first element of window `index`, per axis; negative in the padding. */
void window_start(lowering *l, const window_attributes *a, int rank, const expr *const *index,
                  const expr **start);
/* x's index start + k, and the condition that it is not in the padding (NULL: it never is). */
const expr *window_source(lowering *l, const window_attributes *a, const type *x,
                          const expr *const *start, const window_axes *w, const expr **source);
/* Operand i at `source` where `inside` is NULL or true. */
const expr *operand_where(lowering *l, const node *n, uint32_t i, const expr *const *source,
                          const expr *inside, const expr *otherwise);

#endif
