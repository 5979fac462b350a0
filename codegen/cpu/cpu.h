/* The executable of the CPU target: loaded kernels and the list of their launches.
 *
 * cpu.c makes it (passes, kernels, toolchain), execute.c runs it. It keeps the scheduled graph,
 * so that memory can be planned again for another capacity without compiling.
 */
#ifndef CORNU_CODEGEN_CPU_CPU_H
#define CORNU_CODEGEN_CPU_CPU_H

#include "codegen/cpu/abi.h"
#include "codegen/cpu/toolchain.h"
#include "codegen/target.h"

/* One run of a kernel, or of a scan. The buffers are the node's operands, then its results. */
typedef struct cpu_launch {
    const program_kernel *kernel;
    int kernel_index;
    int argument_count;
    const value *arguments; /* in the graph */
    const char *name;       /* for messages and profiles */
    uint32_t node;
    int number; /* among all launches, a scan before those of its body */
    const struct cpu_function *body; /* a scan: what runs in every step; then no kernel */
} cpu_launch;

/* A list of launches: the program's own, or that of a scan's body. */
typedef struct cpu_function {
    const graph *graph;
    VEC(cpu_launch) launches;
    int argument_total; /* of all launches */
    void **constants;   /* by node: what constants hold, aligned; only read */
} cpu_function;

typedef VEC(cpu_function *) cpu_function_list;

typedef struct cpu_executable {
    executable base; /* first: the public face */
    memory *memory;
    arena *arena; /* holds this struct too */
    const graph *graph;
    target_facts facts;
    const isa_level *isa;
    const char *remarks; /* of the passes, a line each; "" unless the compile options ask */
    toolchain_library *library;
    cpu_function_list functions; /* the program, then the bodies of its scans */
} cpu_executable;

extern const executable_operations cpu_operations; /* execute.c */
/* describe.c; of the operations */
void cpu_describe(const executable *x, int64_t batch, arena *a, cn_profile *out);
/* machine.c; of the target */
bool cpu_measure(const compile_options *o, pool *workers, arena *a, cn_profile *out);
/* findings.c; of the target */
void cpu_findings(const compile_options *o, arena *a, finding_list *rows);

#endif
