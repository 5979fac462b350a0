/* How a node reads its operands, learned by running its own lowering rule on symbolic indices.
 *
 * Fusion asks about index maps (is this operand read at the same index, which axes are
 * reduced?), and the op's `element` already knows. So nothing is stated twice, and passes need
 * no knowledge of single ops.
 */
#ifndef CORNU_IR_ACCESS_H
#define CORNU_IR_ACCESS_H

#include "ir/ir.h"
#include "ir/loop.h"

typedef enum access_kind {
    ACCESS_SIMPLE,  /* every index is an axis (of the result or reduced), each at most once, or 0
                       in a dim of 1: the operand's elements are visited without arithmetic */
    ACCESS_VIEW,    /* arithmetic on axes, unguarded: reshape, slice, reverse */
    ACCESS_GUARDED, /* read under a condition: pad, concat, windows */
    ACCESS_DATA,    /* the index depends on data: gather */
} access_kind;

enum { AXIS_NONE = -1 };

typedef struct access {
    uint32_t operand;
    access_kind kind;
    int axes
        [MAX_RANK]; /* SIMPLE: per operand dim: result axis, rank + reduced axis, or AXIS_NONE */
} access;

typedef struct access_list {
    bool known;     /* false: the op has no `element` (or refused): opaque, tables */
    bool contracts; /* it has a structured form, which stands for `element`: then unknown */
    int rank;       /* of the result */
    int reduced_count;
    dim reduced[4 * MAX_RANK];
    VEC(access) items;
    loop_variable *axes[5 * MAX_RANK]; /* result axes, then reduced axes, of the probe */
} access_list;

/* Result 0 of a node. */
access_list *access_of(arena *a, const graph *g, const node *n);

/* While probing (ir/lower.c calls these): sorts an access into its kind; adds a reduced axis. */
void access_classify(const access_list *list, const type *operand, const expr *const *index,
                     access *out);
void access_add_reduced(access_list *list, loop_variable *axis);

#endif
