/* Loop expressions: what folds must be exact, and equal structure is equality. */
#include "test.h"

#include <math.h>

#include "ir/loop.h"
#include "ir/loop_index.h"

static const expr *number(workspace *w, double x) {
    return expr_number(w->arena, CN_F32, x);
}

static const expr *variable(workspace *w, int id, cn_dtype dtype) {
    loop_variable *v = ARENA_NEW(w->arena, loop_variable);
    *v = (loop_variable){.id = id, .dtype = dtype};
    return expr_variable(w->arena, v);
}

static const expr *binary(workspace *w, scalar_op op, const expr *x, const expr *y) {
    return expr_scalar(w->arena, op, x->dtype, (const expr *[]){x, y}, 2);
}

static void float_arithmetic_folds_in_its_dtype(void **state) {
    workspace *w = *state;
    const expr *sum = binary(w, SCALAR_ADD, number(w, 0.1), number(w, 0.2));
    assert_int_equal(sum->kind, EXPR_CONSTANT);
    assert_true(sum->number == (double)(0.1f + 0.2f));
    assert_true(isinf(binary(w, SCALAR_DIV, number(w, 1), number(w, 0))->number));
}

static void transcendental_functions_do_not_fold(void **state) {
    workspace *w = *state;
    const expr *x = number(w, 1);
    assert_int_equal(expr_scalar(w->arena, SCALAR_EXP, CN_F32, &x, 1)->kind, EXPR_SCALAR);
    const expr *half = expr_number(w->arena, CN_BF16, 1);
    assert_int_equal(binary(w, SCALAR_ADD, half, half)->kind, EXPR_SCALAR);
}

static void only_exact_identities_vanish(void **state) {
    workspace *w = *state;
    const expr *x = variable(w, 0, CN_F32);
    assert_ptr_equal(binary(w, SCALAR_MUL, x, number(w, 1)), x);
    assert_ptr_equal(binary(w, SCALAR_MUL, number(w, 1), x), x);
    assert_ptr_equal(binary(w, SCALAR_ADD, x, number(w, -0.0)), x);
    assert_ptr_equal(binary(w, SCALAR_SUB, x, number(w, 0)), x);
    /* -0 + 0 is 0, and 0 * x is NaN for infinite x. */
    assert_int_equal(binary(w, SCALAR_ADD, x, number(w, 0))->kind, EXPR_SCALAR);
    assert_int_equal(binary(w, SCALAR_MUL, x, number(w, 0))->kind, EXPR_SCALAR);
}

static void integers_wrap_when_folded(void **state) {
    workspace *w = *state;
    const expr *most = expr_integer(w->arena, CN_I32, INT32_MAX);
    const expr *one = expr_integer(w->arena, CN_I32, 1);
    assert_int_equal(binary(w, SCALAR_ADD, most, one)->integer, INT32_MIN);
    const expr *zero = expr_integer(w->arena, CN_I32, 0);
    assert_int_equal(binary(w, SCALAR_DIV, most, zero)->integer, 0);
}

static void conditions_fold(void **state) {
    workspace *w = *state;
    const expr *x = variable(w, 0, CN_F32), *y = variable(w, 1, CN_F32);
    const expr *yes = expr_integer(w->arena, CN_BOOL, 1), *c = variable(w, 2, CN_BOOL);
    assert_ptr_equal(expr_scalar(w->arena, SCALAR_SELECT, CN_F32, (const expr *[]){yes, x, y}, 3),
                     x);
    assert_ptr_equal(binary(w, SCALAR_AND, yes, c), c);
    assert_ptr_equal(binary(w, SCALAR_AND, c, c), c);
}

static void equality_is_by_structure_and_bits(void **state) {
    workspace *w = *state;
    const expr *x = variable(w, 0, CN_F32), *y = variable(w, 1, CN_F32);
    assert_true(expr_equal(binary(w, SCALAR_ADD, x, y), binary(w, SCALAR_ADD, x, y)));
    assert_false(expr_equal(binary(w, SCALAR_ADD, x, y), binary(w, SCALAR_ADD, y, x)));
    assert_false(expr_equal(number(w, 0.0), number(w, -0.0)));
    assert_true(expr_equal(number(w, NAN), number(w, NAN)));
    assert_true(expr_uses(binary(w, SCALAR_ADD, x, y), y->variable));
    assert_false(expr_uses(x, y->variable));
}

static void guards_that_are_decided_vanish(void **state) {
    workspace *w = *state;
    loop_buffer b = {.type = {.dtype = CN_F32, .rank = 1, .dims = {dim_of(4)}}};
    const expr *at = expr_integer(w->arena, CN_I64, 2), *zero = number(w, 0);
    const expr *yes = expr_integer(w->arena, CN_BOOL, 1), *no = expr_integer(w->arena, CN_BOOL, 0);
    assert_null(expr_guarded_load(w->arena, &b, 0, &at, yes, zero)->guard);
    assert_ptr_equal(expr_guarded_load(w->arena, &b, 0, &at, no, zero), zero);
}

static void an_axis_of_one_is_zero(void **state) {
    workspace *w = *state;
    loop_variable v = {.dtype = CN_I64, .is_axis = true, .extent = dim_of(1)};
    const expr *x = expr_variable(w->arena, &v);
    assert_int_equal(x->kind, EXPR_CONSTANT);
    assert_int_equal(x->integer, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(float_arithmetic_folds_in_its_dtype),
        WITH_WORKSPACE(transcendental_functions_do_not_fold),
        WITH_WORKSPACE(only_exact_identities_vanish),
        WITH_WORKSPACE(integers_wrap_when_folded),
        WITH_WORKSPACE(conditions_fold),
        WITH_WORKSPACE(equality_is_by_structure_and_bits),
        WITH_WORKSPACE(guards_that_are_decided_vanish),
        WITH_WORKSPACE(an_axis_of_one_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
