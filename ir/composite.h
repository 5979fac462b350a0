/* Composites: named compositions of primitives that some pass or target wants to see whole.
 *
 * A composite node owns its decomposition as a region; everything works through it. A registered
 * vjp (itself made of differentiable ops) may replace differentiating the decomposition; without
 * one the op's rule differentiates a copy of the region beside the node (gradient_context's
 * of_region), which later merges with the expanded composite. Autodiff so needs no special case. A
 * target may claim a composite for a fast kernel (target_facts.h). Deleting every vjp and every
 * claim must still pass all tests.
 */
#ifndef CORNU_IR_COMPOSITE_H
#define CORNU_IR_COMPOSITE_H

#include "ir/ir.h"
#include "ir/ops/ops.h"

typedef struct composite_def {
    const char *name;
    const char *summary;
    int operand_count;
    int result_count;
    /* Builds the decomposition in g from operands; fills results. */
    void (*decompose)(graph *g, const composite_attributes *a, const value *operands,
                      value *results);
    /* NULL: differentiate the decomposition. */
    void (*vjp)(gradient_context *cx, const node *n);
} composite_def;

extern const composite_def *const composite_registry[]; /* NULL-terminated */
const composite_def *composite_find(const char *name);

/* softmax, log_softmax {parameters=[axis]}; softmax_cross_entropy (logits [.., K], targets [.., K]
 * float -> [..]) and sparse_softmax_cross_entropy (logits [.., K], labels int [..] -> [..]);
 * sigmoid_cross_entropy (logits, targets, elementwise); softplus. */

#endif
