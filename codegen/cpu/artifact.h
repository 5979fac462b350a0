/* Writing artefacts (codegen/aot/artifact.h) as native code.
 *
 *     artifact.c        levels, passes, what is kept, sizes, files
 *     artifact_text.c   kernels, the processor, launches, as C
 */
#ifndef CORNU_CODEGEN_CPU_ARTIFACT_H
#define CORNU_CODEGEN_CPU_ARTIFACT_H

#include "codegen/aot/artifact.h"
#include "codegen/cpu/build.h"
#include "codegen/target.h"

bool cpu_write(const artifact *x, const compile_options *o, memory *m, diagnostics *d);

/* ---- inside the writer ----------------------------------------------------------------------- */

enum { MOST_LEVELS = 2, MOST_FUNCTIONS = 2, USUAL_CAPACITY = 32 };

/* One function after the passes. */
typedef struct scheduled_function {
    const artifact_function *of;
    graph *graph;
    memory_plan *plan;
} scheduled_function;

typedef struct level_build {
    const isa_level *isa;
    const char *suffix; /* of names: "", or "_v3" */
    cpu_build build;
    const cpu_function *functions[MOST_FUNCTIONS];
} level_build;

typedef struct artifact_writer {
    const artifact *artifact; /* `whole`, without variables that nothing reads */
    artifact whole;
    artifact_function predict, train;
    const compile_options *options;
    diagnostics *diag;
    arena *arena;
    level_build levels[MOST_LEVELS];
    int level_count;
    scheduled_function functions[MOST_FUNCTIONS];
    int function_count;
    artifact_facts facts;
} artifact_writer;

/* A unit of kernels for each level; else all is in one source. */
static inline bool is_multi(const artifact_writer *w) {
    return w->level_count > 1;
}
static inline bool is_portable(const artifact_writer *w) {
    return w->levels[0].isa->is_portable;
}

/* The kernels of a level and their table; and what the one source says of kernels in others. */
const char *artifact_kernels(const artifact_writer *w, const level_build *l);
const char *artifact_kernel_table(const artifact_writer *w, const level_build *l);
const char *artifact_other_levels(const artifact_writer *w);
/* Which table this processor runs: the first whose level it has. */
const char *artifact_processor(const artifact_writer *w);
/* A function for each program: its launches in order. Counts them. */
const char *artifact_launches(artifact_writer *w);

extern const char *const artifact_kernel_template[], *const artifact_processor_template[];

#endif
