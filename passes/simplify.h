/* The parts of the simplify pass: a table of rules per subject. The canonical forms are among
 * them, since what one rule leaves behind another must recognise. */
#ifndef CORNU_PASSES_SIMPLIFY_H
#define CORNU_PASSES_SIMPLIFY_H

#include "passes/peephole.h"

extern const peephole canonical_forms[];     /* canonicalize.c */
extern const peephole simplify_arithmetic[]; /* simplify.c */
extern const peephole simplify_movement[];   /* simplify_movement.c */
extern const peephole simplify_reductions[]; /* simplify_reductions.c */

#endif
