/* What loading a program and writing it out have in common: the kernels of a graph that the passes
 * have scheduled, each once, and the launches that run them in the order of its nodes.
 *
 * Several graphs may be added to one program; they share kernels.
 */
#ifndef CORNU_CODEGEN_CPU_BUILD_H
#define CORNU_CODEGEN_CPU_BUILD_H

#include "codegen/cpu/cpu.h"
#include "codegen/cpu/dump.h"
#include "codegen/cpu/program.h"

typedef struct cpu_build {
    diagnostics *diag;
    arena *kept;    /* launches and constants */
    arena *scratch; /* loops and texts */
    cpu_dump dump;
    program_text program;        /* begun by the caller */
    cpu_function_list functions; /* a graph's own, then the bodies of its scans */
} cpu_build;

/* NULL after a failure. */
const cpu_function *cpu_build_function(cpu_build *b, const graph *g);

#endif
