/* Running compiled programs.
 *
 * An execution owns one block of memory for its capacity: the planned arena, the workspace that
 * launches use in turn, and scratch for as many threads as may run at once. A run looks up the
 * addresses of all arguments, then walks the launches; each stage is one job of the pool.
 *
 * Threads take scratch by a flag per slot, so the pool need not number them; there are as many
 * slots as threads, and a thread holds one for one piece of work only.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/platform.h"
#include "base/size.h"
#include "codegen/cpu/cpu.h"
#include "runtime/pool.h"

enum { ALIGNMENT = 64 };

typedef struct block {
    char *bytes;
    size_t size;
} block;

struct execution {
    cpu_executable *executable;
    int64_t capacity;
    diagnostics diagnostics; /* of the arena */
    arena *arena;
    const memory_plan *plan;
    block step, workspace, scratch; /* scratch: slot after slot */
    size_t scratch_bytes;           /* of one slot */
    int slot_count;
    atomic_flag *slots;
    void **arguments; /* of all launches; one more each, for the workspace */
};

/* ---- memory --------------------------------------------------------------------------------- */

static size_t most_bytes(const cpu_executable *x, int64_t batch, bool workspace) {
    size_t most = 0;
    for (uint32_t i = 0; i < x->launches.count; i++) {
        const program_kernel *k = x->launches.items[i].kernel;
        int64_t (*count)(int64_t) = workspace ? k->workspace : k->scratch;
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

/* ---- executions ------------------------------------------------------------------------------- */

static void cpu_execution_free(execution *e) {
    if (e == NULL)
        return;
    const cpu_executable *x = e->executable;
    give_block(x, &e->step);
    give_block(x, &e->workspace);
    give_block(x, &e->scratch);
    arena_free(e->arena);
    memory_give(x->memory, e, sizeof *e);
}

static bool allocate_arrays(execution *e) {
    diag_recovery point;
    if (DIAG_RECOVER(&e->diagnostics, &point))
        return false;
    const cpu_executable *x = e->executable;
    e->slots = ARENA_ARRAY(e->arena, atomic_flag, e->slot_count);
    for (int i = 0; i < e->slot_count; i++)
        atomic_flag_clear(&e->slots[i]);
    e->arguments = ARENA_ARRAY(e->arena, void *, x->argument_total + (int)x->launches.count);
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
    return e->plan != NULL && allocate_arrays(e) && take_block(x, e->plan->arena_bytes, &e->step) &&
           take_block(x, most_bytes(x, e->capacity, true), &e->workspace) &&
           take_block(x, e->scratch_bytes * (size_t)e->slot_count, &e->scratch);
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

/* ---- runs --------------------------------------------------------------------------------------- */

static void *address_of(const execution *e, value v, void *const *inputs, void *const *outputs) {
    const storage *s = &e->plan->of[v.node][v.result];
    switch (s->kind) {
    case STORAGE_INPUT:
        return inputs[s->index];
    case STORAGE_OUTPUT:
        return outputs[s->index];
    case STORAGE_ARENA:
        return e->step.bytes + s->offset;
    case STORAGE_CONSTANT:
        break;
    }
    return e->executable->constants[v.node];
}

static void find_arguments(execution *e, void *const *inputs, void *const *outputs) {
    void **to = e->arguments;
    for (uint32_t i = 0; i < e->executable->launches.count; i++) {
        const cpu_launch *launch = &e->executable->launches.items[i];
        for (int k = 0; k < launch->argument_count; k++)
            *to++ = address_of(e, launch->arguments[k], inputs, outputs);
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

static bool cpu_run(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                    int64_t batch, diagnostics *d) {
    if (!batch_fits(e, batch, d))
        return false;
    find_arguments(e, inputs, outputs);
    void *const *buffers = e->arguments;
    for (uint32_t i = 0; i < e->executable->launches.count; i++) {
        const cpu_launch *launch = &e->executable->launches.items[i];
        for (int64_t s = 0; s < launch->kernel->stage_count; s++) {
            stage_job job = {e, &launch->kernel->stages[s], buffers, batch};
            run_stage(&job, workers);
        }
        buffers += launch->argument_count + 1;
    }
    return true;
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
};
