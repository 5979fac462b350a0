/* Activations, initializers and regularizers against Keras' own words for them, both ways, and what
 * is refused.
 */
#include "keras_objects.h"

/* ---- golden objects --------------------------------------------------------------------- */

static void activation_again(objects *o, const json_t *json) {
    const json_t *given = json_object_get(json, "given");
    const cn_activation *a = keras_read_activation(&o->reader, "here", given);
    keras_write_activation(&o->writer, "it", "here", a);
}
static void initializer_again(objects *o, const json_t *json) {
    const json_t *given = json_object_get(json, "given");
    const cn_initializer *i = keras_read_initializer(&o->reader, "here", given);
    keras_write_initializer(&o->writer, "it", "here", i);
}
static void regularizer_again(objects *o, const json_t *json) {
    const json_t *given = json_object_get(json, "given");
    const cn_regularizer *x = keras_read_regularizer(&o->reader, "here", given);
    keras_write_regularizer(&o->writer, "it", "here", x);
}

static void activations_are_keras(void **state) {
    (void)state;
    assert_true(objects_each("activation", activation_again) >= 70);
}
static void initializers_are_keras(void **state) {
    (void)state;
    assert_true(objects_each("initializer", initializer_again) >= 40);
}
static void regularizers_are_keras(void **state) {
    (void)state;
    assert_true(objects_each("regularizer", regularizer_again) >= 10);
}

/* ---- what is read ----------------------------------------------------------------------- */

static void options_arrive(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    json_t *j = json_of("{\"class_name\": \"ReLU\", \"config\": {\"max_value\": 0, "
                        "\"negative_slope\": 0.25, \"threshold\": 2}}");
    const cn_activation *relu = keras_read_activation(&o.reader, "here", j);
    assert_true(relu->parameters[0] == 0.25 && relu->parameters[2] == 2);
    assert_true(relu->parameters[1] == (double)CN_ZERO); /* a limit of zero, not none */
    json_decref(j);
    j = json_of("{\"class_name\": \"VarianceScaling\", \"config\": {\"scale\": 3, \"mode\": "
                "\"fan_avg\", \"distribution\": \"uniform\", \"seed\": 11}}");
    const cn_initializer *scaling = keras_read_initializer(&o.reader, "here", j);
    assert_true(scaling->parameters[0] == 3 && scaling->seed == 11);
    assert_int_equal(scaling->mode, CN_FAN_AVG);
    assert_int_equal(scaling->distribution, CN_DISTRIBUTION_UNIFORM);
    json_decref(j);
    j = json_of("\"l1_l2\""); /* Keras 2 */
    assert_non_null(keras_read_regularizer(&o.reader, "here", j));
    json_decref(j);
    assert_int_equal(o.reader.problem_count, 0);
    objects_close(&o);
}

/* ---- what is refused -------------------------------------------------------------------- */

typedef enum object_kind { ACTIVATION, INITIALIZER, REGULARIZER } object_kind;

static void what_is_refused_is_named(void **state) {
    (void)state;
    static const struct {
        object_kind kind;
        const char *given, *words;
    } rows[] = {
        {ACTIVATION, "\"snake\"", "\n  here: Cornu has no activation \"snake\""},
        {ACTIVATION, "7", "\n  here: 7 is no activation"},
        {ACTIVATION, "{\"class_name\": \"__lambda__\", \"config\": {\"value\": [\"4wEA\"]}}",
         "\n  here: its activation is a Python lambda, and code in a file is never run"},
        {ACTIVATION,
         "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"own>gate\", "
         "\"registered_name\": \"function\"}",
         "\n  here: activation \"own>gate\" is not Keras' own; Cornu cannot have it"},
        {ACTIVATION,
         "{\"module\": null, \"class_name\": \"relu\", \"config\": {}, "
         "\"registered_name\": \"relu\"}",
         "\n  here: activation \"relu\" is not Keras' own; Cornu cannot have it"},
        {ACTIVATION, "{\"class_name\": \"PReLU\", \"config\": {}}",
         "\n  here: Cornu has no activation \"PReLU\""},
        {ACTIVATION, "{\"class_name\": \"Softmax\", \"config\": {\"axis\": [1, 2]}}",
         "\n  here: activation Softmax: \"axis\" is [1,2]; it is an integer"},
        {INITIALIZER, "\"stft\"", "\n  here: Cornu has no initializer \"stft\""},
        {INITIALIZER, "[]", "\n  here: [] is no initializer"},
        {INITIALIZER, "{\"class_name\": \"RandomNormal\", \"config\": {\"stddev\": -1}}",
         "\n  here: cn_initializer_random_normal: stddev must not be negative, not -1"},
        {INITIALIZER,
         "{\"class_name\": \"RandomUniform\", \"config\": {\"minval\": \"low\", \"seed\": 0.5}}",
         "\n  here: initializer RandomUniform: \"seed\" is 0.5; it is an integer or null"
         "\n  here: initializer RandomUniform: \"minval\" is \"low\"; it is a number"},
        {INITIALIZER, "{\"class_name\": \"VarianceScaling\", \"config\": {\"mode\": \"fan\"}}",
         "\n  here: initializer VarianceScaling: \"mode\" is \"fan\"; it is one of fan_in, "
         "fan_out, fan_avg"},
        {INITIALIZER, "{\"class_name\": \"GlorotUniform\", \"config\": {\"input_axes\": [0]}}",
         "\n  here: initializer GlorotUniform: Cornu has no option \"input_axes\", which is [0]"},
        {INITIALIZER,
         "{\"class_name\": \"Constant\", \"config\": {\"value\": {\"class_name\": \"__numpy__\", "
         "\"config\": {\"value\": [1, 2], \"dtype\": \"int32\"}}}}",
         "\n  here: initializer Constant: \"value\" is "
         "{\"class_name\":\"__numpy__\",\"config\":{\"value\":[1,2],\"dtype\":\"i...; it is a "
         "number"},
        {REGULARIZER, "{\"class_name\": \"OrthogonalRegularizer\", \"config\": {}}",
         "\n  here: Cornu has no regularizer \"OrthogonalRegularizer\""},
        {REGULARIZER, "false", "\n  here: false is no regularizer"},
        {REGULARIZER, "{\"class_name\": \"L2\", \"config\": {\"l2\": -0.5}}",
         "\n  here: cn_regularizer_l2: factors 0 and -0.5 must be finite and not negative"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        objects o;
        objects_open(&o);
        json_t *j = json_of(rows[i].given);
        if (rows[i].kind == ACTIVATION)
            keras_read_activation(&o.reader, "here", j);
        else if (rows[i].kind == INITIALIZER)
            assert_non_null(keras_read_initializer(&o.reader, "here", j));
        else
            keras_read_regularizer(&o.reader, "here", j);
        assert_string_equal(o.reader.problems.data, rows[i].words);
        assert_true(o.reader.problem_count > 0);
        assert_int_equal(cn_error_status(o.c), CN_OK);
        json_decref(j);
        objects_close(&o);
    }
}

static cn_tensor twice(cn_tensor x, const void *user) {
    (void)user;
    return cn_op_scale(x, 2);
}

static void what_keras_cannot_say_is_named(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    json_open(&o.writer.json, NULL, '[');
    keras_write_activation(&o.writer, NULL, "here",
                           cn_activation_custom(o.c, "twice", twice, NULL, 0));
    keras_write_activation(&o.writer, NULL, "there", cn_activation_celu(o.c, 2));
    keras_write_activation(&o.writer, NULL, "there", cn_activation_celu(o.c, 1));
    json_close(&o.writer.json, ']');
    assert_string_equal(o.writer.problems.data,
                        "\n  here: activation \"twice\" is the program's own"
                        "\n  there: Keras' files have no place for the options of activation "
                        "\"celu\"");
    assert_int_equal(o.writer.problem_count, 2);
    assert_string_equal(o.written.data, "[null, null, \"celu\"]");
    objects_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(activations_are_keras),
                                       cmocka_unit_test(initializers_are_keras),
                                       cmocka_unit_test(regularizers_are_keras),
                                       cmocka_unit_test(options_arrive),
                                       cmocka_unit_test(what_is_refused_is_named),
                                       cmocka_unit_test(what_keras_cannot_say_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
