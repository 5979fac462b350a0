/* What is written is JSON: commas, escapes, numbers that read back. */
#include "test.h"

#include <math.h>

#include "base/json_writer.h"

static json_writer writer(workspace *w, text *out) {
    text_init(out, w->arena);
    return (json_writer){.out = out};
}

static void values_are_set_apart_and_nested(void **state) {
    text out;
    json_writer w = writer(*state, &out);
    json_open(&w, NULL, '{');
    json_put_text(&w, "name", "a \"b\"\n");
    json_open(&w, "list", '[');
    json_put_integer(&w, NULL, INT64_MIN);
    json_open(&w, NULL, '{');
    json_close(&w, '}');
    json_put_null(&w, NULL);
    json_close(&w, ']');
    json_put_flag(&w, "yes", true);
    json_put_raw(&w, "raw", "[1]");
    json_put_text(&w, "none", NULL);
    json_close(&w, '}');
    assert_string_equal(out.data,
                        "{\"name\": \"a \\\"b\\\"\\u000a\", \"list\": [-9223372036854775808, "
                        "{}, null], \"yes\": true, \"raw\": [1], \"none\": null}");
}

static void numbers_read_as_floats_in_python(void **state) {
    static const struct {
        double x;
        const char *words;
    } rows[] = {{0, "0.0"},
                {-3, "-3.0"},
                {0.1, "0.1"},
                {1e300, "1e300"},
                {0.0010000000474974513, "0.0010000000474974513"},
                {HUGE_VAL, "Infinity"},
                {-HUGE_VAL, "-Infinity"},
                {NAN, "NaN"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text out;
        json_writer w = writer(*state, &out);
        json_put_number(&w, NULL, rows[i].x);
        assert_string_equal(out.data, rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(values_are_set_apart_and_nested),
                                       WITH_WORKSPACE(numbers_read_as_floats_in_python)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
