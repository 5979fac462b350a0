/* What this machine can do at best: fused multiply-adds a second, and bytes a second over working
 * sets from a core's cache to main memory. Both are measured by loops in generated C, compiled for
 * the level and run on the threads that the kernels they are compared with have.
 *
 * The roof of a kernel (Williams, Waterman, Patterson: "Roofline: an insightful visual performance
 * model", CACM 2009) is the larger of flops over one rate and bytes over the other. The rate of
 * memory depends on where the data lies, so it is a table over the working set.
 *
 * Of several trials the best counts: what disturbs one is not the machine.
 */
#include <string.h>

#include "base/platform.h"
#include "codegen/cpu/cpu.h"
#include "codegen/cpu/prelude.h"
#include "runtime/pool.h"

enum {
    CHAINS = 12,     /* independent sums: two units of latency four, and some more */
    ROUNDS = 100000, /* of all chains, a task */
    TRIALS = 5,
    SMALLEST_SET = 1 << 16,
    LARGEST_SET = 1 << 27,
    LEAST_TRAFFIC = 1 << 24, /* bytes a trial moves, or the clock is what is measured */
};

typedef void machine_loop(void *const *buffers, int64_t B, int64_t begin, int64_t end,
                          void *scratch);

typedef struct machine {
    const compile_options *options;
    const isa_level *isa;
    pool *workers;
    arena *arena;
    diagnostics *diag;
    toolchain_library *library;
    machine_loop *multiply, *stream;
    float *block;
    size_t block_bytes; /* LARGEST_SET, or less where memory is limited */
} machine;

/* ---- the loops ------------------------------------------------------------------------- */

/* A task is CHAINS * ROUNDS multiply-adds of vectors. */
static void print_multiply(const isa_level *isa, text *out) {
    text_append(out, "\nvoid cn_multiply(void *const *buffers, i64 B, i64 begin, i64 end, void "
                     "*scratch) {\n    float *out = buffers[0];\n"
                     "    const cn_vector_f32 x = cn_splat_f32(out[0]), y = cn_splat_f32(out[1]);\n"
                     "    for (i64 t = begin; t < end; t++) {\n");
    for (int i = 0; i < CHAINS; i++)
        text_printf(out, "        cn_vector_f32 c%d = x;\n", i);
    text_printf(out, "        for (i64 i = 0; i < %d; i++) {\n", ROUNDS);
    for (int i = 0; i < CHAINS; i++)
        text_printf(out,
                    isa->has_fma ? "            c%d = cn_fma_f32(x, y, c%d);\n"
                                 : "            c%d = x * y + c%d;\n",
                    i, i);
    text_append(out, "        }\n        cn_store_f32(out + 64 * (t + 1), c0");
    for (int i = 1; i < CHAINS; i++)
        text_printf(out, " + c%d", i);
    text_append(out, ");\n    }\n    (void)B;\n    (void)scratch;\n}\n");
}

/* Task t goes over elements [t * B, (t + 1) * B) of two arrays, so many times: y = y + x. */
static const char stream_text[] =
    "\nvoid cn_stream(void *const *buffers, i64 B, i64 begin, i64 end, void *scratch) {\n"
    "    const i64 passes = *(const i64 *)scratch;\n"
    "    for (i64 t = begin; t < end; t++)\n"
    "        for (i64 pass = 0; pass < passes; pass++) {\n"
    "            const float *x = (const float *)buffers[0] + t * B;\n"
    "            float *y = (float *)buffers[1] + t * B;\n"
    "            for (i64 i = 0; i + VECTOR_BYTES / 4 <= B; i += VECTOR_BYTES / 4)\n"
    "                cn_store_f32(y + i, cn_load_f32(y + i) + cn_load_f32(x + i));\n"
    "        }\n"
    "}\n";

static text unit_text(machine *m) {
    static const char *const functions[] = {"cn_load_f32", "cn_store_f32", "cn_splat_f32",
                                            "cn_fma_f32"};
    prelude needed;
    text unit;
    prelude_init(&needed, m->arena);
    for (int i = 0; i < 3 + m->isa->has_fma; i++)
        prelude_use(&needed, functions[i]);
    text_init(&unit, m->arena);
    prelude_print(&needed, m->isa, LINKAGE_HIDDEN, &unit);
    print_multiply(m->isa, &unit);
    text_append(&unit, stream_text);
    return unit;
}

static machine_loop *loop_named(const machine *m, const char *name) {
    machine_loop *loop;
    void *symbol = toolchain_symbol(m->library, name);
    memcpy(&loop, &symbol, sizeof loop);
    return loop;
}

/* Nothing is allocated from an arena while the toolchain is open. */
static bool load_loops(machine *m) {
    text t = unit_text(m);
    toolchain_unit unit = {.name = "machine.c", .text = t.data, .length = t.length};
    toolchain_request request = {.units = &unit, .unit_count = 1, .isa = m->isa};
    toolchain_options options = {.cache_directory = m->options->cache_directory};
    toolchain *tools = toolchain_new(m->diag, &options);
    bool loaded = tools != NULL && toolchain_load(tools, &request, m->diag, &m->library, NULL);
    toolchain_free(tools);
    if (!loaded)
        return false;
    m->multiply = loop_named(m, "cn_multiply");
    m->stream = loop_named(m, "cn_stream");
    return true;
}

/* ---- trials ---------------------------------------------------------------------------- */

typedef struct trial {
    machine_loop *loop;
    void *buffers[2];
    int64_t batch, passes;
} trial;

static void run_part(void *user, int64_t begin, int64_t end) {
    trial *t = user;
    t->loop(t->buffers, t->batch, begin, end, &t->passes);
}

static double best_seconds(machine *m, trial *t) {
    int threads = pool_threads(m->workers);
    double best = 0;
    for (int i = 0; i <= TRIALS; i++) { /* the first wakes threads and fills caches */
        double start = clock_seconds();
        pool_run(m->workers, run_part, t, threads, 1);
        double seconds = clock_seconds() - start;
        if (i == 1 || (i > 1 && seconds < best))
            best = seconds;
    }
    return best;
}

static double multiply_rate(machine *m) {
    trial t = {.loop = m->multiply, .buffers = {m->block}};
    m->block[0] = m->block[1] = 0.5F;
    const int64_t products = (int64_t)CHAINS * ROUNDS * (m->isa->vector_bytes / 4);
    double flops = 2.0 * (double)products * pool_threads(m->workers);
    return flops / best_seconds(m, &t);
}

/* Threads have a share each, of both arrays; two reads and a write are three times four bytes. */
static double stream_rate(machine *m, int64_t set) {
    int threads = pool_threads(m->workers);
    int64_t lanes = m->isa->vector_bytes / 4, each = set / 8 / threads / lanes * lanes;
    trial t = {.loop = m->stream,
               .buffers = {m->block, m->block + each * threads},
               .batch = each,
               .passes = set < LEAST_TRAFFIC ? LEAST_TRAFFIC / set : 1};
    double bytes = 12.0 * (double)each * threads * (double)t.passes;
    return bytes / best_seconds(m, &t);
}

static void measure(machine *m, cn_profile *out) {
    VEC(cn_profile_bandwidth) rates = {0};
    out->flops_per_second = multiply_rate(m);
    for (int64_t set = SMALLEST_SET; set <= (int64_t)m->block_bytes; set *= set < 1 << 26 ? 4 : 2)
        vec_push(m->arena, &rates, (cn_profile_bandwidth){(double)set, stream_rate(m, set)});
    out->bandwidths = rates.items;
    out->bandwidth_count = rates.count;
}

static bool measure_guarded(machine *m, cn_profile *out) {
    diag_recovery point;
    if (DIAG_RECOVER(m->diag, &point))
        return false;
    bool loaded = load_loops(m);
    if (loaded)
        measure(m, out);
    diag_pop_recovery(m->diag, &point);
    return loaded;
}

static bool take_block(machine *m) {
    m->block_bytes = LARGEST_SET;
    while ((m->block = memory_take(arena_memory(m->arena), m->block_bytes, 64)) == NULL &&
           m->block_bytes > SMALLEST_SET)
        m->block_bytes /= 2;
    return m->block != NULL;
}

bool cpu_measure(const compile_options *o, pool *workers, arena *a, cn_profile *out) {
    machine m = {.options = o,
                 .isa = isa_find(o->isa == NULL ? "host" : o->isa),
                 .workers = workers,
                 .arena = a,
                 .diag = arena_diagnostics(a)};
    if (m.isa == NULL || !isa_runs_here(m.isa))
        return diag_fail(m.diag, CN_ERROR_UNSUPPORTED, "nothing to measure on this processor");
    if (!take_block(&m))
        return diag_fail(m.diag, CN_ERROR_OUT_OF_MEMORY,
                         "measuring the machine needs %d bytes of memory", (int)SMALLEST_SET);
    bool measured = measure_guarded(&m, out);
    memory_give(arena_memory(a), m.block, m.block_bytes);
    if (m.library != NULL)
        toolchain_library_free(m.library);
    return measured;
}
