/* CSV files as datasets: columns, classes, what is missing, and mistakes with their places. */
#include "small_model.h"

#include "base/arena.h"

static char folder[64], path[96];

static int begin(void **state) {
    small *s = calloc(1, sizeof *s);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/t.csv", folder);
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

static const char flowers[] = "length,width,species\n5.1,3.5,setosa\n7,3.2,versicolor\n"
                              "6.3,3.3,\"iris, virginica\"\n4.9,3,setosa\n";

static void texts_are_classes(void **state) {
    small *s = *state;
    cn_dataset *d = cn_dataset_csv(s->c, file(flowers), .targets = {"species"});
    if (d == NULL)
        fail_msg("%s", cn_error_message(s->c));
    assert_int_equal(cn_dataset_count(d), 4);
    cn_array x = cn_dataset_input(d, 0), y = cn_dataset_target(d, 0);
    assert_true(x.rank == 2 && x.shape[1] == 2 && x.dtype == CN_F32);
    assert_true(((const float *)x.data)[0] == 5.1f && ((const float *)x.data)[3] == 3.2f);
    assert_true(y.rank == 1 && y.dtype == CN_I32);
    static const int32_t expected[] = {1, 2, 0, 1};
    assert_memory_equal(y.data, expected, sizeof expected);
    assert_int_equal(cn_dataset_class_count(d), 3);
    assert_string_equal(cn_dataset_class_name(d, 0), "iris, virginica");
    assert_string_equal(cn_dataset_class_name(d, 2), "versicolor");
    assert_null(cn_dataset_class_name(d, 3));
    assert_string_equal(cn_dataset_class_name(cn_dataset_range(d, 1, 3), 1), "setosa");
    assert_null(cn_dataset_file(d, 0));
}

static void columns_are_chosen(void **state) {
    small *s = *state;
    file("a,\"b,c\",1,d\n1,2,3,4\n5,6,7,8\n");
    cn_dataset *d = cn_dataset_csv(s->c, path, .inputs = {"\"b,c\",a", "-1"}, .targets = {"1"});
    static const float first[] = {2, 1, 6, 5}, second[] = {4, 8}, third[] = {3, 7};
    assert_memory_equal(cn_dataset_input(d, 0).data, first, sizeof first);
    assert_memory_equal(cn_dataset_input(d, 1).data, second, sizeof second);
    assert_string_equal(cn_dataset_input(d, 1).name, "d");
    assert_memory_equal(cn_dataset_target(d, 0).data, third, sizeof third);
    d = cn_dataset_csv(s->c, path, .inputs = {"a..1", "0"}, .targets = {"3"});
    assert_int_equal(cn_dataset_input(d, 0).shape[1], 3);
    assert_int_equal(cn_dataset_input(d, 1).rank, 1);
    file("1;2\n3;4\n");
    d = cn_dataset_csv(s->c, path, .no_header = true, .separator = ';');
    assert_int_equal(cn_dataset_count(d), 2);
    assert_int_equal(cn_dataset_column(d, 0).shape[1], 2);
    assert_int_equal(cn_dataset_column(d, 1).rank, 0);
}

static void tabs_separate_by_the_name(void **state) {
    small *s = *state;
    char other[100];
    snprintf(other, sizeof other, "%s/T.TSV", folder);
    assert_int_equal(rename(file("a\tb\n1\t2\n"), other), 0);
    assert_int_equal(cn_dataset_input(cn_dataset_csv(s->c, other), 0).shape[1], 2);
}

static void missing_cells_have_a_policy(void **state) {
    small *s = *state;
    file("a,b\n1,x\n,y\n3,\nnan,x\n5,x\n");
    assert_null(cn_dataset_csv(s->c, path));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA,
              "/t.csv\", line 3, column 1 \"a\": \"\" is missing; .missing says");
    assert_null(cn_dataset_csv(s->c, path, .missing = CN_MISSING_NAN));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA,
              "line 4, column 2 \"b\": \"\" is missing, and");
    cn_dataset *d = cn_dataset_csv(s->c, path, .missing = CN_MISSING_NAN, .inputs = {"a"});
    assert_int_equal(cn_dataset_count(d), 5);
    const float *x = cn_dataset_input(d, 0).data;
    assert_true(x[0] == 1 && isnan(x[1]) && x[2] == 3 && isnan(x[3]));
    d = cn_dataset_csv(s->c, path, .missing = CN_MISSING_SKIPS, .targets = {"b"});
    assert_int_equal(cn_dataset_count(d), 2);
    assert_true(((const float *)cn_dataset_input(d, 0).data)[1] == 5);
    file("k\nNA\nNaN\n7\n");
    d = cn_dataset_csv(s->c, path, .targets = {"k"}, .inputs = {"k"}, .texts = "k");
    assert_int_equal(cn_dataset_class_count(d), 3);
    assert_string_equal(cn_dataset_class_name(d, 0), "7");
}

static void classes_can_be_given(void **state) {
    static const char *const names[] = {"versicolor", "setosa", "iris, virginica", "other"};
    small *s = *state;
    cn_dataset *d = cn_dataset_csv(s->c, file(flowers), .targets = {"species"},
                                   .class_names = names, .class_count = 4);
    static const int32_t expected[] = {1, 0, 2, 1};
    assert_memory_equal(cn_dataset_target(d, 0).data, expected, sizeof expected);
    assert_int_equal(cn_dataset_class_count(d), 4);
    assert_null(
        cn_dataset_csv(s->c, path, .targets = {"species"}, .class_names = names, .class_count = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "\"iris, virginica\" is none of the 2");
    assert_null(cn_dataset_csv(s->c, path, .targets = {"species"}, .class_count = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "go together");
    assert_null(cn_dataset_csv(s->c, path, .targets = {"width"}, .inputs = {"length"},
                               .class_names = names, .class_count = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "no column of texts");
}

static void refused(small *s, const char *content, const char *words) {
    assert_null(cn_dataset_csv(s->c, file(content), .inputs = {"a"}));
    must_fail(s, cn_error_status(s->c), cn_error_status(s->c), words);
}

static void mistakes_are_told_with_their_place(void **state) {
    small *s = *state;
    refused(s, "a,b\n1,2\n3\n", "t.csv\", line 3: 1 cells, the header has 2");
    refused(s, "a,b\n1,2\n\"\n\n1.5x\",2\n", "line 3, column 1 \"a\": \"\n\n1.5x\" is no number");
    refused(s, "a\n1e300\n", "is more than a float32 holds");
    refused(s, "a\n1\nnone\n", "\"none\" is no number");
    refused(s, "a\n1\n1e999\n", "\"1e999\" is no number");
    refused(s, "a,b\n?,x\n2,y\n",
            "t.csv\", line 3, column 1 \"a\": \"2\" is a number in a column of texts; .texts");
    refused(s, "b,c\n1,2\n", "has no column \"a\"; it has 2: b, c");
    refused(s, "a\n", "has no rows behind its header");
    refused(s, "", "has no rows");
    refused(s, "a\n\"x\n", "line 3: the file ends inside of a quoted cell");
    assert_null(cn_dataset_csv(s->c, file(flowers), .inputs = {"0..7"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "no column \"0..7\"");
    assert_null(cn_dataset_csv(s->c, path, .inputs = {"0,0,0,0"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "listed twice");
    assert_null(cn_dataset_csv(s->c, path, .inputs = {"0..1,width"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "\"width\" lists a column");
    assert_null(cn_dataset_csv(s->c, path, .targets = {"0..2"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "all columns are targets");
    assert_null(cn_dataset_csv(s->c));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    assert_null(cn_dataset_csv(s->c, path, .separator = '"'));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "separates nothing");
}

static void infinities_are_numbers(void **state) {
    small *s = *state;
    cn_dataset *d = cn_dataset_csv(s->c, file("a,b\ninf,-Inf\n2,+infinity\n"));
    static const float expected[] = {INFINITY, -INFINITY, 2, INFINITY};
    assert_int_equal(cn_dataset_class_count(d), 0);
    assert_memory_equal(cn_dataset_input(d, 0).data, expected, sizeof expected);
}

static void names_that_are_not_unique_have_numbers(void **state) {
    small *s = *state;
    file("a,b,a\n1,2,3\n");
    assert_int_equal(cn_dataset_input(cn_dataset_csv(s->c, path), 0).shape[1], 3);
    cn_dataset *d = cn_dataset_csv(s->c, path, .inputs = {"2"}, .targets = {"b"});
    assert_true(((const float *)cn_dataset_input(d, 0).data)[0] == 3);
    assert_null(cn_dataset_csv(s->c, path, .inputs = {"a"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT,
              "t.csv\": \"a\" is the name of several columns; number them");
    assert_null(cn_dataset_csv(s->c, path, .inputs = {"b..a"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "several columns");
}

/* Else its first row were lost without a word. */
static void a_header_of_numbers_is_asked_about(void **state) {
    small *s = *state;
    file("1,2\n3,4\n");
    assert_null(cn_dataset_csv(s->c, path, .targets = {"-1"}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "are all numbers; .no_header = true makes");
    assert_int_equal(cn_dataset_count(cn_dataset_csv(s->c, path, .no_header = true)), 2);
    cn_dataset *d = cn_dataset_csv(s->c, path, .targets = {"2"});
    assert_int_equal(cn_dataset_count(d), 1);
    assert_string_equal(cn_dataset_target(d, 0).name, "2");
}

/* All texts different: nobody's classes. */
static void classes_have_a_limit(void **state) {
    small *s = *state;
    FILE *out = fopen(path, "wb");
    fputs("a\n", out);
    for (int i = 0; i <= 1 << 16; i++)
        fprintf(out, "n%d\n", i);
    fclose(out);
    assert_null(cn_dataset_csv(s->c, path));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "line 65538, column 1 \"a\": \"n65536\" is");
}

static void write_columns(const char *cell, int columns, int rows) {
    FILE *out = fopen(path, "wb");
    for (int i = 0; i < rows * columns; i++)
        fprintf(out, "%s%c", i < columns ? "n" : cell, (i + 1) % columns == 0 ? '\n' : ',');
    fclose(out);
}

/* A row of many columns is small, what is kept of each is not. */
static void many_columns_of_texts_have_a_limit(void **state) {
    small *s = *state;
    size_t before = memory_live(s->c->memory);
    write_columns("x", 1 << 16, 2);
    assert_null(cn_dataset_csv(s->c, path));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "\"x\" is in the 16385th column of texts");
    assert_true(memory_peak(s->c->memory) - before < ((size_t)16 << 20) + 4 * (4 << 16));
    write_columns("x", 1 << 14, 2);
    assert_int_equal(cn_dataset_count(cn_dataset_csv(s->c, path)), 1);
    write_columns("1", 1 << 16, 2);
    assert_int_equal(cn_dataset_count(cn_dataset_csv(s->c, path)), 1);
}

/* The smallest cells: two bytes of file become four of memory, and no more. */
static void memory_is_that_of_the_file(void **state) {
    small *s = *state;
    FILE *out = fopen(path, "wb");
    fputs("a,b\n", out);
    for (int i = 0; i < 1 << 20; i++)
        fputs("1,2\n", out);
    fclose(out);
    size_t before = memory_live(s->c->memory);
    assert_int_equal(cn_dataset_count(cn_dataset_csv(s->c, path)), 1 << 20);
    size_t taken = memory_peak(s->c->memory) - before;
    assert_true(taken >= (size_t)8 << 20 && taken <= (size_t)10 << 20);
}

static void a_model_trains_on_it(void **state) {
    small *s = *state;
    FILE *out = fopen(path, "wb");
    fputs("a,b,c,kind\n", out);
    for (int i = 0; i < SAMPLES; i++)
        fprintf(out, "%.9g,%.9g,%.9g,%c\n", (double)features[i][0], (double)features[i][1],
                (double)features[i][2], 'x' + labels[i]);
    fclose(out);
    cn_dataset *d = cn_dataset_csv(s->c, path, .targets = {"kind"});
    assert_memory_equal(cn_dataset_input(d, 0).data, features, sizeof features);
    assert_int_equal(cn_fit(s->m, d, .batch_size = 8, .verbose = -1), CN_OK);
}

static cn_dataset *open_it(small *s) {
    return cn_dataset_csv(s->c, path, .targets = {"species"});
}

/* Every allocation fails once: a message, and nothing is kept. */
static void running_out_of_memory_is_clean(void **state) {
    small *s = *state;
    memory *m = s->c->memory;
    file(flowers);
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
            must_fail(s, cn_error_status(s->c), CN_ERROR_OUT_OF_MEMORY, "dataset_csv: ");
        assert_true(d != NULL || memory_live(m) == before);
    }
    cn_dataset_free(d);
    assert_int_equal(memory_live(m), before);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FOLDER(texts_are_classes),
                                       WITH_FOLDER(columns_are_chosen),
                                       WITH_FOLDER(tabs_separate_by_the_name),
                                       WITH_FOLDER(missing_cells_have_a_policy),
                                       WITH_FOLDER(classes_can_be_given),
                                       WITH_FOLDER(mistakes_are_told_with_their_place),
                                       WITH_FOLDER(infinities_are_numbers),
                                       WITH_FOLDER(names_that_are_not_unique_have_numbers),
                                       WITH_FOLDER(a_header_of_numbers_is_asked_about),
                                       WITH_FOLDER(classes_have_a_limit),
                                       WITH_FOLDER(many_columns_of_texts_have_a_limit),
                                       WITH_FOLDER(memory_is_that_of_the_file),
                                       WITH_FOLDER(a_model_trains_on_it),
                                       WITH_FOLDER(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
