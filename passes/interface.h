/* The interface of a function, copied: what passes that build a graph anew share. */
#ifndef CORNU_PASSES_INTERFACE_H
#define CORNU_PASSES_INTERFACE_H

#include "ir/ir.h"

/* Guards, batch and inputs of `from`; map[node] gets the inputs' values in `to`. */
void copy_interface(const graph *from, graph *to, value **map);

#endif
