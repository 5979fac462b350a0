/* What a compiled program shows to the host: one query function that returns one table.
 *
 * The same shared object serves just in time and ahead of time, so this is plain data of fixed
 * layout: pointers and 64-bit integers, a version first. Kernels never allocate, never fail,
 * keep no state; what they work on comes as base pointers.
 */
#ifndef CORNU_CODEGEN_CPU_ABI_H
#define CORNU_CODEGEN_CPU_ABI_H

#include <stdint.h>

#define PROGRAM_ABI_VERSION 1
#define PROGRAM_QUERY "cornu_program_query"

/* One of the steps of a kernel; all tasks of one are done before the next begins. */
typedef struct program_stage {
    /* Tasks begin <= t < end, in any order, on any thread. buffers: the kernel's arguments, then
     * the workspace of this launch; scratch is the thread's. Both are aligned to 64 bytes. */
    void (*run)(void *const *buffers, int64_t batch, int64_t begin, int64_t end, void *scratch);
    int64_t (*tasks)(int64_t batch);
} program_stage;

typedef struct program_kernel {
    const char *name;
    int64_t stage_count;
    const program_stage *stages;
    int64_t (*scratch)(int64_t batch);   /* bytes per thread; NULL = none */
    int64_t (*workspace)(int64_t batch); /* bytes per launch; NULL = none */
} program_kernel;

typedef struct program_table {
    int64_t version;
    int64_t kernel_count;
    const program_kernel *kernels;
} program_table;

/* NULL when the program was made for another version. */
typedef const program_table *(*program_query)(int64_t version);

#endif
