/* When a kernel may overwrite an operand: the reads decide. */
#include "tests/ir/kernel_maker.h"

#include "passes/inplace.h"

static void the_very_element_may_be_replaced(void **state) {
    workspace *w = *state;
    assert_true(kernel_may_overwrite(new_doubling(w).m.kernel, 0, 1));
}

static void another_element_may_not(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    const expr *first = expr_integer(w->arena, CN_I64, 0);
    d.store->value = read_element(&d.m, 0, &first);
    assert_false(kernel_may_overwrite(d.m.kernel, 0, 1));
}

static void nothing_may_be_read_after_its_loop(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    dim batch = dim_batch(1);
    add_buffer(&d.m, BUFFER_OUT, 1, &batch);
    loop_variable *again = new_axis(&d.m, batch);
    stmt *loop = add_loop(&d.m, &d.m.kernel->body, again, true);
    const expr *at = expr_variable(w->arena, again);
    add_store(&d.m, &loop->body, 2, &at, read_element(&d.m, 0, &at));
    assert_false(kernel_may_overwrite(d.m.kernel, 0, 1));
}

static void two_stores_are_too_many(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    add_store(&d.m, &d.loop->body, 1, &d.at, expr_number(w->arena, CN_F32, 1));
    assert_false(kernel_may_overwrite(d.m.kernel, 0, 1));
}

/* %1[i, j] = %0[i, j] + sum over k of %0[i + shift, k]: a pass over the row comes first. */
static const kernel *row_kernel(workspace *w, int64_t shift) {
    kernel_maker m = new_kernel(w);
    dim shape[] = {dim_of(8), dim_of(5)};
    add_buffer(&m, BUFFER_IN, 2, shape);
    add_buffer(&m, BUFFER_OUT, 2, shape);
    loop_variable *i = new_axis(&m, dim_of(4)), *j = new_axis(&m, dim_of(5)),
                  *k = new_axis(&m, dim_of(5));
    stmt *outer = add_loop(&m, &m.kernel->body, i, true);
    const expr *at[] = {expr_variable(w->arena, i), expr_variable(w->arena, j)};
    const expr *row = expr_add(w->arena, at[0], expr_integer(w->arena, CN_I64, shift));
    const expr *in_row[] = {row, expr_variable(w->arena, k)};
    stmt *reduce = add_stmt(&m, &outer->body, (stmt){.kind = STMT_REDUCE, .fold = FOLD_SUM});
    reduce->value = read_element(&m, 0, in_row);
    reduce->variable = new_variable(&m, "r", CN_F32);
    vec_push(w->arena, &reduce->axes, k);
    stmt *inner = add_loop(&m, &outer->body, j, true);
    const expr *sum = expr_variable(w->arena, reduce->variable);
    add_store(&m, &inner->body, 1, at, plus(&m, read_element(&m, 0, at), sum));
    return m.kernel;
}

static void a_row_is_read_before_it_is_replaced(void **state) {
    workspace *w = *state;
    assert_true(kernel_may_overwrite(row_kernel(w, 0), 0, 1));
    assert_false(kernel_may_overwrite(row_kernel(w, 1), 0, 1)); /* another row */
}

/* The operand of a contraction is read for many results; that of an epilogue for one. */
static void contractions_read_their_operands_often(void **state) {
    workspace *w = *state;
    kernel_maker m = new_kernel(w);
    dim extent = dim_of(4);
    for (int i = 0; i < 3; i++)
        add_buffer(&m, i < 2 ? BUFFER_IN : BUFFER_OUT, 1, &extent);
    stmt *s = add_stmt(&m, &m.kernel->body, (stmt){.kind = STMT_CONTRACT});
    loop_contract *c = s->contract = ARENA_NEW(w->arena, loop_contract);
    loop_variable *i = new_axis(&m, extent), *k = new_axis(&m, dim_of(2));
    const expr *at = expr_variable(w->arena, i);
    vec_push(w->arena, &c->parallel, i);
    vec_push(w->arena, &c->reduction, k);
    c->left = c->right = read_element(&m, 0, &at);
    c->accumulator = CN_F32;
    c->result = new_variable(&m, "sum", CN_F32);
    const expr *sum = expr_variable(w->arena, c->result);
    add_store(&m, &c->epilogue, 2, &at, plus(&m, sum, read_element(&m, 1, &at)));
    assert_false(kernel_may_overwrite(m.kernel, 0, 2));
    assert_true(kernel_may_overwrite(m.kernel, 1, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(the_very_element_may_be_replaced),
        WITH_WORKSPACE(another_element_may_not),
        WITH_WORKSPACE(nothing_may_be_read_after_its_loop),
        WITH_WORKSPACE(two_stores_are_too_many),
        WITH_WORKSPACE(a_row_is_read_before_it_is_replaced),
        WITH_WORKSPACE(contractions_read_their_operands_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
