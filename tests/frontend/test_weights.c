/* Weights of a model: looked at, set, written and read; strict, and all or nothing. */
#include "small_model.h"

#include <signal.h>
#include <sys/resource.h>

#include "runtime/io/safetensors.h"

static char folder[64], path[128];

static int open_folder(void **state) {
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static void weights_have_keras_names_and_order(void **state) {
    (void)state;
    small s;
    static const char *const names[] = {"dense/kernel", "dense/bias", "dense_1/kernel",
                                        "dense_1/bias"};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_weight_count(s.m), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(cn_weight(s.m, i).name, names[i]);
    cn_array first = cn_weight(s.m, 0);
    assert_true(first.rank == 2 && first.shape[0] == FEATURES && first.shape[1] == 4);
    assert_int_equal(first.dtype, CN_F32);
    assert_null(cn_weight(s.m, 4).data);
    assert_int_equal(cn_weight_count(NULL), 0);
    close_small(&s);
}

/* Two models, one nested in the other, may both have a "dense". */
static void names_in_a_model_differ(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_model *inner = cn_sequential(c, {2}, {cn_dense(c, 2)});
    cn_model *m = cn_sequential(c, {2}, {cn_model_layer(inner), cn_dense(c, 3)});
    static const char *const names[] = {"dense/kernel", "dense/bias", "dense/kernel:1",
                                        "dense/bias:1"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(cn_weight(m, i).name, names[i]);
    float bias[3] = {1, 2, 3};
    assert_int_equal(cn_set_weight(m, "dense/bias:1", &(cn_array){.data = bias, .shape = {3}}),
                     CN_OK);
    assert_true(((float *)cn_weight(m, 3).data)[2] == 3);
    cn_context_free(c);
}

static void only_what_fits_is_set(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    float x[4] = {1, 2, 3, 4};
    cn_array right = {.data = x, .shape = {4}}, wrong = {.data = x, .shape = {3}};
    cn_array integers = {.data = x, .dtype = CN_I32, .shape = {4}};
    assert_int_equal(cn_set_weight(s.m, "dense/bias", &right), CN_OK);
    assert_memory_equal(cn_weight(s.m, 1).data, x, sizeof x);
    x[0] = 9;
    must_fail(&s, cn_set_weight(s.m, "dense/bias", &wrong), CN_ERROR_WEIGHTS, "f32[3]; wanted");
    must_fail(&s, cn_set_weight(s.m, "dense/bias", &integers), CN_ERROR_WEIGHTS, "i32[4]; wanted");
    must_fail(&s, cn_set_weight(s.m, "dense/bia", &right), CN_ERROR_WEIGHTS, "no weight \"dense/");
    must_fail(&s, cn_set_weight(s.m, NULL, &right), CN_ERROR_WEIGHTS, "no weight");
    must_fail(&s, cn_set_weight(s.m, "dense/bias", NULL), CN_ERROR_WEIGHTS, "no weight");
    assert_true(((float *)cn_weight(s.m, 1).data)[0] == 1);
    assert_int_equal(cn_set_weight(NULL, "dense/bias", &right), CN_ERROR_INVALID_ARGUMENT);
    close_small(&s);
}

static void saved_weights_come_back(void **state) {
    (void)state;
    small s, other;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true, .seed = 1});
    open_small(&other, (cn_context_options){.quiet = true, .seed = 2});
    assert_int_equal(cn_save_weights(s.m, path), CN_OK);
    assert_int_equal(cn_load_weights(other.m, path), CN_OK);
    cn_checksum(s.m, before);
    cn_checksum(other.m, after);
    assert_string_equal(before, after);
    must_work(&s);
    assert_int_equal(cn_load_weights(s.m, path), CN_OK);
    assert_memory_equal(cn_weight(s.m, 2).data, cn_weight(other.m, 2).data, 48);
    close_small(&s);
    close_small(&other);
}

/* All of them in one message, and not a byte changed. */
static void every_difference_is_listed(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_model *m = cn_sequential(
        s.c, {FEATURES},
        {cn_dense(s.c, 4), cn_dense(s.c, 5, .name = "out"), cn_batch_normalization(s.c)});
    assert_int_equal(cn_save_weights(m, path), CN_OK);
    cn_checksum(s.m, before);
    cn_status status = cn_load_weights(s.m, path);
    static const char *const words[] = {"nothing was changed",
                                        "weights.safetensors\": ",
                                        "\n  \"dense_1/kernel\" f32[4,3] is missing",
                                        "\n  \"dense_1/bias\" f32[3] is missing",
                                        "\n  \"out/kernel\" is not in the model",
                                        "\n  \"batch_normalization/moving_variance\" is not"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(cn_error_message(s.c), words[i]) == NULL)
            fail_msg("no %s in: %s", words[i], cn_error_message(s.c));
    assert_null(strstr(cn_error_message(s.c), "\"dense/kernel\""));
    must_fail(&s, status, CN_ERROR_WEIGHTS, "");
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    close_small(&s);
}

static void a_weight_of_another_shape_is_named(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_model *m = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 4), cn_dense(s.c, 6, .name = "x")});
    cn_model *n = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 4), cn_dense(s.c, 7, .name = "x")});
    assert_int_equal(cn_save_weights(m, path), CN_OK);
    must_fail(&s, cn_load_weights(n, path), CN_ERROR_WEIGHTS,
              "\n  \"x/kernel\" is f32[4,6], the model's is f32[4,7]");
    close_small(&s);
}

/* Without our words in the metadata, as other programs write them. */
static void files_of_others_are_read(void **state) {
    (void)state;
    small s;
    diagnostics d;
    diag_init(&d);
    open_small(&s, (cn_context_options){.quiet = true});
    static const float values[3][4] = {{1, 2}, {3}, {4}}, bias[4] = {5}, out[12] = {6},
                       more[3] = {7};
    dim a[] = {dim_of(3), dim_of(4)}, b[] = {dim_of(4), dim_of(3)}, n[] = {dim_of(4)};
    safetensors_entry e[] = {{"dense_1/bias", type_make(CN_F32, 1, b + 1), more, 12},
                             {"dense/kernel", type_make(CN_F32, 2, a), values, 48},
                             {"dense/bias", type_make(CN_F32, 1, n), bias, 16},
                             {"dense_1/kernel", type_make(CN_F32, 2, b), out, 48}};
    assert_true(safetensors_write(path, &(safetensors){.entries = e, .entry_count = 4}, &d));
    assert_int_equal(cn_load_weights(s.m, path), CN_OK);
    assert_memory_equal(cn_weight(s.m, 0).data, values, sizeof values);
    assert_memory_equal(cn_weight(s.m, 3).data, more, sizeof more);
    const safetensors_text newer = {"cornu", "weights 2"};
    safetensors file = {.entries = e, .entry_count = 4, .texts = &newer, .text_count = 1};
    assert_true(safetensors_write(path, &file, &d));
    must_fail(&s, cn_load_weights(s.m, path), CN_ERROR_FORMAT, "version 2 of the format, this");
    close_small(&s);
}

static void wrong_files_are_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_load_weights(s.m, "/tmp/cornu-no-such-file"), CN_ERROR_FILE, "cannot read");
    must_fail(&s, cn_load_weights(s.m, folder), CN_ERROR_FILE, folder);
    must_fail(&s, cn_load_weights(s.m, __FILE__), CN_ERROR_FORMAT, "test_weights.c");
    must_fail(&s, cn_load_weights(s.m, NULL), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    must_fail(&s, cn_save_weights(s.m, "/dev/full"), CN_ERROR_FILE, "not a regular file");
    must_fail(&s, cn_save_weights(s.m, __FILE__ "/below"), CN_ERROR_FILE, "below");
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    must_fail(&s, cn_load_weights(s.m, path), CN_ERROR_FORMAT, "holds state 1, not weights");
    must_work(&s);
    close_small(&s);
}

/* What a full disk looks like: a write fails in the middle. The old file stays whole. */
static void a_failed_write_leaves_the_old_file(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    struct rlimit old, small_files = {.rlim_cur = 300};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_save_weights(s.m, path), CN_OK);
    cn_checksum(s.m, before);
    must_work(&s);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small_files.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small_files);
    cn_status status = cn_save_weights(s.m, path);
    setrlimit(RLIMIT_FSIZE, &old);
    must_fail(&s, status, CN_ERROR_FILE, "weights.safetensors");
    assert_int_equal(cn_compile(s.m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY), CN_OK);
    assert_int_equal(cn_load_weights(s.m, path), CN_OK);
    cn_model *fresh = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 4), cn_dense(s.c, 3)});
    assert_int_equal(cn_load_weights(fresh, path), CN_OK);
    char folder_now[256];
    snprintf(folder_now, sizeof folder_now, "test $(ls %s | wc -l) = 1", folder);
    assert_int_equal(system(folder_now), 0); /* no temporary is left */
    cn_checksum(fresh, after);
    assert_string_not_equal(before, after); /* compiled or not differs */
    assert_memory_equal(cn_weight(fresh, 0).data, cn_weight(s.m, 0).data, 48);
    close_small(&s);
}

static void running_out_of_memory_changes_nothing(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_save_weights(s.m, path), CN_OK);
    must_work(&s);
    cn_checksum(s.m, before);
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        memory_fail_at(s.c->memory, n, true);
        cn_status status = cn_load_weights(s.m, path);
        memory_fail_at(s.c->memory, 0, false);
        done = status == CN_OK;
        cn_checksum(s.m, after);
        if (!done) {
            must_fail(&s, status, CN_ERROR_OUT_OF_MEMORY, "memory");
            assert_string_equal(before, after);
        }
    }
    assert_string_not_equal(before, after);
    close_small(&s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_have_keras_names_and_order),
                                       cmocka_unit_test(names_in_a_model_differ),
                                       cmocka_unit_test(only_what_fits_is_set),
                                       IN_FOLDER(saved_weights_come_back),
                                       IN_FOLDER(every_difference_is_listed),
                                       IN_FOLDER(a_weight_of_another_shape_is_named),
                                       IN_FOLDER(files_of_others_are_read),
                                       IN_FOLDER(wrong_files_are_refused),
                                       IN_FOLDER(a_failed_write_leaves_the_old_file),
                                       IN_FOLDER(running_out_of_memory_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
