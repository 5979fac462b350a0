/* NPZ files: what is written is read; damaged and hostile ones are refused. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>
#include <zip.h>

#include "base/platform.h"
#include "runtime/io/npz.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-npz-XXXXXX");
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

static const float kernel[] = {1, -2, 3, 4, 5, -6};
static const int64_t step = -7;

static void write_sample(workspace *w) {
    const dim dims[] = {dim_of(2), dim_of(3)};
    const npy_array entries[] = {{"dense/kernel", type_make(CN_F32, 2, dims), kernel, 24},
                                 {"step", type_scalar(CN_I64), &step, 8}};
    if (!npz_write(path, entries, 2, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
}

static void what_is_written_is_read(void **state) {
    workspace *w = *state;
    npz z;
    write_sample(w);
    if (!npz_read(path, w->arena, &w->diagnostics, &z))
        fail_msg("%s", w->diagnostics.message);
    assert_int_equal(z.entry_count, 2);
    const npy_array *x = npz_find(&z, "dense/kernel");
    assert_non_null(x);
    assert_true(x->type.rank == 2 && dim_is(x->type.dims[0], 2));
    assert_memory_equal(x->data, kernel, sizeof kernel);
    assert_int_equal(*(const int64_t *)npz_find(&z, "step")->data, -7);
    assert_null(npz_find(&z, "dense"));
}

static void writing_refuses_what_numpy_has_not(void **state) {
    workspace *w = *state;
    const npy_array twice[] = {{"a", type_scalar(CN_I64), &step, 8},
                               {"a", type_scalar(CN_I64), &step, 8}};
    const npy_array brain = {"a", type_scalar(CN_BF16), &step, 2};
    unlink(path);
    assert_false(npz_write(path, twice, 2, &w->diagnostics));
    diag_clear(&w->diagnostics);
    assert_false(npz_write(path, &brain, 1, &w->diagnostics));
    assert_int_not_equal(access(path, F_OK), 0);
}

static bool read_again(workspace *w, const void *bytes, size_t length, npz *z) {
    arena_mark mark = arena_get_mark(w->arena);
    write_file(bytes, length);
    diag_clear(&w->diagnostics);
    bool ok = npz_read(path, w->arena, &w->diagnostics, z);
    arena_rewind(w->arena, mark);
    return ok;
}

static void every_prefix_is_refused(void **state) {
    workspace *w = *state;
    uint8_t *bytes;
    size_t length;
    npz z;
    write_sample(w);
    assert_true(file_read_all(path, &w->diagnostics, &bytes, &length));
    for (size_t n = 0; n < length; n++) {
        assert_false(read_again(w, bytes, n, &z));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
    }
    free(bytes);
}

/* What is read has been checked: by CRC, or it lies in fields that say nothing about the data. */
static void no_flipped_byte_changes_data(void **state) {
    workspace *w = *state;
    uint8_t *bytes;
    size_t length;
    write_sample(w);
    assert_true(file_read_all(path, &w->diagnostics, &bytes, &length));
    for (size_t i = 0; i < length; i++) {
        npz z;
        bytes[i] ^= 0xFF;
        write_file(bytes, length);
        diag_clear(&w->diagnostics);
        arena_mark mark = arena_get_mark(w->arena);
        if (npz_read(path, w->arena, &w->diagnostics, &z))
            for (size_t k = 0; k < z.entry_count; k++)
                assert_memory_equal(z.entries[k].data,
                                    z.entries[k].bytes == 24 ? (const void *)kernel : &step,
                                    z.entries[k].bytes);
        arena_rewind(w->arena, mark);
        bytes[i] ^= 0xFF;
    }
    free(bytes);
}

static void add(zip_t *zip, const char *name, const void *bytes, size_t length, int method) {
    zip_source_t *source = zip_source_buffer(zip, bytes, length, 0);
    zip_int64_t index = zip_file_add(zip, name, source, 0);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, method, 9), 0);
}

static void must_be_refused(workspace *w, const char *words) {
    npz z;
    diag_clear(&w->diagnostics);
    assert_false(npz_read(path, w->arena, &w->diagnostics, &z));
    if (w->diagnostics.status != CN_ERROR_FORMAT || strstr(w->diagnostics.message, words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, w->diagnostics.message);
}

static size_t numpy_file(uint8_t *out, size_t count) {
    npy_array x = {.type = type_make(CN_U8, 1, (const dim[]){dim_of((int64_t)count)})};
    char header[NPY_HEADER_BYTES];
    size_t head = npy_header(&x, header);
    memcpy(out, header, head);
    memset(out + head, 0, count);
    return head + count;
}

static void deflated_members_are_read_up_to_the_limit(void **state) {
    workspace *w = *state;
    const size_t large = 40u << 20;
    uint8_t *bytes = malloc(large + NPY_HEADER_BYTES);
    for (int round = 0; round < 2; round++) {
        size_t length = numpy_file(bytes, round == 0 ? 1u << 20 : large);
        unlink(path);
        zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
        add(zip, "zeros.npy", bytes, length, ZIP_CM_DEFLATE);
        assert_int_equal(zip_close(zip), 0);
        npz z;
        if (round == 1)
            must_be_refused(w, "16 MiB and 100 times");
        else if (!npz_read(path, w->arena, &w->diagnostics, &z))
            fail_msg("%s", w->diagnostics.message);
        else
            assert_int_equal(npz_find(&z, "zeros")->bytes, 1 << 20);
    }
    free(bytes);
    assert_true(memory_peak(w->memory) < 20u << 20);
}

static void foreign_members_are_refused(void **state) {
    workspace *w = *state;
    uint8_t bytes[512];
    size_t length = numpy_file(bytes, 8);
    unlink(path);
    zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
    add(zip, "notes.txt", "hello", 5, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    must_be_refused(w, "\"notes.txt\" is no NAME.npy");
    unlink(path);
    zip = zip_open(path, ZIP_CREATE, NULL);
    add(zip, "x.npy", bytes, length - 1, ZIP_CM_STORE);
    assert_int_equal(zip_close(zip), 0);
    must_be_refused(w, "x.npy");
    write_file("no zip", 6);
    must_be_refused(w, path);
}

/* libzip writes no name twice, so the second one is renamed in the bytes. */
static void names_are_distinct(void **state) {
    workspace *w = *state;
    uint8_t *bytes;
    size_t length;
    const npy_array entries[] = {{"aaaa", type_scalar(CN_I64), &step, 8},
                                 {"bbbb", type_scalar(CN_I64), &step, 8}};
    assert_true(npz_write(path, entries, 2, &w->diagnostics));
    assert_true(file_read_all(path, &w->diagnostics, &bytes, &length));
    for (size_t i = 0; i + 4 <= length; i++)
        if (memcmp(bytes + i, "bbbb", 4) == 0)
            memset(bytes + i, 'a', 4);
    write_file(bytes, length);
    free(bytes);
    must_be_refused(w, "damaged"); /* libzip itself sees some of them */
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    bool done = false;
    static float many[1 << 15];
    const dim length = dim_of(1 << 15);
    const npy_array x = {"many", type_make(CN_F32, 1, &length), many, sizeof many};
    assert_true(npz_write(path, &x, 1, &w->diagnostics));
    for (int64_t n = 1; !done; n++) {
        npz z;
        diag_clear(&w->diagnostics);
        arena *a = arena_new(w->memory, &w->diagnostics);
        memory_fail_at(w->memory, n, true);
        done = npz_read(path, a, &w->diagnostics, &z);
        memory_fail_at(w->memory, 0, false);
        assert_int_equal(w->diagnostics.status, done ? CN_OK : CN_ERROR_OUT_OF_MEMORY);
        arena_free(a);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FILE(what_is_written_is_read),
                                       WITH_FILE(writing_refuses_what_numpy_has_not),
                                       WITH_FILE(every_prefix_is_refused),
                                       WITH_FILE(no_flipped_byte_changes_data),
                                       WITH_FILE(deflated_members_are_read_up_to_the_limit),
                                       WITH_FILE(foreign_members_are_refused),
                                       WITH_FILE(names_are_distinct),
                                       WITH_FILE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
