/* The user's own functions: inputs, outputs, updates, and calls that are refused. */
#include "test.h"

#include "frontend/frontend.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

static void must_fail(cn_context *c, const void *made, const char *words) {
    assert_null(made);
    if (strstr(cn_error_message(c), words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, cn_error_message(c));
    cn_error_clear(c);
}

static void must_refuse(cn_context *c, cn_status got, const char *words) {
    assert_int_equal(got, CN_ERROR_DATA);
    must_fail(c, NULL, words);
}

static void a_hundred_inputs_and_outputs(void **state) {
    (void)state;
    enum { COUNT = 100 };
    cn_context *c = new_context();
    cn_tensor inputs[COUNT], outputs[COUNT];
    cn_array in[COUNT], out[COUNT];
    float numbers[COUNT], results[COUNT];
    for (int i = 0; i < COUNT; i++) {
        inputs[i] = cn_input(c, {1});
        numbers[i] = (float)i;
        in[i] = (cn_array){.data = &numbers[i], .shape = {1, 1}};
        out[i] = (cn_array){.data = &results[i], .shape = {1, 1}};
    }
    cn_tensor sum = cn_apply_list(cn_add(c), inputs, COUNT);
    for (int i = 0; i < COUNT; i++)
        outputs[i] = cn_op_subtract(sum, inputs[i]);
    cn_function *f = cn_function_new(c, .input_list = inputs, .input_count = COUNT,
                                     .output_list = outputs, .output_count = COUNT);
    assert_int_equal(cn_function_call(f, in, out), CN_OK);
    for (int i = 0; i < COUNT; i++)
        assert_true(results[i] == (float)(COUNT * (COUNT - 1) / 2 - i));
    cn_context_free(c);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), y = cn_input(c, {4});
    cn_function *f = cn_function_new(c, .inputs = {x, y}, .outputs = {cn_op_add(x, y)});
    float a[8] = {0}, b[8] = {0}, sum[8];
    cn_array two = {.data = a, .shape = {2, 4}}, good[] = {two, {.data = b, .shape = {2, 4}}};
    cn_array out = {.data = sum, .shape = {2, 4}};
    assert_int_equal(cn_function_call(f, good, &out), CN_OK);
    must_refuse(c, cn_function_call(f, NULL, &out), "without its inputs");
    must_refuse(c, cn_function_call(f, good, NULL), "without its outputs");
    must_refuse(c, cn_function_call(f, (cn_array[]){two, {.data = b, .shape = {1, 4}}}, &out),
                "input 1 is f32[1,4]");
    must_refuse(
        c, cn_function_call(f, (cn_array[]){{.data = a, .rank = 2, .shape = {0, 4}}, two}, &out),
        "input 1 is f32[2,4]");
    must_refuse(
        c, cn_function_call(f, (cn_array[]){{.data = a, .rank = 2, .shape = {-2, 4}}, two}, &out),
        "input 0 is f32[-2,4]");
    must_refuse(
        c, cn_function_call(f, (cn_array[]){{.data = a, .rank = 99, .shape = {2, 4}}, two}, &out),
        "input 0 is of rank 99");
    must_refuse(
        c,
        cn_function_call(f, (cn_array[]){{.dtype = CN_I32, .data = a, .shape = {2, 4}}, two}, &out),
        "input 0 is i32[2,4]");
    must_refuse(c, cn_function_call(f, (cn_array[]){two, {.shape = {2, 4}}}, &out),
                "input 1 is missing");
    assert_int_equal(cn_function_call(f, good, &out), CN_OK);
    cn_context_free(c);
}

static void functions_that_cannot_be(void **state) {
    (void)state;
    cn_context *c = new_context(), *other = new_context();
    cn_tensor x = cn_input(c, {4}), y = cn_input(c, {4});
    float one = 1;
    cn_tensor w = cn_state(c, "w", &(cn_array){.data = &one, .shape = {1}});
    must_fail(c, cn_function_new(c), "neither outputs nor updates");
    must_fail(c, cn_function_new(c, .inputs = {x, x}, .outputs = {x}),
              "0 and 1 are the same tensor");
    must_fail(c, cn_function_new(c, .inputs = {w}, .outputs = {w}), "not made by cn_input");
    must_fail(c, cn_function_new(c, .inputs = {cn_op_square(x)}, .outputs = {x}),
              "not made by cn_input");
    must_fail(c, cn_function_new(c, .inputs = {x}, .outputs = {cn_op_add(x, y)}),
              "not among the inputs");
    must_fail(c, cn_function_new(c, .inputs = {cn_input(other, {4})}, .outputs = {x}), "input 0");
    must_fail(c, cn_function_new(c, .outputs = {w}, .updates = cn_updates_new(other)),
              "another context");
    assert_int_equal(cn_function_call(NULL, NULL, NULL), CN_ERROR_INVALID_ARGUMENT);
    cn_context_free(other);
    cn_context_free(c);
}

static void masks_differ_from_call_to_call_in_training_only(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {64}), y = cn_apply(cn_dropout(c, 0.5), x);
    cn_function *train = cn_function_new(c, .inputs = {x}, .outputs = {y}, .training = true);
    cn_function *infer = cn_function_new(c, .inputs = {x}, .outputs = {y});
    float ones[64], first[64], second[64];
    for (int i = 0; i < 64; i++)
        ones[i] = 1;
    cn_array in = {.data = ones, .shape = {1, 64}};
    assert_int_equal(cn_function_call(train, &in, &(cn_array){.data = first, .shape = {1, 64}}),
                     CN_OK);
    assert_int_equal(cn_function_call(train, &in, &(cn_array){.data = second, .shape = {1, 64}}),
                     CN_OK);
    assert_memory_not_equal(first, second, sizeof first);
    assert_int_equal(cn_function_call(infer, &in, &(cn_array){.data = second, .shape = {1, 64}}),
                     CN_OK);
    assert_memory_equal(ones, second, sizeof ones);
    cn_context_free(c);
}

static void calls_take_no_more_memory(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4});
    cn_function *f = cn_function_new(c, .inputs = {x}, .outputs = {cn_op_square(x)});
    float data[8] = {0}, squares[8];
    cn_array good = {.data = data, .shape = {2, 4}}, bad = {.data = data, .shape = {2, 3}};
    cn_array out = {.data = squares, .shape = {2, 4}};
    size_t after_one = 0;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(cn_function_call(f, &good, &out), CN_OK);
        must_refuse(c, cn_function_call(f, &bad, &out), "input 0 is f32[2,3]; wanted f32[B,4]");
        if (i == 0)
            after_one = cn_memory_live(c);
    }
    assert_int_equal(cn_memory_live(c), after_one);
    cn_context_free(c);
}

static void a_freed_function_gives_back_its_memory(void **state) {
    (void)state;
    enum { MANY = 4096 };
    cn_context *c = new_context();
    static float numbers[MANY], results[MANY];
    cn_array in = {.data = numbers, .shape = {1, MANY}};
    cn_array out = {.data = results, .shape = {1, MANY}};
    cn_tensor x = cn_input(c, {MANY});
    cn_function *kept = cn_function_new(c, .inputs = {x}, .outputs = {cn_op_square(x)});
    cn_function *freed = cn_function_new(c, .inputs = {x}, .outputs = {cn_op_shift(x, 1)});
    assert_int_equal(cn_function_call(kept, &in, &out), CN_OK);
    assert_int_equal(cn_function_call(freed, &in, &out), CN_OK);
    assert_true(results[MANY - 1] == 1);
    size_t both = cn_memory_live(c);
    cn_function_free(freed);
    assert_true(cn_memory_live(c) < both);
    cn_function_free(NULL);
    numbers[0] = 3;
    assert_int_equal(cn_function_call(kept, &in, &out), CN_OK);
    assert_true(results[0] == 9);
    cn_context_free(c); /* and not the freed one again */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_inputs_and_outputs),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(functions_that_cannot_be),
        cmocka_unit_test(masks_differ_from_call_to_call_in_training_only),
        cmocka_unit_test(calls_take_no_more_memory),
        cmocka_unit_test(a_freed_function_gives_back_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
