/* Whole programs on the cpu target: every op of the oracle table, training steps of an MLP and a
 * small convnet against the interpreter, equal bits for 1, 2 and 4 threads and for both levels,
 * batches below the capacity. */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "codegen/cpu/clang_module.h"
#include "codegen/target.h"
#include "runtime/pool.h"
#include "tests/ir/op_cases.h"
#include "tests/passes/sample_models.h"

typedef struct program {
    workspace *w;
    executable *x;
    int64_t batch, capacity;
    void **inputs, **outputs; /* donated outputs are their inputs */
} program;

static void use_module(void) {
    setenv("CORNU_CACHE_DIR", "", 1);
    if (access(CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, R_OK) == 0)
        setenv("CORNU_CLANG_MODULE", CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, 1);
}

static void *take(int64_t bytes) {
    void *p = aligned_alloc(64, ((size_t)bytes + 127) / 64 * 64);
    memset(p, 0x5a, ((size_t)bytes + 127) / 64 * 64);
    return p;
}

static executable *compile(workspace *w, graph *g, const char *isa) {
    compile_options o = {.label = "test", .isa = isa, .cache_directory = "", .compile_threads = 2};
    executable *x = target_find("cpu")->compile(g, &o, w->memory, &w->diagnostics);
    if (x == NULL)
        print_error("%s\n", w->diagnostics.message);
    return x;
}

/* Inputs as given, at the capacity's size. */
static void open_program(program *p, tensor *const *inputs) {
    p->inputs = calloc((size_t)p->x->input_count + 1, sizeof *p->inputs);
    p->outputs = calloc((size_t)p->x->output_count + 1, sizeof *p->outputs);
    for (int i = 0; i < p->x->input_count; i++) {
        p->inputs[i] = take(type_bytes(&p->x->inputs[i].type, p->capacity));
        tensor_to_bytes(inputs[i], p->inputs[i]);
    }
    for (int i = 0; i < p->x->output_count; i++)
        p->outputs[i] = p->x->outputs[i].into >= 0
                            ? p->inputs[p->x->outputs[i].into]
                            : take(type_bytes(&p->x->outputs[i].type, p->capacity));
}

static void close_program(program *p) {
    for (int i = 0; i < p->x->output_count; i++)
        if (p->x->outputs[i].into < 0)
            free(p->outputs[i]);
    for (int i = 0; i < p->x->input_count; i++)
        free(p->inputs[i]);
    free(p->inputs);
    free(p->outputs);
}

static bool run(program *p, int threads, int times) {
    diagnostics *d = &p->w->diagnostics;
    pool *workers = pool_get(threads);
    execution *e = p->x->operations->execution_new(p->x, p->capacity, d);
    bool done = e != NULL;
    for (int i = 0; i < times && done; i++)
        done = p->x->operations->run(e, workers, p->inputs, p->outputs, p->batch, d);
    p->x->operations->execution_free(e);
    pool_release(workers);
    return done;
}

static bool agree(const tensor *got, const tensor *want, const tensor *rounded, int64_t i,
                  double slack) {
    if (!dtype_is_float(want->type.dtype))
        return got->items[i].i == want->items[i].i;
    double x = got->items[i].f, y = want->items[i].f;
    if (isnan(y) || isnan(x))
        return isnan(y) == isnan(x) || isnan(rounded->items[i].f);
    double error = fabs(rounded->items[i].f - y);
    return x == y || x == rounded->items[i].f || fabs(x - y) <= slack * (1 + fabs(y)) + 8 * error;
}

/* ---- every op ------------------------------------------------------------------------------ */

static double slack_of(cn_dtype d) {
    return d == CN_F64 ? 1e-12 : d == CN_BF16 ? 2e-2 : d == CN_F16 ? 4e-3 : 4e-6;
}

/* Sine and cosine promise no more than |y| <= 1 where floats are many periods apart. */
static bool is_meaningless(const op_case *c, const tensor *x, const tensor *got, int64_t k) {
    bool periodic = c->op == &op_sin || c->op == &op_cos;
    return periodic && fabs(x->items[k].f) > 0x1p30 && fabs(got->items[k].f) <= 1;
}

static int check_case(workspace *w, const op_case *c, int64_t batch) {
    interpreter it = {
        .arena = w->arena, .diag = &w->diagnostics, .batch = batch, .mode = INTERPRET_F64};
    interpreter narrow = it;
    narrow.mode = INTERPRET_F32;
    op_case_run exact, rounded;
    assert_true(op_case_interpret(&it, c, 5, &exact) && op_case_interpret(&narrow, c, 5, &rounded));
    program p = {.w = w, .batch = batch, .capacity = batch + 3};
    p.x = compile(w, op_case_graph(c, w->arena), NULL);
    if (p.x == NULL)
        return 1;
    open_program(&p, exact.inputs);
    int failures = run(&p, 2, 1) ? 0 : 1;
    for (int i = 0; i < p.x->output_count && !failures; i++) {
        tensor *got = tensor_new(&it, &exact.outputs[i]->type);
        tensor_from_bytes(got, p.outputs[i]);
        for (int64_t k = 0; k < got->count && !failures; k++)
            if (!agree(got, exact.outputs[i], rounded.outputs[i], k, slack_of(got->type.dtype)) &&
                !is_meaningless(c, exact.inputs[0], got, k)) {
                print_error("%s: output %d element %lld: %.9g (%lld), not %.9g (%lld)\n", c->name,
                            i, (long long)k, got->items[k].f, (long long)got->items[k].i,
                            exact.outputs[i]->items[k].f, (long long)exact.outputs[i]->items[k].i);
                failures++;
            }
    }
    close_program(&p);
    p.x->operations->free(p.x);
    return failures;
}

static void every_op_agrees_with_its_meaning(void **state) {
    workspace *w = *state;
    int failures = 0;
    const char *only = getenv("TEST_CASE");
    for (int i = 0; i < op_case_count(); i++) {
        const op_case *c = op_case_at(i);
        if (only && strstr(c->name, only) == NULL)
            continue;
        arena_mark mark = arena_get_mark(w->arena);
        int failed = check_case(w, c, 3);
        if (failed)
            print_error("failed: %s\n", c->name);
        failures += failed;
        diag_clear(&w->diagnostics);
        arena_rewind(w->arena, mark);
    }
    assert_int_equal(failures, 0);
}

/* ---- random contractions ------------------------------------------------------------------ */

static int64_t draw(uint32_t *seed, int64_t low, int64_t high) {
    *seed = *seed * 1664525u + 1013904223u;
    return low + (int64_t)(*seed >> 8) % (high - low + 1);
}

static value drawn_input(graph *g, int rank, const dim *dims) {
    return graph_add_input(g, arena_format(g->arena, "x%u", g->inputs.count),
                           type_make(CN_F32, rank, dims), INPUT_DATA, false);
}

/* [batch,] rows x steps times steps x columns, axes in any order, any of them the batch. */
static graph *random_product(arena *a, uint32_t seed) {
    graph *g = graph_new(a, "product");
    bool outer = draw(&seed, 0, 2) == 0;
    dim m = dim_of(draw(&seed, 1, 40)), k = dim_of(draw(&seed, 1, 40)),
        n = dim_of(draw(&seed, 1, 70));
    dim h = dim_of(draw(&seed, 2, 5));
    dim *symbolic[] = {&m, &k, &n, &h};
    *symbolic[draw(&seed, 0, outer ? 3 : 2)] = dim_batch(draw(&seed, 1, 9));
    bool flip_left = draw(&seed, 0, 1) != 0, flip_right = draw(&seed, 0, 1) != 0;
    dim left[] = {h, flip_left ? k : m, flip_left ? m : k};
    dim right[] = {h, flip_right ? n : k, flip_right ? k : n};
    int o = outer ? 1 : 0;
    dot_attributes d = {.left_batch = {o, {0}},
                        .right_batch = {o, {0}},
                        .left_contract = {1, {flip_left ? o : o + 1}},
                        .right_contract = {1, {flip_right ? o + 1 : o}}};
    value x = drawn_input(g, 2 + o, left + 1 - o), y = drawn_input(g, 2 + o, right + 1 - o);
    if (draw(&seed, 0, 2) == 0)
        x = relu(g, x);
    if (draw(&seed, 0, 2) == 0)
        y = relu(g, y);
    value z = build_dot(g, x, y, &d);
    graph_add_output(g, draw(&seed, 0, 1) ? relu(g, z) : z, "z", -1);
    return g;
}

/* Any direction of a convolution over one or two spatial axes. */
static graph *random_conv(arena *a, uint32_t seed) {
    graph *g = graph_new(a, "conv");
    int spatial = (int)draw(&seed, 1, 2), direction = (int)draw(&seed, 0, 2);
    dim x[4] = {dim_batch(1)}, y[4] = {dim_batch(1)}, w[4];
    conv_attributes c = {.direction = direction, .groups = 1};
    c.strides.count = c.low.count = c.high.count = c.dilation.count = spatial;
    for (int i = 0; i < spatial; i++) {
        int64_t size = draw(&seed, 3, 14), taps = draw(&seed, 1, 3), stride = draw(&seed, 1, 2);
        int64_t dilation = draw(&seed, 1, size > 6 ? 2 : 1), low = draw(&seed, 0, 2),
                high = draw(&seed, 0, 2);
        x[i + 1] = dim_of(size);
        w[i] = dim_of(taps);
        y[i + 1] = dim_of((size + low + high - dilation * (taps - 1) - 1) / stride + 1);
        c.strides.items[i] = stride;
        c.dilation.items[i] = dilation;
        c.low.items[i] = low;
        c.high.items[i] = high;
        c.size.items[i] = dim_of(direction == CONV_BACKWARD_FILTER ? taps : size);
    }
    c.size.count = direction == CONV_FORWARD ? 0 : spatial;
    x[spatial + 1] = w[spatial] = dim_of(draw(&seed, 1, 40));
    y[spatial + 1] = w[spatial + 1] = dim_of(draw(&seed, 1, 40));
    value left = drawn_input(g, spatial + 2, direction == CONV_BACKWARD_DATA ? y : x);
    value right = drawn_input(g, spatial + 2, direction == CONV_BACKWARD_FILTER ? y : w);
    if (draw(&seed, 0, 2) == 0)
        left = relu(g, left);
    value z = build_conv(g, left, right, &c);
    graph_add_output(g, draw(&seed, 0, 1) ? relu(g, z) : z, "z", -1);
    return g;
}

static uint64_t bits_of(workspace *w, executable *x, int threads, int64_t batch);
static void check_values(workspace *w, graph *(*make)(arena *a), executable *x, int64_t batch);

static uint32_t current_seed;

static graph *current_contraction(arena *a) {
    return current_seed % 2 ? random_conv(a, current_seed * 7919)
                            : random_product(a, current_seed * 7919);
}

/* TEST_SEEDS=first,count for longer runs. */
static void random_contractions_agree(void **state) {
    workspace *w = *state;
    unsigned first = 1, count = 24;
    if (getenv("TEST_SEEDS"))
        sscanf(getenv("TEST_SEEDS"), "%u,%u", &first, &count);
    for (current_seed = first; current_seed < first + count; current_seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        if (getenv("TEST_SEEDS"))
            print_message("seed %u\n", current_seed);
        executable *x = compile(w, current_contraction(w->arena), NULL);
        executable *narrow = compile(w, current_contraction(w->arena), "x86-64-v3");
        assert_true(x != NULL && narrow != NULL);
        check_values(w, current_contraction, x, 7);
        assert_true(bits_of(w, narrow, 1, 19) == bits_of(w, x, 2, 19));
        narrow->operations->free(narrow);
        x->operations->free(x);
        arena_rewind(w->arena, mark);
    }
}

/* ---- training steps ------------------------------------------------------------------------ */

static uint64_t hash_outputs(const program *p) {
    uint64_t h = 0;
    for (int i = 0; i < p->x->output_count; i++)
        h = hash_bytes(p->outputs[i], (size_t)type_bytes(&p->x->outputs[i].type, p->batch), h);
    return h;
}

static tensor **sample_inputs(interpreter *it, const executable *x) {
    tensor **in = ARENA_ARRAY(it->arena, tensor *, x->input_count);
    uint32_t seed = 7;
    for (int i = 0; i < x->input_count; i++) {
        in[i] = tensor_new(it, &x->inputs[i].type);
        for (int64_t k = 0; k < in[i]->count; k++) {
            seed = seed * 1664525u + 1013904223u;
            double drawn = (double)(seed >> 8) / (1 << 24);
            if (dtype_is_float(in[i]->type.dtype))
                in[i]->items[k].f = (double)(float)((drawn - 0.5) * 0.5);
            else
                in[i]->items[k].i = (int64_t)(drawn * 3);
        }
    }
    return in;
}

static uint64_t bits_of(workspace *w, executable *x, int threads, int64_t batch) {
    interpreter it = {.arena = w->arena, .diag = &w->diagnostics, .batch = batch};
    program p = {.w = w, .x = x, .batch = batch, .capacity = batch + 5};
    open_program(&p, sample_inputs(&it, x));
    assert_true(run(&p, threads, 3));
    uint64_t bits = hash_outputs(&p);
    close_program(&p);
    return bits;
}

static void check_values(workspace *w, graph *(*make)(arena *a), executable *x, int64_t batch) {
    interpreter it = {
        .arena = w->arena, .diag = &w->diagnostics, .batch = batch, .mode = INTERPRET_F64};
    tensor **in = sample_inputs(&it, x);
    tensor **want = ARENA_ARRAY(w->arena, tensor *, x->output_count);
    pass_context cx = {
        .arena = w->arena, .diag = &w->diagnostics, .facts = target_find("ref")->facts(NULL)};
    pipeline_options none = {.label = "oracle"};
    graph *plain = pipeline_run(make(w->arena), &none, &cx);
    assert_non_null(plain);
    assert_true(interpret_graph(&it, plain, in, want));
    program p = {.w = w, .x = x, .batch = batch, .capacity = batch};
    open_program(&p, in);
    assert_true(run(&p, 2, 1));
    for (int i = 0; i < p.x->output_count; i++) {
        tensor *got = tensor_new(&it, &want[i]->type);
        tensor_from_bytes(got, p.outputs[i]);
        for (int64_t k = 0; k < got->count; k++)
            if (!agree(got, want[i], want[i], k, 2e-4))
                fail_msg("output %d (%s) element %lld: %.9g, not %.9g", i, p.x->outputs[i].name,
                         (long long)k, got->items[k].f, want[i]->items[k].f);
    }
    close_program(&p);
}

static void check_model(workspace *w, graph *(*make)(arena *a)) {
    executable *x = compile(w, make(w->arena), NULL);
    executable *narrow = compile(w, make(w->arena), "x86-64-v3");
    assert_true(x != NULL && narrow != NULL);
    check_values(w, make, x, 6);
    uint64_t first = bits_of(w, x, 1, 33);
    assert_true(bits_of(w, x, 2, 33) == first);
    assert_true(bits_of(w, x, 4, 33) == first);
    assert_true(bits_of(w, narrow, 2, 33) == first);
    narrow->operations->free(narrow);
    x->operations->free(x);
}

static graph *mlp(arena *a) {
    return mlp_step(a, 100);
}

static void mlp_trains(void **state) {
    check_model(*state, mlp);
}

static void convnet_trains(void **state) {
    check_model(*state, convnet_step);
}

static void rows_normalise(void **state) {
    check_model(*state, norms);
}

int main(void) {
    use_module();
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(every_op_agrees_with_its_meaning),
        WITH_WORKSPACE(random_contractions_agree),
        WITH_WORKSPACE(mlp_trains),
        WITH_WORKSPACE(convnet_trains),
        WITH_WORKSPACE(rows_normalise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
