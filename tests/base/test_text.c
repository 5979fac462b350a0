/* text.c: what is printed reads back, in any locale, and no user's byte escapes. */
#include "test.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"

static const char *quoted(workspace *w, const char *s) {
    text t;
    text_init(&t, w->arena);
    text_quote(&t, s);
    return t.data;
}

static const char *identifier(workspace *w, const char *s) {
    text t;
    text_init(&t, w->arena);
    text_identifier(&t, s);
    return t.data;
}

static const char *number(workspace *w, double value, int is_f32) {
    text t;
    text_init(&t, w->arena);
    text_float(&t, value, is_f32);
    return t.data;
}

static void appending_grows(void **state) {
    workspace *w = *state;
    text t;
    text_init(&t, w->arena);
    assert_string_equal(t.data, "");
    text_indent(&t, 2);
    text_append(&t, "x");
    text_append_n(&t, "=12", 2);
    assert_string_equal(t.data, "        x=1");
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%04d,", i);
    assert_int_equal(t.length, 11 + 5000);
    assert_int_equal(strlen(t.data), t.length);
    assert_string_equal(t.data + 11 + 4990, "0998,0999,");
    text_printf(&t, "%*s", 20000, "end");
    assert_string_equal(t.data + t.length - 4, " end");
}

static void quotes_escape(void **state) {
    workspace *w = *state;
    assert_string_equal(quoted(w, "a\"b\\c\n\td\x01\x7f"), "\"a\\\"b\\\\c\\n\\td\\x01\\x7f\"");
    assert_string_equal(quoted(w, "größe"), "\"größe\"");
}

static void json_is_utf8_whatever_comes(void **state) {
    workspace *w = *state;
    static const struct {
        const char *from, *json;
    } cases[] = {
        {"plain", "\"plain\""},
        {"\"\\\n\x01", "\"\\\"\\\\\\u000a\\u0001\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff\xc3", "\"\\u00ff\\u00c3\""},            /* no character; one cut short */
        {"\xc0\xaf", "\"\\u00c0\\u00af\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* a surrogate */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text t;
        text_init(&t, w->arena);
        text_json(&t, cases[i].from);
        assert_string_equal(t.data, cases[i].json);
    }
}

static void xml_has_no_markup(void **state) {
    workspace *w = *state;
    text t;
    text_init(&t, w->arena);
    text_xml(&t, "<a b=\"c\">&\xc3\xa4\n\x02\xff");
    assert_string_equal(t.data, "&#60;a b=&#34;c&#34;&#62;&#38;\xc3\xa4\n??");
}

static void identifiers_keep_nothing_dangerous(void **state) {
    workspace *w = *state;
    assert_string_equal(identifier(w, "conv2d_1/kernel"), "conv2d_1_kernel");
    assert_string_equal(identifier(w, "*/\"; system(\"x\");\n\\?\?/"), "_____system__x________");
    char name[1000];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(strlen(identifier(w, name)), 48);
    for (int c = 1; c < 256; c++) {
        char one[2] = {(char)c, '\0'};
        const char *kept = identifier(w, one);
        assert_true(isalnum((unsigned char)*kept) || *kept == '_'); /* in the C locale */
    }
}

static void numbers_are_shortest(void **state) {
    workspace *w = *state;
    assert_string_equal(number(w, 0.1, 0), "0.1");
    assert_string_equal(number(w, (double)0.1f, 1), "0.1");
    assert_string_equal(number(w, (double)0.1f, 0), "0.10000000149011612");
    assert_string_equal(number(w, 1, 0), "1");
    assert_string_equal(number(w, -0.0, 0), "-0");
    assert_string_equal(number(w, 1e-7, 0), "1e-7");
    assert_string_equal(number(w, 2.5e30, 1), "2.5e30");
    assert_string_equal(number(w, 3.4028234663852886e38, 1), "3.4028235e38");
    assert_string_equal(number(w, INFINITY, 1), "inf");
    assert_string_equal(number(w, -INFINITY, 0), "-inf");
    assert_string_equal(number(w, NAN, 0), "nan");
}

static void numbers_read_back(void **state) {
    workspace *w = *state;
    uint64_t bits = 1;
    arena_mark mark = arena_get_mark(w->arena);
    for (int i = 0; i < 5000; i++) {
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double value;
        float narrow;
        uint32_t upper = (uint32_t)(bits >> 32);
        memcpy(&value, &bits, sizeof value);
        memcpy(&narrow, &upper, sizeof narrow);
        if (isfinite(value))
            assert_true(strtod(number(w, value, 0), NULL) == value);
        if (isfinite(narrow))
            assert_true(strtof(number(w, (double)narrow, 1), NULL) == narrow);
        arena_rewind(w->arena, mark);
    }
}

static void numbers_do_not_depend_on_the_locale(void **state) {
    workspace *w = *state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        skip(); /* this machine has no locale with a decimal comma */
    const char *tenth = number(w, 0.1, 0), *large = number(w, 2.5e30, 0);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(tenth, "0.1");
    assert_string_equal(large, "2.5e30");
}

static void suffixes_stand_behind_something(void **state) {
    (void)state;
    assert_true(text_has_suffix("m.keras", ".keras"));
    assert_false(text_has_suffix(".keras", ".keras"));
    assert_false(text_has_suffix("m.kera", ".keras"));
    assert_false(text_has_suffix("", ".keras"));
    assert_false(text_has_suffix("m.KERAS", ".keras"));
    assert_true(text_has_suffix_of_any_case("a.Png", ".png"));
    assert_false(text_has_suffix_of_any_case(".PNG", ".png"));
    assert_false(text_has_suffix_of_any_case("a.jpg", ".png"));
    assert_false(text_has_suffix_of_any_case("g", ".png"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(appending_grows),
        WITH_WORKSPACE(quotes_escape),
        WITH_WORKSPACE(json_is_utf8_whatever_comes),
        WITH_WORKSPACE(xml_has_no_markup),
        WITH_WORKSPACE(identifiers_keep_nothing_dangerous),
        WITH_WORKSPACE(numbers_are_shortest),
        WITH_WORKSPACE(numbers_read_back),
        WITH_WORKSPACE(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(suffixes_stand_behind_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
