/* Running scans on the cpu target: a recurrent layer forward and trained, rows that are aligned
 * and rows that are not, both directions, loops in loops; against the interpreter. */
#include "tests/test.h"

#include <math.h>
#include <unistd.h>

#include "codegen/cpu/clang_module.h"
#include "codegen/target.h"
#include "runtime/pool.h"
#include "tests/ir/tensors.h"
#include "tests/passes/sample_models.h"

static void use_module(void) {
    setenv("CORNU_CACHE_DIR", "", 1);
    if (access(CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, R_OK) == 0)
        setenv("CORNU_CLANG_MODULE", CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, 1);
}

static executable *compile(workspace *w, graph *g, const char *name) {
    compile_options o = {.label = "test", .cache_directory = "", .compile_threads = 1};
    executable *x = target_find(name)->compile(g, &o, w->memory, &w->diagnostics);
    if (x == NULL)
        fail_msg("%s", w->diagnostics.message);
    return x;
}

static void *block(const type *t, int64_t batch) {
    size_t bytes = ((size_t)type_bytes(t, batch) + 127) / 64 * 64;
    return memset(aligned_alloc(64, bytes), 0x5a, bytes);
}

/* Runs a copy of the program twice and gives all outputs as tensors. */
static tensor **outputs_of(workspace *w, interpreter *it, executable *x, tensor *const *inputs) {
    void **in = calloc((size_t)x->input_count + 1, sizeof *in);
    void **out = calloc((size_t)x->output_count + 1, sizeof *out);
    tensor **results = ARENA_ARRAY(w->arena, tensor *, x->output_count);
    for (int i = 0; i < x->input_count; i++)
        tensor_to_bytes(inputs[i], in[i] = block(&x->inputs[i].type, it->batch + 2));
    for (int i = 0; i < x->output_count; i++)
        out[i] = x->outputs[i].into >= 0 ? in[x->outputs[i].into]
                                         : block(&x->outputs[i].type, it->batch + 2);
    execution *e = x->operations->execution_new(x, it->batch + 2, &w->diagnostics);
    pool *workers = pool_get(2);
    for (int i = 0; i < 2; i++)
        if (!x->operations->run(e, workers, in, out, it->batch, &w->diagnostics))
            fail_msg("%s", w->diagnostics.message);
    for (int i = 0; i < x->output_count; i++)
        tensor_from_bytes(results[i] = tensor_new(it, &x->outputs[i].type), out[i]);
    pool_release(workers);
    x->operations->execution_free(e);
    for (int i = 0; i < x->output_count; i++)
        if (x->outputs[i].into < 0)
            free(out[i]);
    for (int i = 0; i < x->input_count; i++)
        free(in[i]);
    free(in);
    free(out);
    return results;
}

static void check_program(workspace *w, graph *(*make)(arena *a, int64_t size), int64_t size,
                          int64_t batch) {
    interpreter it = interpreter_for(w, batch);
    graph *g = make(w->arena, size);
    tensor **inputs = filled_inputs(&it, g);
    executable *cpu = compile(w, g, "cpu"), *ref = compile(w, g, "ref");
    tensor **got = outputs_of(w, &it, cpu, inputs), **wanted = outputs_of(w, &it, ref, inputs);
    for (int i = 0; i < cpu->output_count; i++)
        for (int64_t k = 0; k < got[i]->count; k++)
            if (!(fabs(got[i]->items[k].f - wanted[i]->items[k].f) <=
                  1e-5 * (1 + fabs(wanted[i]->items[k].f))))
                fail_msg("%s[%lld] is %.9g, not %.9g", cpu->outputs[i].name, (long long)k,
                         got[i]->items[k].f, wanted[i]->items[k].f);
    cpu->operations->free(cpu);
    ref->operations->free(ref);
}

/* ---- programs -------------------------------------------------------------------------- */

typedef struct recurrence {
    value u, b, h, x;
    int64_t units, length;
    bool reverse;
} recurrence;

/* h = tanh(x[t] + h * u + b), all states stacked. */
static value recur(graph *g, const recurrence *r) {
    graph *body = graph_new(g->arena, NULL);
    type row = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_of(r->units)});
    value u = graph_add_input(body, NULL, *value_type(g, r->u), INPUT_DATA, false);
    value b = graph_add_input(body, NULL, *value_type(g, r->b), INPUT_DATA, false);
    value h = graph_add_input(body, NULL, row, INPUT_DATA, false);
    value x = graph_add_input(body, NULL, row, INPUT_DATA, false);
    value next = build_unary(body, &op_tanh,
                             add_bias(body, build_add(body, x, build_matmul(body, h, u)), b));
    graph_add_output(body, next, NULL, -1);
    graph_add_output(body, next, NULL, -1);
    scan_attributes a = {.constants = 2, .carries = 1, .length = r->length, .reverse = r->reverse};
    return graph_add(g, &(node_spec){.op = &op_scan,
                                     .operands = (value[]){r->u, r->b, r->h, r->x},
                                     .operand_count = 4,
                                     .attributes = &a,
                                     .regions = &body,
                                     .region_count = 1});
}

static graph *rnn_with(arena *a, int64_t units, bool reverse, bool train) {
    model_builder m = {.g = graph_new(a, "rnn")};
    graph *g = m.g;
    recurrence r = {.units = units, .length = 7, .reverse = reverse};
    r.u = add_state(&m, "u", 2, (dim[]){dim_of(units), dim_of(units)});
    r.b = add_state(&m, "b", 1, (dim[]){dim_of(units)});
    type stacked = type_make(CN_F32, 3, (dim[]){dim_of(7), dim_batch(1), dim_of(units)});
    r.x = graph_add_input(g, "x", stacked, INPUT_DATA, false);
    r.h =
        build_zeros(g, &(type){.dtype = CN_F32, .rank = 2, .dims = {dim_batch(1), dim_of(units)}});
    value states = recur(g, &r), all = value_result(states, 1);
    value loss = build_sum(g, build_mul(g, all, all), 3, (int64_t[]){0, 1, 2});
    if (train)
        add_updates(&m, loss);
    graph_add_output(g, states, "last", -1);
    graph_add_output(g, all, "all", -1);
    return g;
}

static graph *forward(arena *a, int64_t units) {
    return rnn_with(a, units, false, false);
}

static graph *backward(arena *a, int64_t units) {
    return rnn_with(a, units, true, false);
}

static graph *training(arena *a, int64_t units) {
    return rnn_with(a, units, false, true);
}

/* A scan in the body of a scan: sums of running sums. */
static graph *nested(arena *a, int64_t units) {
    graph *g = graph_new(a, "nested"), *outer = graph_new(a, NULL), *inner = graph_new(a, NULL);
    type row = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_of(units)});
    type rows = type_make(CN_F32, 3, (dim[]){dim_of(3), dim_batch(1), dim_of(units)});
    type all = type_make(CN_F32, 4, (dim[]){dim_of(2), dim_of(3), dim_batch(1), dim_of(units)});
    graph *bodies[] = {inner, outer};
    value results = NO_VALUE;
    for (int i = 0; i < 2; i++) {
        value sum = graph_add_input(bodies[i], NULL, row, INPUT_DATA, false);
        value x = graph_add_input(bodies[i], NULL, i == 0 ? row : rows, INPUT_DATA, false);
        scan_attributes attributes = {.carries = 1, .length = 3};
        value next = i == 0 ? build_add(inner, sum, build_unary(inner, &op_tanh, x))
                            : graph_add(outer, &(node_spec){.op = &op_scan,
                                                            .operands = (value[]){sum, x},
                                                            .operand_count = 2,
                                                            .attributes = &attributes,
                                                            .regions = &inner,
                                                            .region_count = 1});
        graph_add_output(bodies[i], next, NULL, -1);
        graph_add_output(bodies[i], i == 0 ? sum : value_result(next, 1), NULL, -1);
    }
    value x = graph_add_input(g, "x", all, INPUT_DATA, false);
    scan_attributes attributes = {.carries = 1, .length = 2};
    results = graph_add(g, &(node_spec){.op = &op_scan,
                                        .operands = (value[]){build_zeros(g, &row), x},
                                        .operand_count = 2,
                                        .attributes = &attributes,
                                        .regions = &outer,
                                        .region_count = 1});
    graph_add_output(g, results, "sum", -1);
    graph_add_output(g, value_result(results, 1), "running", -1);
    return g;
}

/* ---- tests ----------------------------------------------------------------------------- */

static void scans_run_forward(void **state) {
    check_program(*state, forward, 16, 4); /* rows of 256 bytes */
    check_program(*state, forward, 5, 3);  /* rows of 60 bytes: not aligned */
}

static void scans_run_backward(void **state) {
    check_program(*state, backward, 5, 3);
}

static void recurrent_layers_train(void **state) {
    check_program(*state, training, 5, 3);
    check_program(*state, training, 16, 4);
}

static void scans_hold_scans(void **state) {
    check_program(*state, nested, 5, 3);
    check_program(*state, nested, 16, 1);
}

int main(void) {
    use_module();
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(scans_run_forward),
        WITH_WORKSPACE(scans_run_backward),
        WITH_WORKSPACE(recurrent_layers_train),
        WITH_WORKSPACE(scans_hold_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
