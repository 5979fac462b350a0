/* Public datasets: arrays, callbacks, IDX files, ranges. */
#include "small_model.h"

static void write_idx(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void arrays_must_have_equal_counts(void **state) {
    (void)state;
    small s;
    float x[6] = {0};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_null(cn_dataset_arrays(s.c));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, ".inputs are missing");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, 2}}},
                                  .targets = {{.data = x, .shape = {2}}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_DATA, "target 0 has 2 samples, the first input");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, 2}}},
                                  .sample_weight = {.data = x, .shape = {2}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_DATA, "sample weight 0 has 2");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, 2}}},
                                  .sample_weight = {.data = x, .shape = {3, 1}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_SHAPE, "one float32 per sample");
    cn_array column = {.data = x, .shape = {3, 2}}, two = {.data = x, .shape = {2}};
    assert_null(cn_dataset_arrays(s.c, .inputs = {column}, .targets = {column, column},
                                  .sample_weights = {[1] = two}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_DATA, "sample weight 1 has 2");
    assert_null(cn_dataset_arrays(s.c, .inputs = {column}, .targets = {column},
                                  .sample_weight_list = (cn_array[]){{0}, two},
                                  .sample_weight_count = 2));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_DATA, "weights for target 1 of 1");
    close_small(&s);
}

static void odd_arrays_are_refused(void **state) {
    (void)state;
    small s;
    float x[6] = {0};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "input 0 has no usable shape");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, 2}, .dtype = 99}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "element type");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, 2}, .rank = 99}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "no usable shape");
    assert_null(cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {3, -2}}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_SHAPE, "negative or too large");
    assert_null(cn_dataset_arrays(
        s.c, .inputs = {{.data = x, .shape = {3, INT64_MAX / 2, INT64_MAX / 2}}}));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_SHAPE, "negative or too large");
    assert_null(cn_dataset_callback(s.c, 5, NULL));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "the callback is missing");
    assert_null(cn_dataset_callback(s.c));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "number of samples is missing");
    close_small(&s);
}

static void a_range_is_a_view(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_dataset *part = cn_dataset_range(s.data, 5, 9);
    assert_int_equal(cn_dataset_count(part), 4);
    cn_array x = cn_dataset_input(part, 0), y = cn_dataset_target(part, 0);
    assert_ptr_equal(x.data, features[5]);
    assert_true(x.rank == 2 && x.shape[0] == 4 && x.shape[1] == FEATURES);
    assert_ptr_equal(y.data, labels + 5);
    assert_null(cn_dataset_input(part, 1).data);
    assert_null(cn_dataset_range(s.data, 9, 5));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "[9, 5) is not within 22");
    assert_null(cn_dataset_range(s.data, 0, SAMPLES + 1));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "not within");
    assert_null(cn_dataset_range(NULL, 0, 1));
    assert_int_equal(cn_dataset_count(NULL), 0);
    close_small(&s);
}

static void idx_files_become_columns(void **state) {
    (void)state;
    small s;
    char folder[64], images[96], answers[96];
    static const uint8_t pixels[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0,
                                     1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    static const uint8_t two[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1},
                         three[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
    make_folder(folder);
    snprintf(images, sizeof images, "%s/images", folder);
    snprintf(answers, sizeof answers, "%s/labels", folder);
    write_idx(images, pixels, sizeof pixels);
    write_idx(answers, two, sizeof two);
    open_small(&s, (cn_context_options){.quiet = true});
    cn_dataset *d = cn_dataset_idx(s.c, images, answers);
    assert_int_equal(cn_dataset_count(d), 2);
    assert_int_equal(cn_dataset_input(d, 0).dtype, CN_U8);
    assert_int_equal(((const uint8_t *)cn_dataset_input(d, 0).data)[5], 6);
    cn_dataset_free(d);
    assert_int_equal(cn_dataset_count(d), 0); /* and fit says: no samples */
    write_idx(answers, three, sizeof three);
    assert_null(cn_dataset_idx(s.c, images, answers));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_DATA, "has 3 samples, the inputs have 2");
    assert_null(cn_dataset_idx(s.c, NULL, NULL));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    assert_int_equal(cn_dataset_count(cn_dataset_idx(s.c, images, NULL)), 2);
    close_small(&s);
    remove_folder(folder);
}

static void lists_are_counted(void **state) {
    (void)state;
    enum { TARGETS = CN_MAX_LIST };
    small s;
    float x[2] = {1, 2};
    float y[TARGETS][2];
    cn_array targets[TARGETS + 1];
    for (int i = 0; i < TARGETS; i++)
        targets[i] = (cn_array){.data = y[i], .shape = {2, 1}};
    open_small(&s, (cn_context_options){.quiet = true});
    cn_array input = {.data = x, .shape = {2, 1}};
    cn_dataset *d = cn_dataset_arrays(s.c, .input_list = &input, .input_count = 1,
                                      .target_list = targets, .target_count = TARGETS);
    assert_int_equal(cn_dataset_count(d), 2);
    assert_ptr_equal(cn_dataset_input(d, 0).data, x);
    assert_null(cn_dataset_input(d, 1).data);
    for (size_t i = 0; i < TARGETS; i++)
        assert_ptr_equal(cn_dataset_target(d, i).data, y[i]);
    assert_null(cn_dataset_target(d, TARGETS).data);
    targets[TARGETS] = input;
    assert_null(cn_dataset_arrays(s.c, .inputs = {input}, .target_list = targets,
                                  .target_count = TARGETS + 1));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_UNSUPPORTED,
              "more than 16 targets; concatenate some");
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_must_have_equal_counts), cmocka_unit_test(odd_arrays_are_refused),
        cmocka_unit_test(a_range_is_a_view), cmocka_unit_test(idx_files_become_columns),
        cmocka_unit_test(lists_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
