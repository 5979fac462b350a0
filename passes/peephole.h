/* Peephole rewriting: what the local passes share.
 *
 * A rule looks at one node, whose operands are rewritten already, and says what it should be
 * instead. Rules are tried until none applies, on what a rule made too, so a rule needs to see
 * one step only. Every rule makes its node simpler in some fixed order (fewer nodes, cheaper
 * ops, constants further right), or rewriting would not end.
 *
 * Bodies of scans and of other nodes that own regions are rewritten by the same rules. Cost: a
 * few rules per node, one pass.
 */
#ifndef CORNU_PASSES_PEEPHOLE_H
#define CORNU_PASSES_PEEPHOLE_H

#include "passes/pass.h"

/* How often the nodes of the new graph will be used. */
typedef struct use_counts use_counts;

/* Node n (with one result) is not in g, but its operands are, and new nodes may be added there.
 * Returns what stands for its result, of the same type; NO_VALUE to leave it. */
typedef value (*peephole_rule)(graph *g, const node *n, const use_counts *uses);

typedef struct peephole {
    const op_def *op; /* NULL: any op */
    peephole_rule rule;
} peephole;

/* Tables end with a NULL rule, the list of tables with NULL; rules are tried in order. The same
 * graph when none applied. */
graph *peephole_rewrite(graph *g, pass_context *cx, const peephole *const *tables);

/* Copies node n with other regions, filling a value per result. */
void copy_with_regions(graph *to, const node *n, const value *operands, graph **regions,
                       value *results);

/* ---- what rules ask ------------------------------------------------------------------------- */

/* The node that makes operand i, when it is such an op (then also result 0); else NULL. */
const node *operand_made_by(const graph *g, const node *n, uint32_t i, const op_def *op);
const node *value_made_by(const graph *g, value v, const op_def *op);
/* Others than n may use its operand i too: work that a rule draws into n would be done twice.
 * Not known, and so true, of what this sweep made; the next one knows. */
bool operand_is_shared(const use_counts *uses, const node *n, uint32_t i);
/* A constant whose elements are all one number. */
bool value_is_splat(const graph *g, value v);
/* ... and that number, where a double holds it exactly. */
bool splat_number(const graph *g, value v, double *out);
bool value_is_number(const graph *g, value v, double wanted);

#endif
