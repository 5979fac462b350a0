/* What passes that build a graph anew share: a function's interface, and bodies of scans. */
#ifndef CORNU_PASSES_INTERFACE_H
#define CORNU_PASSES_INTERFACE_H

#include "passes/pass.h"

/* Guards, batch and inputs of `from`; map[node] gets the inputs' values in `to`. */
void copy_interface(const graph *from, graph *to, value **map);

/* `g` with every scan's body replaced by run(body); the same graph when there are none. NULL when
 * a run failed. A body is a function of its own to the passes after fusion: it runs once a step,
 * its carries are state that it overwrites. */
graph *with_scan_bodies(graph *g, pass_context *cx, graph *(*run)(graph *body, pass_context *cx));

#endif
