/* Files of arrays: what is written is read, by content and not by name, and bad files are refused.
 */
#include "small_model.h"

#include <unistd.h>

static const char *const paths[] = {"arrays.npy", "arrays.npz", "arrays.safetensors"};

static void what_is_written_is_read(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    float values[6] = {1, -2, 3.5F, 0, 1e-30F, 6};
    uint8_t classes[3] = {7, 0, 255};
    cn_array arrays[] = {{.name = "values", .data = values, .shape = {2, 3}},
                         {.name = "labels", .data = classes, .dtype = CN_U8, .shape = {3}}};
    for (size_t k = 0; k < 3; k++) {
        size_t count = k == 0 ? 1 : 2;
        assert_int_equal(cn_array_file_write(s.c, paths[k], arrays, count), CN_OK);
        cn_array_file *f = cn_array_file_read(s.c, paths[k]);
        assert_non_null(f);
        assert_string_equal(cn_array_file_format(f), paths[k] + strlen("arrays."));
        assert_int_equal(cn_array_file_count(f), count);
        for (size_t i = 0; i < count; i++) {
            cn_array x = cn_array_file_get(f, i);
            bool is_labels = x.dtype == CN_U8;
            assert_int_equal(x.rank, is_labels ? 1 : 2);
            assert_memory_equal(x.data, is_labels ? (void *)classes : (void *)values,
                                is_labels ? sizeof classes : sizeof values);
            if (k > 0)
                assert_string_equal(x.name, is_labels ? "labels" : "values");
        }
        assert_null(cn_array_file_get(f, count).data);
        cn_array_file_free(f);
        unlink(paths[k]);
    }
    close_small(&s);
}

static void write_bytes(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void idx_is_told_by_its_first_bytes(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    write_bytes("labels.bin", "\0\0\10\1\0\0\0\3\7\1\2", 11);
    cn_array_file *f = cn_array_file_read(s.c, "labels.bin");
    assert_non_null(f);
    assert_string_equal(cn_array_file_format(f), "idx");
    cn_array x = cn_array_file_get(f, 0);
    assert_int_equal(x.dtype, CN_U8);
    assert_int_equal(x.shape[0], 3);
    assert_int_equal(((uint8_t *)x.data)[0], 7);
    assert_null(x.name);
    cn_array_file_free(f);
    unlink("labels.bin");
    close_small(&s);
}

static void refused(small *s, cn_array_file *f, cn_status status, const char *words) {
    assert_null(f);
    must_fail(s, cn_error_status(s->c), status, words);
}

static void bad_files_are_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    refused(&s, cn_array_file_read(s.c, NULL), CN_ERROR_INVALID_ARGUMENT, "no file is named");
    refused(&s, cn_array_file_read(s.c, "/nowhere"), CN_ERROR_FILE, "/nowhere");
    refused(&s, cn_array_file_read(s.c, "/"), CN_ERROR_FILE, "is not a regular file");
    write_bytes("bad", "neither of them", 15);
    refused(&s, cn_array_file_read(s.c, "bad"), CN_ERROR_FORMAT, "neither .npy, .npz");
    write_bytes("bad", "\x93NUMPY\1\0", 8);
    refused(&s, cn_array_file_read(s.c, "bad"), CN_ERROR_FORMAT, "bad");
    write_bytes("bad", "\0\0\10\1\0\0\0\3\7", 9);
    refused(&s, cn_array_file_read(s.c, "bad"), CN_ERROR_FORMAT, "bad");
    write_bytes("bad", "\377\0\0\0\0\0\0\0{", 9);
    refused(&s, cn_array_file_read(s.c, "bad"), CN_ERROR_FORMAT, "bad");
    unlink("bad");
    close_small(&s);
}

static void what_a_format_cannot_hold_is_not_written(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    float x[2] = {1, 2};
    cn_array two[] = {{.data = x, .shape = {2}}, {.data = x, .shape = {1}}};
    must_fail(&s, cn_array_file_write(s.c, "out.npy", two, 2), CN_ERROR_INVALID_ARGUMENT,
              "holds one array");
    must_fail(&s, cn_array_file_write(s.c, "out.idx", two, 1), CN_ERROR_INVALID_ARGUMENT,
              "written as .npy");
    must_fail(&s, cn_array_file_write(s.c, "/nowhere/out.npz", two, 2), CN_ERROR_FILE, "/nowhere");
    cn_array odd = {.data = x, .rank = 1, .shape = {-2}};
    must_fail(&s, cn_array_file_write(s.c, "out.npy", &odd, 1), CN_ERROR_INVALID_ARGUMENT,
              "no usable shape");
    assert_int_equal(access("out.npy", F_OK), -1);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(idx_is_told_by_its_first_bytes),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(what_a_format_cannot_hold_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
