/* The driver of the interpreter: bytes, rounding, binding of B, running graphs. */
#include "ir/interpret.h"

#include <math.h>

#include "tensors.h"

static void sixteen_bit_floats_round_to_nearest_even(void **state) {
    (void)state;
    interpreter it = {.mode = INTERPRET_F32};
    static const struct {
        cn_dtype dtype;
        double x, rounded;
    } cases[] = {
        {CN_F16, 1 + 0x1p-11, 1},
        {CN_F16, 1 + 0x1.8p-10, 1 + 0x1p-9},
        {CN_F16, 1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-10}, /* once through f32 would give 1 */
        {CN_F16, 65519, 65504},
        {CN_F16, 65520, INFINITY},
        {CN_F16, 0x1p-25, 0},
        {CN_F16, 0x1.8p-25, 0x1p-24},
        {CN_F16, -0x1.8p-24, -0x1p-23},
        {CN_BF16, 1 + 0x1p-8, 1},
        {CN_BF16, 1 + 0x1.8p-7, 1 + 0x1p-6},
        {CN_BF16, 0x1.ffp127, INFINITY},
        {CN_BF16, 0x1p-134, 0},
        {CN_F32, 1 + 0x1p-24, 1},
        {CN_F64, 1 + 0x1p-52, 1 + 0x1p-52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(interpret_round(&it, cases[i].dtype, cases[i].x) == cases[i].rounded);
        assert_true(interpret_round(&it, cases[i].dtype, -cases[i].x) == -cases[i].rounded);
    }
    assert_true(isnan(interpret_round(&it, CN_F16, NAN)));
    it.mode = INTERPRET_F64;
    assert_true(interpret_round(&it, CN_BF16, 1.001) == 1.001);
}

static void every_16_bit_float_survives_its_bytes(void **state) {
    (void)state;
    for (int d = 0; d < 2; d++) {
        cn_dtype dtype = d == 0 ? CN_F16 : CN_BF16;
        for (uint32_t bits = 0; bits < 65536; bits++) {
            uint16_t in = (uint16_t)bits, out;
            number x = number_from_bytes(dtype, &in);
            number_to_bytes(dtype, x, &out);
            if (isnan(x.f))
                assert_true(isnan(number_from_bytes(dtype, &out).f));
            else
                assert_int_equal(in, out);
        }
    }
}

static void integers_survive_their_bytes(void **state) {
    (void)state;
    static const struct {
        cn_dtype dtype;
        int64_t x;
    } cases[] = {{CN_I64, INT64_MIN}, {CN_I32, INT32_MIN}, {CN_U32, UINT32_MAX}, {CN_I8, -128},
                 {CN_U8, 255},        {CN_BOOL, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[8];
        number_to_bytes(cases[i].dtype, (number){.i = cases[i].x}, bytes);
        assert_true(number_from_bytes(cases[i].dtype, bytes).i == cases[i].x);
    }
}

static void tensors_bind_the_batch(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 5);
    type t = type_make(CN_F32, 2, (const dim[]){dim_batch(2), dim_of(3)});
    tensor *x = tensor_new(&it, &t);
    assert_int_equal(x->count, 30);
    assert_true(dim_is(x->type.dims[0], 10));
    int64_t index[2];
    tensor_index(&x->type, 17, index);
    assert_true(index[0] == 5 && index[1] == 2);
    assert_int_equal(tensor_offset(&x->type, index), 17);
}

static void a_size_that_overflows_is_out_of_memory(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, INT64_MAX / 2);
    type t = type_make(CN_F32, 1, (const dim[]){dim_batch(8)});
    diag_recovery point;
    if (!DIAG_RECOVER(&w->diagnostics, &point)) {
        tensor_new(&it, &t);
        fail_msg("a tensor of 2^65 elements");
    }
    assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
}

static void graphs_run_at_any_batch(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @mean(%x: f32[B,2]) {"
                             "%2 = reduce %x {axes=[0,1]} : f32[]"
                             "%3 = dim_size {size=2*B} : f32[]"
                             "%4 = div %2, %3 : f32[] return %4, %x }");
    for (int64_t batch = 1; batch < 4; batch++) {
        interpreter it = interpreter_for(w, batch);
        tensor **inputs = filled_inputs(&it, g);
        tensor **outputs = run_graph(w, &it, g, inputs);
        double sum = 0;
        for (int64_t i = 0; i < 2 * batch; i++)
            sum += inputs[0]->items[i].f;
        assert_near(outputs[0]->items[0].f, sum / (2 * (double)batch), 1e-12);
        assert_ptr_equal(outputs[1], inputs[0]);
    }
}

static void results_are_rounded_in_f32_mode_only(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @f(%x: f32[], %y: f32[]) {"
                             "%3 = add %x, %y : f32[] return %3 }");
    interpreter it = interpreter_for(w, 1);
    tensor *inputs[] = {scalar_float(&it, 1), scalar_float(&it, 0x1p-30)};
    assert_true(run_graph(w, &it, g, inputs)[0]->items[0].f == 1 + 0x1p-30);
    it.mode = INTERPRET_F32;
    assert_true(run_graph(w, &it, g, inputs)[0]->items[0].f == 1);
}

static void integers_wrap(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @f() {"
                             "%1 = constant {value=[200]} : u8[] %2 = add %1, %1 : u8[]"
                             "%3 = constant {value=[-128]} : i8[] %4 = neg %3 : i8[]"
                             "return %2, %4 }");
    interpreter it = interpreter_for(w, 1);
    tensor **outputs = run_graph(w, &it, g, NULL);
    assert_int_equal(outputs[0]->items[0].i, 144);
    assert_int_equal(outputs[1]->items[0].i, -128);
}

static void an_input_of_another_type_is_refused(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @f(%x: f32[B]) { return %x }");
    interpreter it = interpreter_for(w, 2);
    tensor *input = scalar_float(&it, 1), *output;
    assert_false(interpret_graph(&it, g, &input, &output));
    assert_int_equal(w->diagnostics.status, CN_ERROR_SHAPE);
}

static void an_unbound_flag_stops_the_run(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @f() {"
                             "%1 = flag {flag=\"training\"} : bool[] return %1 }");
    interpreter it = interpreter_for(w, 2);
    tensor *output;
    assert_false(interpret_graph(&it, g, NULL, &output));
    assert_non_null(strstr(w->diagnostics.message, "\"training\" is not bound"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(sixteen_bit_floats_round_to_nearest_even),
        WITH_WORKSPACE(every_16_bit_float_survives_its_bytes),
        WITH_WORKSPACE(integers_survive_their_bytes),
        WITH_WORKSPACE(tensors_bind_the_batch),
        WITH_WORKSPACE(a_size_that_overflows_is_out_of_memory),
        WITH_WORKSPACE(graphs_run_at_any_batch),
        WITH_WORKSPACE(results_are_rounded_in_f32_mode_only),
        WITH_WORKSPACE(integers_wrap),
        WITH_WORKSPACE(an_input_of_another_type_is_refused),
        WITH_WORKSPACE(an_unbound_flag_stops_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
