/* Tokens: what is read, what is refused and where, and that no byte is read past the end. */
#include "ir/scanner.h"

#include <locale.h>
#include <math.h>

#include "test.h"

/* The source without a NUL behind it, so that AddressSanitizer sees a read past its end. */
static scanner scan(workspace *w, const char *source) {
    size_t length = strlen(source);
    diag_clear(&w->diagnostics);
    return (scanner){w->arena, arena_copy(w->arena, source, length), length, 0};
}

static void spaces_and_comments_are_skipped(void **state) {
    scanner s = scan(*state, " \t\r\n# a comment # still\n# another\n  x # end");
    assert_true(scan_if(&s, "x"));
    assert_true(scan_at_end(&s));
}

static void words_end_where_they_end(void **state) {
    scanner s = scan(*state, "returning");
    assert_false(scan_if(&s, "return"));
    assert_true(scan_if(&s, "returning"));
    s = scan(*state, "=x");
    assert_true(scan_if(&s, "="));
}

static void failures_tell_line_column_and_what_was_found(void **state) {
    workspace *w = *state;
    scanner s = scan(w, "ab\n  @");
    assert_true(scan_if(&s, "ab"));
    assert_false(scan_expect(&s, "("));
    assert_string_equal(w->diagnostics.message, "line 2, column 3: expected '(', found '@'");
    s = scan(w, "\x01");
    assert_false(scan_expect(&s, "("));
    assert_string_equal(w->diagnostics.message, "line 1, column 1: expected '(', found byte 0x01");
    s = scan(w, "");
    assert_false(scan_expect(&s, "("));
    assert_string_equal(w->diagnostics.message, "line 1, column 1: expected '(', found the end");
}

static void strings_unescape(void **state) {
    const char *out;
    scanner s = scan(*state, "\"a\\\"b\\\\c\\n\\t\\x41\xc3\xa9\" \"\"");
    assert_true(scan_string(&s, &out));
    assert_string_equal(out, "a\"b\\c\n\tA\xc3\xa9");
    assert_true(scan_string(&s, &out));
    assert_string_equal(out, "");
}

static void bad_strings_are_refused(void **state) {
    static const char *const bad[] = {"x",        "\"",        "\"abc",    "\"a\nb\"",  "\"\\q\"",
                                      "\"\\x4\"", "\"\\x00\"", "\"\\xgg\"", "\"\\",      "\"\\\"",
                                      "\"\\x\"",  "\"\\x4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *out;
        scanner s = scan(*state, bad[i]);
        assert_false(scan_string(&s, &out));
    }
}

static void integers_cover_64_bits_and_no_more(void **state) {
    int64_t out;
    scanner s = scan(*state, "0 -1 9223372036854775807 -9223372036854775808");
    int64_t wanted[] = {0, -1, INT64_MAX, INT64_MIN};
    for (int i = 0; i < 4; i++) {
        assert_true(scan_integer(&s, &out));
        assert_true(out == wanted[i]);
    }
    static const char *const bad[] = {"9223372036854775808", "-9223372036854775809", "x", "-", ""};
    for (int i = 0; i < 5; i++) {
        s = scan(*state, bad[i]);
        assert_false(scan_integer(&s, &out));
    }
}

static void dims_and_types(void **state) {
    dim d;
    type t;
    scanner s = scan(*state, "28 B 7*B");
    assert_true(scan_dim(&s, &d) && dim_is(d, 28));
    assert_true(scan_dim(&s, &d) && dim_equal(d, dim_batch(1)));
    assert_true(scan_dim(&s, &d) && dim_equal(d, dim_batch(7)));
    s = scan(*state, "bf16[B,28] i64[]");
    assert_true(scan_type(&s, &t));
    assert_int_equal(t.dtype, CN_BF16);
    assert_int_equal(t.rank, 2);
    assert_true(scan_type(&s, &t) && t.rank == 0);
    static const char *const bad[] = {"f33[]",  "f32",       "f32[",  "f32[1",
                                      "f32[-1]", "f32[2*C]", "f32[2*", "f32[0*B]",
                                      "f32[1,1,1,1,1,1,1,1,1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s = scan(*state, bad[i]);
        assert_false(scan_type(&s, &t));
    }
}

static void floats_read_to_the_nearest(void **state) {
    float x[5];
    double y;
    scanner s = scan(*state, "0.1 -inf 1e-45 0x7fc00001 3 0.1");
    for (int i = 0; i < 5; i++)
        assert_true(scan_element(&s, CN_F32, &x[i]));
    assert_true(x[0] == 0.1f && x[1] == -INFINITY && x[2] == 0x1p-149f && x[4] == 3);
    uint32_t bits;
    memcpy(&bits, &x[3], sizeof bits);
    assert_int_equal(bits, 0x7fc00001);
    assert_true(scan_element(&s, CN_F64, &y) && y == 0.1);
    static const char *const bad[] = {"", "x", "1.2.3", "--1", "0x", "0x123456789", "1e", "."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s = scan(*state, bad[i]);
        assert_false(scan_element(&s, CN_F32, x));
    }
}

static void the_locale_changes_no_number(void **state) {
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        skip();
    float x = 0;
    scanner s = scan(*state, "0.25");
    bool read = scan_element(&s, CN_F32, &x);
    setlocale(LC_NUMERIC, "C");
    assert_true(read && x == 0.25f);
}

static void integer_elements_must_fit(void **state) {
    uint8_t bytes[8];
    scanner s = scan(*state, "255 256 true 2");
    assert_true(scan_element(&s, CN_U8, bytes) && bytes[0] == 255);
    assert_false(scan_element(&s, CN_U8, bytes));
    s = scan(*state, "true 1 2");
    assert_true(scan_element(&s, CN_BOOL, bytes) && bytes[0] == 1);
    assert_true(scan_element(&s, CN_BOOL, bytes));
    assert_false(scan_element(&s, CN_BOOL, bytes));
}

static void locations_are_comments_with_a_line_number(void **state) {
    location where;
    scanner s = scan(*state, "  # a b.c:41 dense 1/x\n");
    scan_location(&s, &where);
    assert_string_equal(where.file, "a b.c");
    assert_int_equal(where.line, 41);
    assert_string_equal(where.layer, "dense 1/x");
    s = scan(*state, " # :0 layer");
    scan_location(&s, &where);
    assert_null(where.file);
    assert_string_equal(where.layer, "layer");
    static const char *const none[] = {"", " # just words", "\n# a.c:1", " # a.c:9999999999",
                                       " #"};
    for (int i = 0; i < 5; i++) {
        s = scan(*state, none[i]);
        scan_location(&s, &where);
        assert_true(where.file == NULL && where.layer == NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(spaces_and_comments_are_skipped),
        WITH_WORKSPACE(words_end_where_they_end),
        WITH_WORKSPACE(failures_tell_line_column_and_what_was_found),
        WITH_WORKSPACE(strings_unescape),
        WITH_WORKSPACE(bad_strings_are_refused),
        WITH_WORKSPACE(integers_cover_64_bits_and_no_more),
        WITH_WORKSPACE(dims_and_types),
        WITH_WORKSPACE(floats_read_to_the_nearest),
        WITH_WORKSPACE(the_locale_changes_no_number),
        WITH_WORKSPACE(integer_elements_must_fit),
        WITH_WORKSPACE(locations_are_comments_with_a_line_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
