/* What the ops that own regions share. */
#ifndef CORNU_IR_OPS_CONTROL_H
#define CORNU_IR_OPS_CONTROL_H

#include "ir/ir.h"

/* The node has exactly one region, with as many inputs as the node has operands. */
bool check_region(const node *n, diagnostics *d);
/* Input i of the region has type `wanted`, which follows from the node's operands. */
bool check_region_input(const graph *g, const node *n, uint32_t i, const type *wanted,
                        diagnostics *d);
/* Floating-point operations of one run of a region. */
double region_cost(const graph *region, int64_t batch);

#endif
