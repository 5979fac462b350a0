/* Text files: code points, words, and every kind of bytes that are no UTF-8. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "damage.h"
#include "runtime/io/text_file.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-text-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

typedef struct kept {
    char words[4096];
    size_t length;
} kept;

static bool keep_point(void *user, uint32_t point, diagnostics *d) {
    kept *k = user;
    (void)d;
    if (k->length < sizeof k->words - 4)
        k->length += text_encode(point, k->words + k->length);
    return true;
}

static bool keep_word(void *user, const char *word, size_t length, diagnostics *d) {
    kept *k = user;
    (void)d;
    k->length += (size_t)snprintf(k->words + k->length, sizeof k->words - k->length, "%.*s|",
                                  (int)length, word);
    return true;
}

static void what_is_decoded_is_encoded(void **state) {
    workspace *w = *state;
    static const char content[] = "aZ\n\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                                  "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf.";
    kept k = {.length = 0};
    damage_write(path, content, sizeof content - 1);
    assert_true(text_scan_points(path, keep_point, &k, &w->diagnostics));
    assert_int_equal(k.length, sizeof content - 1);
    assert_memory_equal(k.words, content, k.length);
    k.length = 0;
    damage_write(path,
                 "\xef\xbb\xbf"
                 "a\xef\xbb\xbf",
                 7);
    assert_true(text_scan_points(path, keep_point, &k, &w->diagnostics));
    assert_true(k.length == 4 && k.words[0] == 'a');
}

static void other_bytes_are_refused_with_their_place(void **state) {
    workspace *w = *state;
    static const char *const texts[] = {"ab\x80",
                                        "ab\xc0\x80",
                                        "ab\xc1\xbf",
                                        "ab\xe0\x9f\xbf",
                                        "ab\xed\xa0\x80",
                                        "ab\xf0\x8f\xbf\xbf",
                                        "ab\xf4\x90\x80\x80",
                                        "ab\xf5\x80\x80\x80",
                                        "ab\xff",
                                        "ab\xc3(",
                                        "ab\xe2\x82",
                                        "ab\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kept k = {.length = 0};
        damage_write(path, texts[i], strlen(texts[i]));
        diag_clear(&w->diagnostics);
        if (text_scan_points(path, keep_point, &k, &w->diagnostics) ||
            (strstr(w->diagnostics.message, "no UTF-8") == NULL &&
             strstr(w->diagnostics.message, "ends inside of a character") == NULL))
            fail_msg("text %zu: %s", i, w->diagnostics.message);
        assert_non_null(strstr(w->diagnostics.message, "\", byte "));
    }
}

static void words_are(workspace *w, bool as_written, const char *content, const char *expected) {
    kept k = {.length = 0};
    damage_write(path, content, strlen(content));
    assert_true(text_scan_words(path, as_written, keep_word, &k, &w->diagnostics));
    assert_string_equal(k.words, expected);
}

static void words_are_those_of_keras(void **state) {
    workspace *w = *state;
    words_are(w, false, " Don't  stop,\nNOW -- (he said)\t\xc3\x84pfel _1.5 ",
              "dont|stop|now|he|said|\xc3\x84pfel|15|");
    words_are(w, true, "Don't -- stop", "Don't|--|stop|");
    words_are(w, false, "end", "end|");
    char *endless = malloc(10000);
    memset(endless, 'x', 10000);
    damage_write(path, endless, 10000);
    free(endless);
    kept k = {.length = 0};
    assert_false(text_scan_words(path, false, keep_word, &k, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "a word longer than 4096 bytes: \"xxx"));
}

static void read_damaged(void *user, bool whole) {
    workspace *w = user;
    kept k = {.length = 0};
    diag_clear(&w->diagnostics);
    bool ok = text_scan_points(path, keep_point, &k, &w->diagnostics);
    assert_true(ok == diag_ok(&w->diagnostics) && (ok || !whole));
    k.length = 0;
    diag_clear(&w->diagnostics);
    text_scan_words(path, false, keep_word, &k, &w->diagnostics);
}

static void damage_does_no_harm(void **state) {
    static const char content[] = "To be, or not\n\xe2\x80\x94 \xf0\x9f\x98\x80 \xc3\xa9t\xc3\xa9.";
    damage_file(path, content, sizeof content - 1, read_damaged, *state);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FILE(what_is_decoded_is_encoded), WITH_FILE(other_bytes_are_refused_with_their_place),
        WITH_FILE(words_are_those_of_keras), WITH_FILE(damage_does_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
