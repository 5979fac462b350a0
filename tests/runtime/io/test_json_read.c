/* JSON inside of its limits: a place in every message; no key twice, no depth, no flood. */
#include "test.h"

#include <float.h>
#include <stdio.h>

#include "runtime/io/json_read.h"

static json_t *read_text(workspace *w, const char *text) {
    diag_clear(&w->diagnostics);
    return json_read("file.json", text, strlen(text), &w->diagnostics);
}

static void values_are_read(void **state) {
    workspace *w = *state;
    json_t *root = read_text(w, " {\"a\": [1, -2.5, true, null, \"x\\u00e9]\"], \"b\": {}}\n");
    assert_non_null(root);
    const json_t *list = json_object_get(root, "a");
    assert_int_equal(json_array_size(list), 5);
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 1);
    assert_string_equal(json_string_value(json_array_get(list, 4)), "x\xC3\xA9]");
    json_decref(root);
    root = read_text(w, "[9223372036854775807]"); /* exactly */
    assert_true(json_integer_value(json_array_get(root, 0)) == INT64_MAX);
    json_decref(root);
}

/* As Python writes them; in texts and keys they are letters. */
static void numbers_that_are_none_are_texts(void **state) {
    workspace *w = *state;
    double x = 0;
    json_t *root = read_text(w, "{\"NaN\": [NaN, Infinity,-Infinity, \"Infinity\", 2, true]}");
    assert_non_null(root);
    const json_t *list = json_object_get(root, "NaN");
    assert_string_equal(json_string_value(json_array_get(list, 0)), "nan");
    assert_string_equal(json_string_value(json_array_get(list, 3)), "Infinity");
    assert_true(json_read_number(json_array_get(list, 0), &x) && x != x);
    assert_true(json_read_number(json_array_get(list, 1), &x) && x > DBL_MAX);
    assert_true(json_read_number(json_array_get(list, 2), &x) && x < -DBL_MAX);
    assert_false(json_read_number(json_array_get(list, 3), &x));
    assert_true(json_read_number(json_array_get(list, 4), &x) && x == 2);
    assert_false(json_read_number(json_array_get(list, 5), &x));
    json_decref(root);
    static const char *const rows[] = {"[NaNa]", "[Infinit]",    "[1NaN]",
                                       "NaN",    "[--Infinity]", "[NaN \"\\"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_null(read_text(w, rows[i]));
}

static void mistakes_have_a_place(void **state) {
    static const char *const rows[][2] = {
        {"", "line 1"},
        {"{", "line 1"},
        {"{\"a\": 1,\n \"b\": x}", "line 2, column 7"},
        {"{\"a\": 1,\n \"a\": 2}", "line 2, column 4: duplicate"},
        {"[1] 2", "line 1, column 5"},
        {"[\"\xff\"]", "decode"},
        {"[\"a\\u0000b\"]", "line 1"},
        {"[01]", "line 1"},
        {"[1e999]", "line 1"},
        {"[9223372036854775808]", "too big"},
        {"7", "line 1"},
        {"[\"", "line 1"},
        {"[\"\\", "line 1"},
        {"]", "line 1"},
    };
    workspace *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(read_text(w, rows[i][0]));
        if (w->diagnostics.status != CN_ERROR_FORMAT ||
            strstr(w->diagnostics.message, "\"file.json\", line ") == NULL ||
            strstr(w->diagnostics.message, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], w->diagnostics.message);
    }
}

static void depth_is_limited_before_anything_recurses(void **state) {
    workspace *w = *state;
    char *text = calloc(1, 2000001);
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    json_t *root = read_text(w, text);
    assert_non_null(root);
    json_decref(root);
    memset(text, '[', 1000000);
    memset(text + 1000000, ']', 1000000);
    assert_null(read_text(w, text));
    assert_non_null(strstr(w->diagnostics.message, "line 1, column 65: more than 64 levels"));
    free(text);
    root = read_text(
        w, "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"]");
    assert_non_null(root); /* brackets in text are no depth */
    json_decref(root);
}

/* [] [] [] ...: every three bytes would take a hundred. */
static void floods_of_values_are_refused(void **state) {
    static const char *const rows[] = {"[],", "{},", "0,"};
    workspace *w = *state;
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(rows[i]), count = 3000000 / length;
        char *text = malloc(count * length + 4);
        text[0] = '[';
        for (size_t k = 0; k < count; k++)
            memcpy(text + 1 + k * length, rows[i], length);
        memcpy(text + 1 + count * length, "0]", 3);
        assert_null(read_text(w, text));
        assert_non_null(strstr(w->diagnostics.message, "more values than"));
        free(text);
    }
}

static void every_prefix_is_refused(void **state) {
    static const char text[] = "{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\"], \"b\": {\"c\": []}}";
    workspace *w = *state;
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        char *exact = malloc(n + 1); /* so that reading on is seen by the sanitizer */
        memcpy(exact, text, n);
        diag_clear(&w->diagnostics);
        assert_null(json_read("file.json", exact, n, &w->diagnostics));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
        free(exact);
    }
}

static void every_flipped_byte_is_survived(void **state) {
    char text[] = "{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\"], \"b\": {\"c\": []}}";
    workspace *w = *state;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        for (int mask = 1; mask < 256; mask++) {
            text[i] = (char)(text[i] ^ mask);
            diag_clear(&w->diagnostics);
            json_t *root = json_read("file.json", text, sizeof text - 1, &w->diagnostics);
            assert_int_equal(root != NULL, diag_ok(&w->diagnostics));
            json_decref(root);
            text[i] = (char)(text[i] ^ mask);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(values_are_read),
                                       WITH_WORKSPACE(numbers_that_are_none_are_texts),
                                       WITH_WORKSPACE(mistakes_have_a_place),
                                       WITH_WORKSPACE(depth_is_limited_before_anything_recurses),
                                       WITH_WORKSPACE(floods_of_values_are_refused),
                                       WITH_WORKSPACE(every_prefix_is_refused),
                                       WITH_WORKSPACE(every_flipped_byte_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
