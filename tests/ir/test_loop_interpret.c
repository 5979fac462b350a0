/* The interpreter of kernels: results, rounding, and the accesses it refuses. */
#include "kernel_maker.h"

#include <math.h>

#include "ir/loop_interpret.h"
#include "tensors.h"

static tensor *vector(interpreter *it, int64_t count) {
    tensor *t = tensor_new(it, &(type){.dtype = CN_F32, .rank = 1, .dims = {dim_of(count)}});
    for (int64_t i = 0; i < count; i++)
        t->items[i].f = (double)i + 0.1;
    return t;
}

static void loops_run_for_the_bound_batch(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    interpreter it = interpreter_for(w, 5);
    tensor *arguments[] = {vector(&it, 5), vector(&it, 5)};
    assert_true(kernel_interpret(&it, d.m.kernel, arguments));
    for (int64_t i = 0; i < 5; i++)
        assert_true(arguments[1]->items[i].f == 2 * ((double)i + 0.1));
}

static void the_mode_says_how_to_round(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.store->value = plus(&d.m, read_element(&d.m, 0, &d.at), expr_number(w->arena, CN_F32, 1));
    interpreter it = interpreter_for(w, 2);
    it.mode = INTERPRET_F32;
    tensor *arguments[] = {vector(&it, 2), vector(&it, 2)};
    assert_true(kernel_interpret(&it, d.m.kernel, arguments));
    assert_true(arguments[1]->items[0].f == (double)(float)(0.1 + 1));
}

static void an_index_out_of_bounds_is_reported(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.axis->extent = dim_batch(2);
    interpreter it = interpreter_for(w, 2);
    tensor *arguments[] = {vector(&it, 2), vector(&it, 2)};
    assert_false(kernel_interpret(&it, d.m.kernel, arguments));
    assert_non_null(strstr(w->diagnostics.message, "beyond 2"));
}

/* A "parallel" loop that carries a value from one iteration to the next gives other results. */
static void parallel_loops_run_backwards(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.m.kernel->buffers.items[1].access = BUFFER_IN_OUT;
    const expr *zero = expr_integer(w->arena, CN_I64, 0);
    d.store->index = &zero;
    d.store->value = read_element(&d.m, 0, &d.at);
    interpreter it = interpreter_for(w, 3);
    tensor *arguments[] = {vector(&it, 3), vector(&it, 3)};
    assert_true(kernel_interpret(&it, d.m.kernel, arguments));
    assert_true(arguments[1]->items[0].f == 0.1);
    d.loop->parallel = false;
    assert_true(kernel_interpret(&it, d.m.kernel, arguments));
    assert_true(arguments[1]->items[0].f == 2.1);
}

static void locals_start_undefined(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    dim two = dim_of(2);
    int local = add_buffer(&d.m, BUFFER_LOCAL, 1, &two);
    const expr *zero = expr_integer(w->arena, CN_I64, 0);
    d.store->value = read_element(&d.m, local, &zero);
    interpreter it = interpreter_for(w, 1);
    tensor *arguments[] = {vector(&it, 1), vector(&it, 1)};
    assert_true(kernel_interpret(&it, d.m.kernel, arguments));
    assert_true(isnan(arguments[1]->items[0].f));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(loops_run_for_the_bound_batch),
        WITH_WORKSPACE(the_mode_says_how_to_round),
        WITH_WORKSPACE(an_index_out_of_bounds_is_reported),
        WITH_WORKSPACE(parallel_loops_run_backwards),
        WITH_WORKSPACE(locals_start_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
