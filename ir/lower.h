/* From ops to loops: what an op's `element`, `contract` and `nest` may call.
 *
 * Lowering pulls. A group's root asks for "the scalar of value v at index i"; an elementwise op
 * answers with an expression over the same index of its operands, a movement op with another
 * index, a reduction with a `reduce` statement in the current scope and the variable it defines.
 * Values that enter the group from outside are loads. Fusion is therefore not done here: it is
 * the choice of group; everything inside one is pulled into one loop nest.
 *
 * Invariant: asking twice for the same value at the same index in the same scope gives the same
 * variable, so nothing inside a scope is computed twice, and a value used by a reduction and
 * after it is one value (the row buffer of passes/lower.c).
 */
#ifndef CORNU_IR_LOWER_H
#define CORNU_IR_LOWER_H

#include "ir/ir.h"
#include "ir/loop.h"

typedef struct lowering lowering;
struct lowering {
    arena *arena;
    const graph *region;  /* the group's body */
    kernel *kernel;
    void *state;          /* of passes/lower.c */
};

/* The scalar of operand i of n at `index` (one I64 expression per dim of the operand). */
const expr *lower_operand(lowering *l, const node *n, uint32_t i, const expr *const *index);
/* ... at `index` where `guard` is true, `otherwise` elsewhere (padding). */
const expr *lower_operand_guarded(lowering *l, const node *n, uint32_t i, const expr *const *index,
                                  const expr *guard, const expr *otherwise);

/* A scalar operation; emitted as a `let` when it is not trivial, so that it is shared. */
const expr *lower_scalar(lowering *l, scalar_op op, cn_dtype dtype, const expr *const *arguments,
                         int count);

/* A fresh axis 0 <= v < extent. */
loop_variable *lower_axis(lowering *l, const char *hint, dim extent);
/* Begins a reduce over `axes`; between begin and end operands are pulled into its body. */
void lower_reduce_begin(lowering *l, loop_variable *const *axes, int count);
const expr *lower_reduce_end(lowering *l, fold_kind fold, cn_dtype accumulator, const expr *value);

/* For `nest` (OP_OPAQUE): explicit loops and stores to result r of the node. */
void lower_loop_begin(lowering *l, loop_variable *axis, bool parallel);
void lower_loop_end(lowering *l);
void lower_store(lowering *l, const node *n, uint32_t result, const expr *const *index,
                 const expr *value);
/* Reads what this nest stored to result r before (same parallel iteration only). */
const expr *lower_load_result(lowering *l, const node *n, uint32_t result,
                              const expr *const *index);

/* 32 random bits: key0, key1 are U32 expressions, `element` the row-major I64 index, `step` a U32
 * or I64 counter, `stream` the attribute. Bits are word (element mod 4) of
 * philox(counter = {element / 4 low, element / 4 high, step, stream}, key). Elements are drawn
 * four at a time by targets that can. */
const expr *lower_random(lowering *l, const expr *key0, const expr *key1, const expr *element,
                         const expr *step, uint32_t stream);

#endif
