/* Pairing the axes of shapes that differ in axes of 1. */
#include "passes/unit_axes.h"

#include "test.h"

static type shape(int rank, const int64_t *extents) {
    dim dims[MAX_RANK];
    for (int i = 0; i < rank; i++) /* 0 stands for B */
        dims[i] = extents[i] == 0 ? dim_batch(1) : dim_of(extents[i]);
    return type_make(CN_F32, rank, dims);
}

#define SHAPE(...) \
    shape(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static void inserted_and_dropped_axes_are_found(void **state) {
    (void)state;
    type a = SHAPE(0, 1, 3), b = SHAPE(1, 0, 3, 1);
    int64_t to[MAX_RANK];
    assert_true(match_unit_axes(&a, &b, to));
    assert_int_equal(to[0], 1);
    assert_int_equal(to[1], -1);
    assert_int_equal(to[2], 2);
}

static void axes_of_1_pair_where_both_have_one(void **state) {
    (void)state;
    type a = SHAPE(2, 1, 3), b = SHAPE(2, 1, 3, 1);
    int64_t to[MAX_RANK];
    assert_true(match_unit_axes(&a, &b, to));
    assert_int_equal(to[1], 1);
}

static void other_shapes_do_not_match(void **state) {
    (void)state;
    int64_t to[MAX_RANK];
    type six = SHAPE(6), parts = SHAPE(2, 3), turned = SHAPE(3, 2), batch = SHAPE(0, 6);
    assert_false(match_unit_axes(&six, &parts, to));
    assert_false(match_unit_axes(&parts, &turned, to));
    assert_false(match_unit_axes(&six, &batch, to));
    assert_false(match_unit_axes(&batch, &six, to));
}

static void a_scalar_matches_axes_of_1_only(void **state) {
    (void)state;
    int64_t to[MAX_RANK];
    type scalar = type_scalar(CN_F32), ones = SHAPE(1, 1), two = SHAPE(2);
    assert_true(match_unit_axes(&scalar, &ones, to));
    assert_true(match_unit_axes(&ones, &scalar, to));
    assert_false(match_unit_axes(&scalar, &two, to));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inserted_and_dropped_axes_are_found),
        cmocka_unit_test(axes_of_1_pair_where_both_have_one),
        cmocka_unit_test(other_shapes_do_not_match),
        cmocka_unit_test(a_scalar_matches_axes_of_1_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
