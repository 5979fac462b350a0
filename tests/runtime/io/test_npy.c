/* NPY files: what NumPy writes is read, and every way to be damaged is refused. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/io/npy.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-npy-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

/* A file of version 1.0 with this dictionary; returns its length. */
static size_t make(uint8_t *out, const char *dictionary, const void *data, size_t bytes) {
    size_t length = strlen(dictionary);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (uint8_t)length;
    out[9] = (uint8_t)(length >> 8);
    memcpy(out + 10, dictionary, length);
    memcpy(out + 10 + length, data, bytes);
    return 10 + length + bytes;
}

static bool parse(workspace *w, const char *dictionary, const void *data, size_t bytes,
                  npy_array *x) {
    uint8_t file[1024];
    size_t length = make(file, dictionary, data, bytes);
    diag_clear(&w->diagnostics);
    return npy_parse("x.npy", file, length, w->arena, &w->diagnostics, x);
}

static npy_array must_parse(workspace *w, const char *dictionary, const void *data, size_t bytes) {
    npy_array x;
    if (!parse(w, dictionary, data, bytes, &x))
        fail_msg("%s", w->diagnostics.message);
    assert_int_equal((uintptr_t)x.data % 64, 0);
    return x;
}

static const float six[] = {1, -2, 3, 4, 5, -6};
static const char *const plain = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

static void what_numpy_writes_is_read(void **state) {
    workspace *w = *state;
    npy_array x = must_parse(w, plain, six, 24);
    assert_true(x.type.dtype == CN_F32 && x.type.rank == 2 && dim_is(x.type.dims[1], 3));
    assert_memory_equal(x.data, six, 24);
    /* other spellings of one dictionary */
    x = must_parse(w, "{\"shape\":(6L,),\"fortran_order\":False,\"descr\":\"=f4\"}", six, 24);
    assert_true(x.type.rank == 1 && dim_is(x.type.dims[0], 6));
    x = must_parse(w, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}", six, 8);
    assert_int_equal(x.type.rank, 0);
    x = must_parse(w, "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 5)}", six, 0);
    assert_int_equal(x.bytes, 0);
    x = must_parse(w, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", "\0\2\1", 3);
    assert_memory_equal(x.data, "\0\1\1", 3);
}

static void other_orders_are_converted(void **state) {
    workspace *w = *state;
    static const uint8_t big[] = {0x3F, 0xC0, 0, 0, 0xC0, 0x20, 0, 0};
    npy_array x =
        must_parse(w, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", big, sizeof big);
    assert_true(((const float *)x.data)[0] == 1.5f && ((const float *)x.data)[1] == -2.5f);
    static const int8_t columns[] = {1, 4, 2, 5, 3, 6};
    x = must_parse(w, "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}", columns, 6);
    assert_memory_equal(x.data, "\1\2\3\4\5\6", 6);
    static const int16_t shorts[] = {-2, 258};
    x = must_parse(w, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}", shorts, 4);
    assert_int_equal(x.type.dtype, CN_I32);
    assert_true(((const int32_t *)x.data)[0] == -2 && ((const int32_t *)x.data)[1] == 258);
    x = must_parse(w, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}", shorts, 4);
    assert_int_equal(((const int32_t *)x.data)[0], 65534);
}

static void damaged_headers_are_refused(void **state) {
    static const struct {
        const char *dictionary, *words;
    } rows[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (6,)}", "objects, which are code"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}", "'<c8' is not supported"},
        {"{'descr': '<u8', 'fortran_order': False, 'shape': (3,)}", "'<u8' is not supported"},
        {"{'descr': '', 'fortran_order': False, 'shape': (3,)}", "'' is not supported"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}", "records"},
        {"{'descr': '<f4', 'fortran_order': 1, 'shape': (6,)}", "neither True nor False"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}", "28 bytes of data, there are"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}", "20 bytes of data, there are"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}", "is no size"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", "',' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 6}", "'(' is missing"},
        {"{'descr': '<f4', 'fortran_order': False}", "lacks 'shape'"},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (6,)}", "stands twice"},
        {"{'descr': '<f4', 'order': 'C', 'shape': (6,)}", "unknown key 'order'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} or 1", "behind its end"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)", "',' is missing"},
        {"{'descr': '<f\\x34', 'fortran_order': False, 'shape': (6,)}", "without an end"},
        {"{'descr': '<f4", "without an end"},
        {"", "'{' is missing"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "larger"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 6)}",
         "larger than any file"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6)}", "8 axes"},
    };
    workspace *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        npy_array x;
        assert_false(parse(w, rows[i].dictionary, six, 24, &x));
        if (w->diagnostics.status != CN_ERROR_FORMAT ||
            strstr(w->diagnostics.message, rows[i].words) == NULL)
            fail_msg("wanted ...%s..., got %s", rows[i].words, w->diagnostics.message);
    }
}

static void every_prefix_is_refused(void **state) {
    workspace *w = *state;
    uint8_t file[256];
    size_t length = make(file, plain, six, 24);
    for (size_t n = 0; n < length; n++) {
        npy_array x;
        uint8_t *exact = malloc(n + (n == 0)); /* reading past it is an error of its own */
        memcpy(exact, file, n);
        diag_clear(&w->diagnostics);
        assert_false(npy_parse("x.npy", exact, n, w->arena, &w->diagnostics, &x));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
        free(exact);
    }
}

static void no_flipped_byte_does_harm(void **state) {
    workspace *w = *state;
    uint8_t file[256];
    size_t length = make(file, plain, six, 24);
    for (size_t i = 0; i < length - 24; i++) {
        for (int bits = 1; bits < 256; bits++) {
            npy_array x;
            file[i] ^= (uint8_t)bits;
            diag_clear(&w->diagnostics);
            arena_mark mark = arena_get_mark(w->arena);
            if (npy_parse("x.npy", file, length, w->arena, &w->diagnostics, &x))
                assert_true(x.bytes == (size_t)type_bytes(&x.type, 0) && x.bytes <= 48);
            arena_rewind(w->arena, mark);
            file[i] ^= (uint8_t)bits;
        }
    }
}

static void later_versions_are_read(void **state) {
    workspace *w = *state;
    uint8_t one[256], two[256];
    npy_array x;
    size_t length = make(one, plain, six, 24);
    memcpy(two, one, 10);
    memset(two + 10, 0, 2);
    memcpy(two + 12, one + 10, length - 10);
    for (uint8_t version = 2; version <= 4; version++) {
        two[6] = version;
        diag_clear(&w->diagnostics);
        bool ok = npy_parse("x.npy", two, length + 2, w->arena, &w->diagnostics, &x);
        assert_int_equal(ok, version <= 3);
    }
    assert_non_null(strstr(w->diagnostics.message, "version 4.0"));
}

static void what_is_written_is_read(void **state) {
    workspace *w = *state;
    static const cn_dtype dtypes[] = {CN_F32, CN_F64, CN_F16, CN_I64, CN_I32,
                                      CN_U32, CN_I8,  CN_U8,  CN_BOOL};
    static const uint8_t bytes[8 * 6] = {1, 0, 1, 1};
    const dim dims[MAX_RANK] = {dim_of(3), dim_of(2), dim_of(1), dim_of(1),
                                dim_of(1), dim_of(1), dim_of(1), dim_of(1)};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        for (int rank = 0; rank <= MAX_RANK; rank += rank < 2 ? 1 : 3) {
            type t = type_make(dtypes[i], rank, dims);
            npy_array x = {.type = t, .data = bytes, .bytes = (size_t)type_bytes(&t, 0)}, back;
            assert_true(npy_write(path, &x, &w->diagnostics));
            if (!npy_read(path, w->arena, &w->diagnostics, &back))
                fail_msg("%s", w->diagnostics.message);
            assert_true(type_equal(&x.type, &back.type) && x.bytes == back.bytes);
            assert_memory_equal(back.data, x.data, x.bytes);
        }
    }
    npy_array none = {.type = type_scalar(CN_BF16), .data = bytes, .bytes = 2};
    assert_false(npy_write(path, &none, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_DTYPE);
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    static float many[1 << 16];
    const dim length = dim_of(1 << 16);
    npy_array x = {.type = type_make(CN_F32, 1, &length), .data = many, .bytes = sizeof many}, back;
    assert_true(npy_write(path, &x, &w->diagnostics));
    memory_fail_at(w->memory, 1, true);
    assert_false(npy_read(path, w->arena, &w->diagnostics, &back));
    memory_fail_at(w->memory, 0, false);
    assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
    unlink(path);
    diag_clear(&w->diagnostics);
    assert_false(npy_read(path, w->arena, &w->diagnostics, &back));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(what_numpy_writes_is_read),   WITH_WORKSPACE(other_orders_are_converted),
        WITH_WORKSPACE(damaged_headers_are_refused), WITH_WORKSPACE(every_prefix_is_refused),
        WITH_WORKSPACE(no_flipped_byte_does_harm),   WITH_WORKSPACE(later_versions_are_read),
        WITH_FILE(what_is_written_is_read),          WITH_FILE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
