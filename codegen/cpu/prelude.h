/* What generated C stands on: types, loop marks, helper functions.
 *
 * A unit of generated code includes nothing, so it opens with the declarations it needs: a few
 * lines that are always there, then the functions its kernels call, each after what it calls
 * itself. Functions are Cornu's math (math/math_text.h) and the helpers of prelude.c: folds of
 * an array in fixed lanes, pairwise trees of block results, vectors of one register.
 */
#ifndef CORNU_CODEGEN_CPU_PRELUDE_H
#define CORNU_CODEGEN_CPU_PRELUDE_H

#include "base/map.h"
#include "base/text.h"
#include "codegen/cpu/isa.h"

/* A set of function names, in the order of first use. */
typedef struct prelude {
    arena *arena;
    map names;
} prelude;

void prelude_init(prelude *p, arena *a);
/* False, and nothing added, when no function of this name exists. */
bool prelude_use(prelude *p, const char *name);
void prelude_use_all(prelude *p, const prelude *other);
#define LINKAGE_HIDDEN "__attribute__((visibility(\"hidden\")))"
#define LINKAGE_STATIC "static"
/* The text that opens a unit, whose kernels have this linkage. */
void prelude_print(const prelude *p, const isa_level *isa, const char *linkage, text *out);

#endif
