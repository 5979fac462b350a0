/* What the verifier of kernels must find, one damage at a time. */
#include "kernel_maker.h"

#include "ir/loop_index.h"

static void assert_refused(workspace *w, const kernel *k, const char *why) {
    diag_clear(&w->diagnostics);
    assert_false(kernel_verify(k, &w->diagnostics));
    if (strstr(w->diagnostics.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", w->diagnostics.message, why);
}

static void assert_accepted(workspace *w, const kernel *k) {
    if (!kernel_verify(k, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
}

static void sound_kernels_pass(void **state) {
    workspace *w = *state;
    assert_accepted(w, new_doubling(w).m.kernel);
}

static void undefined_variables_are_found(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.store->value = expr_variable(w->arena, new_variable(&d.m, "t", CN_F32));
    assert_refused(w, d.m.kernel, "used outside its scope");
    d = new_doubling(w);
    add_store(&d.m, &d.m.kernel->body, 1, &d.at, expr_number(w->arena, CN_F32, 0));
    assert_refused(w, d.m.kernel, "used outside its scope"); /* after its loop */
    d = new_doubling(w);
    add_loop(&d.m, &d.m.kernel->body, d.axis, true);
    assert_refused(w, d.m.kernel, "defined twice");
}

static void indices_that_may_leave_are_found(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    const expr *next = expr_add(w->arena, d.at, expr_integer(w->arena, CN_I64, 1));
    d.store->value = read_element(&d.m, 0, &next);
    assert_refused(w, d.m.kernel, "may leave its dim");
    /* Under a guard it is the guard's business. */
    const expr *inside =
        expr_scalar(w->arena, SCALAR_LT, CN_BOOL,
                    (const expr *[]){next, expr_extent(w->arena, dim_batch(1))}, 2);
    d.store->value = expr_guarded_load(w->arena, &d.m.kernel->buffers.items[0], 0, &next, inside,
                                       expr_number(w->arena, CN_F32, 0));
    assert_accepted(w, d.m.kernel);
    d = new_doubling(w);
    d.axis->extent = dim_batch(2);
    assert_refused(w, d.m.kernel, "may leave its dim");
}

static void colliding_stores_are_found(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    const expr *zero = expr_integer(w->arena, CN_I64, 0);
    d.store->index = &zero;
    assert_refused(w, d.m.kernel, "may store to one element");
    d.loop->parallel = false;
    assert_accepted(w, d.m.kernel);
    d = new_doubling(w);
    const expr *half = expr_divide(w->arena, d.at, dim_of(2));
    d.store->index = &half;
    assert_refused(w, d.m.kernel, "may store to one element");
}

/* i*4 + j with j < 4 is disjoint, with j < 5 it is not. */
static void spans_inside_a_loop_count(void **state) {
    workspace *w = *state;
    for (int64_t inner = 4; inner <= 5; inner++) {
        kernel_maker m = new_kernel(w);
        dim extent = dim_of(64);
        add_buffer(&m, BUFFER_OUT, 1, &extent);
        loop_variable *i = new_axis(&m, dim_of(10)), *j = new_axis(&m, dim_of(inner));
        stmt *outer = add_loop(&m, &m.kernel->body, i, true),
             *in = add_loop(&m, &outer->body, j, true);
        const expr *at = expr_add(w->arena, expr_multiply(w->arena, expr_variable(w->arena, i), 4),
                                  expr_variable(w->arena, j));
        add_store(&m, &in->body, 0, &at, expr_number(w->arena, CN_F32, 0));
        if (inner == 4)
            assert_accepted(w, m.kernel);
        else
            assert_refused(w, m.kernel, "may store to one element");
    }
}

static void locals_belong_to_one_iteration(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    dim two = dim_of(2);
    int local = add_buffer(&d.m, BUFFER_LOCAL, 1, &two);
    const expr *zero = expr_integer(w->arena, CN_I64, 0);
    add_store(&d.m, &d.loop->body, local, &zero, expr_number(w->arena, CN_F32, 1));
    assert_accepted(w, d.m.kernel);
    add_store(&d.m, &d.m.kernel->body, local, &zero, expr_number(w->arena, CN_F32, 1));
    assert_refused(w, d.m.kernel, "may store to one element"); /* used outside the loop too */
}

static void reductions_store_nothing(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    stmt *reduce = add_stmt(&d.m, &d.loop->body, (stmt){.kind = STMT_REDUCE, .fold = FOLD_SUM});
    reduce->variable = new_variable(&d.m, "r", CN_F32);
    reduce->value = expr_number(w->arena, CN_F32, 1);
    vec_push(w->arena, &reduce->axes, new_axis(&d.m, dim_of(3)));
    assert_accepted(w, d.m.kernel);
    add_store(&d.m, &reduce->body, 1, &d.at, reduce->value);
    assert_refused(w, d.m.kernel, "a store inside a reduction");
}

static void dtypes_must_agree(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.store->value = expr_integer(w->arena, CN_I32, 1);
    assert_refused(w, d.m.kernel, "another dtype than its buffer");
    d = new_doubling(w);
    add_store(&d.m, &d.loop->body, 0, &d.at, expr_number(w->arena, CN_F32, 1));
    assert_refused(w, d.m.kernel, "a store to an operand");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(sound_kernels_pass),
        WITH_WORKSPACE(undefined_variables_are_found),
        WITH_WORKSPACE(indices_that_may_leave_are_found),
        WITH_WORKSPACE(colliding_stores_are_found),
        WITH_WORKSPACE(spans_inside_a_loop_count),
        WITH_WORKSPACE(locals_belong_to_one_iteration),
        WITH_WORKSPACE(reductions_store_nothing),
        WITH_WORKSPACE(dtypes_must_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
