/* CSVLogger writes the file that Keras writes. */
#include "small_model.h"

static char folder[64], path[128], text_of_file[4096];

static int open_folder(void **state) {
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/log.csv", folder);
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static const char *read_file(void) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text_of_file, 1, sizeof text_of_file - 1, file);
    text_of_file[n] = 0;
    fclose(file);
    return text_of_file;
}

static int count_lines(const char *words) {
    int n = 0;
    for (; *words != 0; words++)
        n += *words == '\n';
    return n;
}

static void train(small *s, int64_t epochs, double split, cn_callback *log) {
    if (cn_fit(s->m, s->data, .epochs = epochs, .batch_size = 8, .validation_split = split,
               .validation_freq = 2, .callbacks = {log}) != CN_OK)
        fail_msg("%s", cn_error_message(s->c));
}

/* Validation comes with the second epoch: its columns are there from the first, "NA" until then. */
static void a_row_per_epoch(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    train(&s, 2, 0.25, cn_csv_logger(s.c, path, 0, false));
    double loss, val_accuracy, val_loss, accuracy;
    read_file();
    static const char head[] = "epoch,accuracy,loss,val_accuracy,val_loss\r\n";
    assert_int_equal(strncmp(text_of_file, head, strlen(head)), 0);
    assert_int_equal(sscanf(text_of_file + strlen(head), "0,%lf,%lf,NA,NA", &accuracy, &loss), 2);
    const cn_history *h = cn_model_history(s.m);
    assert_true(loss == cn_history_get(h, "loss", 0)); /* every digit */
    const char *second = strstr(text_of_file, "\n1,");
    assert_int_equal(
        sscanf(second, "\n1,%lf,%lf,%lf,%lf", &accuracy, &loss, &val_accuracy, &val_loss), 4);
    assert_true(val_loss == cn_history_get(h, "val_loss", 1));
    close_small(&s);
}

static void appending_writes_no_second_header(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback *log = cn_csv_logger(s.c, path, ';', true);
    train(&s, 2, 0, log);
    train(&s, 1, 0, log);
    assert_int_equal(count_lines(read_file()), 4);
    assert_int_equal(strncmp(text_of_file, "epoch;accuracy;loss;val_accuracy;val_loss\r\n", 43), 0);
    train(&s, 1, 0, cn_csv_logger(s.c, path, 0, false)); /* begins anew */
    assert_int_equal(count_lines(read_file()), 2);
    close_small(&s);
}

static void a_file_that_cannot_be_written_ends_fit(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cn_csv_logger(s.c, folder, 0, false)}),
              CN_ERROR_FILE, "CSVLogger: ");
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cn_csv_logger(s.c, "/dev/full", 0, true)}),
              CN_ERROR_FILE, "No space left");
    cn_csv_logger(s.c, NULL, 0, false);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    must_work(&s);
    close_small(&s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void) {
    const struct CMUnitTest tests[] = {IN_FOLDER(a_row_per_epoch),
                                       IN_FOLDER(appending_writes_no_second_header),
                                       IN_FOLDER(a_file_that_cannot_be_written_ends_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
