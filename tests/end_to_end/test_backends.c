/* The cpu target against the interpreter in double precision, on programs nobody wrote.
 *
 * A random program with all its gradients is compiled once and run with several batch sizes. The
 * judge is the graph as it came, differentiated and nothing else, interpreted in float64; what
 * may differ follows from the same computation in float32 (robustness 3.1): four times its error,
 * element by element, or, for a few elements whose own error happens to be small, that of the
 * whole tensor. Then every pass is switched off in turn: the meaning must not change, and where
 * only kernels are cut differently, no bit.
 *
 *     TEST_SEED=17 test_end_to_end_backends     one program, printed when it fails
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "base/philox.h"
#include "codegen/target.h"
#include "ir/interpret.h"
#include "ir/ops/ops.h"
#include "runtime/pool.h"
#include "tests/ir/random_graph.h"
#include "tests/passes/random_program.h"

enum { CAPACITY = 67 };
static const int64_t batches[] = {1, 3, CAPACITY};

/* ---- programs -------------------------------------------------------------------------------- */

static graph *make_program(arena *a, uint64_t seed) {
    return seed % 4 == 0 ? random_graph(a, seed) : with_gradients(random_program_make(a, seed));
}

static tensor **make_inputs(interpreter *it, const graph *g, uint64_t seed) {
    tensor **inputs = ARENA_ARRAY(it->arena, tensor *, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        tensor *t = inputs[i] = tensor_new(it, value_type(g, g->inputs.items[i].value));
        for (int64_t k = 0; k < t->count; k++) {
            const uint32_t key[2] = {(uint32_t)seed, i}, counter[4] = {(uint32_t)k};
            uint32_t bits[4];
            philox4x32(counter, key, bits);
            if (dtype_is_float(t->type.dtype))
                t->items[k].f = (double)philox_unit_f32(bits[0]) * 2 - 1;
            else
                t->items[k].i = t->type.dtype == CN_BOOL ? bits[0] & 1 : bits[0] % 3;
        }
    }
    return inputs;
}

/* ---- the judge ------------------------------------------------------------------------------- */

typedef struct judge {
    workspace *w;
    const graph *plain;
    int64_t elements, loose; /* compared; those that only the tensor's error lets pass */
    int64_t undecided;       /* where float32 decides otherwise than float64, or overflows */
} judge;

static const graph *plain_graph(workspace *w, graph *g) {
    pass_context cx = {
        .arena = w->arena, .diag = &w->diagnostics, .facts = target_find("ref")->facts(NULL)};
    pipeline_options o = {.label = "oracle",
                          .passes = "-pin,-canonicalize,-fold,-simplify,-stabilize,-cse"};
    return pipeline_run(g, &o, &cx);
}

static double largest(const tensor *t, const tensor *minus) {
    double most = 0;
    for (int64_t i = 0; i < t->count; i++) {
        double x = t->items[i].f - (minus == NULL ? 0 : minus->items[i].f);
        most = isfinite(x) ? fmax(most, fabs(x)) : most;
    }
    return most;
}

/* The first element that is wrong; -1 when none is. */
static int64_t first_wrong(judge *j, const tensor *got, const tensor *want, const tensor *rounded) {
    bool floats = dtype_is_float(want->type.dtype);
    double worst = floats ? 4 * largest(want, rounded) + 0x1p-20 * fmax(1, largest(want, NULL)) : 0;
    for (int64_t i = 0; i < want->count; i++) {
        number x = got->items[i], y = want->items[i], r = rounded->items[i];
        j->elements++;
        if (floats ? x.f == y.f || (isnan(x.f) && isnan(y.f)) : x.i == y.i)
            continue;
        if (floats ? !isfinite(r.f) || !isfinite(y.f) : r.i != y.i) {
            j->undecided++;
            continue;
        }
        double error = fabs(x.f - y.f);
        if (!floats || !(error <= worst))
            return i;
        j->loose += error > 4 * fabs(r.f - y.f) + 0x1p-22 * fabs(y.f);
    }
    return -1;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct subject {
    workspace *w;
    uint64_t seed;
    executable *x;
    execution *e;
    void **inputs, **outputs; /* donated outputs are their inputs */
} subject;

static void *take_bytes(int64_t bytes) {
    size_t rounded = ((size_t)bytes + 127) / 64 * 64;
    void *p = aligned_alloc(64, rounded);
    assert_non_null(p);
    memset(p, 0xff, rounded);
    return p;
}

static bool subject_open(subject *s, graph *g, const char *passes) {
    diagnostics *d = &s->w->diagnostics;
    compile_options o = {.label = "test",
                         .passes = passes,
                         .cache_directory = "",
                         .compile_threads = 2,
                         .capacity = CAPACITY,
                         .dump = dump_folder(getenv("CORNU_DUMP")),
                         .sanitize = getenv("CORNU_SANITIZE_GENERATED")};
    s->x = target_find("cpu")->compile(g, &o, s->w->memory, d);
    s->e = s->x == NULL ? NULL : s->x->operations->execution_new(s->x, CAPACITY, d);
    if (s->e == NULL)
        return false;
    s->inputs = calloc((size_t)s->x->input_count + 1, sizeof *s->inputs);
    s->outputs = calloc((size_t)s->x->output_count + 1, sizeof *s->outputs);
    for (int i = 0; i < s->x->input_count; i++)
        s->inputs[i] = take_bytes(type_bytes(&s->x->inputs[i].type, CAPACITY));
    for (int i = 0; i < s->x->output_count; i++) {
        const executable_argument *out = &s->x->outputs[i];
        s->outputs[i] =
            out->into >= 0 ? s->inputs[out->into] : take_bytes(type_bytes(&out->type, CAPACITY));
    }
    return true;
}

static void subject_close(subject *s) {
    for (int i = 0; s->outputs != NULL && i < s->x->output_count; i++)
        if (s->x->outputs[i].into < 0)
            free(s->outputs[i]);
    for (int i = 0; s->inputs != NULL && i < s->x->input_count; i++)
        free(s->inputs[i]);
    free(s->inputs);
    free(s->outputs);
    if (s->e != NULL)
        s->x->operations->execution_free(s->e);
    if (s->x != NULL)
        s->x->operations->free(s->x);
}

static bool subject_run(subject *s, tensor *const *inputs, int64_t batch) {
    pool *workers = pool_get(2);
    for (int i = 0; i < s->x->input_count; i++)
        tensor_to_bytes(inputs[i], s->inputs[i]);
    bool done =
        s->x->operations->run(s->e, workers, s->inputs, s->outputs, batch, &s->w->diagnostics);
    pool_release(workers);
    return done;
}

static uint64_t hash_outputs(const subject *s, int64_t batch, uint64_t hash) {
    for (int i = 0; i < s->x->output_count; i++) {
        const type *t = &s->x->outputs[i].type;
        hash = hash_bytes(s->outputs[i], (size_t)type_bytes(t, batch), hash);
    }
    return hash;
}

/* ---- one program ----------------------------------------------------------------------------- */

static bool report(subject *s, graph *g, const char *passes, const char *words) {
    print_error("seed %llu, passes \"%s\": %s\n", (unsigned long long)s->seed,
                passes == NULL ? "" : passes, words);
    if (getenv("TEST_SEED") != NULL) {
        text t;
        text_init(&t, s->w->arena);
        graph_print(g, &t);
        print_error("%s\n", t.data);
    }
    return false;
}

static bool judge_batch(subject *s, judge *j, int64_t batch, char words[DIAG_MESSAGE_BYTES]) {
    interpreter exact = {
        .arena = s->w->arena, .diag = &s->w->diagnostics, .batch = batch, .mode = INTERPRET_F64};
    interpreter narrow = exact;
    narrow.mode = INTERPRET_F32;
    uint32_t count = j->plain->outputs.count;
    tensor **inputs = make_inputs(&exact, j->plain, s->seed);
    tensor **want = ARENA_ARRAY(s->w->arena, tensor *, count);
    tensor **rounded = ARENA_ARRAY(s->w->arena, tensor *, count);
    if (!interpret_graph(&exact, j->plain, inputs, want) ||
        !interpret_graph(&narrow, j->plain, inputs, rounded) || !subject_run(s, inputs, batch)) {
        snprintf(words, DIAG_MESSAGE_BYTES, "%s", s->w->diagnostics.message);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        tensor *got = tensor_new(&exact, &want[i]->type);
        tensor_from_bytes(got, s->outputs[i]);
        int64_t k = first_wrong(j, got, want[i], rounded[i]);
        if (k < 0)
            continue;
        snprintf(words, DIAG_MESSAGE_BYTES,
                 "batch %lld, output %u, element %lld is %.9g, not %.9g (f32: %.9g)",
                 (long long)batch, i, (long long)k, got->items[k].f, want[i]->items[k].f,
                 rounded[i]->items[k].f);
        return false;
    }
    return true;
}

/* Compiled once, judged at every batch size; *bits is a hash of all results. */
static bool check_program(judge *j, uint64_t seed, const char *passes, uint64_t *bits) {
    workspace *w = j->w;
    arena_mark mark = arena_get_mark(w->arena);
    graph *g = make_program(w->arena, seed);
    subject s = {.w = w, .seed = seed};
    char words[DIAG_MESSAGE_BYTES] = "";
    *bits = 0;
    j->plain = plain_graph(w, g);
    bool right = j->plain != NULL && subject_open(&s, g, passes);
    if (!right)
        snprintf(words, sizeof words, "%s", w->diagnostics.message);
    for (size_t i = 0; right && i < sizeof batches / sizeof *batches; i++) {
        right = judge_batch(&s, j, batches[i], words);
        *bits = right ? hash_outputs(&s, batches[i], *bits) : 0;
    }
    if (!right)
        report(&s, g, passes, words);
    subject_close(&s);
    diag_clear(&w->diagnostics);
    arena_rewind(w->arena, mark);
    return right;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static uint64_t number_of(const char *name, uint64_t fallback) {
    const char *words = getenv(name);
    return words == NULL ? fallback : strtoull(words, NULL, 10);
}

static void expect_few_exceptions(const judge *j) {
    if (j->elements == 0 || 20 * j->loose > j->elements || 20 * j->undecided > j->elements)
        fail_msg("of %lld elements, %lld were judged loosely and %lld not at all",
                 (long long)j->elements, (long long)j->loose, (long long)j->undecided);
}

static void random_programs_mean_the_same(void **state) {
    judge j = {.w = *state};
    uint64_t first = number_of("TEST_SEED", 1), wrong = 0, bits;
    uint64_t end = first + number_of("TEST_PROGRAMS", 60);
    if (getenv("TEST_SEED") != NULL && getenv("TEST_PROGRAMS") == NULL)
        end = first + 1;
    for (uint64_t seed = first; seed < end; seed++)
        wrong += !check_program(&j, seed, NULL, &bits);
    assert_int_equal(wrong, 0);
    expect_few_exceptions(&j);
}

/* Each pass off in turn. What only cuts and orders kernels may not change a bit. */
static void passes_off_change_nothing(void **state) {
    static const struct {
        const char *passes;
        bool same_bits;
    } ways[] = {{"-fuse", true},          {"-order", true},     {"-inplace", true},
                {"-dce", true},           {"-cse", false},      {"-layout", false},
                {"-fold", false},         {"-simplify", false}, {"-stabilize", false},
                {"-canonicalize", false}, {"-pin", false}};
    judge j = {.w = *state};
    uint64_t first = number_of("TEST_SEED", 101), wrong = 0, bits, other;
    uint64_t end = first + number_of("TEST_PROGRAMS", 4);
    for (uint64_t seed = first; seed < end; seed++) {
        wrong += !check_program(&j, seed, NULL, &bits);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            bool right = check_program(&j, seed, ways[i].passes, &other);
            if (right && ways[i].same_bits && bits != 0 && other != bits) {
                print_error("seed %llu: other bits with %s\n", (unsigned long long)seed,
                            ways[i].passes);
                right = false;
            }
            wrong += !right;
        }
    }
    assert_int_equal(wrong, 0);
    expect_few_exceptions(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(random_programs_mean_the_same),
        WITH_WORKSPACE(passes_off_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
