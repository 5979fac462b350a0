/* scan's parts by number, and its gradient (scan_gradient.c). */
#ifndef CORNU_IR_OPS_SCAN_H
#define CORNU_IR_OPS_SCAN_H

#include "ir/ops/ops.h"

typedef struct scan_parts {
    uint32_t constants, carries, inputs; /* operands, in this order */
    uint32_t outputs;                    /* results after the carries */
    int64_t length;
    bool reverse;
} scan_parts;

scan_parts scan_parts_of(const node *n);
/* [length, row...]. */
type scan_stacked_type(const type *row, int64_t length);
void scan_vjp(gradient_context *cx, const node *n);

#endif
