/* What is an object in Keras' files, and options that every kind shares. */
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

static void numbers_may_be_arrays_of_none(void **state) {
    (void)state;
    static const struct {
        const char *given;
        bool is;
        double number;
    } rows[] = {{"3", true, 3},
                {"-0.5", true, -0.5},
                {"{\"class_name\": \"__tensor__\", \"config\": {\"value\": 0.25, \"dtype\": "
                 "\"float32\"}}",
                 true, 0.25},
                {"{\"class_name\": \"__numpy__\", \"config\": {\"value\": [1]}}", false, 0},
                {"{\"class_name\": \"L1\", \"config\": {\"value\": 1}}", false, 0},
                {"true", false, 0},
                {"\"1\"", false, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double x;
        json_t *j = json_of(rows[i].given);
        assert_int_equal(keras_number_of(j, &x), rows[i].is);
        if (rows[i].is)
            assert_true(x == rows[i].number);
        json_decref(j);
    }
}

/* ---- every kind of option --------------------------------------------------------------- */

typedef struct thing {
    double number, whole, option, maybe;
    int64_t integer, perhaps, rare;
    bool flag;
    int word;
    const char *name;
    uint64_t seed;
} thing;
static const char *const colours[] = {"red", "green", NULL};
static const char *const fixed[] = {"null", "1", NULL};
static const char *const unsaid[] = {"", "false", NULL};
static const keras_option rows_of_thing[] = {
    {"number", KERAS_NUMBER, offsetof(thing, number), 0.5, NULL},
    {"whole", KERAS_WHOLE, offsetof(thing, whole), 2, NULL},
    {"option", KERAS_NUMBER_OPTION, offsetof(thing, option), 3, NULL},
    {"maybe", KERAS_NUMBER_OR_NONE, offsetof(thing, maybe), 0, NULL},
    {"integer", KERAS_INTEGER_OPTION, offsetof(thing, integer), 4, NULL},
    {"perhaps", KERAS_INTEGER_OR_NONE, offsetof(thing, perhaps), 0, NULL},
    {"rare", KERAS_RARE_INTEGER, offsetof(thing, rare), -1, NULL},
    {"flag", KERAS_FLAG, offsetof(thing, flag), 1, NULL},
    {"word", KERAS_WORD, offsetof(thing, word), 1, colours},
    {"name", KERAS_NAME, offsetof(thing, name), 0, NULL},
    {"seed", KERAS_SEED, offsetof(thing, seed), 0, NULL},
    {"fixed", KERAS_FIXED, 0, 0, fixed},
    {"unsaid", KERAS_FIXED, 0, 0, unsaid},
    {"free", KERAS_FREE, 0, 0, NULL},
    {.key = NULL}};

static void check_written(objects *o, const thing *t, const char *words) {
    json_open(&o->writer.json, NULL, '{');
    keras_write_options(&o->writer, rows_of_thing, t);
    json_close(&o->writer.json, '}');
    assert_string_equal(o->written.data, words);
}

static void absent_options_are_defaults(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    thing t;
    assert_true(keras_read_options(&o.reader, "here", "thing", NULL, rows_of_thing, &t));
    assert_true(t.number == 0.5 && t.whole == 2 && t.option == 3 && t.maybe == 0);
    assert_true(t.integer == 4 && t.perhaps == 0 && t.rare == -1 && t.flag && t.word == 1);
    assert_true(t.name == NULL && t.seed == 0);
    check_written(&o, &t,
                  "{\"number\": 0.5, \"whole\": 2, \"option\": 3.0, \"maybe\": null, "
                  "\"integer\": 4, \"perhaps\": null, \"flag\": true, \"word\": \"green\", "
                  "\"seed\": null, \"fixed\": null}");
    objects_close(&o);
}

/* Zero by the rule of the public options is CN_ZERO; in files it is zero. */
static void zeros_are_zeros(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    thing t;
    json_t *j = json_of("{\"number\": 0, \"whole\": 0.0, \"option\": 0, \"maybe\": 0, "
                        "\"integer\": 0, \"perhaps\": 0, \"rare\": 0, \"flag\": false, "
                        "\"word\": \"red\", \"name\": \"it\", \"seed\": 0, \"fixed\": 1, "
                        "\"unsaid\": false, \"free\": [1, 2], \"unknown\": null}");
    assert_true(keras_read_options(&o.reader, "here", "thing", j, rows_of_thing, &t));
    assert_true(t.number == 0 && t.whole == 0 && t.option == (double)CN_ZERO);
    assert_true(t.maybe == (double)CN_ZERO && t.integer == CN_ZERO && t.perhaps == CN_ZERO);
    assert_true(t.rare == CN_ZERO && !t.flag && t.word == 0 && t.seed == (uint64_t)CN_ZERO);
    check_written(&o, &t,
                  "{\"number\": 0.0, \"whole\": 0, \"option\": 0.0, \"maybe\": 0.0, "
                  "\"integer\": 0, \"perhaps\": 0, \"rare\": 0, \"flag\": false, "
                  "\"word\": \"red\", \"name\": \"it\", \"seed\": 0, \"fixed\": null}");
    json_decref(j);
    objects_close(&o);
}

static void every_misfit_is_named_at_once(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    thing t;
    json_t *j = json_of("{\"number\": null, \"whole\": 1.5, \"option\": [], \"maybe\": \"no\", "
                        "\"integer\": 1e300, \"perhaps\": true, \"flag\": 1, \"word\": \"blue\", "
                        "\"name\": 5, \"seed\": \"x\", \"fixed\": 2, \"unsaid\": true, "
                        "\"more\": 1}");
    assert_false(keras_read_options(&o.reader, "here", "thing", j, rows_of_thing, &t));
    assert_string_equal(o.reader.problems.data,
                        "\n  here: thing: \"number\" is null; it is a number"
                        "\n  here: thing: \"whole\" is 1.5; it is an integer"
                        "\n  here: thing: \"option\" is []; it is a number"
                        "\n  here: thing: \"maybe\" is \"no\"; it is a number or null"
                        "\n  here: thing: \"integer\" is 1e300; it is an integer"
                        "\n  here: thing: \"perhaps\" is true; it is an integer or null"
                        "\n  here: thing: \"flag\" is 1; it is true or false"
                        "\n  here: thing: \"word\" is \"blue\"; it is one of red, green"
                        "\n  here: thing: \"name\" is 5; it is a text"
                        "\n  here: thing: \"seed\" is \"x\"; it is an integer or null"
                        "\n  here: thing: \"fixed\" is 2; in Cornu it is null or 1"
                        "\n  here: thing: \"unsaid\" is true; in Cornu it is false"
                        "\n  here: thing: Cornu has no option \"more\", which is 1");
    assert_int_equal(o.reader.problem_count, 13);
    json_decref(j);
    objects_close(&o);
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
                                       cmocka_unit_test(numbers_may_be_arrays_of_none),
                                       cmocka_unit_test(absent_options_are_defaults),
                                       cmocka_unit_test(zeros_are_zeros),
                                       cmocka_unit_test(every_misfit_is_named_at_once),
                                       cmocka_unit_test(objects_are_spelled_as_keras_does),
                                       cmocka_unit_test(refusals_of_constructors_become_problems)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
