/* What the files of the movement family share. */
#ifndef CORNU_IR_OPS_MOVEMENT_H
#define CORNU_IR_OPS_MOVEMENT_H

#include "ir/interpret.h"
#include "ir/ops/ops.h"

/* Rows of the attribute tables. */
#define MOVEMENT_SHAPE \
    { "shape", FIELD_RESULT_SHAPE, offsetof(movement_attributes, shape), NULL }
#define MOVEMENT_LIST(name) \
    { #name, FIELD_INTEGERS, offsetof(movement_attributes, name), NULL }

/* Turns an index of the result into the one of operand 0 (of type x) it is copied from. */
typedef void (*source_index)(const node *n, const type *x, const int64_t *index, int64_t *source);

/* Copies every element of y from where it comes from in x. */
void interpret_moved(const node *n, const tensor *x, tensor *y, source_index from);
/* Moving costs no arithmetic. */
double movement_cost(const graph *g, const node *n, int64_t batch);

#endif
