/* Rows of CSV files: quoting, line numbers, damage. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "damage.h"
#include "runtime/io/csv.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-csv-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

/* Rows as one text: "1:a|b;3:c|d;". */
typedef struct rows {
    char words[1 << 12];
    size_t length;
    int64_t stop_at; /* that row is refused */
} rows;

static bool keep(void *user, const csv_row *row, diagnostics *d) {
    rows *r = user;
    if (r->length > sizeof r->words / 2)
        r->length = 0;
    r->length +=
        (size_t)snprintf(r->words + r->length, sizeof r->words - r->length, "%d:", (int)row->line);
    for (size_t i = 0; i < row->count && row->cells[i].length < 100; i++)
        r->length += (size_t)snprintf(r->words + r->length, sizeof r->words - r->length, "%s%s",
                                      i > 0 ? "|" : "", row->cells[i].text);
    r->words[r->length++] = ';';
    r->words[r->length] = 0;
    return r->stop_at != row->line || diag_fail(d, CN_ERROR_DATA, "enough");
}

static void rows_are(workspace *w, const char *content, char separator, const char *expected) {
    rows r = {.length = 0};
    damage_write(path, content, strlen(content));
    if (!csv_scan(path, separator, w->memory, keep, &r, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
    assert_string_equal(r.words, expected);
}

static void rows_and_lines_are_found(void **state) {
    workspace *w = *state;
    rows_are(w, "a,b\n1,2\n", ',', "1:a|b;2:1|2;");
    rows_are(w, "a,b\r\n1,2", ',', "1:a|b;2:1|2;");
    rows_are(w, "\n\na, b \n\n 1 ,\t2\n\n", ',', "3:a|b;5:1|2;");
    rows_are(w,
             "\xEF\xBB\xBF"
             "a,b\n",
             ',', "1:a|b;");
    rows_are(w, "a,\"b,\"\"c\"\"\nd\"\n1,\n", ',', "1:a|b,\"c\"\nd;3:1|;");
    rows_are(w, "a;b\n1,5;2\n", ';', "1:a|b;2:1,5|2;");
    rows_are(w, "a\tb c\n", '\t', "1:a|b c;");
    rows_are(w, "\" a \",b\n", ',', "1: a |b;");
    rows_are(w, "", ',', "");
}

static void gzip_is_read(void **state) {
    workspace *w = *state;
    rows r = {.length = 0};
    gzFile file = gzopen(path, "wb");
    gzputs(file, "x,y\n1,2\n");
    gzclose(file);
    assert_true(csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics));
    assert_string_equal(r.words, "1:x|y;2:1|2;");
}

static void is_refused(workspace *w, const char *content, const char *words) {
    rows r = {.stop_at = 3};
    damage_write(path, content, strlen(content));
    diag_clear(&w->diagnostics);
    assert_false(csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics));
    if (strstr(w->diagnostics.message, words) == NULL || memory_live(w->memory) > 1 << 20)
        fail_msg("wanted ...%s..., got %s", words, w->diagnostics.message);
}

static void mistakes_are_told_with_their_line(void **state) {
    workspace *w = *state;
    is_refused(w, "a\n\n1\"2\n", ", line 3: a quote inside of a cell");
    is_refused(w, "a\n\"b\nc", ", line 3: the file ends inside of a quoted cell");
    is_refused(w, "a\nb\nc\nd\n", "enough");
    unlink(path);
    rows r = {.length = 0};
    diag_clear(&w->diagnostics);
    assert_false(csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "cannot be opened"));
    diag_clear(&w->diagnostics);
    assert_false(csv_scan("/tmp", ',', w->memory, keep, &r, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "not a regular file"));
}

static void nul_is_refused(void **state) {
    workspace *w = *state;
    rows r = {.length = 0};
    damage_write(path, "a,b\n1\0,2\n", 9);
    assert_false(csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "line 2: a NUL in a cell; is it"));
}

static void endless_rows_are_refused(void **state) {
    workspace *w = *state;
    size_t length = 9 << 20;
    char *content = malloc(length + 1);
    memset(content, ',', length);
    content[length] = 0;
    is_refused(w, content, "longer than 65536 cells");
    memset(content, 'x', length);
    is_refused(w, content, "longer than");
    assert_true(memory_peak(w->memory) < 16 << 20);
    free(content);
}

/* Twenty-six megabytes of one letter: a file of 26 kB. */
static void bombs_are_refused(void **state) {
    workspace *w = *state;
    rows r = {.length = 0};
    static char lines[1 << 16];
    memset(lines, 'x', sizeof lines);
    for (size_t i = 999; i < sizeof lines; i += 1000)
        lines[i] = '\n';
    gzFile file = gzopen(path, "wb9");
    for (int i = 0; i < 400; i++)
        gzwrite(file, lines, sizeof lines);
    gzclose(file);
    assert_false(csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "more than 100 times its size"));
}

static bool run_out(void *user, const csv_row *row, diagnostics *d) {
    (void)user;
    (void)row;
    diag_unwind(d, CN_ERROR_OUT_OF_MEMORY, "none left");
}

static void unwinding_gives_all_back(void **state) {
    workspace *w = *state;
    size_t before = memory_live(w->memory);
    damage_write(path, "a,b\n", 4);
    assert_false(csv_scan(path, ',', w->memory, run_out, NULL, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
    assert_int_equal(memory_live(w->memory), before);
}

static void read_damaged(void *user, bool whole) {
    workspace *w = user;
    rows r = {.length = 0};
    diag_clear(&w->diagnostics);
    bool ok = csv_scan(path, ',', w->memory, keep, &r, &w->diagnostics);
    assert_true(ok == diag_ok(&w->diagnostics));
    assert_true(ok || !whole);
}

static void damage_does_no_harm(void **state) {
    static const char content[] = "name,\"a \"\"b\"\"\"\r\n1,-2.5e3\n\n\"x\ny\",3\n";
    damage_file(path, content, sizeof content - 1, read_damaged, *state);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FILE(rows_and_lines_are_found),          WITH_FILE(gzip_is_read),
        WITH_FILE(mistakes_are_told_with_their_line), WITH_FILE(nul_is_refused),
        WITH_FILE(endless_rows_are_refused),          WITH_FILE(bombs_are_refused),
        WITH_FILE(unwinding_gives_all_back),          WITH_FILE(damage_does_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
