/* A backend is one struct; adding one is a folder and a row in targets.c. */
#ifndef CORNU_CODEGEN_TARGET_H
#define CORNU_CODEGEN_TARGET_H

#include "base/vec.h"
#include "cornu/environment.h"
#include "ir/ir.h"
#include "ir/target_facts.h"
#include "passes/pass.h"
#include "runtime/executable.h"

typedef struct compile_options {
    const char *label;            /* "train": names the program in dumps and messages */
    dump dump;                    /* CORNU_DUMP, or whoever else looks on */
    const pass *const *pass_list; /* what to run in place of the pipeline; NULL = the pipeline */
    const char *passes;           /* CORNU_PASSES */
    const char *verify;           /* CORNU_VERIFY */
    const char *cache_directory;  /* NULL = default */
    const char *isa;              /* "x86-64-v3" ...; NULL = this machine */
    int64_t capacity;             /* first batch capacity */
    int compile_threads;
    const char *sanitize;         /* generated code: "address,undefined", "thread"; NULL = none */
    bool explain;                 /* keep what only readers want: locations, remarks of passes */
} compile_options;

typedef VEC(cn_finding) finding_list;

struct artifact; /* codegen/aot/artifact.h */

typedef struct target {
    const char *name;
    const char *summary;
    const target_facts *(*facts)(const compile_options *o);
    /* From a graph as the frontend made it to something that runs: passes, plan, code, load.
     * NULL after a failure in d, or when the dump ended it. The graph is not needed afterwards. */
    executable *(*compile)(graph *g, const compile_options *o, memory *m, diagnostics *d);
    /* What the machine can do, measured now on the threads of `workers`: the rates of a profile, in
     * `a`, which unwinds. NULL: nothing to measure. */
    bool (*measure)(const compile_options *o, pool *workers, arena *a, cn_profile *out);
    /* Adds what it finds on this machine, for cn_doctor; in `a`, which unwinds. NULL: nothing. */
    void (*findings)(const compile_options *o, arena *a, finding_list *rows);
    /* Writes a model as files that need no library. NULL: this target cannot. */
    bool (*write)(const struct artifact *x, const compile_options *o, memory *m, diagnostics *d);
} target;

extern const target *const target_registry[]; /* NULL-terminated */
const target *target_find(const char *name);
/* What of the options concerns the passes; debug builds verify after every pass. */
pipeline_options target_pipeline_options(const compile_options *o);
/* A copy that shares nothing with the graph it is made of: regions included, without the
 * locations, whose names belong to the frontend; with `explain` they stay, and it must not outlive
 * the context. */
graph *target_copy_graph(const graph *g, bool explain, arena *a);
/* Fills the public face from a graph's inputs and outputs. Names are shared with the graph. */
void target_describe(executable *x, const graph *g, arena *a);

#endif
