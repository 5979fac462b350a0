/* A pass: graph in, graph out. The list of them is the compiler (passes/pipeline.c).
 *
 * Passes are functional: `run` returns a new graph in the context's arena, or the same one when
 * it changed nothing (then no dump is written). A pass never prints, never keeps state, reads
 * target details only through `facts`.
 */
#ifndef CORNU_PASSES_PASS_H
#define CORNU_PASSES_PASS_H

#include "ir/ir.h"
#include "ir/loop.h"
#include "ir/target_facts.h"
#include "passes/dump.h"

typedef struct pass_context {
    arena *arena;
    diagnostics *diag;
    const target_facts *facts;
    text *remarks;   /* one line per refused or notable decision; may be NULL */
    double *seconds; /* per pass, for the dump; may be NULL */
} pass_context;

typedef struct pass {
    const char *name;
    const char *summary;
    graph *(*run)(graph *g, pass_context *cx); /* NULL after a failure in cx->diag */
    /* Runs when the pass is switched off: what later stages cannot do without. NULL = nothing. */
    graph *(*instead)(graph *g, pass_context *cx);
} pass;

extern const pass pass_pin, pass_canonicalize, pass_stabilize, pass_autodiff, pass_simplify,
    pass_fold, pass_cse, pass_dce, pass_composites, pass_layout, pass_fuse, pass_order,
    pass_inplace;

extern const pass *const pipeline[]; /* NULL-terminated */
const pass *pass_find(const char *name);
/* "fuse,order" as a list for pipeline_options; NULL after a failure that names the pass. */
const pass *const *pass_list_parse(const char *names, arena *a);

typedef struct pipeline_options {
    dump dump;               /* CORNU_DUMP, or whoever else looks on */
    const pass *const *list; /* what to run, NULL-terminated; NULL = the pipeline */
    const char *passes;      /* CORNU_PASSES: "-fuse,-cse" switches off; NULL = all */
    const char *verify;      /* CORNU_VERIFY: "off" (NULL); "on": after every pass; "exec": by
                              * running the graph too */
    const char *label;       /* "train", "eval": prefix of dump files */
} pipeline_options;

/* Runs the passes that `facts` call for, or the given list, in order: run, verify, dump if asked,
 * time. NULL after a failure in cx->diag, or when the dump ended it. */
graph *pipeline_run(graph *g, const pipeline_options *options, pass_context *cx);

/* ---- after the graph: memory and loops --------------------------------------------------- */

/* Where every value of a scheduled graph lives. Offsets are for one capacity of B. */
typedef enum storage_kind {
    STORAGE_INPUT,
    STORAGE_OUTPUT,
    STORAGE_ARENA,
    STORAGE_CONSTANT
} storage_kind;
typedef struct storage {
    storage_kind kind;
    int32_t index; /* input or output index (a donated output is its INPUT); constant's node */
    size_t offset; /* in the step arena */
    size_t bytes;
    uint32_t first, last; /* lifetime: positions of the first and last node that touch it */
} storage;
typedef struct memory_plan {
    const graph *graph;
    int64_t capacity;
    storage **of;                /* of[node][result] */
    struct memory_plan **bodies; /* by node: the plan of a scan's body, else NULL. Its INPUT and
                                 OUTPUT indices are the body's own; its arena lies in this one */
    storage *body_space;         /* by node: where */
    size_t arena_bytes;          /* what a run needs */
    size_t lower_bound_bytes;    /* most bytes live at once */
    size_t state_bytes, io_bytes, largest_bytes;
    const char *largest_name; /* what the largest buffer holds */
} memory_plan;
memory_plan *plan_memory(const graph *g, int64_t capacity, arena *a, const target_facts *facts);
/* Independent of the planner: no two live buffers overlap, every value has room, donation and
 * in-place are at last use. */
bool check_memory_plan(const memory_plan *p, diagnostics *d);
void memory_plan_print(const memory_plan *p, text *out);

/* One kernel per group node, verified. */
kernel *lower_group(const graph *g, const node *group, arena *a, diagnostics *d);

#endif
