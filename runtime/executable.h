/* What a target makes and a fit loop steps: a compiled function over device buffers.
 *
 * An executable is immutable but for its capacity plan; an execution holds the workspace of one
 * run, so that threads run one executable at once, each with its own execution.
 */
#ifndef CORNU_RUNTIME_EXECUTABLE_H
#define CORNU_RUNTIME_EXECUTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/shape.h"
#include "cornu/profile.h"

typedef struct executable executable;
typedef struct execution execution;
typedef struct pool pool; /* runtime/pool.h */

typedef struct executable_argument {
    const char *name;
    type type;
    bool state;   /* donated: outputs[into] is written over the same buffer */
    int32_t into; /* outputs only: index of that input; -1 = none */
} executable_argument;

typedef struct executable_memory {
    size_t workspace_bytes, lower_bound_bytes, state_bytes, io_bytes;
} executable_memory;

typedef struct executable_operations {
    execution *(*execution_new)(executable *x, int64_t capacity,
                                diagnostics *d); /* NULL on failure */
    void (*execution_free)(execution *e);
    /* inputs[i], outputs[i]: host addresses, 64-byte aligned; a donated output's address equals
     * its input's. batch <= capacity. */
    bool (*run)(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                int64_t batch, diagnostics *d);
    void (*free)(executable *x);
    /* Memory a run at this capacity needs, known before anything is allocated. */
    bool (*memory)(const executable *x, int64_t capacity, executable_memory *out);
    /* What a run at this batch size consists of: launches but for times, buffers, sizes, remarks.
     * All of it in `a`, which unwinds. NULL: the target has no parts to tell of. */
    void (*describe)(const executable *x, int64_t batch, arena *a, cn_profile *out);
    /* run, noting in `samples`, zero before, when each launch of `describe` ran, by its row.
     * `begin` counts from `since` (base/platform.h's clock). NULL with describe. */
    bool (*run_timed)(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                      int64_t batch, double since, cn_profile_sample *samples, diagnostics *d);
} executable_operations;

struct executable {
    const executable_operations *operations;
    const executable_argument *inputs, *outputs;
    int input_count, output_count;
    int64_t bound_batch; /* 0, or the only batch size it can run */
    const char *report;  /* compile times and cache state, one line */
};

#endif
