/* CORNU_VERIFY=exec: whether two graphs compute the same.
 *
 * Both are interpreted on the same made-up inputs at a small batch. A pass keeps the
 * mathematics, or the rounding, so a result counts as unchanged when it agrees in float64 to
 * 1e-9, relative to its largest element (more where the formula itself loses digits, as its float32
 * error shows), or in float32 bit by bit (folding constants rounds them, as the program would
 * have).
 */
#ifndef CORNU_PASSES_COMPARE_RUNS_H
#define CORNU_PASSES_COMPARE_RUNS_H

#include "ir/ir.h"

/* True also when the graphs cannot be run: gradients are not expanded yet. False with a message
 * that names the output and the element. */
bool compare_runs(const graph *before, const graph *after, diagnostics *d);

#endif
