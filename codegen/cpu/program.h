/* The C text of a whole program: kernels, each once, in units that compile in parallel.
 *
 * Kernels are told apart by their text, so layers of equal shape share one. Units hold as much text
 * each, so that threads finish together, behind the prelude their kernels need; the last unit holds
 * the table of abi.h.
 */
#ifndef CORNU_CODEGEN_CPU_PROGRAM_H
#define CORNU_CODEGEN_CPU_PROGRAM_H

#include "codegen/cpu/emit.h"
#include "codegen/cpu/toolchain.h"

enum { UNIT_BYTES = 24000 };

typedef struct program_text {
    arena *arena;
    const isa_level *isa;
    const char *prefix;        /* of the names of kernels */
    const char *linkage;       /* LINKAGE_HIDDEN; LINKAGE_STATIC when all is one unit */
    VEC(cpu_kernel *) kernels; /* in the order of the table */
    map texts;                 /* kernel text to index + 1 */
    map names;
    VEC(toolchain_unit) units; /* after program_finish */
} program_text;

void program_begin(program_text *p, const isa_level *isa, const char *prefix, arena *a);
/* Index of the kernel in the table. */
int program_add(program_text *p, const kernel *k);
void program_finish(program_text *p);
/* All of it as one text, without a table. */
void program_print(const program_text *p, text *out);
/* Kernels in order, as many from `first` on as one unit takes: their end. */
uint32_t program_part_end(const program_text *p, uint32_t first);
/* These kernels behind what they need, with a linkage of their own. */
void program_print_part(const program_text *p, uint32_t first, uint32_t end, const char *linkage,
                        text *out);
/* What a unit of these kernels opens with. */
void program_print_prelude(const program_text *p, uint32_t first, uint32_t end, text *out);

#endif
