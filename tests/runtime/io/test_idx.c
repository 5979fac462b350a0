/* IDX files, plain and gzip: what is read, and every way to be damaged. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "runtime/io/idx.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-idx-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

static void write_file(const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void give_back(workspace *w, idx_array *x) {
    memory_give(w->memory, x->data, x->bytes);
}

static void must_be_images(workspace *w) {
    idx_array x;
    if (!idx_read(path, w->memory, &w->diagnostics, &x))
        fail_msg("%s", w->diagnostics.message);
    assert_int_equal(x.type.dtype, CN_U8);
    assert_int_equal(x.type.rank, 3);
    assert_true(dim_is(x.type.dims[0], 2) && dim_is(x.type.dims[2], 3));
    assert_int_equal(x.bytes, 12);
    assert_memory_equal(x.data, images + 16, 12);
    give_back(w, &x);
}

static void bytes_are_read(void **state) {
    write_file(images, sizeof images);
    must_be_images(*state);
}

static void gzip_is_read(void **state) {
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, images, sizeof images), sizeof images);
    assert_int_equal(gzclose(file), Z_OK);
    must_be_images(*state);
}

static void wide_numbers_come_in_host_order(void **state) {
    workspace *w = *state;
    static const uint8_t shorts[] = {0, 0, 0x0B, 1, 0, 0, 0, 2, 0xFF, 0xFE, 1, 2};
    static const uint8_t floats[] = {0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0};
    idx_array x;
    write_file(shorts, sizeof shorts);
    assert_true(idx_read(path, w->memory, &w->diagnostics, &x));
    assert_int_equal(x.type.dtype, CN_I32);
    assert_int_equal(((int32_t *)x.data)[0], -2);
    assert_int_equal(((int32_t *)x.data)[1], 258);
    give_back(w, &x);
    write_file(floats, sizeof floats);
    assert_true(idx_read(path, w->memory, &w->diagnostics, &x));
    assert_int_equal(x.type.dtype, CN_F32);
    assert_true(((float *)x.data)[0] == 1.5f);
    give_back(w, &x);
}

static void must_be_refused(workspace *w, cn_status status, const char *words) {
    idx_array x;
    diag_clear(&w->diagnostics);
    assert_false(idx_read(path, w->memory, &w->diagnostics, &x));
    assert_null(x.data);
    if (w->diagnostics.status != status || strstr(w->diagnostics.message, words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, w->diagnostics.message);
}

static void every_prefix_is_refused(void **state) {
    for (size_t n = 0; n < sizeof images; n++) {
        write_file(images, n);
        must_be_refused(*state, CN_ERROR_FORMAT, path);
    }
}

static void every_prefix_of_gzip_is_refused(void **state) {
    uint8_t packed[128];
    gzFile out = gzopen(path, "wb");
    gzwrite(out, images, sizeof images);
    gzclose(out);
    FILE *file = fopen(path, "rb");
    size_t length = fread(packed, 1, sizeof packed, file);
    fclose(file);
    for (size_t n = 0; n < length; n++) {
        write_file(packed, n);
        must_be_refused(*state, CN_ERROR_FORMAT, path);
    }
}

/* Any byte of the header changed is refused or tells of the same amount of data. */
static void no_flipped_byte_does_harm(void **state) {
    workspace *w = *state;
    for (size_t i = 0; i < 16; i++) {
        for (int bit = 0; bit < 9; bit++) {
            uint8_t bytes[sizeof images];
            idx_array x;
            memcpy(bytes, images, sizeof images);
            bytes[i] ^= (uint8_t)(bit < 8 ? 1 << bit : 0xFF);
            write_file(bytes, sizeof bytes);
            diag_clear(&w->diagnostics);
            if (!idx_read(path, w->memory, &w->diagnostics, &x))
                continue;
            assert_int_equal(x.bytes, 12);
            give_back(w, &x);
        }
    }
}

static void hostile_headers_are_refused(void **state) {
    static const uint8_t huge[] = {0,    0,    0x0E, 4,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t deep[] = {0, 0, 8, 200};
    static const uint8_t longer[] = {0, 0, 8, 1, 0, 0, 0, 1, 7, 7};
    write_file(huge, sizeof huge);
    must_be_refused(*state, CN_ERROR_FORMAT, "cut short");
    write_file(deep, sizeof deep);
    must_be_refused(*state, CN_ERROR_FORMAT, "200 axes");
    write_file(longer, sizeof longer);
    must_be_refused(*state, CN_ERROR_FORMAT, "bytes after its end");
    write_file("PK\3\4", 4);
    must_be_refused(*state, CN_ERROR_FORMAT, "not an IDX file");
    unlink(path);
    must_be_refused(*state, CN_ERROR_FILE, "cannot be opened");
}

static void empty_arrays_are_arrays(void **state) {
    workspace *w = *state;
    static const uint8_t none[] = {0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 5};
    idx_array x;
    write_file(none, sizeof none);
    assert_true(idx_read(path, w->memory, &w->diagnostics, &x));
    assert_int_equal(x.bytes, 0);
    give_back(w, &x);
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    bool done = false;
    write_file(images, sizeof images);
    for (int64_t n = 1; !done; n++) {
        idx_array x;
        diag_clear(&w->diagnostics);
        memory_fail_at(w->memory, n, true);
        done = idx_read(path, w->memory, &w->diagnostics, &x);
        memory_fail_at(w->memory, 0, false);
        if (done)
            give_back(w, &x);
        else
            assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FILE(bytes_are_read),
                                       WITH_FILE(gzip_is_read),
                                       WITH_FILE(wide_numbers_come_in_host_order),
                                       WITH_FILE(every_prefix_is_refused),
                                       WITH_FILE(every_prefix_of_gzip_is_refused),
                                       WITH_FILE(no_flipped_byte_does_harm),
                                       WITH_FILE(hostile_headers_are_refused),
                                       WITH_FILE(empty_arrays_are_arrays),
                                       WITH_FILE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
