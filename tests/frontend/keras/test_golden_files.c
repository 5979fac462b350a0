/* Files that real Keras wrote, of six versions: they open, predict what Keras predicts, go on
 * training as Keras goes on, and are still the same after Cornu has saved and opened them again.
 * What Cornu has not is refused with all of it named. */
#include "golden_files.h"

#include <unistd.h>

#define COPY "golden_copy.keras"

static bool is_kind(const json_t *c, const char *kind) {
    return strcmp(golden_word(c, "kind"), kind) == 0;
}

/* Calls `check` with every case of one kind, in all versions' folders. */
static int each_case(const char *kind, const char *backend,
                     void (*check)(golden_file *f, const json_t *c)) {
    int count = 0, failures = 0;
    for (int v = 0; v < GOLDEN_VERSIONS; v++) {
        char folder[512];
        snprintf(folder, sizeof folder, GOLDEN_FILES "/%s", golden_versions[v]);
        json_t *file = golden_cases(folder), *c;
        size_t i;
        json_array_foreach(json_object_get(file, "cases"), i, c) {
            if (!is_kind(c, kind))
                continue;
            golden_file f;
            golden_open(&f, folder, c, backend);
            check(&f, c);
            golden_close(&f);
            count++;
            failures += f.failed;
        }
        json_decref(file);
    }
    assert_int_equal(failures, 0);
    return count;
}

static void check_predictions(golden_file *f, const json_t *c) {
    (void)c;
    golden_predict(f);
    golden_save_and_open(f, COPY);
    golden_predict(f);
    unlink(COPY);
}

static void files_predict_as_in_keras(void **state) {
    (void)state;
    assert_true(each_case("predict", "ref", check_predictions) >= 50);
}

static void weights_alone_are_loaded(void **state) {
    (void)state;
    assert_true(each_case("weights", "ref", check_predictions) >= 1);
}

static void check_training(golden_file *f, const json_t *c) {
    (void)c;
    golden_train(f);
}

static void files_go_on_training_as_in_keras(void **state) {
    (void)state;
    assert_true(each_case("train", "ref", check_training) >= 25);
}

static void check_copied_training(golden_file *f, const json_t *c) {
    (void)c;
    golden_save_and_open(f, COPY);
    golden_train(f);
    unlink(COPY);
}

static void copies_go_on_training_as_in_keras(void **state) {
    (void)state;
    assert_true(each_case("train", "ref", check_copied_training) >= 25);
}

static void check_refusal(golden_file *f, const json_t *c) {
    const char *message = cn_error_message(f->c);
    size_t i;
    json_t *word;
    if (cn_error_status(f->c) == CN_OK || strstr(message, golden_word(c, "file")) == NULL)
        golden_fail(f, "not refused by name: \"%s\"", message);
    json_array_foreach(json_object_get(c, "words"), i, word) {
        if (strstr(message, json_string_value(word)) == NULL)
            golden_fail(f, "\"%s\" is not in \"%s\"", json_string_value(word), message);
    }
}

static void what_cornu_has_not_is_named(void **state) {
    (void)state;
    assert_true(each_case("refuse", "ref", check_refusal) >= 10);
}

/* Custom layers that the program did not register. */
static void unregistered_classes_are_named(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_load(c, GOLDEN_FILES "/3.15.1/custom_layers.keras");
    assert_int_not_equal(cn_error_status(c), CN_OK);
    assert_non_null(strstr(cn_error_message(c), "gates>SpatialGate"));
    assert_non_null(strstr(cn_error_message(c), "Custom>Plain"));
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_predict_as_in_keras),
        cmocka_unit_test(weights_alone_are_loaded),
        cmocka_unit_test(files_go_on_training_as_in_keras),
        cmocka_unit_test(copies_go_on_training_as_in_keras),
        cmocka_unit_test(what_cornu_has_not_is_named),
        cmocka_unit_test(unregistered_classes_are_named),
    };
    if (getenv("CORNU_HDF5") == NULL) {
        fputs("cornu-hdf5 is not built: no file of Keras can be opened\n", stderr);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
