/* Text files as sequences of characters and words. */
#include "small_model.h"

#include "base/arena.h"

static char folder[64], path[96];

static int begin(void **state) {
    small *s = calloc(1, sizeof *s);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/t.txt", folder);
    open_small(s, (cn_context_options){.quiet = true});
    *state = s;
    return 0;
}

static int end(void **state) {
    close_small(*state);
    free(*state);
    remove_folder(folder);
    return 0;
}

static const char *file(const char *content) {
    FILE *out = fopen(path, "wb");
    fputs(content, out);
    fclose(out);
    return path;
}

static void characters_follow_each_other(void **state) {
    small *s = *state;
    int32_t x[2][3], y[2][3], last[2];
    cn_dataset *d = cn_dataset_text(s->c,
                                    file("b\xc3\xa9"
                                         "abab"),
                                    3, .sequence_stride = 2);
    if (d == NULL)
        fail_msg("%s", cn_error_message(s->c));
    assert_int_equal(cn_dataset_class_count(d), 3);
    assert_string_equal(cn_dataset_class_name(d, 0), "a");
    assert_string_equal(cn_dataset_class_name(d, 2), "\xc3\xa9");
    assert_int_equal(cn_dataset_count(d), 2);
    assert_int_equal(cn_dataset_read(d, 0, 2, (void *[]){x, y}), CN_OK);
    static const int32_t inputs[] = {1, 2, 0, 0, 1, 0}, next[] = {2, 0, 1, 1, 0, 1};
    assert_memory_equal(x, inputs, sizeof x);
    assert_memory_equal(y, next, sizeof y);
    d = cn_dataset_text(s->c, path, 3, .last_only = true);
    assert_int_equal(cn_dataset_count(d), 3);
    assert_int_equal(cn_dataset_read(d, 1, 3, (void *[]){x, last}), CN_OK);
    assert_true(x[0][0] == 2 && last[0] == 0 && last[1] == 1);
    static const char *const given[] = {"z", "b", "a", "\xc3\xa9"};
    d = cn_dataset_text(s->c, path, 3, .vocabulary = given, .vocabulary_count = 4);
    assert_int_equal(cn_dataset_class_count(d), 4);
    assert_int_equal(cn_dataset_read(d, 0, 1, (void *[]){x, y}), CN_OK);
    assert_true(x[0][0] == 1 && x[0][1] == 3 && x[0][2] == 2);
}

static void words_are_numbered_as_by_keras(void **state) {
    small *s = *state;
    int32_t x[8], y[8];
    cn_dataset *d =
        cn_dataset_text(s->c, file("The cat, the dog. A cat! The end"), 7, .unit = CN_TEXT_WORDS);
    static const char *const names[] = {"", "[UNK]", "the", "cat", "end", "dog", "a"};
    assert_int_equal(cn_dataset_class_count(d), 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(cn_dataset_class_name(d, i), names[i]);
    assert_int_equal(cn_dataset_read(d, 0, 1, (void *[]){x, y}), CN_OK);
    static const int32_t expected[] = {2, 3, 2, 5, 6, 3, 2};
    assert_memory_equal(x, expected, sizeof expected);
    d = cn_dataset_text(s->c, path, 7, .unit = CN_TEXT_WORDS, .max_tokens = 4);
    assert_int_equal(cn_dataset_class_count(d), 4);
    assert_int_equal(cn_dataset_read(d, 0, 1, (void *[]){x, y}), CN_OK);
    assert_true(x[3] == 1 && x[5] == 3 && y[6] == 1);
    d = cn_dataset_text(s->c, path, 7, .unit = CN_TEXT_WORDS, .as_written = true,
                        .vocabulary = (const char *[]){"The"}, .vocabulary_count = 1);
    assert_int_equal(cn_dataset_read(d, 0, 1, (void *[]){x, y}), CN_OK);
    assert_true(x[0] == 2 && x[1] == 1 && x[2] == 1);
}

/* More than 256 and more than 65536 items take more bytes each. */
static void large_vocabularies_are_kept(void **state) {
    small *s = *state;
    int32_t x, y;
    FILE *out = fopen(path, "wb");
    for (int i = 0; i < 66000; i++)
        fprintf(out, "w%05d ", i);
    size_t bytes = (size_t)ftell(out), before = memory_live(s->c->memory);
    fclose(out);
    cn_dataset *d = cn_dataset_text(s->c, path, 1, .unit = CN_TEXT_WORDS);
    assert_int_equal(cn_dataset_class_count(d), 66002);
    assert_true(memory_peak(s->c->memory) - before <= (16 << 20) + 4 * bytes);
    assert_int_equal(cn_dataset_read(d, 0, 1, (void *[]){&x, &y}), CN_OK);
    assert_string_equal(cn_dataset_class_name(d, (size_t)x), "w00000");
    assert_string_equal(cn_dataset_class_name(d, (size_t)y), "w00001");
    d = cn_dataset_text(s->c, path, 1, .unit = CN_TEXT_WORDS, .max_tokens = 1000);
    assert_int_equal(cn_dataset_read(d, 65998, 65999, (void *[]){&x, &y}), CN_OK);
    assert_string_equal(cn_dataset_class_name(d, (size_t)y), "w65999");
    out = fopen(path, "ab");
    for (int i = 0; i < 20000; i++)
        fprintf(out, "%x ", i + (1 << 16));
    fclose(out);
    assert_null(cn_dataset_text(s->c, path, 1, .unit = CN_TEXT_WORDS));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "different words among");
}

static void mistakes_are_named(void **state) {
    small *s = *state;
    assert_null(cn_dataset_text(s->c, file("abc")));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, ".sequence_length is missing");
    assert_null(cn_dataset_text(s->c, path, 3));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA,
              "has 3 characters; a sequence of 3 and the next are more");
    assert_null(cn_dataset_text(s->c, NULL, 3));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    assert_null(cn_dataset_text(s->c, path, 1, .max_tokens = 9));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "are for words");
    assert_null(cn_dataset_text(s->c, path, 1, .vocabulary = (const char *[]){"a", "ab"},
                                .vocabulary_count = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "\"ab\", is not one character");
    assert_null(cn_dataset_text(s->c, path, 1, .vocabulary = (const char *[]){"a", "b"},
                                .vocabulary_count = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "character 2, \"c\" (U+0063), is not in");
    assert_null(cn_dataset_text(s->c, file("ab\xff"), 1));
    must_fail(s, cn_error_status(s->c), CN_ERROR_FORMAT, "byte 2: this is no UTF-8");
    assert_null(cn_dataset_text(s->c, file(""), 1, .unit = CN_TEXT_WORDS));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "has 0 words");
}

static cn_dataset *open_it(small *s) {
    return cn_dataset_text(s->c, path, 2, .unit = CN_TEXT_WORDS);
}

/* Every allocation fails once: a message, and nothing is kept. */
static void running_out_of_memory_is_clean(void **state) {
    small *s = *state;
    memory *m = s->c->memory;
    file("to be or not to be");
    cn_dataset *d = open_it(s); /* the context has its tables now */
    assert_non_null(d);
    cn_dataset_free(d);
    size_t before = memory_live(m);
    d = NULL;
    for (int64_t n = 1; d == NULL; n++) {
        memory_fail_at(m, n, 0);
        d = open_it(s);
        memory_fail_at(m, 0, 0);
        if (d == NULL)
            must_fail(s, cn_error_status(s->c), CN_ERROR_OUT_OF_MEMORY, "dataset_text: ");
        assert_true(d != NULL || memory_live(m) == before);
    }
    cn_dataset_free(d);
    assert_int_equal(memory_live(m), before);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(characters_follow_each_other), WITH_FOLDER(words_are_numbered_as_by_keras),
        WITH_FOLDER(large_vocabularies_are_kept), WITH_FOLDER(mistakes_are_named),
        WITH_FOLDER(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
