/* diag.c: the first failure is kept, texts are bounded, unwinding goes one level at a time. */
#include "test.h"

static void first_failure_is_kept(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    assert_true(diag_ok(&d));
    assert_false(diag_fail(&d, CN_ERROR_SHAPE, "axis %d", 3));
    assert_false(diag_fail(&d, CN_ERROR_FILE, "a consequence"));
    assert_int_equal(d.status, CN_ERROR_SHAPE);
    assert_string_equal(d.message, "axis 3");
    diag_clear(&d);
    assert_true(diag_ok(&d));
    assert_string_equal(d.message, "");
}

static void long_messages_end_in_dots(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    diag_fail(&d, CN_ERROR_DATA, "%*s", 2 * DIAG_MESSAGE_BYTES, "x");
    assert_int_equal(strlen(d.message), DIAG_MESSAGE_BYTES - 1);
    assert_string_equal(d.message + DIAG_MESSAGE_BYTES - 4, "...");
    diag_prefix(&d, "while reading: ");
    assert_int_equal(strlen(d.message), DIAG_MESSAGE_BYTES - 1);
    assert_memory_equal(d.message, "while reading: ", 15);
    assert_string_equal(d.message + DIAG_MESSAGE_BYTES - 4, "...");
}

static void prefix_needs_a_failure(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    diag_prefix(&d, "nothing ");
    assert_string_equal(d.message, "");
    diag_fail(&d, CN_ERROR_DATA, "bad row");
    diag_prefix(&d, "file %s: ", "a.csv");
    assert_string_equal(d.message, "file a.csv: bad row");
}

static void control_bytes_are_not_passed_on(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    diag_fail(&d, CN_ERROR_DATA, "\"%s\"\n\tin \xC3\xA9", "\x1B[2J\r\x07\x7F");
    assert_string_equal(d.message, "\"?[2J???\"\n\tin \xC3\xA9");
    diag_prefix(&d, "%s: ", "a\x1B");
    assert_memory_equal(d.message, "a?: \"", 5);
}

static void keep_line(void *user, const char *text, size_t length) {
    char *line = user;
    memcpy(line, text, length);
    line[length] = '\0';
}

static void warnings_are_lines_to_the_writer(void **state) {
    (void)state;
    char line[2048] = "untouched";
    diagnostics d;
    diag_init(&d);
    diag_warn(&d, "no writer");
    d.writer = keep_line;
    d.writer_user = line;
    diag_warn(&d, "rate %d", 7);
    assert_string_equal(line, "warning: rate 7\n");
    diag_warn(&d, "%*s", 4000, "x");
    size_t length = strlen(line);
    assert_true(length < 1100);
    assert_string_equal(line + length - 4, "...\n");
    assert_true(diag_ok(&d));
}

static int unwind_twice(diagnostics *d) {
    diag_recovery outer, inner;
    volatile int reached = 0;
    if (DIAG_RECOVER(d, &outer))
        return reached;
    if (DIAG_RECOVER(d, &inner)) {
        reached += 10;
        diag_unwind(d, CN_ERROR_FILE, "while cleaning up");
    }
    reached += 1;
    diag_unwind(d, CN_ERROR_OUT_OF_MEMORY, "deep");
}

static void unwinding_pops_the_innermost_point(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    assert_int_equal(unwind_twice(&d), 11);
    assert_null(d.recovery);
    assert_int_equal(d.status, CN_ERROR_OUT_OF_MEMORY);
    assert_string_equal(d.message, "deep");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_is_kept),
        cmocka_unit_test(long_messages_end_in_dots),
        cmocka_unit_test(prefix_needs_a_failure),
        cmocka_unit_test(control_bytes_are_not_passed_on),
        cmocka_unit_test(warnings_are_lines_to_the_writer),
        cmocka_unit_test(unwinding_pops_the_innermost_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
