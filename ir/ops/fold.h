/* What the files of the reduce and window families share. */
#ifndef CORNU_IR_OPS_FOLD_H
#define CORNU_IR_OPS_FOLD_H

#include "ir/ops/ops.h"

/* The spellings of reduce_kind. */
extern const char *const reduce_kinds[];
/* Whether the kind folds elements of x. */
bool check_fold(const graph *g, const node *n, reduce_kind kind, const type *x, diagnostics *d);
/* One operation per element of operand 0. */
double fold_cost(const graph *g, const node *n, int64_t batch);

#endif
