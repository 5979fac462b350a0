/* The state behind ir/lower.h: scopes, memo and what a group scheme arranges around them.
 *
 * Scopes form a tree while lowering: the kernel's body, and below it the bodies of the loops and
 * reductions that are being built. A scope's statements come before the statement that its open
 * child will become, so whatever depends only on outer variables can still be added to an outer
 * scope: that is how invariant values leave inner loops.
 *
 * Invariant: an expression is placed at its depth, the deepest scope that defines one of its
 * variables, never below `floor`; entries of a scope's memo are valid in it and its children.
 */
#ifndef CORNU_IR_LOWER_STATE_H
#define CORNU_IR_LOWER_STATE_H

#include "ir/lower.h"

typedef struct memo_value { /* value at index under guard -> result */
    value of;
    const expr *const *index;
    const expr *guard;
    const expr *result;
} memo_value;

typedef struct memo_let { /* expression -> the variable that holds it */
    const expr *of;
    const expr *variable;
} memo_let;

typedef struct scope {
    struct scope *parent;
    int depth;
    stmt_list *out;
    stmt *owner; /* the loop or reduce this is the body of; NULL for others */
    VEC(memo_value) values;
    VEC(memo_let) lets;
} scope;

/* A row value that several passes use: computed once per row into a local buffer. */
typedef struct row_local {
    int buffer; /* -1: the value is not kept */
    bool filled;
    int rank; /* which dims of the value vary within a row, and their axes' extents */
    int dims[MAX_RANK];
} row_local;

/* What a node asks of its operands, recorded by running its lowering rule (ir/access.h). */
struct access_list;

typedef struct lower_state {
    int *buffer_of_input;      /* by region node: argument buffer of a region input + 1, else 0 */
    row_local *locals;         /* by region node, or NULL */
    int row_depth;             /* scope depth of one row; locals are filled there */
    int first_result;          /* argument buffer of the group's result 0 */
    scope *scope;              /* where statements go now */
    scope *left, *right;       /* while a contraction is described: where its operands go */
    const node *contraction;   /* ... and which node it is */
    const expr *guard;         /* NULL = true */
    int floor;                 /* nothing is placed in a scope above this depth */
    int contract_depth;        /* depth of axes made while a contraction is described; else 0 */
    VEC(int) depth_of;         /* by variable id */
    struct access_list *probe; /* not NULL: record accesses, build nothing */
} lower_state;

lowering *lowering_new(arena *a, const graph *region, kernel *k);
static inline lower_state *lowering_state(const lowering *l) {
    return l->state;
}

/* The scalar of any value of the region at an index. */
const expr *lower_value(lowering *l, value v, const expr *const *index);
/* States that `v` at `index` is `result`, in the current scope. */
void lower_assume(lowering *l, value v, const expr *const *index, const expr *result);
/* A load becomes a variable, so that a store that follows cannot change what was read. */
const expr *lower_bind(lowering *l, const expr *x);
void lower_store_buffer(lowering *l, int buffer, const expr *const *index, const expr *value);
scope *lower_scope_open(lowering *l, stmt_list *out, stmt *owner);
void lower_scope_close(lowering *l);
loop_variable *lower_variable(lowering *l, const char *hint, cn_dtype dtype, int depth);

#endif
