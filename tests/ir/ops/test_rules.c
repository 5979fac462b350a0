/* The small rules that op families share. */
#include <math.h>

#include "ir/ops/rules.h"
#include "test.h"

static void axes_that_are_left(void **state) {
    (void)state;
    integer_list these = {2, {0, 3}}, those = {1, {1}}, rest = other_axes(5, &these, &those);
    assert_int_equal(rest.count, 2);
    assert_true(rest.items[0] == 2 && rest.items[1] == 4);
    assert_int_equal(other_axes(5, &these, NULL).count, 3);
}

static void dims_add_when_they_can(void **state) {
    (void)state;
    dim sum;
    assert_true(dim_add(dim_of(3), dim_of(4), &sum) && dim_is(sum, 7));
    assert_true(dim_add(dim_batch(3), dim_batch(4), &sum) && dim_equal(sum, dim_batch(7)));
    assert_true(dim_add(dim_of(0), dim_batch(4), &sum) && dim_equal(sum, dim_batch(4)));
    assert_true(dim_add(dim_batch(4), dim_of(0), &sum) && dim_equal(sum, dim_batch(4)));
    assert_false(dim_add(dim_of(1), dim_batch(1), &sum));
    assert_false(dim_add(dim_of(INT64_MAX), dim_of(1), &sum));
}

static void folds_start_at_their_identity(void **state) {
    (void)state;
    interpreter it = {.mode = INTERPRET_F64};
    static const cn_dtype dtypes[] = {CN_F32, CN_I64, CN_I32, CN_U32, CN_I8, CN_U8};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        for (int kind = REDUCE_SUM; kind <= REDUCE_OR; kind++) {
            bool is_float = dtype_is_float(dtypes[i]);
            if (is_float && kind >= REDUCE_AND)
                continue;
            number x = is_float ? (number){.f = 5} : (number){.i = 5};
            number y = fold_step(&it, (reduce_kind)kind, dtypes[i],
                                 fold_identity((reduce_kind)kind, dtypes[i]), x);
            assert_true(is_float ? y.f == 5 : y.i == 5);
        }
}

static void a_box_has_all_its_points(void **state) {
    (void)state;
    int64_t extents[] = {2, 1, 3}, index[3] = {0};
    int points = 0;
    do
        points++;
    while (next_point(3, extents, index));
    assert_int_equal(points, 6);
    assert_true(index[0] == 0 && index[1] == 0 && index[2] == 0);
    assert_false(next_point(0, NULL, NULL));
}

static void padding_may_crop(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "crop");
    dim dims[] = {dim_of(5), dim_batch(1)};
    value x = graph_add_input(g, "x", type_make(CN_F32, 2, dims), INPUT_DATA, false);
    int64_t low[] = {-1, 0}, high[] = {2, 0}, interior[] = {1, 0};
    const type *t = value_type(g, pad_or_crop(g, x, low, high, interior));
    assert_true(dim_is(t->dims[0], 10) && dim_equal(t->dims[1], dim_batch(1)));
    int64_t none[] = {0, 0};
    assert_true(value_equal(pad_or_crop(g, x, none, none, none), x));
    assert_true(value_is_none(pad_or_crop(g, NO_VALUE, none, none, none)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_that_are_left),
        cmocka_unit_test(dims_add_when_they_can),
        cmocka_unit_test(folds_start_at_their_identity),
        cmocka_unit_test(a_box_has_all_its_points),
        WITH_WORKSPACE(padding_may_crop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
