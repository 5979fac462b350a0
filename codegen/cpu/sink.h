/* Scalars of a kernel's outermost scope, moved to where they are used. */
#ifndef CORNU_CODEGEN_CPU_SINK_H
#define CORNU_CODEGEN_CPU_SINK_H

#include "ir/loop.h"

/* A kernel of the same meaning whose outermost lets stand in the loops that use them; the same
 * kernel when there is nothing to move. */
const kernel *sink_scalars(const kernel *k, arena *a);
/* Whether anything in the statement reads the variable. */
bool statement_uses(const stmt *s, const loop_variable *v);

#endif
