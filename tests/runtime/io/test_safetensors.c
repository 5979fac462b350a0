/* safetensors: what is written is read; every rule of the reader has a file that breaks it. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "runtime/io/safetensors.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-safe-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

/* ---- round trip ------------------------------------------------------------------------- */

static const float kernel[2][3] = {{1, -2, 3}, {4, 5, -6}};
static const int64_t step = -7;
static const safetensors_text texts[] = {{"cornu", "test 1"}, {"words", "\"quoted\" \xc3\xa9"}};

static safetensors sample(workspace *w) {
    safetensors_entry *e = ARENA_ARRAY(w->arena, safetensors_entry, 4);
    dim two_three[] = {dim_of(2), dim_of(3)}, none[] = {dim_of(0), dim_of(5)};
    e[0] = (safetensors_entry){"dense/kernel", type_make(CN_F32, 2, two_three), kernel, 24};
    e[1] = (safetensors_entry){"nothing", type_make(CN_BF16, 2, none), kernel, 0};
    e[2] = (safetensors_entry){"also nothing", type_make(CN_BOOL, 2, none), kernel, 0};
    e[3] = (safetensors_entry){"step", type_scalar(CN_I64), &step, 8};
    return (safetensors){.entries = e, .entry_count = 4, .texts = texts, .text_count = 2};
}

static void must_be_sample(const safetensors *s) {
    assert_int_equal(s->entry_count, 4);
    const safetensors_entry *e = safetensors_find(s, "dense/kernel");
    assert_non_null(e);
    assert_int_equal(e->type.dtype, CN_F32);
    assert_int_equal(e->type.rank, 2);
    assert_true(dim_is(e->type.dims[1], 3));
    assert_memory_equal(e->data, kernel, sizeof kernel);
    e = safetensors_find(s, "step");
    assert_int_equal(e->type.rank, 0);
    assert_memory_equal(e->data, &step, 8);
    assert_int_equal(safetensors_find(s, "nothing")->bytes, 0);
    assert_null(safetensors_find(s, "dense"));
    assert_string_equal(safetensors_find_text(s, "words"), texts[1].value);
    assert_null(safetensors_find_text(s, "nothing"));
}

static void what_is_written_is_read(void **state) {
    workspace *w = *state;
    safetensors out = sample(w), in;
    assert_true(safetensors_write(path, &out, &w->diagnostics));
    assert_true(safetensors_read(path, w->arena, &w->diagnostics, &in));
    must_be_sample(&in);
    size_t data = (size_t)((const uint8_t *)in.entries[0].data - in.bytes);
    assert_int_equal(data % 64, 0); /* so that a file can be mapped */
    safetensors_close(&in);
}

static void every_element_type_has_a_name(void **state) {
    workspace *w = *state;
    static const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (cn_dtype d = CN_F32; d < CN_DTYPE_COUNT; d++) {
        safetensors_entry e = {"x", type_scalar(d), bytes, (size_t)dtype_bytes(d)};
        safetensors out = {.entries = &e, .entry_count = 1}, in;
        assert_true(safetensors_write(path, &out, &w->diagnostics));
        assert_true(safetensors_read(path, w->arena, &w->diagnostics, &in));
        assert_int_equal(in.entries[0].type.dtype, d);
        safetensors_close(&in);
    }
}

static void nothing_is_a_file_too(void **state) {
    workspace *w = *state;
    safetensors out = {0}, in;
    assert_true(safetensors_write(path, &out, &w->diagnostics));
    assert_true(safetensors_read(path, w->arena, &w->diagnostics, &in));
    assert_int_equal(in.entry_count, 0);
    safetensors_close(&in);
}

static void files_that_cannot_be_written_are_named(void **state) {
    workspace *w = *state;
    safetensors out = sample(w);
    assert_false(safetensors_write("/tmp/cornu-no-such-folder/x", &out, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
    assert_non_null(strstr(w->diagnostics.message, "cornu-no-such-folder"));
    diag_clear(&w->diagnostics);
    safetensors_entry bad = {"\xff", type_scalar(CN_I64), &step, 8};
    out = (safetensors){.entries = &bad, .entry_count = 1};
    assert_false(safetensors_write(path, &out, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "UTF-8"));
}

/* ---- damage ----------------------------------------------------------------------------- */

static uint8_t *file_bytes;
static size_t file_length;

static void read_sample(workspace *w) {
    safetensors out = sample(w);
    assert_true(safetensors_write(path, &out, &w->diagnostics));
    assert_true(file_read_all(path, &w->diagnostics, &file_bytes, &file_length));
}

static bool parses(workspace *w, const void *bytes, size_t length, safetensors *out) {
    diag_clear(&w->diagnostics);
    bool ok = safetensors_parse("file", bytes, length, w->arena, &w->diagnostics, out);
    if (!ok)
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
    return ok;
}

static void every_prefix_is_refused(void **state) {
    workspace *w = *state;
    read_sample(w);
    for (size_t n = 0; n < file_length; n++) {
        safetensors s;
        uint8_t *exact = malloc(n + 1); /* so that reading behind it is seen */
        memcpy(exact, file_bytes, n);
        assert_false(parses(w, exact, n, &s));
        free(exact);
    }
    free(file_bytes);
}

/* Each bit of each byte: refused, or (in what is only words about words) of the same contents. */
static void every_flipped_byte_is_seen(void **state) {
    workspace *w = *state;
    read_sample(w);
    int accepted = 0;
    for (size_t i = 0; i < file_length; i++) {
        for (int bit = 0; bit < 9; bit++) {
            safetensors s;
            uint8_t mask = (uint8_t)(bit < 8 ? 1 << bit : 0xFF);
            file_bytes[i] ^= mask;
            if (parses(w, file_bytes, file_length, &s)) {
                accepted++;
                must_be_sample(&s);
            }
            file_bytes[i] ^= mask;
        }
    }
    assert_true(accepted < 64); /* the name of the checksum itself */
    free(file_bytes);
}

/* ---- rules ------------------------------------------------------------------------------ */

static bool parses_header(workspace *w, const char *header, size_t data_bytes) {
    static uint8_t bytes[4096];
    size_t n = strlen(header);
    memset(bytes, 0, sizeof bytes);
    bytes[0] = (uint8_t)n;
    bytes[1] = (uint8_t)(n >> 8);
    memcpy(bytes + 8, header, n);
    safetensors s;
    return parses(w, bytes, 8 + n + data_bytes, &s);
}

#define ONE(dtype, shape, offsets) \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "}," \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"

static void valid_headers_are_accepted(void **state) {
    static const struct {
        const char *header;
        size_t data_bytes;
    } rows[] = {{"{}", 0},
                {" \t\r\n{} \n", 0},
                {ONE("F32", "[1]", "[0,4]"), 4},
                {ONE("F32", "[]", "[0,4]"), 4},
                {ONE("U16", "[2]", "[0,4]"), 4},
                {ONE("F32", "[0,99999999]", "[0,0]"), 0},
                {ONE("U8", "[1,1,1,1,1,1,1,1,1,4]", "[0,4]"), 4},
                {TWO("[4,8]", "[0,4]"), 8},
                {"{\"__metadata__\":{\"k\":\"v\"}}", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!parses_header(*state, rows[i].header, rows[i].data_bytes))
            fail_msg("%s is refused: %s", rows[i].header,
                     ((workspace *)*state)->diagnostics.message);
}

static void broken_rules_are_named(void **state) {
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *words;
    } rows[] = {
        {"[]", 0, "not an object"},
        {"", 0, "header\", line 1"},
        {"{} x", 0, "header\", line 1"},
        {"{\"a\":1,\"a\":2}", 0, "duplicate"},
        {"{\"a\":1}", 0, "not exactly"},
        {"{\"__metadata__\":[]}", 0, "not an object"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "not text"},
        {"{\"__metadata__\":{\"sha256\":\"0\"}}", 0, "checksum"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}}", 4, "no data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "exactly"},
        {ONE("F33", "[1]", "[0,4]"), 4, "element type F33"},
        {ONE("F32", "4", "[0,4]"), 4, "no shape"},
        {ONE("F32", "[-1]", "[0,4]"), 4, "not a size"},
        {ONE("F32", "[1.0]", "[0,4]"), 4, "not a size"},
        {ONE("F32", "[4294967296,4294967296]", "[0,4]"), 4, "larger than any file"},
        {ONE("F64", "[2305843009213693952]", "[0,4]"), 4, "larger than any file"},
        {ONE("F32", "[99999999999999999999]", "[0,4]"), 4, "too big"},
        {ONE("F32", "[2]", "[0,4]"), 4, "4 bytes, its shape needs 8"},
        {ONE("F32", "[1]", "[0]"), 4, "no data_offsets"},
        {ONE("F32", "[1]", "[0,\"4\"]"), 4, "no data_offsets"},
        {ONE("F32", "[1]", "[4,0]"), 4, "outside"},
        {ONE("F32", "[1]", "[-4,0]"), 4, "outside"},
        {ONE("F32", "[1]", "[1,5]"), 4, "outside"},
        {ONE("F32", "[1]", "[0,4]"), 5, "after the last tensor"},
        {ONE("F32", "[1]", "[4,8]"), 8, "a hole"},
        {TWO("[0,4]", "[0,4]"), 8, "overlap"},
        {TWO("[0,4]", "[5,9]"), 9, "a hole"},
        {"{\"\xff\":{}}", 0, "header\", line 1"}};
    workspace *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (parses_header(w, rows[i].header, rows[i].data_bytes))
            fail_msg("%s is accepted", rows[i].header);
        if (strstr(w->diagnostics.message, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].header, w->diagnostics.message);
    }
}

static void hostile_lengths_are_refused(void **state) {
    uint8_t bytes[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, '{', '}'};
    safetensors s;
    assert_false(parses(*state, bytes, sizeof bytes, &s));
    memset(bytes, 0, 8);
    bytes[0] = 9; /* one more than there are */
    assert_false(parses(*state, bytes, sizeof bytes, &s));
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    read_sample(w);
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        safetensors s;
        arena *a = arena_new(w->memory, &w->diagnostics);
        diag_clear(&w->diagnostics);
        memory_fail_at(w->memory, n, true);
        done = safetensors_read(path, a, &w->diagnostics, &s);
        memory_fail_at(w->memory, 0, false);
        if (!done)
            assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
        safetensors_close(&s);
        arena_free(a);
    }
    free(file_bytes);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FILE(what_is_written_is_read),     WITH_FILE(every_element_type_has_a_name),
        WITH_FILE(nothing_is_a_file_too),       WITH_FILE(files_that_cannot_be_written_are_named),
        WITH_FILE(every_prefix_is_refused),     WITH_FILE(every_flipped_byte_is_seen),
        WITH_FILE(valid_headers_are_accepted),  WITH_FILE(broken_rules_are_named),
        WITH_FILE(hostile_lengths_are_refused), WITH_FILE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
