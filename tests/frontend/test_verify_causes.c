/* What relates two arrays: each relation is told, and nothing where nothing relates them. */
#include "test.h"

#include <math.h>

#include "frontend/verify.h"

static values array(const dim *dims, int rank, const double *items) {
    values v = {.type = type_make(CN_F32, rank, dims), .items = items};
    v.count = type_count(&v.type, 0);
    return v;
}

static const dim square[] = {{2, false}, {6, false}};
static const double ours[] = {1, -2, 3, 4.5, 5, 6, 7, 8, -9, 10, 11, 12.25};

static void must_relate(workspace *w, const double *reference, const char *words) {
    values x = array(square, 2, ours), y = array(square, 2, reference);
    const char *said = relation_of(w->arena, &x, &y, 1e-4);
    if (said == NULL ? words != NULL : words == NULL || strstr(said, words) == NULL)
        fail_msg("wanted %s, got %s", words != NULL ? words : "nothing",
                 said != NULL ? said : "nothing");
}

static void relations_are_told(void **state) {
    workspace *w = *state;
    double y[12];
    for (int i = 0; i < 12; i++)
        y[i] = ours[i] * 255;
    must_relate(w, y, "255 times");
    for (int i = 0; i < 12; i++)
        y[i] = -ours[i];
    must_relate(w, y, "other sign");
    for (int i = 0; i < 12; i++)
        y[i] = ours[i] + 0.5;
    must_relate(w, y, "one number, the same everywhere");
    for (int i = 0; i < 12; i++)
        y[i] = ours[i] + i % 6;
    must_relate(w, y, "one number for each channel");
    for (int i = 0; i < 12; i++)
        y[i] = i % 3 == 0 ? 0 : ours[i] * 2;
    must_relate(w, y, "dropout was active");
    for (int i = 0; i < 12; i++)
        y[i] = ours[i / 6 * 6 + (i % 6 + 2) % 6];
    must_relate(w, y, "another order");
    memcpy(y, ours, sizeof y);
    y[4] = NAN;
    must_relate(w, y, "0 values are not finite here, 1 in the reference");
}

static void narrow_floats_are_told(void **state) {
    workspace *w = *state;
    static const double exact[] = {0.1, 1.7, 2.3, -0.77};
    const double half[] = {0.0999755859375, 1.7001953125, 2.30078125, -0.77001953125};
    const double brain[] = {0.10009765625, 1.703125, 2.296875, -0.76953125};
    const dim four = dim_of(4);
    values x = array(&four, 1, exact), y = array(&four, 1, half), z = array(&four, 1, brain);
    assert_non_null(strstr(relation_of(w->arena, &x, &y, 1e-5), " float16"));
    assert_non_null(strstr(relation_of(w->arena, &x, &z, 1e-5), " bfloat16"));
}

static void exchanged_axes_are_told(void **state) {
    workspace *w = *state;
    const dim last[] = {{2, false}, {1, false}, {2, false}, {3, false}};
    const dim first[] = {{2, false}, {3, false}, {1, false}, {2, false}};
    double y[12];
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 6; k++)
            y[n * 6 + k % 3 * 2 + k / 3] = ours[n * 6 + k];
    values x = array(last, 4, ours), other = array(first, 4, y);
    const char *said = relation_of(w->arena, &x, &other, 1e-4);
    assert_non_null(strstr(said, "channels_first"));
    assert_non_null(strstr(said, "(0, 2, 3, 1)"));
}

static void nothing_is_said_of_unrelated_arrays(void **state) {
    static const double other[] = {3, 1, 4, 1, 5, 9.5, 2, 6.001, 5, 3, 5, 8};
    must_relate(*state, other, NULL);
}

static void distances_are_relative_to_the_reference(void **state) {
    (void)state;
    const dim two = dim_of(2);
    const double x[] = {1, 20}, y[] = {1, 10}, z[] = {1, NAN}, none[] = {0, 0};
    values a = array(&two, 1, x), b = array(&two, 1, y), c = array(&two, 1, z),
           d = array(&two, 1, none);
    double largest;
    assert_true(values_distance(&a, &b, &largest) == 1 && largest == 10);
    assert_true(isinf(values_distance(&a, &c, NULL)));
    assert_true(values_distance(&c, &c, NULL) == 0);
    assert_true(values_distance(&b, &d, NULL) == 10); /* of zeros: as it is */
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(relations_are_told),
                                       WITH_WORKSPACE(narrow_floats_are_told),
                                       WITH_WORKSPACE(exchanged_axes_are_told),
                                       WITH_WORKSPACE(nothing_is_said_of_unrelated_arrays),
                                       WITH_WORKSPACE(distances_are_relative_to_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
