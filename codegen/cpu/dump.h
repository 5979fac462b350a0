/* What the cpu target hands to a dump, after the graphs of the passes (passes/dump.h).
 *
 *     18-train-memory.txt    where every value lives, for the first capacity
 *     19-train-kernels.loop  the loops of every kernel
 *     20-train-kernels.c     their C, as one unit (it is compiled in several)
 *     21-train-launches.txt  the kernels in the order they run
 *     train-report.txt       what the compiler did
 */
#ifndef CORNU_CODEGEN_CPU_DUMP_H
#define CORNU_CODEGEN_CPU_DUMP_H

#include "codegen/cpu/cpu.h"
#include "codegen/cpu/program.h"

typedef struct cpu_dump {
    const pipeline_options *options; /* when nobody looks on, nothing is made */
    pass_context *cx;
    const graph *graph;    /* as the passes left it: with source lines and layers */
    VEC(stage_part) loops; /* of the kernels so far */
} cpu_dump;

void cpu_dump_begin(cpu_dump *d, const graph *scheduled, const pipeline_options *options,
                    pass_context *cx);
void cpu_dump_kernel(cpu_dump *d, const kernel *k);
/* Before the C is compiled, so that it is there when the compiler refuses it. False when the dump
 * ended the compilation. */
bool cpu_dump_code(cpu_dump *d, const program_text *program, int64_t capacity);
bool cpu_dump_report(const cpu_dump *d, const char *report);

#endif
