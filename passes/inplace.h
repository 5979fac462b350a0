/* Which results of a group overwrite which of its operands (passes/inplace.c decides). */
#ifndef CORNU_PASSES_INPLACE_H
#define CORNU_PASSES_INPLACE_H

#include "ir/ir.h"
#include "ir/loop.h"

/* The operand whose memory result r takes, or -1. */
int group_in_place(const node *group, uint32_t result);

/* Whether a kernel may store buffer `result` in the memory of buffer `operand`: everything it
 * reads there is read, in every order of its parallel iterations, before it is overwritten. */
bool kernel_may_overwrite(const kernel *k, int operand, int result);

#endif
