/* Golden values of Keras against the record, interpreted in float64.
 *
 * A case builds tensors in a context of its own; golden_run extracts what they need as a
 * function, lets autodiff expand gradients, and interprets it. So what is tested is the
 * frontend's composition; kernels have their own tests. Failures name the case.
 */
#ifndef CORNU_TESTS_FRONTEND_GOLDEN_H
#define CORNU_TESTS_FRONTEND_GOLDEN_H

#include "test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "frontend/frontend.h"
#include "ir/interpret.h"
#include "passes/pass.h"

/* ---- reading ---------------------------------------------------------------------------- */

static inline json_t *golden_load(const char *family) {
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/keras/%s.json", CORNU_SOURCE_FOLDER, family);
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return file;
}

static inline const char *golden_text(const json_t *c, const char *key) {
    const char *words = json_string_value(json_object_get(c, key));
    return words != NULL ? words : "";
}
static inline double golden_number(const json_t *config, const char *key, double fallback) {
    const json_t *x = json_object_get(config, key);
    return json_is_number(x) ? json_number_value(x) : fallback;
}
static inline int64_t golden_integer(const json_t *config, const char *key, int64_t fallback) {
    return (int64_t)golden_number(config, key, (double)fallback);
}
static inline bool golden_bool(const json_t *config, const char *key, bool fallback) {
    const json_t *x = json_object_get(config, key);
    return json_is_boolean(x) ? json_boolean_value(x) : fallback;
}
/* A list of integers, zeros after its end; returns its length. */
static inline int golden_integers(const json_t *config, const char *key, int64_t *out, int most) {
    const json_t *list = json_object_get(config, key);
    int count = (int)json_array_size(list);
    for (int i = 0; i < most; i++)
        out[i] = i < count ? json_integer_value(json_array_get(list, (size_t)i)) : 0;
    return count;
}

/* A tensor of a file: its type and its numbers (in w). */
typedef struct golden_tensor {
    type type;
    int64_t count;
    double *data;
} golden_tensor;

static inline golden_tensor golden_read(const json_t *t, arena *a) {
    int64_t shape[MAX_RANK];
    golden_tensor g = {.type = {.dtype = CN_F32}};
    g.type.rank = golden_integers(t, "shape", shape, MAX_RANK);
    const char *dtype = golden_text(t, "dtype");
    if (strcmp(dtype, "int32") == 0)
        g.type.dtype = CN_I32;
    else if (strcmp(dtype, "uint8") == 0)
        g.type.dtype = CN_U8;
    else if (strcmp(dtype, "bool") == 0)
        g.type.dtype = CN_BOOL;
    for (int i = 0; i < g.type.rank; i++)
        g.type.dims[i] = dim_of(shape[i]);
    g.count = type_count(&g.type, 0);
    g.data = ARENA_ARRAY(a, double, g.count + 1);
    const json_t *data = json_object_get(t, "data");
    assert_int_equal((int64_t)json_array_size(data), g.count);
    for (int64_t i = 0; i < g.count; i++)
        g.data[i] = json_number_value(json_array_get(data, (size_t)i));
    return g;
}

/* ---- running ---------------------------------------------------------------------------- */

enum { GOLDEN_MOST = 24 };

typedef struct golden_run {
    cn_context *c;
    bool training;
    interpret_mode mode; /* INTERPRET_F64 unless said */
    int64_t batch;
    cn_tensor inputs[GOLDEN_MOST]; /* fed with data */
    const double *data[GOLDEN_MOST];
    uint32_t input_count;
    cn_tensor outputs[GOLDEN_MOST];
    uint32_t output_count;
    tensor *results[GOLDEN_MOST];
} golden_run;

static inline void golden_feed(golden_run *r, cn_tensor input, const double *data) {
    assert_true(r->input_count < GOLDEN_MOST);
    r->inputs[r->input_count] = input;
    r->data[r->input_count++] = data;
}

/* Adds a wanted tensor; returns its place in results. */
static inline uint32_t golden_want(golden_run *r, cn_tensor output) {
    assert_true(r->output_count < GOLDEN_MOST);
    r->outputs[r->output_count] = output;
    return r->output_count++;
}

static inline void golden_check_context(const cn_context *c, const char *name) {
    if (cn_error_status(c) != CN_OK)
        fail_msg("%s: %s", name, cn_error_message(c));
}

static inline extraction golden_extract(golden_run *r, const char *name) {
    value inputs[GOLDEN_MOST];
    const char *names[GOLDEN_MOST];
    function_output outputs[GOLDEN_MOST];
    for (uint32_t i = 0; i < r->input_count; i++) {
        inputs[i] = tensor_value(r->inputs[i]);
        names[i] = arena_format(r->c->arena, "input_%u", i);
    }
    for (uint32_t i = 0; i < r->output_count; i++)
        outputs[i] = (function_output){tensor_value(r->outputs[i]),
                                       arena_format(r->c->arena, "output_%u", i)};
    function_spec spec = {.name = "golden",
                          .inputs = inputs,
                          .input_names = names,
                          .input_count = r->input_count,
                          .outputs = outputs,
                          .output_count = r->output_count,
                          .training = r->training};
    extraction e;
    extract_function(r->c, &spec, r->c->arena, &e);
    golden_check_context(r->c, name);
    return e;
}

static inline graph *golden_autodiff(cn_context *c, graph *g, const char *name) {
    pass_context cx = {.arena = c->arena, .diag = &c->diag};
    g = pass_autodiff.run(g, &cx);
    golden_check_context(c, name);
    assert_true(graph_verify(g, &c->diag));
    return g;
}

static inline void golden_execute(golden_run *r, const char *name) {
    for (uint32_t i = 0; i < r->output_count; i++)
        if (!cn_tensor_ok(r->outputs[i]))
            fail_msg("%s: %s", name, cn_error_message(r->c));
    extraction e = golden_extract(r, name);
    graph *g = golden_autodiff(r->c, e.graph, name);
    interpreter it = {
        .arena = r->c->arena, .diag = &r->c->diag, .graph = g, .batch = r->batch, .mode = r->mode};
    tensor **inputs = ARENA_ARRAY(r->c->arena, tensor *, g->inputs.count + 1);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        inputs[i] = tensor_new(&it, value_type(g, g->inputs.items[i].value));
        bool floats = dtype_is_float(inputs[i]->type.dtype);
        if (i >= r->input_count) {
            variable *v = e.variables.items[i - r->input_count];
            assert_true(variable_initialize(r->c, v));
            tensor_from_bytes(inputs[i], v->data);
            continue;
        }
        for (int64_t k = 0; k < inputs[i]->count; k++)
            inputs[i]->items[k] =
                floats ? (number){.f = r->data[i][k]} : (number){.i = (int64_t)r->data[i][k]};
    }
    assert_true(interpret_graph(&it, g, inputs, r->results));
    golden_check_context(r->c, name);
}

/* ---- comparing -------------------------------------------------------------------------- */

/* The absolute part is for slopes of tanh, which XLA computes from a float32 tanh. */

static inline void golden_compare(const char *name, const char *what, const tensor *got,
                                  const golden_tensor *want) {
    assert_int_equal(got->count, want->count);
    if (!shape_equal(&got->type, &want->type))
        fail_msg("%s: %s has another shape than Keras'", name, what);
    for (int64_t i = 0; i < got->count; i++) {
        double x = dtype_is_float(got->type.dtype) ? got->items[i].f : (double)got->items[i].i;
        double y = want->data[i], tolerance = 1e-5 * fabs(y) + 5e-7;
        if (!(fabs(x - y) <= tolerance) && !(isnan(x) && isnan(y)) && !(x == y))
            fail_msg("%s: %s[%lld] is %.9g, Keras' is %.9g", name, what, (long long)i, x, y);
    }
}

/* An input of a case: its first axis is the batch. */
static inline cn_tensor golden_input(cn_context *c, const golden_tensor *t) {
    type of = t->type;
    cn_input_options o = {.context = c, .dtype = of.dtype, .scalar = of.rank == 1};
    o.rank = of.rank - 1;
    for (int i = 1; i < of.rank; i++)
        o.shape[i - 1] = of.dims[i].count;
    return cn_input_at(CN_HERE(cn_input_options), &o);
}

/* Gradients of sum(y * cotangent) by `wrt`, in f64. */
static inline void golden_gradients(golden_run *r, cn_tensor y, const golden_tensor *cotangent,
                                    const cn_tensor *wrt, int count, cn_tensor *gradients) {
    cn_context *c = r->c;
    type t = *tensor_type(y);
    cn_tensor factor = record_input(c, &t);
    golden_feed(r, factor, cotangent->data);
    cn_tensor loss = cn_op_sum(cn_op_multiply(y, factor), 0, NULL, false);
    value values[GOLDEN_MOST], results[GOLDEN_MOST];
    for (int i = 0; i < count; i++)
        values[i] = tensor_value(wrt[i]);
    build_gradient(c->record, tensor_value(loss), values, count, results);
    context_note_nodes(c);
    for (int i = 0; i < count; i++)
        gradients[i] = tensor_of(c, results[i]);
}

/* ---- ops on constants ------------------------------------------------------------------------ */

static inline cn_context *golden_context(void) {
    return cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .quiet = true});
}

/* f32 numbers as a tensor: golden_vector(c, 3, 1, 2, 3) is [1, 2, 3]. */
#define golden_vector(c, ...)                                                                \
    cn_op_array((c), CN_F32, 1, (const int64_t[]){sizeof((const float[]){__VA_ARGS__}) / 4}, \
                (const float[]){__VA_ARGS__})
#define golden_matrix(c, rows, columns, ...) \
    cn_op_array((c), CN_F32, 2, (const int64_t[]){(rows), (columns)}, (const float[]){__VA_ARGS__})

/* The value of a tensor that depends on constants alone. */
static inline const tensor *golden_value(cn_tensor y) {
    golden_run run = {.c = y.context, .batch = 1};
    golden_want(&run, y);
    golden_execute(&run, "value");
    return run.results[0];
}

/* Its dtype and its numbers, in row-major order. */
#define golden_expect(y, dtype, ...)                                                            \
    golden_expect_numbers((y), (dtype), sizeof((const double[]){__VA_ARGS__}) / sizeof(double), \
                          (const double[]){__VA_ARGS__}, __LINE__)
static inline void golden_expect_numbers(cn_tensor y, cn_dtype dtype, size_t count,
                                         const double *want, int line) {
    golden_check_context(y.context, "expect");
    const tensor *got = golden_value(y);
    if (got->type.dtype != dtype || got->count != (int64_t)count)
        fail_msg("line %d: %lld of %s", line, (long long)got->count, dtype_name(got->type.dtype));
    for (size_t i = 0; i < count; i++) {
        double x = dtype_is_float(dtype) ? got->items[i].f : (double)got->items[i].i;
        if (!(fabs(x - want[i]) <= 1e-6 * fabs(want[i]) + 1e-9) && !(x == want[i]) &&
            !(isnan(x) && isnan(want[i])))
            fail_msg("line %d: [%zu] is %.9g, wanted %.9g", line, i, x, want[i]);
    }
}

/* The context's message is what was expected, and it is forgotten. */
static inline void golden_expect_failure(cn_tensor y, const char *words) {
    assert_false(cn_tensor_ok(y));
    if (strstr(cn_error_message(y.context), words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, cn_error_message(y.context));
    cn_error_clear(y.context);
}

#endif
