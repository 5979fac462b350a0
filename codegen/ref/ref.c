/* The `ref` target: the graph itself, interpreted in float32.
 *
 * It compiles nothing: passes run as far as graphs stay plain (gradients and composites are
 * expanded, nothing is fused), and a run is the reference semantics of every node in turn. Slow,
 * and the yardstick: what a compiled target computes must agree with it to rounding. It is also
 * what is left where no compiler is found.
 *
 * Ownership: an executable keeps its graph in an arena of its own; an execution has an arena that
 * a run fills and rewinds, and diagnostics of its own, so that threads run one executable at
 * once. A run writes its outputs after everything is computed: a donated output may overwrite its
 * input.
 */
#include <string.h>

#include "base/size.h"
#include "codegen/target.h"
#include "ir/interpret.h"
#include "ir/ops/ops.h"

typedef struct ref_executable {
    executable base; /* first: the public face */
    memory *memory;
    arena *arena; /* holds this struct too */
    const graph *graph;
} ref_executable;

struct execution {
    const ref_executable *executable;
    int64_t capacity;
    diagnostics diagnostics; /* of the arena */
    arena *arena;            /* empty between runs */
};

/* ---- facts ----------------------------------------------------------------------------------- */

static const target_facts *ref_facts(const compile_options *o) {
    static const target_facts facts = {.name = "ref", .alignment = 64};
    (void)o;
    return &facts;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool add_bytes(const type *t, int64_t batch, size_t element_bytes, size_t *sum) {
    size_t bytes;
    return size_mul((size_t)type_count(t, batch), element_bytes, &bytes) &&
           size_add(*sum, bytes, sum);
}

/* A run holds a tensor of numbers per value until it ends. What the bodies of scans need comes
 * on top: every step keeps its own. */
static bool add_graph_bytes(const graph *g, int64_t batch, int64_t times, size_t *sum) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        int64_t runs = times;
        size_t element;
        if (!size_mul(sizeof(number), (size_t)times, &element))
            return false;
        if (n->op == &op_scan &&
            !i64_mul(times, ((const scan_attributes *)n->attributes)->length, &runs))
            return false;
        for (uint32_t r = 0; r < n->result_count; r++)
            if (!add_bytes(&n->types[r], batch, element, sum))
                return false;
        for (uint32_t k = 0; k < n->region_count; k++)
            if (!add_graph_bytes(n->regions[k], batch, runs, sum))
                return false;
    }
    return true;
}

static bool ref_memory(const executable *base, int64_t capacity, executable_memory *out) {
    const ref_executable *x = (const ref_executable *)base;
    *out = (executable_memory){0};
    for (int i = 0; i < base->input_count; i++) {
        const executable_argument *in = &base->inputs[i];
        if (!add_bytes(&in->type, capacity, (size_t)dtype_bytes(in->type.dtype),
                       in->state ? &out->state_bytes : &out->io_bytes))
            return false;
    }
    for (int i = 0; i < base->output_count; i++) {
        const executable_argument *y = &base->outputs[i];
        if (y->into < 0 && !add_bytes(&y->type, capacity, (size_t)dtype_bytes(y->type.dtype),
                                      &out->io_bytes))
            return false;
    }
    if (!add_graph_bytes(x->graph, capacity, 1, &out->workspace_bytes))
        return false;
    out->lower_bound_bytes = out->workspace_bytes;
    return true;
}

/* ---- executions ------------------------------------------------------------------------------ */

static execution *ref_execution_new(executable *base, int64_t capacity, diagnostics *d) {
    const ref_executable *x = (const ref_executable *)base;
    executable_memory needed;
    if (capacity < 1 || !ref_memory(base, capacity, &needed)) {
        diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "no room can be planned for a batch of %lld",
                  (long long)capacity);
        return NULL;
    }
    execution *e = memory_take(x->memory, sizeof *e, 16);
    if (e != NULL) {
        *e = (execution){.executable = x, .capacity = capacity};
        diag_init(&e->diagnostics);
        e->arena = arena_new(x->memory, &e->diagnostics);
        if (e->arena != NULL)
            return e;
        memory_give(x->memory, e, sizeof *e);
    }
    diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory for the execution of \"%s\"",
              x->graph->name);
    return NULL;
}

static void ref_execution_free(execution *e) {
    if (e == NULL)
        return;
    arena_free(e->arena);
    memory_give(e->executable->memory, e, sizeof *e);
}

static bool batch_is_allowed(const execution *e, int64_t batch, diagnostics *d) {
    int64_t bound = e->executable->base.bound_batch;
    if (batch < 1 || batch > e->capacity)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT,
                         "a batch of %lld does not fit an execution made for 1 to %lld",
                         (long long)batch, (long long)e->capacity);
    if (bound != 0 && batch != bound)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT,
                         "the batch is bound to %lld (%s), got %lld", (long long)bound,
                         e->executable->graph->guards.count == 0
                             ? "by the graph"
                             : e->executable->graph->guards.items[0],
                         (long long)batch);
    return true;
}

static bool interpret_arguments(execution *e, void *const *inputs, void *const *outputs,
                                int64_t batch) {
    const graph *g = e->executable->graph;
    interpreter it = {.arena = e->arena, .diag = &e->diagnostics, .batch = batch,
                      .mode = INTERPRET_F32};
    tensor **in = ARENA_ARRAY(e->arena, tensor *, g->inputs.count);
    tensor **out = ARENA_ARRAY(e->arena, tensor *, g->outputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        in[i] = tensor_new(&it, value_type(g, g->inputs.items[i].value));
        tensor_from_bytes(in[i], inputs[i]);
    }
    if (!interpret_graph(&it, g, in, out))
        return false;
    for (uint32_t i = 0; i < g->outputs.count; i++)
        tensor_to_bytes(out[i], outputs[i]);
    return true;
}

static bool run_guarded(execution *e, void *const *inputs, void *const *outputs, int64_t batch) {
    diag_recovery point;
    if (DIAG_RECOVER(&e->diagnostics, &point))
        return false;
    bool done = interpret_arguments(e, inputs, outputs, batch);
    diag_pop_recovery(&e->diagnostics, &point);
    return done;
}

static bool ref_run(execution *e, pool *workers, void *const *inputs, void *const *outputs,
                    int64_t batch, diagnostics *d) {
    (void)workers;
    if (!batch_is_allowed(e, batch, d))
        return false;
    arena_mark empty = arena_get_mark(e->arena);
    diag_clear(&e->diagnostics);
    bool done = run_guarded(e, inputs, outputs, batch);
    arena_rewind(e->arena, empty);
    return done || diag_fail(d, e->diagnostics.status, "%s", e->diagnostics.message);
}

static void ref_free(executable *base) {
    if (base != NULL)
        arena_free(((ref_executable *)base)->arena);
}

/* ---- compiling ------------------------------------------------------------------------------- */

static const executable_operations ref_operations = {
    .execution_new = ref_execution_new,
    .execution_free = ref_execution_free,
    .run = ref_run,
    .free = ref_free,
    .memory = ref_memory,
};

static ref_executable *make_executable(const graph *g, arena *a) {
    ref_executable *x = ARENA_NEW(a, ref_executable);
    x->memory = arena_memory(a);
    x->arena = a;
    x->graph = target_copy_graph(g, false, a);
    if (x->graph == NULL)
        return NULL;
    x->base.operations = &ref_operations;
    x->base.report = "interpreted: nothing to compile";
    target_describe(&x->base, x->graph, a);
    return x;
}

/* What an executable keeps goes to `kept`, what the passes make to `scratch`. */
static ref_executable *compile_guarded(graph *g, const compile_options *o, arena *kept,
                                       arena *scratch, diagnostics *d) {
    diag_recovery point;
    if (DIAG_RECOVER(d, &point))
        return NULL;
    pipeline_options options = target_pipeline_options(o);
    pass_context cx = {.arena = scratch, .diag = d, .facts = ref_facts(o)};
    g = pipeline_run(g, &options, &cx);
    ref_executable *x = g == NULL ? NULL : make_executable(g, kept);
    diag_pop_recovery(d, &point);
    return x;
}

static executable *ref_compile(graph *g, const compile_options *o, memory *m, diagnostics *d) {
    arena *kept = arena_new(m, d), *scratch = arena_new(m, d);
    ref_executable *x = NULL;
    if (kept == NULL || scratch == NULL)
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory compiling \"%s\"", g->name);
    else
        x = compile_guarded(g, o, kept, scratch, d);
    arena_free(scratch);
    if (x == NULL)
        arena_free(kept);
    return x == NULL ? NULL : &x->base;
}

const target target_ref = {
    .name = "ref",
    .summary = "Interprets the graph in float32: slow, and what every target is judged by.",
    .facts = ref_facts,
    .compile = ref_compile,
};
