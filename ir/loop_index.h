/* Index arithmetic of the loop IR: linear forms and ranges.
 *
 * An I64 expression is kept as  sum(coefficient * atom) + constant + batch * B,  where an atom
 * is a variable or something that is not a sum, and a coefficient is a number or a multiple of
 * B. One spelling per value makes equality structural, lets div and mod of a reshape cancel,
 * and lets bounds be read off.
 *
 * A range is a pair of bounds c + k*B that hold for every B >= 1.
 */
#ifndef CORNU_IR_LOOP_INDEX_H
#define CORNU_IR_LOOP_INDEX_H

#include "ir/loop.h"

enum { LINEAR_TERMS = 24 };

typedef struct linear_term {
    dim coefficient; /* count may be negative here */
    const expr *atom;
} linear_term;

typedef struct linear {
    int count;
    linear_term terms[LINEAR_TERMS];
    int64_t constant, batch; /* constant + batch * B */
} linear;

/* False when the sum has more terms than fit or overflows. */
bool linear_of(const expr *x, linear *out);
/* The canonical expression of a sum. */
const expr *linear_expr(arena *a, const linear *l);
/* The coefficient of `v` as an atom of its own; zero when it is none. */
dim linear_coefficient(const linear *l, const loop_variable *v);

typedef struct bound {
    bool finite;
    int64_t constant, batch; /* constant + batch * B */
} bound;
typedef struct range {
    bound low, high; /* both inclusive */
} range;

range expr_range(const expr *x);
/* Whether low <= x, or x <= high, for all B >= 1. */
bool range_at_least(range r, int64_t low);
bool range_below(range r, dim extent);

/* A total order on expressions by structure; 0 = equal. */
int expr_compare(const expr *x, const expr *y);
bool expr_uses(const expr *x, const loop_variable *v);
/* The row-major offset of an element. */
const expr *expr_offset(arena *a, const type *t, const expr *const *index);
/* x / d and x % d for an index x and a positive d. */
const expr *expr_divide(arena *a, const expr *x, dim d);
const expr *expr_modulo(arena *a, const expr *x, dim d);

/* Rebuilds an expression bottom-up (so it folds again): `leaf` may replace variables and loads;
 * it returns NULL to keep what it is given, whose arguments are mapped already. */
typedef const expr *(*expr_leaf_map)(void *user, const expr *leaf);
const expr *expr_map(arena *a, const expr *x, expr_leaf_map leaf, void *user);

/* For expr_scalar: the simplified index operation, or NULL when there is nothing to gain. */
const expr *index_simplify(arena *a, scalar_op op, const expr *const *arguments);

#endif
