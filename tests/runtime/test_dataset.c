/* Gathering rows of columns, and ranges that share them. */
#include "test.h"

#include "runtime/dataset.h"

static const float pixels[4][2] = {{0, 1}, {10, 11}, {20, 21}, {30, 31}};
static const uint8_t classes[4] = {5, 6, 7, 8};
static const float weights[4] = {1, 2, 3, 4};

static dataset four_samples(void) {
    dataset d = {.count = 4, .input_count = 1, .target_count = 1, .sample_weight = weights};
    d.inputs[0] =
        (dataset_column){.dtype = CN_F32, .rank = 1, .shape = {2}, .data = (const uint8_t *)pixels};
    d.targets[0] = (dataset_column){.dtype = CN_U8, .data = classes};
    assert_true(dataset_column_measure(&d.inputs[0]));
    assert_true(dataset_column_measure(&d.targets[0]));
    return d;
}

static void rows_are_gathered_in_the_order_asked_for(void **state) {
    workspace *w = *state;
    dataset d = four_samples();
    float x[3][2], weight[3];
    uint8_t y[3];
    dataset_batch to = {.inputs = {x}, .targets = {y}, .sample_weight = weight};
    assert_true(dataset_gather(&d, (const int64_t[]){3, 0, 3}, 0, 3, &to, &w->diagnostics));
    assert_true(x[0][1] == 31 && x[1][0] == 0 && x[2][0] == 30);
    assert_true(y[0] == 8 && y[1] == 5 && y[2] == 8);
    assert_true(weight[0] == 4 && weight[1] == 1);
}

static void what_is_not_wanted_is_left_out(void **state) {
    workspace *w = *state;
    dataset d = four_samples();
    float x[1][2], weight[1];
    dataset_batch to = {.inputs = {x}};
    assert_true(dataset_gather(&d, (const int64_t[]){1}, 0, 1, &to, &w->diagnostics));
    assert_true(x[0][0] == 10);
    d.sample_weight = NULL; /* then all weigh the same */
    to.sample_weight = weight;
    assert_true(dataset_gather(&d, (const int64_t[]){1}, 0, 1, &to, &w->diagnostics));
    assert_true(weight[0] == 1);
}

static void a_range_counts_from_its_beginning(void **state) {
    workspace *w = *state;
    dataset all = four_samples(), part = dataset_range(&all, 1, 3);
    dataset again = dataset_range(&part, 1, 2);
    float x[1][2], weight[1];
    uint8_t y[1];
    dataset_batch to = {.inputs = {x}, .targets = {y}, .sample_weight = weight};
    assert_int_equal(part.count, 2);
    assert_int_equal(again.count, 1);
    assert_true(dataset_gather(&again, (const int64_t[]){0}, 0, 1, &to, &w->diagnostics));
    assert_true(x[0][0] == 20 && y[0] == 7 && weight[0] == 3);
}

static void a_target_has_weights_of_its_own(void **state) {
    workspace *w = *state;
    static const float own[4] = {50, 60, 70, 80};
    dataset d = four_samples();
    assert_true(dataset_is_weighted(&d));
    d.sample_weight = NULL;
    assert_false(dataset_is_weighted(&d));
    d.targets[0].weight = own;
    assert_true(dataset_is_weighted(&d));
    dataset part = dataset_range(&d, 1, 4);
    float x[2][2], weight[2], target_weight[2];
    uint8_t y[2];
    dataset_batch to = {.inputs = {x},
                        .targets = {y},
                        .sample_weight = weight,
                        .target_weights = {target_weight}};
    assert_true(dataset_gather(&part, (const int64_t[]){2, 0}, 0, 2, &to, &w->diagnostics));
    assert_true(target_weight[0] == 80 && target_weight[1] == 60);
    assert_true(weight[0] == 1 && weight[1] == 1);
}

typedef struct asked {
    int64_t indices[8];
    int count;
} asked;

static bool make_sample(void *user, int64_t index, void *const *inputs, void *const *targets) {
    asked *a = user;
    a->indices[a->count++] = index;
    ((float *)inputs[0])[0] = (float)index;
    ((float *)inputs[0])[1] = -(float)index;
    *(uint8_t *)targets[0] = (uint8_t)index;
    return index < 90;
}

static dataset made_samples(asked *a) {
    dataset d = four_samples();
    d.inputs[0].data = d.targets[0].data = NULL;
    d.sample_weight = NULL;
    d.sample = make_sample;
    d.user = a;
    d.count = 100;
    return d;
}

static void a_callback_fills_rows_in_place(void **state) {
    workspace *w = *state;
    asked a = {.count = 0};
    dataset all = made_samples(&a), d = dataset_range(&all, 40, 60);
    float x[2][2];
    uint8_t y[2];
    dataset_batch to = {.inputs = {x}, .targets = {y}};
    assert_true(dataset_gather(&d, (const int64_t[]){5, 2}, 0, 2, &to, &w->diagnostics));
    assert_int_equal(a.indices[0], 45); /* a place in the whole */
    assert_true(x[0][0] == 45 && x[1][1] == -42 && y[1] == 42);
}

static void a_callback_that_stops_is_a_failure(void **state) {
    workspace *w = *state;
    asked a = {.count = 0};
    dataset d = made_samples(&a);
    float x[3][2];
    uint8_t y[3];
    dataset_batch to = {.inputs = {x}, .targets = {y}};
    assert_false(dataset_gather(&d, (const int64_t[]){3, 95, 4}, 0, 3, &to, &w->diagnostics));
    assert_int_equal(a.count, 2);
    assert_int_equal(w->diagnostics.status, CN_ERROR_DATA);
    assert_non_null(strstr(w->diagnostics.message, "sample 95"));
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    dataset_column c = {.dtype = CN_F64, .rank = 2, .shape = {INT64_MAX / 4, 3}};
    assert_false(dataset_column_measure(&c));
    c = (dataset_column){.dtype = CN_F32, .rank = 1, .shape = {-1}};
    assert_false(dataset_column_measure(&c));
    c = (dataset_column){.dtype = CN_F16, .rank = 2, .shape = {3, 5}};
    assert_true(dataset_column_measure(&c));
    assert_int_equal(c.sample_bytes, 30);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(rows_are_gathered_in_the_order_asked_for),
                                       WITH_WORKSPACE(what_is_not_wanted_is_left_out),
                                       WITH_WORKSPACE(a_range_counts_from_its_beginning),
                                       WITH_WORKSPACE(a_target_has_weights_of_its_own),
                                       WITH_WORKSPACE(a_callback_fills_rows_in_place),
                                       WITH_WORKSPACE(a_callback_that_stops_is_a_failure),
                                       WITH_WORKSPACE(sizes_that_overflow_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
