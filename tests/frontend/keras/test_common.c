/* What is an object in Keras' files, and problems with them. */
#include "keras_objects.h"

static void names_and_functions_are_objects(void **state) {
    (void)state;
    static const struct {
        const char *given, *class_name, *registered_name;
        bool configured;
    } rows[] = {
        {"\"relu\"", "relu", NULL, false},
        {"\"own>gate\"", "own>gate", "own>gate", false},
        {"{\"class_name\": \"Adam\", \"config\": {}}", "Adam", NULL, true},
        {"{\"class_name\": \"Adam\", \"config\": null}", "Adam", NULL, false},
        {"{\"module\": \"keras.optimizers\", \"class_name\": \"Adam\", \"config\": {}, "
         "\"registered_name\": null}",
         "Adam", NULL, true},
        {"{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"relu\", "
         "\"registered_name\": \"function\"}",
         "relu", NULL, false},
        {"{\"module\": \"keras.src.ops.numpy\", \"class_name\": \"Add\", \"config\": {}, "
         "\"registered_name\": \"Add\"}",
         "Add", NULL, true},
        {"{\"module\": \"mine\", \"class_name\": \"Gate\", \"config\": {}, "
         "\"registered_name\": \"own>Gate\"}",
         "Gate", "own>Gate", true},
        {"{\"module\": null, \"class_name\": \"Gate\", \"config\": {}, "
         "\"registered_name\": \"Gate\"}",
         "Gate", "Gate", true},
        {"{\"module\": \"mine\", \"class_name\": \"Gate\", \"config\": {}}", "Gate", "Gate", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keras_object o;
        json_t *j = json_of(rows[i].given);
        assert_true(keras_object_of(j, &o));
        assert_string_equal(o.class_name, rows[i].class_name);
        assert_int_equal(o.registered_name != NULL, rows[i].registered_name != NULL);
        if (o.registered_name != NULL)
            assert_string_equal(o.registered_name, rows[i].registered_name);
        assert_int_equal(o.config != NULL, rows[i].configured);
        json_decref(j);
    }
    static const char *const others[] = {
        "null", "7", "[\"relu\"]", "{}", "{\"config\": {}}", "{\"class_name\": 3, \"config\": {}}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        keras_object o;
        json_t *j = json_of(others[i]);
        assert_false(keras_object_of(j, &o));
        json_decref(j);
    }
}

/* ---- the shape of what is written ------------------------------------------------------- */

static void objects_are_spelled_as_keras_does(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    keras_open_object(&o.writer, NULL, "keras.layers", "Dense");
    json_put_integer(&o.writer.json, "units", 3);
    keras_close_object(&o.writer);
    assert_string_equal(o.written.data,
                        "{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": "
                        "{\"units\": 3}, \"registered_name\": null}");
    keras_write_problem(&o.writer, "Dense \"d\"", "no %s", "way");
    assert_string_equal(o.writer.problems.data, "\n  Dense \"d\": no way");
    objects_close(&o);
}

/* A constructor's refusal is a problem like any other; memory that ran out is not. */
static void refusals_of_constructors_become_problems(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    assert_true(keras_made(&o.reader, "here"));
    diag_fail(&o.c->diag, CN_ERROR_INVALID_ARGUMENT, "too small");
    assert_false(keras_made(&o.reader, "here"));
    assert_string_equal(o.reader.problems.data, "\n  here: too small");
    assert_int_equal(cn_error_status(o.c), CN_OK);
    diag_fail(&o.c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory");
    assert_false(keras_made(&o.reader, "here"));
    assert_int_equal(o.reader.problem_count, 1);
    assert_int_equal(cn_error_status(o.c), CN_ERROR_OUT_OF_MEMORY);
    objects_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_functions_are_objects),
                                       cmocka_unit_test(objects_are_spelled_as_keras_does),
                                       cmocka_unit_test(refusals_of_constructors_become_problems)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
