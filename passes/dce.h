/* Dead code, for passes that leave some behind. */
#ifndef CORNU_PASSES_DCE_H
#define CORNU_PASSES_DCE_H

#include "passes/pass.h"

/* A copy without nodes that no output needs, in regions neither; the same graph when all are
 * needed. Inputs stay: they are the function's interface. */
graph *without_dead_nodes(graph *g, arena *a);
/* A copy whose scans make and take only what is needed (passes/prune_scan.c); may leave dead nodes
 * behind. The same graph when there is nothing to prune. */
graph *without_dead_scan_parts(graph *g, arena *a);

#endif
