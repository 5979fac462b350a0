/* Kernels made by hand and run as compiled code: what the tests of the emitter share.
 *
 * A `bench` holds one kernel under construction and the tensors it runs on. check_kernel runs
 * the loop interpreter in double on the same inputs and compares every output.
 */
#ifndef CORNU_TESTS_CODEGEN_CPU_KERNELS_H
#define CORNU_TESTS_CODEGEN_CPU_KERNELS_H

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "codegen/cpu/abi.h"
#include "codegen/cpu/clang_module.h"
#include "codegen/cpu/program.h"
#include "ir/loop_interpret.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define MODULE_PATH CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE

typedef struct bench {
    workspace *w;
    kernel *k;
    int64_t batch;
    const char *isa, *compiler;
    const char *text; /* of its unit, and how many launches it is: known once it was checked */
    int64_t stage_count;
} bench;

static inline bench bench_open(workspace *w, const char *name, int64_t batch) {
    kernel *k = ARENA_NEW(w->arena, kernel);
    k->name = name;
    k->summary = name;
    k->arena = w->arena;
    return (bench){.w = w, .k = k, .batch = batch, .isa = "host"};
}

static inline int buffer(bench *b, buffer_access access, cn_dtype dtype, int rank,
                         const dim *dims) {
    vec_push(b->w->arena, &b->k->buffers, (loop_buffer){type_make(dtype, rank, dims), access, "x"});
    if (access != BUFFER_LOCAL)
        b->k->argument_count++;
    return (int)b->k->buffers.count - 1;
}

#define BUFFER(b, access, dtype, ...)                                           \
    buffer(b, access, dtype, (int)(sizeof((dim[]){__VA_ARGS__}) / sizeof(dim)), \
           (dim[]){__VA_ARGS__})

static inline loop_variable *variable(bench *b, const char *hint, cn_dtype dtype) {
    loop_variable *v = ARENA_NEW(b->w->arena, loop_variable);
    *v = (loop_variable){.id = b->k->variable_count++, .hint = hint, .dtype = dtype};
    return v;
}

static inline loop_variable *axis(bench *b, const char *hint, dim extent) {
    loop_variable *v = variable(b, hint, CN_I64);
    v->extent = extent;
    v->is_axis = true;
    return v;
}

static inline const expr *of(bench *b, const loop_variable *v) {
    return expr_variable(b->w->arena, v);
}

#define LOAD(b, buffer, ...) \
    expr_load((b)->w->arena, &(b)->k->buffers.items[buffer], buffer, (const expr *[]){__VA_ARGS__})

static inline const expr *op1(bench *b, scalar_op op, const expr *x) {
    return expr_scalar(b->w->arena, op, x->dtype, &x, 1);
}

static inline const expr *op2(bench *b, scalar_op op, const expr *x, const expr *y) {
    bool compare = op >= SCALAR_EQ && op <= SCALAR_GE;
    return expr_scalar(b->w->arena, op, compare ? CN_BOOL : x->dtype, (const expr *[]){x, y}, 2);
}

static inline const expr *real(bench *b, double x) {
    return expr_number(b->w->arena, CN_F32, x);
}

static inline const expr *integer(bench *b, int64_t x) {
    return expr_integer(b->w->arena, CN_I64, x);
}

static inline stmt *push(bench *b, stmt_list *list, stmt_kind kind) {
    stmt *s = ARENA_NEW(b->w->arena, stmt);
    s->kind = kind;
    vec_push(b->w->arena, list, s);
    return s;
}

static inline stmt_list *loop(bench *b, stmt_list *list, loop_variable *v, bool parallel) {
    stmt *s = push(b, list, STMT_LOOP);
    s->variable = v;
    s->parallel = parallel;
    return &s->body;
}

static inline const expr *let(bench *b, stmt_list *list, const char *hint, const expr *x) {
    stmt *s = push(b, list, STMT_LET);
    s->variable = variable(b, hint, x->dtype);
    s->value = x;
    return of(b, s->variable);
}

static inline stmt *fold(bench *b, stmt_list *list, fold_kind kind, const char *hint,
                         const expr *x) {
    stmt *s = push(b, list, STMT_REDUCE);
    s->variable = variable(b, hint, x->dtype);
    s->fold = kind;
    s->value = x;
    return s;
}

static inline void over(bench *b, stmt *reduce, loop_variable *v) {
    vec_push(b->w->arena, &reduce->axes, v);
}

static inline void store_at(bench *b, stmt_list *list, int to, const expr *x,
                            const expr *const *index) {
    stmt *s = push(b, list, STMT_STORE);
    s->buffer = to;
    s->rank = b->k->buffers.items[to].type.rank;
    s->value = x;
    s->index = arena_copy(b->w->arena, index, (size_t)s->rank * sizeof *index);
}

#define STORE(b, list, to, value, ...) store_at(b, list, to, value, (const expr *[]){__VA_ARGS__})

/* ---- running ------------------------------------------------------------------------------- */

static inline double sample(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

static inline tensor *random_tensor(interpreter *it, const type *t, uint32_t seed) {
    tensor *x = tensor_new(it, t);
    for (int64_t i = 0; i < x->count; i++) {
        if (dtype_is_float(t->dtype))
            x->items[i].f = (double)(float)sample(&seed);
        else
            x->items[i].i = (int64_t)(sample(&seed) * 8 + 8) / 2 % (t->dtype == CN_BOOL ? 2 : 8);
    }
    return x;
}

typedef struct loaded {
    toolchain *toolchain;
    toolchain_library *library;
    const program_kernel *kernel;
    const char *text;
} loaded;

static inline loaded load_kernel(bench *b) {
    diagnostics *d = &b->w->diagnostics;
    program_text p;
    program_begin(&p, isa_find(b->isa), "k_", b->w->arena);
    program_add(&p, b->k);
    program_finish(&p);
    toolchain_options o = {.cache_directory = "",
                           .compiler = b->compiler,
                           .module_path = access(MODULE_PATH, R_OK) == 0 ? MODULE_PATH : NULL};
    loaded l = {.toolchain = toolchain_new(d, &o), .text = p.units.items[0].text};
    bool sanitize = b->compiler && getenv("TEST_SANITIZE"); /* slow, for longer hunts */
    toolchain_request r = {.units = p.units.items,
                           .unit_count = (int)p.units.count,
                           .isa = p.isa,
                           .sanitize_address = sanitize && SANITIZED,
                           .sanitize_undefined = sanitize};
    if (getenv("TEST_SHOW"))
        fprintf(stderr, "%s\n", p.kernels.items[0]->text);
    if (!toolchain_load(l.toolchain, &r, d, &l.library, NULL))
        fail_msg("%s", d->message);
    program_query query;
    *(void **)&query = toolchain_symbol(l.library, PROGRAM_QUERY);
    const program_table *table = query(PROGRAM_ABI_VERSION);
    assert_int_equal(table->kernel_count, 1);
    l.kernel = &table->kernels[0];
    return l;
}

static inline void unload(loaded *l) {
    toolchain_library_free(l->library);
    toolchain_free(l->toolchain);
}

/* Exactly so many bytes: a sanitizer sees what lies behind them. */
static inline void *take_bytes(int64_t bytes) {
    void *p = NULL;
    size_t size = bytes > 0 ? (size_t)bytes : 1;
    assert_int_equal(posix_memalign(&p, 64, size), 0);
    memset(p, 0xff, size);
    return p;
}

/* Runs all stages, tasks in descending order and one by one: their order must not matter. */
static inline void run_kernel(const program_kernel *k, void **buffers, int argument_count,
                              int64_t batch) {
    buffers[argument_count] = take_bytes(k->workspace ? k->workspace(batch) : 0);
    void *scratch = take_bytes(k->scratch ? k->scratch(batch) : 0);
    for (int64_t s = 0; s < k->stage_count; s++)
        for (int64_t t = k->stages[s].tasks(batch) - 1; t >= 0; t--)
            k->stages[s].run(buffers, batch, t, t + 1, scratch);
    free(scratch);
    free(buffers[argument_count]);
}

/* Arguments as bytes, from tensors; to be freed by release_arguments. */
static inline void take_arguments(bench *b, tensor *const *tensors, void **buffers) {
    for (int i = 0; i < b->k->argument_count; i++) {
        int64_t bytes = type_bytes(&b->k->buffers.items[i].type, b->batch);
        buffers[i] = take_bytes(bytes);
        tensor_to_bytes(tensors[i], buffers[i]);
    }
}

static inline void release_arguments(bench *b, void **buffers) {
    for (int i = 0; i < b->k->argument_count; i++)
        free(buffers[i]);
}

static inline void compare_tensors(bench *b, int i, const tensor *got, const tensor *want,
                                   double tolerance) {
    for (int64_t k = 0; k < want->count; k++) {
        if (!dtype_is_float(want->type.dtype)) {
            if (got->items[k].i != want->items[k].i)
                fail_msg("%s: buffer %d element %lld: %lld, expected %lld", b->k->name, i,
                         (long long)k, (long long)got->items[k].i, (long long)want->items[k].i);
        } else if (!(fabs(got->items[k].f - want->items[k].f) <=
                     tolerance * (1 + fabs(want->items[k].f))) &&
                   !(isnan(got->items[k].f) && isnan(want->items[k].f))) {
            fail_msg("%s (%s %s): buffer %d element %lld: %.9g, expected %.9g", b->k->name, b->isa,
                     b->compiler ? b->compiler : "", i, (long long)k, got->items[k].f,
                     want->items[k].f);
        }
    }
}

/* What a kernel starts from and what it has to leave; made once, for interpreting takes long. */
typedef struct expectation {
    interpreter it;
    tensor **start, **end;
} expectation;

static inline expectation expect(bench *b) {
    int count = b->k->argument_count;
    expectation e = {.it = {.arena = b->w->arena,
                            .diag = &b->w->diagnostics,
                            .batch = b->batch,
                            .mode = INTERPRET_F64},
                     .start = ARENA_ARRAY(b->w->arena, tensor *, count),
                     .end = ARENA_ARRAY(b->w->arena, tensor *, count)};
    for (int i = 0; i < count; i++) {
        const type *t = &b->k->buffers.items[i].type;
        e.start[i] = random_tensor(&e.it, t, (uint32_t)i + 1);
        e.end[i] = random_tensor(&e.it, t, (uint32_t)i + 1);
    }
    if (!kernel_interpret(&e.it, b->k, e.end))
        fail_msg("%s", b->w->diagnostics.message);
    return e;
}

static inline uint64_t run_and_compare(bench *b, expectation *e, double tolerance) {
    int count = b->k->argument_count;
    void **buffers = ARENA_ARRAY(b->w->arena, void *, count + 1);
    take_arguments(b, e->start, buffers);
    loaded l = load_kernel(b);
    run_kernel(l.kernel, buffers, count, b->batch);
    uint64_t hash = 0;
    for (int i = 0; i < count; i++) {
        if (b->k->buffers.items[i].access == BUFFER_IN)
            continue;
        tensor *got = tensor_new(&e->it, &b->k->buffers.items[i].type);
        tensor_from_bytes(got, buffers[i]);
        compare_tensors(b, i, got, e->end[i], tolerance);
        hash = hash_bytes(buffers[i], (size_t)type_bytes(&got->type, b->batch), hash);
    }
    b->text = l.text;
    b->stage_count = l.kernel->stage_count;
    release_arguments(b, buffers);
    unload(&l);
    return hash;
}

/* Right, and the same bits at every level and from every compiler. gcc, which takes most of the
 * time, compiles the kernels for one level and the other in turn; TEST_WAYS=all for both. */
static inline void check_kernel(bench *b, double tolerance) {
    static size_t turn;
    static const struct {
        const char *isa, *compiler;
    } ways[] = {{"x86-64-v3", NULL}, {"x86-64-v3", "gcc"}, {"host", NULL}, {"host", "gcc"}};
    const char *wanted = getenv("TEST_WAYS");
    bool all = wanted != NULL && strcmp(wanted, "all") == 0;
    bool one_level = isa_find("host") == isa_find("x86-64-v3");
    uint64_t first = 0;
    bool any = false;
    turn++;
    if (!kernel_verify(b->k, &b->w->diagnostics))
        fail_msg("%s", b->w->diagnostics.message);
    expectation e = expect(b);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const isa_level *level = isa_find(ways[i].isa);
        bool is_again = one_level && i >= 2;
        bool waits = !all && !one_level && ways[i].compiler != NULL && (i / 2 + turn) % 2 == 0;
        if (level == NULL || !isa_runs_here(level) || is_again || waits)
            continue;
        b->isa = ways[i].isa;
        b->compiler = ways[i].compiler;
        uint64_t hash = run_and_compare(b, &e, tolerance);
        if (any && hash != first)
            fail_msg("%s: other bits at %s with %s", b->k->name, b->isa,
                     b->compiler ? b->compiler : "the module");
        first = hash;
        any = true;
    }
}

#endif
