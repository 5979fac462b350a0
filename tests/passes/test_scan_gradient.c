/* The gradient of scan (ir/ops/scan_gradient.c; here because autodiff is above ir): right, to
 * second order, and made as promised: no weight gradient in a carry, nothing stored twice. */
#include "gradient_check.h"

#define FUNC "cornu-ir 1 func @f"
#define SQUARES_OF(y, type) \
    "%90 = mul " y ", " y " : " type " %91 = reduce %90 "

/* The scans of a graph in order. */
static const node *nth_scan(const graph *g, int n) {
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == &op_scan && n-- == 0)
            return graph_node(g, id);
    fail_msg("too few scans");
    return NULL;
}

static int count_ops(const graph *g, const op_def *op) {
    int count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        count += graph_node(g, id)->op == op;
    return count;
}

static int64_t carries_of(const node *scan) {
    return ((const scan_attributes *)scan->attributes)->carries;
}

/* h' = tanh(x U + h W + b) */
static const char recurrent[] =
    FUNC "(%w: f32[3,3], %u: f32[2,3], %b: f32[3], %h: f32[B,3], %x: f32[4,B,2]) {"
         "%6:2 = scan %w, %u, %b, %h, %x {constants=3, carries=1, length=4}"
         "  : (f32[B,3], f32[4,B,3])"
         "  region (%1: f32[3,3], %2: f32[2,3], %3: f32[3], %4: f32[B,3], %5: f32[B,2]) {"
         "    %6 = dot_general %5, %2 {left_contract=[1], right_contract=[0]} : f32[B,3]"
         "    %7 = dot_general %4, %1 {left_contract=[1], right_contract=[0]} : f32[B,3]"
         "    %8 = add %6, %7 : f32[B,3]"
         "    %9 = broadcast %3 {axes=[1]} : f32[B,3]"
         "    %10 = add %8, %9 : f32[B,3]"
         "    %11 = tanh %10 : f32[B,3]"
         "    return %11, %11 }" SQUARES_OF("%6#1", "f32[4,B,3]") "{axes=[0,1,2]} : f32[] "
         "return %91 }";

static void a_recurrent_layer(void **state) {
    workspace *w = *state;
    graph *g = check_gradients(w, recurrent);
    const node *forward = nth_scan(g, 0), *backward = nth_scan(g, 1);
    assert_int_equal(carries_of(backward), 1);            /* dh, no weight gradient */
    assert_int_equal(count_ops(g, &op_dot_general), 2);   /* dW, dU: one each, outside */
    assert_int_equal(count_ops(backward->regions[0], &op_dot_general), 2); /* dh, dx */
    assert_int_equal(count_ops(backward->regions[0], &op_tanh), 0);
    assert_int_equal(forward->result_count, 3); /* h, y and h before each step: y = tanh */
}

static void a_reversed_recurrent_layer(void **state) {
    workspace *w = *state;
    char *source = arena_string(w->arena, recurrent), *length = strstr(source, "length=4}");
    text t;
    text_init(&t, w->arena);
    text_append_n(&t, source, (size_t)(length - source));
    text_append(&t, "length=4, reverse=true");
    text_append(&t, length + strlen("length=4"));
    check_gradients(w, t.data);
}

static void constants_used_elementwise_accumulate(void **state) {
    graph *g = check_gradients(
        *state,
        FUNC "(%a: f32[3], %h: f32[3], %x: f32[5,3]) {"
             "%4 = scan %a, %h, %x {constants=1, carries=1, length=5} : f32[3]"
             "  region (%1: f32[3], %2: f32[3], %3: f32[3]) {"
             "    %4 = mul %2, %1 : f32[3] %5 = mul %4, %3 : f32[3] %6 = sin %5 : f32[3]"
             "    %7 = add %6, %1 : f32[3] return %7 }" SQUARES_OF("%4", "f32[3]")
             "{axes=[0]} : f32[] return %91 }");
    assert_int_equal(carries_of(nth_scan(g, 1)), 3); /* dh and the two terms of da */
}

static void only_outputs_matter_where_no_carry_is_read(void **state) {
    check_gradients(*state,
                    FUNC "(%a: f32[2,2], %x: f32[3,B,2]) {"
                         "%3 = scan %a, %x {constants=1, length=3} : f32[3,B,2]"
                         "  region (%1: f32[2,2], %2: f32[B,2]) {"
                         "    %3 = dot_general %2, %1 {left_contract=[1], right_contract=[0]}"
                         "      : f32[B,2]"
                         "    %4 = exp %3 : f32[B,2] return %4 }" SQUARES_OF("%3", "f32[3,B,2]")
                         "{axes=[0,1,2]} : f32[] return %91 }");
}

static void the_sum_of_given_rows_needs_no_carry(void **state) {
    graph *g = check_gradients(*state,
                               FUNC "(%a: f32[2], %x: f32[3,2]) {"
                                    "%3 = scan %a, %x {constants=1, length=3} : f32[3,2]"
                                    "  region (%1: f32[2], %2: f32[2]) {"
                                    "    %3 = add %2, %1 : f32[2] return %3 }" SQUARES_OF(
                                        "%3", "f32[3,2]") "{axes=[0,1]} : f32[] return %91 }");
    assert_int_equal(carries_of(nth_scan(g, 1)), 0);
}

static void integer_carries_and_exchanged_carries(void **state) {
    check_gradients(
        *state,
        FUNC "(%n: i32[], %a: f32[2], %b: f32[2]) {"
             "%4:3 = scan %n, %a, %b {carries=3, length=3} : (i32[], f32[2], f32[2])"
             "  region (%1: i32[], %2: f32[2], %3: f32[2]) {"
             "    %4 = constant {value=[1]} : i32[] %5 = add %1, %4 : i32[]"
             "    %6 = cast %5 {to=f32} : f32[] %7 = broadcast %6 : f32[2]"
             "    %8 = mul %2, %7 : f32[2] %9 = mul %8, %3 : f32[2]"
             "    return %5, %3, %9 }" SQUARES_OF("%4#1", "f32[2]")
             "{axes=[0]} : f32[] return %91 }");
}

static void random_masks_are_drawn_again_not_stored(void **state) {
    graph *g = check_gradients(
        *state,
        FUNC "(%key: u32[2], %h: f32[4], %t: i64[3]) {"
             "%4 = scan %key, %h, %t {constants=1, carries=1, length=3} : f32[4]"
             "  region (%1: u32[2], %2: f32[4], %3: i64[]) {"
             "    %4 = rng_bits %1, %3 {stream=5} : u32[4] %5 = cast %4 {to=f32} : f32[4]"
             "    %6 = constant {value=[5e-10]} : f32[4] %7 = mul %5, %6 : f32[4]"
             "    %8 = mul %2, %7 : f32[4] %9 = sin %8 : f32[4] return %9 }" SQUARES_OF(
                 "%4", "f32[4]") "{axes=[0]} : f32[] return %91 }");
    assert_int_equal(count_ops(nth_scan(g, 1)->regions[0], &op_rng_bits), 1);
    assert_int_equal(nth_scan(g, 0)->result_count, 2); /* h before each step, no mask */
}

static void scans_nest(void **state) {
    check_gradients(
        *state,
        FUNC "(%w: f32[2,2], %h: f32[2], %x: f32[3,2,2]) {"
             "%4 = scan %w, %h, %x {constants=1, carries=1, length=3} : f32[2]"
             "  region (%1: f32[2,2], %2: f32[2], %3: f32[2,2]) {"
             "    %4 = scan %1, %2, %3 {constants=1, carries=1, length=2} : f32[2]"
             "      region (%1: f32[2,2], %2: f32[2], %3: f32[2]) {"
             "        %4 = dot_general %2, %1 {left_contract=[0], right_contract=[0]} : f32[2]"
             "        %5 = add %4, %3 : f32[2] %6 = tanh %5 : f32[2] return %6 }"
             "    return %4 }" SQUARES_OF("%4", "f32[2]") "{axes=[0]} : f32[] return %91 }");
}

static void two_gradients_of_one_scan(void **state) {
    workspace *w = *state;
    graph *g = must_parse(
        w, FUNC "(%h: f32[2], %x: f32[3,2]) {"
                "%3:2 = scan %h, %x {carries=1, length=3} : (f32[2], f32[3,2])"
                "  region (%1: f32[2], %2: f32[2]) {"
                "    %3 = exp %1 : f32[2] %4 = mul %3, %2 : f32[2] %5 = sin %4 : f32[2]"
                "    return %5, %3 }"
                "%4 = reduce %3#0 {axes=[0]} : f32[] %5 = reduce %3#1 {axes=[0,1]} : f32[]"
                "%6:2 = gradient %4, %h, %x : (f32[2], f32[3,2])"
                "%7:2 = gradient %5, %h, %x : (f32[2], f32[3,2])"
                "%8 = add %4, %5 : f32[] %9 = add %6#0, %7#0 : f32[2]"
                "%10 = add %6#1, %7#1 : f32[3,2] return %8, %9, %10 }");
    check_directional_derivative(w, differentiated(w, g), 1, 1);
}

static void no_steps_at_all(void **state) {
    check_gradients(*state,
                    FUNC "(%a: f32[2], %h: f32[2]) {"
                         "%3 = scan %a, %h {constants=1, carries=1} : f32[2]"
                         "  region (%1: f32[2], %2: f32[2]) {"
                         "    %3 = mul %2, %1 : f32[2] return %3 }" SQUARES_OF("%3", "f32[2]")
                         "{axes=[0]} : f32[] return %91 }");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_recurrent_layer),
        WITH_WORKSPACE(a_reversed_recurrent_layer),
        WITH_WORKSPACE(constants_used_elementwise_accumulate),
        WITH_WORKSPACE(only_outputs_matter_where_no_carry_is_read),
        WITH_WORKSPACE(the_sum_of_given_rows_needs_no_carry),
        WITH_WORKSPACE(integer_carries_and_exchanged_carries),
        WITH_WORKSPACE(random_masks_are_drawn_again_not_stored),
        WITH_WORKSPACE(scans_nest),
        WITH_WORKSPACE(two_gradients_of_one_scan),
        WITH_WORKSPACE(no_steps_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
