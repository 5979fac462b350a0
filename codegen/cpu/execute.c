/* Running compiled programs.
 *
 * An execution owns one block of memory for its capacity: the planned arena, the workspace that
 * launches use in turn, and scratch for as many threads as may run at once. A run looks up the
 * addresses of all arguments, then walks the launches; each stage is one job of the pool.
 *
 * A scan is a loop over the launches of its body. The body's values live where its own plan says;
 * its carries are the scan's results, written over in every step. Kernels want aligned addresses,
 * which row t of a stacked array need not have: such rows pass through an aligned block.
 *
 * Threads take scratch by a flag per slot, so the pool need not number them; there are as many
 * slots as threads, and a thread holds one for one piece of work only.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/platform.h"
#include "base/size.h"
#include "codegen/cpu/cpu.h"
#include "ir/ops/ops.h"
#include "runtime/pool.h"

enum { ALIGNMENT = 64 };

typedef struct block {
    char *bytes;
    size_t size;
} block;

/* A function with everything it needs to run; one for the program, one for each scan in it. */
typedef struct frame {
    const cpu_function *function;
    const memory_plan *plan;
    char *step; /* the planned arena of the function */
    void *const *inputs, *const *outputs;
    void **arguments;      /* of all launches; one more each, for the workspace */
    struct frame **bodies; /* by launch: the frame of a scan's body */
    /* Of a body: */
    void **bound_inputs, **bound_outputs; /* what `inputs` and `outputs` point to */
    size_t *rows; /* by input, then output: offset of its row in the aligned block */
} frame;

struct execution {
    cpu_executable *executable;
    int64_t capacity;
    diagnostics diagnostics; /* of the arena */
    arena *arena;
    const memory_plan *plan;
    block step, workspace, scratch; /* scratch: slot after slot */
    block rows;                     /* of scans, where the stacked array does not align them */
    size_t rows_bytes;
    size_t scratch_bytes; /* of one slot */
    int slot_count;
    atomic_flag *slots;
    frame *main;
};

/* ---- memory ---------------------------------------------------------------------------- */

static size_t most_bytes(const cpu_executable *x, int64_t batch, bool workspace) {
    size_t most = 0;
    for (uint32_t f = 0; f < x->functions.count; f++)
        for (uint32_t i = 0; i < x->functions.items[f]->launches.count; i++) {
            const program_kernel *k = x->functions.items[f]->launches.items[i].kernel;
            int64_t (*count)(int64_t) = k == NULL ? NULL : workspace ? k->workspace : k->scratch;
            size_t bytes = count == NULL ? 0 : size_align((size_t)count(batch), ALIGNMENT);
            most = bytes > most ? bytes : most;
        }
    return most;
}

/* NULL when memory is out; the plan lives in `a`. */
static const memory_plan *plan_for(const cpu_executable *x, int64_t capacity, arena *a,
                                   diagnostics *d) {
    diag_recovery point;
    if (DIAG_RECOVER(d, &point))
        return NULL;
    const memory_plan *plan = plan_memory(x->graph, capacity, a, &x->facts);
    diag_pop_recovery(d, &point);
    return plan;
}

static bool cpu_memory(const executable *base, int64_t capacity, executable_memory *out) {
    const cpu_executable *x = (const cpu_executable *)base;
    diagnostics d;
    diag_init(&d);
    arena *a = arena_new(x->memory, &d);
    const memory_plan *plan = a == NULL ? NULL : plan_for(x, capacity, a, &d);
    if (plan != NULL)
        *out = (executable_memory){
            .workspace_bytes = plan->arena_bytes + most_bytes(x, capacity, true) +
                               most_bytes(x, capacity, false) * (size_t)processor_count(),
            .lower_bound_bytes = plan->lower_bound_bytes,
            .state_bytes = plan->state_bytes,
            .io_bytes = plan->io_bytes,
        };
    arena_free(a);
    return plan != NULL;
}

static bool take_block(const cpu_executable *x, size_t size, block *out) {
    out->size = size_align(size == 0 ? 1 : size, ALIGNMENT);
    out->bytes = memory_take(x->memory, out->size, ALIGNMENT);
    return out->bytes != NULL;
}

static void give_block(const cpu_executable *x, block *b) {
    if (b->bytes != NULL)
        memory_give(x->memory, b->bytes, b->size);
    b->bytes = NULL;
}

/* ---- executions ------------------------------------------------------------------------ */

static void cpu_execution_free(execution *e) {
    if (e == NULL)
        return;
    const cpu_executable *x = e->executable;
    give_block(x, &e->step);
    give_block(x, &e->rows);
    give_block(x, &e->workspace);
    give_block(x, &e->scratch);
    arena_free(e->arena);
    memory_give(x->memory, e, sizeof *e);
}

static size_t reserve_row(execution *e, const graph *body, value v) {
    size_t offset = e->rows_bytes, bytes = (size_t)type_bytes(value_type(body, v), e->capacity);
    e->rows_bytes += size_align(bytes, ALIGNMENT);
    return offset;
}

static void reserve_rows(execution *e, frame *f) {
    const graph *body = f->function->graph;
    uint32_t inputs = body->inputs.count, outputs = body->outputs.count;
    f->bound_inputs = ARENA_ARRAY(e->arena, void *, inputs);
    f->bound_outputs = ARENA_ARRAY(e->arena, void *, outputs);
    f->rows = ARENA_ARRAY(e->arena, size_t, inputs + outputs);
    f->inputs = f->bound_inputs;
    f->outputs = f->bound_outputs;
    for (uint32_t i = 0; i < inputs; i++)
        f->rows[i] = reserve_row(e, body, body->inputs.items[i].value);
    for (uint32_t i = 0; i < outputs; i++)
        f->rows[inputs + i] = reserve_row(e, body, body->outputs.items[i].value);
}

static frame *new_frame(execution *e, const cpu_function *function, const memory_plan *plan) {
    frame *f = ARENA_NEW(e->arena, frame);
    uint32_t launches = function->launches.count;
    *f = (frame){.function = function, .plan = plan};
    f->arguments = ARENA_ARRAY(e->arena, void *, function->argument_total + (int)launches);
    f->bodies = ARENA_ARRAY(e->arena, frame *, launches);
    for (uint32_t i = 0; i < launches; i++) {
        const cpu_launch *launch = &function->launches.items[i];
        if (launch->body == NULL)
            continue;
        f->bodies[i] = new_frame(e, launch->body, plan->bodies[launch->node]);
        reserve_rows(e, f->bodies[i]);
    }
    return f;
}

/* The arena of a body lies in that of the function around it. */
static void place_frame(frame *f, char *step) {
    f->step = step;
    for (uint32_t i = 0; i < f->function->launches.count; i++)
        if (f->bodies[i] != NULL)
            place_frame(f->bodies[i],
                        step + f->plan->body_space[f->function->launches.items[i].node].offset);
}

static bool allocate_arrays(execution *e) {
    diag_recovery point;
    if (DIAG_RECOVER(&e->diagnostics, &point))
        return false;
    e->slots = ARENA_ARRAY(e->arena, atomic_flag, e->slot_count);
    for (int i = 0; i < e->slot_count; i++)
        atomic_flag_clear(&e->slots[i]);
    e->main = new_frame(e, e->executable->functions.items[0], e->plan);
    diag_pop_recovery(&e->diagnostics, &point);
    return true;
}

static bool prepare(execution *e) {
    cpu_executable *x = e->executable;
    diag_init(&e->diagnostics);
    e->slot_count = processor_count();
    e->arena = arena_new(x->memory, &e->diagnostics);
    if (e->arena == NULL)
        return false;
    e->plan = plan_for(x, e->capacity, e->arena, &e->diagnostics);
    e->scratch_bytes = most_bytes(x, e->capacity, false);
    bool taken = e->plan != NULL && allocate_arrays(e) &&
                 take_block(x, e->plan->arena_bytes, &e->step) &&
                 take_block(x, e->rows_bytes, &e->rows) &&
                 take_block(x, most_bytes(x, e->capacity, true), &e->workspace) &&
                 take_block(x, e->scratch_bytes * (size_t)e->slot_count, &e->scratch);
    if (taken)
        place_frame(e->main, e->step.bytes);
    return taken;
}

static execution *cpu_execution_new(executable *base, int64_t capacity, diagnostics *d) {
    cpu_executable *x = (cpu_executable *)base;
    if (capacity < 1) {
        diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "a batch of %lld cannot be planned for",
                  (long long)capacity);
        return NULL;
    }
    execution *e = memory_take(x->memory, sizeof *e, ALIGNMENT);
    if (e != NULL) {
        e->executable = x;
        e->capacity = capacity;
        if (prepare(e))
            return e;
        if (!diag_ok(&e->diagnostics))
            diag_fail(d, e->diagnostics.status, "%s", e->diagnostics.message);
        cpu_execution_free(e);
    }
    diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory for a batch of %lld", (long long)capacity);
    return NULL;
}

/* ---- runs ------------------------------------------------------------------------------ */

static void *address_of(const frame *f, value v) {
    const storage *s = &f->plan->of[v.node][v.result];
    switch (s->kind) {
    case STORAGE_INPUT:
        return f->inputs[s->index];
    case STORAGE_OUTPUT:
        return f->outputs[s->index];
    case STORAGE_ARENA:
        return f->step + s->offset;
    case STORAGE_CONSTANT:
        break;
    }
    return f->function->constants[v.node];
}

static void find_arguments(const execution *e, frame *f) {
    void **to = f->arguments;
    for (uint32_t i = 0; i < f->function->launches.count; i++) {
        const cpu_launch *launch = &f->function->launches.items[i];
        for (int k = 0; k < launch->argument_count; k++)
            *to++ = address_of(f, launch->arguments[k]);
        *to++ = e->workspace.bytes;
    }
}

typedef struct stage_job {
    execution *execution;
    const program_stage *stage;
    void *const *buffers;
    int64_t batch;
} stage_job;

static int take_slot(execution *e) {
    for (;; cpu_relax())
        for (int i = 0; i < e->slot_count; i++)
            if (!atomic_flag_test_and_set_explicit(&e->slots[i], memory_order_acquire))
                return i;
}

static void run_tasks(void *user, int64_t begin, int64_t end) {
    const stage_job *job = user;
    execution *e = job->execution;
    if (e->scratch_bytes == 0) {
        job->stage->run(job->buffers, job->batch, begin, end, NULL);
        return;
    }
    int slot = take_slot(e);
    char *scratch = e->scratch.bytes + e->scratch_bytes * (size_t)slot;
    job->stage->run(job->buffers, job->batch, begin, end, scratch);
    atomic_flag_clear_explicit(&e->slots[slot], memory_order_release);
}

static void run_stage(stage_job *job, pool *workers) {
    int64_t tasks = job->stage->tasks(job->batch);
    if (workers != NULL && tasks > 1)
        pool_run(workers, run_tasks, job, tasks, 1);
    else if (tasks > 0)
        run_tasks(job, 0, tasks);
}

/* ---- functions and scans --------------------------------------------------------------- */

typedef struct run {
    execution *execution;
    pool *workers;
    int64_t batch;
    cn_profile_sample *samples; /* by number of the launch; NULL = nothing is timed */
    double since;
} run;

static void run_function(const run *r, frame *f);

static size_t bytes_of(const graph *g, value v, int64_t batch) {
    return (size_t)type_bytes(value_type(g, v), batch);
}

/* Where row t of a stacked array is for the body: in place if that is aligned. */
static char *bind_row(const run *r, char *stacked, int64_t t, size_t row_bytes, size_t offset) {
    char *row = stacked + (size_t)t * row_bytes;
    return (uintptr_t)row % ALIGNMENT == 0 ? row : r->execution->rows.bytes + offset;
}

/* buffers: the scan's operands, then its results. */
static void bind_step(const run *r, frame *f, const scan_attributes *a, void *const *buffers,
                      int64_t t) {
    const graph *body = f->function->graph;
    uint32_t inputs = body->inputs.count, first_row = (uint32_t)(a->constants + a->carries);
    for (uint32_t i = first_row; i < inputs; i++) {
        size_t bytes = bytes_of(body, body->inputs.items[i].value, r->batch);
        char *row = bind_row(r, buffers[i], t, bytes, f->rows[i]);
        f->bound_inputs[i] = row;
        if (row != (char *)buffers[i] + (size_t)t * bytes)
            memcpy(row, (char *)buffers[i] + (size_t)t * bytes, bytes);
    }
    for (uint32_t i = (uint32_t)a->carries; i < body->outputs.count; i++) {
        size_t bytes = bytes_of(body, body->outputs.items[i].value, r->batch);
        f->bound_outputs[i] = bind_row(r, buffers[inputs + i], t, bytes, f->rows[inputs + i]);
    }
}

static void keep_outputs(const run *r, frame *f, const scan_attributes *a, void *const *buffers,
                         int64_t t) {
    const graph *body = f->function->graph;
    for (uint32_t i = (uint32_t)a->carries; i < body->outputs.count; i++) {
        size_t bytes = bytes_of(body, body->outputs.items[i].value, r->batch);
        char *row = (char *)buffers[body->inputs.count + i] + (size_t)t * bytes;
        if (f->bound_outputs[i] != row)
            memcpy(row, f->bound_outputs[i], bytes);
    }
}

static void run_scan(const run *r, frame *f, const scan_attributes *a, void *const *buffers) {
    const graph *body = f->function->graph;
    for (int64_t i = 0; i < a->constants; i++)
        f->bound_inputs[i] = buffers[i];
    for (int64_t i = 0; i < a->carries; i++) {
        int64_t k = a->constants + i;
        void *carry = buffers[body->inputs.count + i];
        f->bound_inputs[k] = carry;
        if (carry != buffers[k])
            memcpy(carry, buffers[k], bytes_of(body, body->inputs.items[k].value, r->batch));
    }
    for (int64_t step = 0; step < a->length; step++) {
        int64_t t = a->reverse ? a->length - 1 - step : step;
        bind_step(r, f, a, buffers, t);
        run_function(r, f);
        keep_outputs(r, f, a, buffers, t);
    }
}

static void run_kernel(const run *r, const program_kernel *k, void *const *buffers) {
    for (int64_t s = 0; s < k->stage_count; s++) {
        stage_job job = {r->execution, &k->stages[s], buffers, r->batch};
        run_stage(&job, r->workers);
    }
}

static void run_launch(const run *r, frame *f, uint32_t i, void *const *buffers) {
    const cpu_launch *launch = &f->function->launches.items[i];
    if (launch->body != NULL)
        run_scan(r, f->bodies[i], graph_node(f->function->graph, launch->node)->attributes,
                 buffers);
    else
        run_kernel(r, launch->kernel, buffers);
}

/* Of the steps of a scan the first gives the beginning, all give the time. */
static void time_launch(const run *r, frame *f, uint32_t i, void *const *buffers) {
    cn_profile_sample *sample = &r->samples[f->function->launches.items[i].number];
    double begin = clock_seconds();
    run_launch(r, f, i, buffers);
    if (sample->seconds == 0)
        sample->begin = begin - r->since;
    sample->seconds += clock_seconds() - begin;
}

static void run_function(const run *r, frame *f) {
    find_arguments(r->execution, f);
    void *const *buffers = f->arguments;
    for (uint32_t i = 0; i < f->function->launches.count; i++) {
        if (r->samples == NULL)
            run_launch(r, f, i, buffers);
        else
            time_launch(r, f, i, buffers);
        buffers += f->function->launches.items[i].argument_count + 1;
    }
}

static bool batch_fits(const execution *e, int64_t batch, diagnostics *d) {
    const cpu_executable *x = e->executable;
    if (batch < 1 || batch > e->capacity)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT,
                         "a batch of %lld does not fit an execution made for 1 to %lld",
                         (long long)batch, (long long)e->capacity);
    if (x->base.bound_batch != 0 && batch != x->base.bound_batch)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "the batch is bound to %lld (%s), got %lld",
                         (long long)x->base.bound_batch,
                         x->graph->guards.count == 0 ? "by the graph" : x->graph->guards.items[0],
                         (long long)batch);
    return true;
}

/* samples are zero before. */
static bool cpu_run_timed(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                          int64_t batch, double since, cn_profile_sample *samples,
                          diagnostics *d) {
    if (!batch_fits(e, batch, d))
        return false;
    e->main->inputs = inputs;
    e->main->outputs = outputs;
    run_function(&(run){e, workers, batch, samples, since}, e->main);
    return true;
}

static bool cpu_run(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                    int64_t batch, diagnostics *d) {
    return cpu_run_timed(e, workers, inputs, outputs, batch, 0, NULL, d);
}

static void cpu_free(executable *base) {
    if (base == NULL)
        return;
    cpu_executable *x = (cpu_executable *)base;
    toolchain_library_free(x->library);
    arena_free(x->arena);
}

const executable_operations cpu_operations = {
    .execution_new = cpu_execution_new,
    .execution_free = cpu_execution_free,
    .run = cpu_run,
    .free = cpu_free,
    .memory = cpu_memory,
    .describe = cpu_describe,
    .run_timed = cpu_run_timed,
};
