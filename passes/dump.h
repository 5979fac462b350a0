/* What CORNU_DUMP writes: the graph after every pass that changed it, times and remarks; then
 * what a target adds to it: the memory plan, loops, C.
 *
 *     00-train-frontend.cnir   01-train-canonicalize.cnir   ...   train-timings.txt
 *     train-remarks.txt        18-train-memory.txt          ...
 *
 * Without a folder every call does nothing and succeeds.
 */
#ifndef CORNU_PASSES_DUMP_H
#define CORNU_PASSES_DUMP_H

#include "passes/pass.h"

typedef struct dump {
    const char *folder, *label; /* NULL folder: nothing is written */
    pass_context *cx;
    text timings, remarks;
    text *outer_remarks; /* what cx->remarks was */
} dump;

/* Makes the folder and writes the graph as it came. Remarks nobody else collects go to the dump:
 * cx->remarks is set until dump_close. */
bool dump_open(dump *out, const graph *g, const pipeline_options *options, pass_context *cx);
/* `changed`: what pass `name` made; NULL when it changed nothing. */
bool dump_pass(dump *out, int position, const char *name, const graph *changed, double seconds);
bool dump_close(dump *out);

/* A file after those of the passes: `step` 1 is the first thing made of the finished graph. */
bool dump_text(const pipeline_options *options, int step, const char *name, const text *t,
               pass_context *cx);

#endif
