/* How near contractions come to what the processor can do, on one thread.
 *
 *     cmake --build build --target bench_contract && build/bench/contract [name]
 *
 * Every row is one op through the whole cpu target: a matrix product or convolution, forward or
 * one of its gradients. The peak is that of independent chains of fused multiply-adds at the same
 * instruction-set level, taken in turns with the row's own runs, half a millisecond each, in
 * several passes over all rows: `share` is a good turn of the one over a good turn of the other
 * (95 of 100 are slower), `usual` the median of their ratios, which also holds what neighbours on
 * the machine took. CORNU_BENCH_ISA chooses the level.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "codegen/cpu/cpu.h"
#include "ir/build.h"

enum { PASSES = 8, TURNS = 40 };
#define TURN_SECONDS 4e-4

typedef struct row row;

typedef struct bench {
    memory *memory;
    diagnostics diag;
    arena *arena;
    const isa_level *isa;
    toolchain *toolchain;
    double (*peak)(long long rounds);
    const char *only;
    VEC(row *) rows;
} bench;

/* Of this thread: others that use the processor do not count, only what they do to its caches. */
static double busy_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One measurement of the peak: about half a millisecond, in GFLOP/s. */
static double peak_rate(const bench *b) {
    double start = busy_seconds(), flops = b->peak(3000);
    return flops / (busy_seconds() - start) / 1e9;
}

/* 12 chains: two units of four cycles' latency need 8. */
static bool load_peak(bench *b) {
    text t;
    text_init(&t, b->arena);
    text_printf(&t,
                "typedef float v __attribute__((vector_size(%d)));\n"
                "__attribute__((visibility(\"default\"))) double peak(long long rounds) {\n"
                "    v c[12], x = (v){0} + 1.0f, y = (v){0} + 1e-9f;\n"
                "    for (int i = 0; i < 12; i++) c[i] = (v){0} + (float)i;\n"
                "    for (long long r = 0; r < rounds; r++)\n"
                "        for (int k = 0; k < 8; k++)\n",
                b->isa->vector_bytes);
    for (int i = 0; i < 12; i++)
        text_printf(&t, "%s c[%d] = __builtin_elementwise_fma(c[%d], x, y);%s\n",
                    i ? "" : "        {", i, i, i == 11 ? " }" : "");
    text_append(
        &t,
        "    v sum = {0};\n    for (int i = 0; i < 12; i++) sum = sum + c[i];\n"
        "    return sum[0] < 0 ? 0 : 2.0 * 12 * 8 * (double)rounds * (double)(sizeof x / 4);\n}\n");
    toolchain_unit unit = {.name = "peak.c", .text = t.data, .length = t.length};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = b->isa};
    toolchain_library *library;
    if (!toolchain_load(b->toolchain, &r, &b->diag, &library, NULL))
        return false;
    *(void **)&b->peak = toolchain_symbol(library, "peak");
    return b->peak != NULL;
}

/* ---- rows ------------------------------------------------------------------------------- */

static void fill(void *bytes, int64_t count, uint32_t seed) {
    float *x = bytes;
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (1 << 24) - 0.5f;
    }
}

static void *new_buffer(const type *t, int64_t batch, uint32_t seed) {
    size_t bytes = ((size_t)type_bytes(t, batch) + 127) / 64 * 64;
    void *p = aligned_alloc(64, bytes);
    memset(p, 0, bytes);
    if (t->dtype == CN_F32)
        fill(p, type_count(t, batch), seed);
    return p;
}

/* The program of one row with its buffers, and what its turns gave in GFLOP/s. */
struct row {
    const char *name;
    executable *x;
    execution *execution;
    void *in[8], *out[4];
    int64_t batch;
    double flops, compile_seconds;
    int runs_in_turn;
    int turns;
    double rates[PASSES * TURNS], peaks[PASSES * TURNS], shares[PASSES * TURNS];
};

static bool run_times(bench *b, const row *r, int times) {
    bool ok = true;
    for (int i = 0; i < times && ok; i++)
        ok = r->x->operations->run(r->execution, NULL, r->in, r->out, r->batch, &b->diag);
    return ok;
}

static bool prepare(bench *b, row *r) {
    for (int i = 0; i < r->x->input_count; i++)
        r->in[i] = new_buffer(&r->x->inputs[i].type, r->batch, (uint32_t)i + 1);
    for (int i = 0; i < r->x->output_count; i++)
        r->out[i] = new_buffer(&r->x->outputs[i].type, r->batch, 99);
    r->execution = r->x->operations->execution_new(r->x, r->batch, &b->diag);
    double start = busy_seconds();
    if (r->execution == NULL || !run_times(b, r, 3))
        return false;
    r->runs_in_turn = 1 + (int)(TURN_SECONDS / ((busy_seconds() - start) / 3));
    return true;
}

static void add_row(bench *b, const char *name, graph *g, int64_t batch, double flops) {
    compile_options o = {.label = "bench", .isa = b->isa->name, .cache_directory = ""};
    o.dump = dump_folder(getenv("CORNU_DUMP"));
    row *r = ARENA_NEW(b->arena, row);
    *r = (row){.name = name, .batch = batch, .flops = flops};
    double start = busy_seconds();
    r->x = target_find("cpu")->compile(g, &o, b->memory, &b->diag);
    r->compile_seconds = busy_seconds() - start;
    if (r->x != NULL && prepare(b, r))
        vec_push(b->arena, &b->rows, r);
    else
        printf("%-34s %s\n", name, b->diag.message);
    diag_clear(&b->diag);
}

/* Each turn takes the rate and, just before and after it, the peak. */
static void take_turns(bench *b, row *r) {
    run_times(b, r, 1);
    double before = peak_rate(b);
    for (int i = 0; i < TURNS; i++) {
        double start = busy_seconds();
        run_times(b, r, r->runs_in_turn);
        double rate = r->flops * r->runs_in_turn / (busy_seconds() - start) / 1e9;
        double after = peak_rate(b);
        r->rates[r->turns] = rate;
        r->peaks[r->turns] = (before + after) / 2;
        r->shares[r->turns++] = 2 * rate / (before + after);
        before = after;
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *values, int count, double q) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[(int)(q * (count - 1))];
}

static void print_row(row *r) {
    double rate = quantile(r->rates, r->turns, 0.95), peak = quantile(r->peaks, r->turns, 0.95);
    printf("%-34s %8.1f %8.1f %6.0f %% %6.0f %% %6.0f ms\n", r->name, rate, peak, 100 * rate / peak,
           100 * quantile(r->shares, r->turns, 0.5), 1e3 * r->compile_seconds);
}

static bool skipped(const bench *b, const char *name) {
    return b->only && strstr(name, b->only) == NULL;
}

/* ---- matrix products ----------------------------------------------------------------------- */

static value input(graph *g, const char *name, int rank, const dim *dims) {
    return graph_add_input(g, name, type_make(CN_F32, rank, dims), INPUT_DATA, false);
}

static value bias_relu(graph *g, value y, dim n) {
    const type *t = value_type(g, y);
    value b = input(g, "bias", 1, (dim[]){n});
    y = build_add(g, y, build_broadcast(g, b, t->rank, t->dims, (int64_t[]){t->rank - 1}));
    return build_max(g, y, build_full_like(g, y, 0));
}

typedef enum product { FORWARD, BIAS_RELU, WEIGHTS, DATA } product;
static const char *const product_names[] = {"matmul", "matmul bias relu", "matmul dW", "matmul dX"};

/* Batch rows m, k inputs, n outputs; dW = x^T dy over the batch, dX = dy w^T. */
static void product_row(bench *b, product which, int64_t m, int64_t k, int64_t n) {
    const char *name = arena_format(b->arena, "%s %lld,%lld,%lld", product_names[which],
                                    (long long)m, (long long)k, (long long)n);
    if (skipped(b, name))
        return;
    graph *g = graph_new(b->arena, "product");
    dot_attributes d = {.left_contract = {1, {which == WEIGHTS ? 0 : 1}},
                        .right_contract = {1, {which == DATA ? 1 : 0}}};
    value x = input(g, "x", 2, (dim[]){dim_batch(1), dim_of(which == DATA ? n : k)});
    value w = which == WEIGHTS ? input(g, "dy", 2, (dim[]){dim_batch(1), dim_of(n)})
                               : input(g, "w", 2, (dim[]){dim_of(k), dim_of(n)});
    value y = build_dot(g, x, w, &d);
    if (which == BIAS_RELU)
        y = bias_relu(g, y, dim_of(n));
    graph_add_output(g, y, "y", -1);
    add_row(b, name, g, m, 2.0 * (double)m * (double)k * (double)n);
}

/* ---- convolutions -------------------------------------------------------------------------- */

typedef struct conv_size {
    int64_t size, in, out, kernel;
} conv_size;

static void conv_row(bench *b, conv_direction direction, const conv_size *c, int64_t batch) {
    static const char *const names[] = {"conv", "conv dX", "conv dW"};
    const char *name = arena_format(b->arena, "%s %lldx%lld %lld->%lld %lldx%lld", names[direction],
                                    (long long)c->size, (long long)c->size, (long long)c->in,
                                    (long long)c->out, (long long)c->kernel, (long long)c->kernel);
    if (skipped(b, name))
        return;
    graph *g = graph_new(b->arena, "conv");
    int64_t pad = c->kernel / 2;
    conv_attributes a = {.direction = (int)direction,
                         .strides = {2, {1, 1}},
                         .low = {2, {pad, pad}},
                         .high = {2, {pad, pad}},
                         .dilation = {2, {1, 1}},
                         .groups = 1};
    dim s = dim_of(c->size), taps = dim_of(c->kernel);
    dim x[] = {dim_batch(1), s, s, dim_of(c->in)}, y[] = {dim_batch(1), s, s, dim_of(c->out)};
    dim w[] = {taps, taps, dim_of(c->in), dim_of(c->out)};
    const dim *left = direction == CONV_BACKWARD_DATA ? y : x;
    const dim *right = direction == CONV_BACKWARD_FILTER ? y : w;
    if (direction != CONV_FORWARD)
        a.size =
            direction == CONV_BACKWARD_DATA ? (dim_list){2, {s, s}} : (dim_list){2, {taps, taps}};
    value first = input(g, "left", 4, left), second = input(g, "right", 4, right);
    value result = build_conv(g, first, second, &a);
    if (direction == CONV_FORWARD)
        result = bias_relu(g, result, dim_of(c->out));
    graph_add_output(g, result, "y", -1);
    double flops = 2.0 * (double)(batch * c->size * c->size * c->kernel * c->kernel) *
                   (double)(c->in * c->out);
    add_row(b, name, g, batch, flops);
}

static void add_rows(bench *b) {
    static const int64_t sizes[][3] = {
        {32, 32, 32},   {64, 64, 64},    {128, 128, 128}, {256, 256, 256}, {512, 512, 512},
        {32, 784, 128}, {128, 784, 128}, {32, 128, 128},  {32, 128, 10},   {128, 1024, 1024}};
    static const conv_size convs[] = {{28, 1, 32, 3},   {28, 32, 64, 3}, {14, 64, 64, 3},
                                      {14, 64, 256, 1}, {56, 64, 64, 3}, {7, 128, 128, 3}};
    for (int which = FORWARD; which <= DATA; which++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            product_row(b, (product)which, sizes[i][0], sizes[i][1], sizes[i][2]);
    for (int direction = CONV_FORWARD; direction <= CONV_BACKWARD_FILTER; direction++)
        for (size_t i = 0; i < sizeof convs / sizeof *convs; i++)
            conv_row(b, (conv_direction)direction, &convs[i], 8);
}

int main(int count, char **arguments) {
    bench b = {.memory = memory_new(0), .only = count > 1 ? arguments[1] : NULL};
    diag_init(&b.diag);
    b.arena = arena_new(b.memory, &b.diag);
    /* Linked from the layers, this program has no libcornu beside which the module would lie. */
    setenv("CORNU_CLANG_MODULE", CORNU_BUILD_FOLDER "/cornu-clang.so", 0);
    const char *level = getenv("CORNU_BENCH_ISA");
    b.isa = isa_find(level ? level : "host");
    b.toolchain = toolchain_new(&b.diag, &(toolchain_options){.cache_directory = ""});
    if (b.isa == NULL || !load_peak(&b)) {
        fprintf(stderr, "%s\n", b.diag.message);
        return 1;
    }
    printf("%s, one thread, f32\n%-34s %8s %8s %8s %8s %9s\n", b.isa->name, "", "GFLOP/s", "peak",
           "share", "usual", "compile");
    add_rows(&b);
    for (int round = 0; round < PASSES; round++)
        for (uint32_t i = 0; i < b.rows.count; i++)
            take_turns(&b, b.rows.items[i]);
    for (uint32_t i = 0; i < b.rows.count; i++)
        print_row(b.rows.items[i]);
    return 0;
}
