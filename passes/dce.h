/* Dead code, for passes that leave some behind. */
#ifndef CORNU_PASSES_DCE_H
#define CORNU_PASSES_DCE_H

#include "passes/pass.h"

/* A copy without nodes that no output needs, in regions neither; the same graph when all are
 * needed. Inputs stay: they are the function's interface. */
graph *without_dead_nodes(graph *g, arena *a);

#endif
