/* Files of arrays as datasets: chosen by name and by number, from one file or from two. */
#include "small_model.h"

static char folder[64], path[96], other[96];

static int begin(void **state) {
    small *s = calloc(1, sizeof *s);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/data.npz", folder);
    snprintf(other, sizeof other, "%s/labels.npy", folder);
    open_small(s, (cn_context_options){.quiet = true});
    const cn_array arrays[] = {
        {"y", labels, CN_I32, 1, {SAMPLES}},
        {"x", features, CN_F32, 2, {SAMPLES, FEATURES}},
        {"seed", labels, CN_I32, 0, {0}},
    };
    assert_int_equal(cn_array_file_write(s->c, path, arrays, 3), CN_OK);
    assert_int_equal(cn_array_file_write(s->c, other, arrays, 1), CN_OK);
    *state = s;
    return 0;
}

static int end(void **state) {
    close_small(*state);
    free(*state);
    remove_folder(folder);
    return 0;
}

static void arrays_are_chosen(void **state) {
    small *s = *state;
    cn_dataset *d = cn_dataset_array_file(s->c, path, .inputs = {"x"}, .targets = {"y"});
    if (d == NULL)
        fail_msg("%s", cn_error_message(s->c));
    assert_int_equal(cn_dataset_count(d), SAMPLES);
    assert_memory_equal(cn_dataset_input(d, 0).data, features, sizeof features);
    assert_memory_equal(cn_dataset_target(d, 0).data, labels, sizeof labels);
    assert_int_equal(cn_fit(s->m, d, .batch_size = 8, .verbose = -1), CN_OK);
    d = cn_dataset_array_file(s->c, path, other, .inputs = {"1"});
    assert_string_equal(cn_dataset_input(d, 0).name, "x");
    assert_memory_equal(cn_dataset_target(d, 0).data, labels, sizeof labels);
    d = cn_dataset_array_file(s->c, other);
    assert_int_equal(cn_dataset_column(d, 0).dtype, CN_I32);
    assert_int_equal(cn_dataset_column(d, 1).rank, 0);
}

static void samples_are_read(void **state) {
    small *s = *state;
    float x[2][FEATURES];
    int32_t y[2];
    cn_dataset *d = cn_dataset_range(s->data, 3, 8);
    assert_int_equal(cn_dataset_read(d, 1, 3, (void *[]){x, y}), CN_OK);
    assert_memory_equal(x, features[4], sizeof x);
    assert_memory_equal(y, labels + 4, sizeof y);
    must_fail(s, cn_dataset_read(d, 1, 6, (void *[]){x, y}), CN_ERROR_INVALID_ARGUMENT,
              "[1, 6) is not within 5");
    assert_int_equal(cn_dataset_read(NULL, 0, 0, NULL), CN_ERROR_INVALID_ARGUMENT);
}

static void mistakes_are_named(void **state) {
    small *s = *state;
    assert_null(cn_dataset_array_file(s->c, path));
    must_fail(s, cn_error_status(s->c), CN_ERROR_SHAPE, "array 2, seed is a scalar");
    assert_null(cn_dataset_array_file(s->c, path, .inputs = {"z"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT,
              "has no array \"z\"; it has 3, the first is \"y\"");
    assert_null(cn_dataset_array_file(s->c, "/nowhere.npy"));
    must_fail(s, cn_error_status(s->c), CN_ERROR_FILE, "dataset_array_file: cannot read \"/now");
    assert_null(cn_dataset_array_file(s->c, path, "/nowhere.npy", .inputs = {"x"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_FILE, "/nowhere.npy");
    const cn_array few = {.data = labels, .dtype = CN_I32, .shape = {3}};
    assert_int_equal(cn_array_file_write(s->c, other, &few, 1), CN_OK);
    assert_null(cn_dataset_array_file(s->c, path, other, .inputs = {"x"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "has 3 samples, the inputs have 22");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FOLDER(arrays_are_chosen),
                                       WITH_FOLDER(samples_are_read),
                                       WITH_FOLDER(mistakes_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
