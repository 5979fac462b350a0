/* What CORNU_DUMP writes of the cpu target, after the graphs of the passes (passes/dump.h):
 *
 *     18-train-memory.txt    where every value lives, for the first capacity
 *     19-train-kernels.loop  the loops of every kernel
 *     20-train-kernels_0.c   the C of every unit, and table.c, which lists the kernels
 *     21-train-launches.txt  what the compiler did; the kernels in the order they run
 */
#ifndef CORNU_CODEGEN_CPU_DUMP_H
#define CORNU_CODEGEN_CPU_DUMP_H

#include "codegen/cpu/cpu.h"
#include "codegen/cpu/program.h"

typedef struct cpu_dump {
    const pipeline_options *options; /* without a dump folder nothing is written */
    pass_context *cx;
    const graph *graph; /* as the passes left it: with source lines and layers */
    text loops;         /* of the kernels so far */
} cpu_dump;

void cpu_dump_begin(cpu_dump *d, const graph *scheduled, const pipeline_options *options,
                    pass_context *cx);
void cpu_dump_kernel(cpu_dump *d, const kernel *k);
/* Before the C is compiled, so that it is there when the compiler refuses it. */
bool cpu_dump_code(cpu_dump *d, const program_text *program, int64_t capacity);
bool cpu_dump_launches(cpu_dump *d, const cpu_executable *x);

#endif
