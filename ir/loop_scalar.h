/* What one scalar operation of the loop IR means, for constant folding and interpretation. */
#ifndef CORNU_IR_LOOP_SCALAR_H
#define CORNU_IR_LOOP_SCALAR_H

#include "ir/loop.h"

typedef struct scalar {
    double f;  /* float dtypes */
    int64_t i; /* integers and bool; u32 zero-extended */
} scalar;

/* How floats narrower than f64 are held: rounded after every operation, or in full. */
typedef enum scalar_precision { SCALAR_ROUNDED, SCALAR_EXACT } scalar_precision;

scalar scalar_round(cn_dtype dtype, scalar x, scalar_precision p);
/* `from`: dtype of the arguments (of the last for select). */
scalar scalar_evaluate(scalar_op op, cn_dtype dtype, cn_dtype from, const scalar *x,
                       scalar_precision p);
/* The start of a fold, and one step of it. */
scalar scalar_identity(fold_kind fold, cn_dtype dtype);
scalar scalar_fold(fold_kind fold, cn_dtype dtype, scalar x, scalar y, scalar_precision p);

#endif
