/* CIFAR's files as datasets. */
#include "small_model.h"

enum { RECORD = 3073 };

static void files_become_samples(void **state) {
    (void)state;
    small s;
    char folder[64], path[96];
    static uint8_t records[3 * RECORD], pixels[2][32][32][3];
    int32_t labels_read[2];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/batch.bin", folder);
    for (int i = 0; i < 3; i++) {
        records[i * RECORD] = (uint8_t)(i * 3);
        memset(records + i * RECORD + 1, 10 * i, RECORD - 1);
    }
    FILE *file = fopen(path, "wb");
    fwrite(records, 1, sizeof records, file);
    fclose(file);
    open_small(&s, (cn_context_options){.quiet = true});
    cn_dataset *d = cn_dataset_cifar(s.c, {path, path});
    if (d == NULL)
        fail_msg("%s", cn_error_message(s.c));
    assert_int_equal(cn_dataset_count(d), 6);
    assert_int_equal(cn_dataset_class_count(d), 10);
    assert_string_equal(cn_dataset_class_name(d, 3), "cat");
    assert_int_equal(cn_dataset_read(d, 4, 6, (void *[]){pixels, labels_read}), CN_OK);
    assert_true(labels_read[0] == 3 && labels_read[1] == 6 && pixels[1][31][31][2] == 20);
    assert_null(cn_dataset_cifar(s.c, {path}, .classes = 100));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_FORMAT,
              "9219 bytes, which are no records of 3074");
    assert_null(cn_dataset_cifar(s.c, {path}, .classes = 7));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "10 or 100, not 7");
    assert_null(cn_dataset_cifar(s.c, {path}, .coarse = true));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "CIFAR-100");
    assert_null(cn_dataset_cifar(s.c));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    close_small(&s);
    remove_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_become_samples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
