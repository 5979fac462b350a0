/* Options by tables: every kind is read, written, and refused by name. */
#include "keras_objects.h"

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
static const option_row rows_of_thing[] = {
    {"number", OPTION_NUMBER, offsetof(thing, number), 0.5, NULL},
    {"whole", OPTION_WHOLE, offsetof(thing, whole), 2, NULL},
    {"option", OPTION_NUMBER_BY_RULE, offsetof(thing, option), 3, NULL},
    {"maybe", OPTION_NUMBER_OR_NONE, offsetof(thing, maybe), 0, NULL},
    {"integer", OPTION_INTEGER_BY_RULE, offsetof(thing, integer), 4, NULL},
    {"perhaps", OPTION_INTEGER_OR_NONE, offsetof(thing, perhaps), 0, NULL},
    {"rare", OPTION_RARE_INTEGER, offsetof(thing, rare), -1, NULL},
    {"flag", OPTION_FLAG, offsetof(thing, flag), 1, NULL},
    {"word", OPTION_WORD, offsetof(thing, word), 1, colours},
    {"name", OPTION_NAME, offsetof(thing, name), 0, NULL},
    {"seed", OPTION_SEED, offsetof(thing, seed), 0, NULL},
    {"fixed", OPTION_FIXED, 0, 0, fixed},
    {"unsaid", OPTION_FIXED, 0, 0, unsaid},
    {"free", OPTION_FREE, 0, 0, NULL},
    {.key = NULL}};

static void check_written(objects *o, const thing *t, const char *words) {
    json_open(&o->writer.json, NULL, '{');
    keras_write_options(&o->writer, "here", rows_of_thing, t);
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

/* ---- lists, and what only layers have --------------------------------------------------- */

typedef struct window {
    int64_t exact, pair[2], margins[2][2], list[CN_MAX_RANK], shape[CN_MAX_RANK];
    bool no_bias;
    const char *text;
    const cn_activation *activation;
    const cn_initializer *initializer;
    const cn_regularizer *regularizer;
} window;
static const option_row rows_of_window[] = {
    {"exact", OPTION_INTEGER, OPTION_AT(window, exact)},
    {"pair", OPTION_PAIR, OPTION_AT(window, pair)},
    {"margins", OPTION_MARGINS, OPTION_AT(window, margins)},
    {"list", OPTION_LIST, OPTION_AT(window, list)},
    {"shape", OPTION_SHAPE, OPTION_AT(window, shape)},
    {"bias", OPTION_NOT, OPTION_AT(window, no_bias)},
    {"text", OPTION_TEXT, OPTION_AT(window, text)},
    {"activation", OPTION_ACTIVATION, OPTION_AT(window, activation)},
    {"initializer", OPTION_INITIALIZER, OPTION_AT(window, initializer)},
    {"regularizer", OPTION_REGULARIZER, OPTION_AT(window, regularizer)},
    {0}};

static void lists_and_objects_come_back(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    window t = {0};
    json_t *j = json_of("{\"exact\": 0, \"pair\": 3, \"margins\": [1, [2, 4]], \"list\": [2, -1], "
                        "\"shape\": [null, 5.0], \"bias\": false, \"text\": \"x\", "
                        "\"activation\": \"linear\", \"initializer\": \"zeros\", "
                        "\"regularizer\": null, \"trainable\": false, \"batch_shape\": [1]}");
    assert_true(keras_read_options(&o.reader, "here", NULL, j, rows_of_window, &t));
    assert_true(t.exact == 0 && t.pair[0] == 3 && t.pair[1] == 3 && t.no_bias);
    assert_true(t.margins[0][0] == 1 && t.margins[0][1] == 1 && t.margins[1][1] == 4);
    assert_true(t.list[1] == -1 && t.list[2] == 0 && t.shape[0] == CN_BATCH && t.shape[1] == 5);
    assert_ptr_equal(t.activation, CN_LINEAR);
    assert_null(t.regularizer);
    json_open(&o.writer.json, NULL, '{');
    keras_write_options(&o.writer, "here", rows_of_window, &t);
    json_close(&o.writer.json, '}');
    assert_string_equal(o.written.data,
                        "{\"exact\": 0, \"pair\": [3, 3], \"margins\": [[1, 1], [2, 4]], "
                        "\"list\": [2, -1], \"shape\": [null, 5], \"bias\": false, "
                        "\"text\": \"x\", \"activation\": \"linear\", \"initializer\": "
                        "{\"module\": \"keras.initializers\", \"class_name\": \"Zeros\", "
                        "\"config\": {}, \"registered_name\": null}, \"regularizer\": null}");
    json_decref(j);
    objects_close(&o);
}

static void misfits_in_lists_are_named(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    window t = {0};
    json_t *j = json_of("{\"exact\": 1.5, \"pair\": [0, 1], \"margins\": [1, -1], "
                        "\"list\": [1, 0], \"shape\": [1, 2, 3, 4, 5, 6, 7, 8, 9], "
                        "\"bias\": null, \"activation\": \"wavy\"}");
    assert_false(keras_read_options(&o.reader, "here", NULL, j, rows_of_window, &t));
    assert_string_equal(o.reader.problems.data,
                        "\n  here: \"exact\" is 1.5; it is an integer"
                        "\n  here: \"pair\" is [0,1]; it is one or two integers above zero"
                        "\n  here: \"margins\" is [1,-1]; it is [[top, bottom], [left, right]]"
                        "\n  here: \"list\" is [1,0]; it is a list of at most 8 integers but zero"
                        "\n  here: \"shape\" is [1,2,3,4,5,6,7,8,9]; it is a list of at most 8 "
                        "sizes"
                        "\n  here: \"bias\" is null; it is true or false"
                        "\n  here: Cornu has no activation \"wavy\"");
    json_decref(j);
    objects_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_may_be_arrays_of_none),
                                       cmocka_unit_test(absent_options_are_defaults),
                                       cmocka_unit_test(zeros_are_zeros),
                                       cmocka_unit_test(every_misfit_is_named_at_once),
                                       cmocka_unit_test(lists_and_objects_come_back),
                                       cmocka_unit_test(misfits_in_lists_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
