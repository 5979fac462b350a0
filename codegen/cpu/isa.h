/* Instruction-set levels that generated C is compiled for.
 *
 * Code is made for a named level, never for one processor model: the x86-64 psABI levels are what
 * gcc, clang and cc1 spell alike, a cached program serves every machine of its level, and the
 * just-in-time program is the very artefact that is shipped ahead of time. Extensions beyond the
 * levels are left out on purpose: some change bits (avx512_bf16 converts subnormal numbers to
 * zero) and none speeds up the float32 kernels we emit.
 */
#ifndef CORNU_CODEGEN_CPU_ISA_H
#define CORNU_CODEGEN_CPU_ISA_H

#include <stdbool.h>

enum { ISA_MAX_FLAGS = 4 };

typedef struct isa_level {
    const char *name;   /* "x86-64-v4"; what users write and what keys of the cache hold */
    const char *triple; /* target triple for cc1 */
    const char *cpu;    /* cc1: -target-cpu */
    /* For a compiler driver (gcc or clang), NULL-terminated: "-march=x86-64-v4", ... */
    const char *driver_flags[ISA_MAX_FLAGS];
    /* For cc1 beside -target-cpu, NULL-terminated. */
    const char *cc1_flags[ISA_MAX_FLAGS];
    int vector_bytes;     /* of one register: 16, 32 or 64 */
    int vector_registers; /* that a register tile may count on */
    int processor;        /* what the check of artefacts must find (processor.c.template) */
    bool has_fma;         /* false: bits differ */
    bool is_portable;     /* C99 without the extensions of any compiler */
} isa_level;

/* All known levels, each family from least to most capable. */
int isa_count(void);
const isa_level *isa_at(int index);

/* By name; "host" is the best level of this machine. NULL when unknown. */
const isa_level *isa_find(const char *name);

/* The best level that this processor has and this system saves registers for; NULL when it is
 * below the least one we make code for. */
const isa_level *isa_host(void);

/* Whether code made for `level` runs here. */
bool isa_runs_here(const isa_level *level);

#endif
