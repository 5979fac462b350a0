/* HDF5 through the program cornu-hdf5: what h5py writes is read, what is written is read, and what
 * is damaged, hostile, or told by a program that lies is refused.
 *
 * The files are those of scripts/golden/hdf5_files.py. Damage is sampled; CORNU_TEST_ALL=1 tries
 * every prefix and every byte.
 */
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platform.h"
#include "runtime/io/hdf5.h"

#define FOLDER CORNU_SOURCE_FOLDER "/tests/runtime/io/hdf5/"

/* ---- reading ---------------------------------------------------------------------------- */

static file_view open_file(workspace *w, const char *name) {
    file_view v = {.title = name};
    uint8_t *bytes;
    char path[512];
    snprintf(path, sizeof path, FOLDER "%s.h5", name);
    if (!file_read_keep(path, &w->diagnostics, &bytes, &v.length, &v.descriptor))
        fail_msg("%s", w->diagnostics.message);
    v.bytes = bytes;
    return v;
}

static void close_file(file_view *v) {
    free((void *)(uintptr_t)v->bytes);
    close(v->descriptor);
}

static hdf5_file read_good(workspace *w, const file_view *v) {
    hdf5_file f;
    if (!hdf5_read(v, w->arena, &w->diagnostics, &f))
        fail_msg("%s: %s", v->title, w->diagnostics.message);
    return f;
}

static const hdf5_dataset *need(const hdf5_file *f, const char *path) {
    const hdf5_dataset *x = hdf5_find(f, path);
    if (x == NULL)
        fail_msg("there is no %s", path);
    return x;
}

static void every_element_type_is_read(void **state) {
    static const cn_dtype dtypes[] = {CN_F32, CN_F64, CN_F16, CN_I64, CN_I32, CN_U32,
                                      CN_I8,  CN_U8,  0,      0,      0,      CN_BOOL};
    workspace *w = *state;
    file_view v = open_file(w, "types");
    hdf5_file f = read_good(w, &v);
    assert_int_equal(f.dataset_count, 15);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        const hdf5_dataset *x = need(&f, arena_format(w->arena, "layers/dense/vars/%zu", i));
        assert_int_equal(x->type.dtype, dtypes[i]);
        assert_true(x->type.rank == 2 && dim_is(x->type.dims[0], 2) && dim_is(x->type.dims[1], 3));
    }
    float values[6];
    memcpy(values, need(&f, "layers/dense/vars/0")->data, sizeof values);
    assert_memory_equal(values, ((const float[]){0, 1, 0, 1, 0, 1}), sizeof values);
    const hdf5_dataset *brain = need(&f, "layers/dense/vars/brain");
    assert_int_equal(brain->type.dtype, CN_BF16);
    assert_memory_equal(brain->data, ((const uint16_t[]){0, 0x3F80, 0x4000}), 6);
    assert_int_equal(need(&f, "layers/dense/vars/scalar")->type.rank, 0);
    assert_int_equal(need(&f, "layers/dense/vars/empty")->bytes, 0);
    const hdf5_attribute *name = hdf5_find_attribute(&f, "layers/dense/vars", "name");
    assert_true(name != NULL && name->count == 1);
    assert_string_equal(name->texts[0], "dense \xC3\xA9");
    close_file(&v);
}

static void texts_of_older_files_are_read(void **state) {
    workspace *w = *state;
    file_view v = open_file(w, "texts");
    hdf5_file f = read_good(w, &v);
    const hdf5_attribute *names = hdf5_find_attribute(&f, "", "layer_names");
    assert_true(names != NULL && names->count == 2);
    assert_string_equal(names->texts[1], "dense_1");
    const hdf5_attribute *fixed = hdf5_find_attribute(&f, "", "fixed");
    assert_string_equal(fixed->texts[0], "ab");
    assert_string_equal(fixed->texts[1], "c");
    assert_int_equal(hdf5_find_attribute(&f, "", "none")->count, 0);
    assert_null(hdf5_find_attribute(&f, "", "count")); /* a number */
    assert_string_equal(hdf5_find_attribute(&f, "model_weights/conv", "weight_names")->texts[0],
                        "k:0");
    close_file(&v);
}

static void the_order_of_creation_is_kept(void **state) {
    workspace *w = *state;
    file_view v = open_file(w, "order");
    hdf5_file f = read_good(w, &v);
    assert_string_equal(f.datasets[0].path, "vars/2");
    assert_string_equal(f.datasets[1].path, "vars/10");
    assert_string_equal(f.attributes[0].name, "z");
    close_file(&v);
    v = open_file(w, "many");
    f = read_good(w, &v);
    assert_int_equal(f.dataset_count, 12);
    assert_string_equal(f.datasets[2].path, "layers/dense_10/vars/0");
    close_file(&v);
}

/* A member of an archive lies somewhere in the file. */
static void a_file_inside_of_another_is_read(void **state) {
    workspace *w = *state;
    file_view v = open_file(w, "types");
    shared_bytes whole;
    assert_true(shared_bytes_new(v.length + 5000, &whole));
    memcpy(whole.bytes + 4999, v.bytes, v.length);
    file_view member = {"member", whole.bytes + 4999, v.length, whole.descriptor, 4999};
    hdf5_file f = read_good(w, &member);
    assert_memory_equal(need(&f, "layers/dense/vars/scalar")->data, &(int64_t){-7}, 8);
    shared_bytes_free(&whole);
    close_file(&v);
}

/* ---- refusing --------------------------------------------------------------------------- */

static void must_be_refused(workspace *w, const file_view *v, const char *words) {
    hdf5_file f;
    diag_clear(&w->diagnostics);
    if (hdf5_read(v, w->arena, &w->diagnostics, &f))
        fail_msg("%s is read", v->title);
    if (w->diagnostics.status != CN_ERROR_FORMAT || strstr(w->diagnostics.message, words) == NULL ||
        strstr(w->diagnostics.message, v->title) == NULL)
        fail_msg("%s: wanted ...%s..., got %s", v->title, words, w->diagnostics.message);
    assert_int_equal(f.dataset_count + f.attribute_count, 0);
}

static void what_leads_elsewhere_is_refused(void **state) {
    static const char *const rows[][2] = {
        {"external_link", "\"/layers\" is a link into another file"},
        {"soft_link", "\"/there\" is a link by name"},
        {"external_storage", "the data of \"x\" lie in other files"},
        {"virtual", "\"x\""},
        {"chunked", "\"x\" is chunked"},
        {"compressed", "\"x\" is compressed"},
        {"compact", "\"x\" is stored in its header"},
        {"without_data", "\"x\" has no data"},
        {"loop", "\"a/b\" is another name of an object, or a loop"},
        {"two_names", "\"y\" is another name of an object"},
        {"deep", "nested too deep"},
        {"record", "elements of an unknown type"},
        {"text_data", "elements of an unknown type"},
        {"big_endian", "elements of an unknown type"},
        {"named_type", "neither a group nor a dataset"},
        {"not_utf8", "no UTF-8"},
        {"huge", "\"x\""},
        {"too_large", "\"x\" has 384 bytes, its shape needs 432"},
    };
    workspace *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        file_view v = open_file(w, rows[i][0]);
        must_be_refused(w, &v, rows[i][1]);
        close_file(&v);
    }
}

static size_t step(size_t sampled) {
    return getenv("CORNU_TEST_ALL") != NULL ? 1 : sampled;
}

static void prefixes_are_refused(void **state) {
    workspace *w = *state;
    file_view v = open_file(w, "types");
    size_t length = v.length;
    for (v.length = 0; v.length < length; v.length += step(length / 50))
        must_be_refused(w, &v, "types");
    close_file(&v);
}

/* Read or refused; what is read has been checked against the bytes. */
static void flipped_bytes_do_no_harm(void **state) {
    static const char *const names[] = {"types", "texts", "order"};
    workspace *w = *state;
    for (size_t n = 0; n < 3; n++) {
        file_view v = open_file(w, names[n]);
        shared_bytes copy;
        assert_true(shared_bytes_new(v.length, &copy));
        memcpy(copy.bytes, v.bytes, v.length);
        file_view damaged = {names[n], copy.bytes, v.length, copy.descriptor, 0};
        for (size_t i = 0; i < v.length; i += step(97)) {
            hdf5_file f;
            arena_mark mark = arena_get_mark(w->arena);
            diag_clear(&w->diagnostics);
            copy.bytes[i] ^= 0xFF;
            if (!hdf5_read(&damaged, w->arena, &w->diagnostics, &f))
                assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
            copy.bytes[i] ^= 0xFF;
            arena_rewind(w->arena, mark);
        }
        shared_bytes_free(&copy);
        close_file(&v);
    }
}

/* ---- the program ------------------------------------------------------------------------ */

/* Runs a script in place of cornu-hdf5. */
static bool read_by(workspace *w, const char *script) {
    char path[] = "/tmp/cornu-hdf5-XXXXXX", *kept = strdup(getenv("CORNU_HDF5"));
    int fd = mkstemp(path);
    dprintf(fd, "#!/bin/sh\n%s\n", script);
    fchmod(fd, 0700);
    close(fd);
    setenv("CORNU_HDF5", path, 1);
    file_view v = open_file(w, "types");
    hdf5_file f;
    diag_clear(&w->diagnostics);
    bool ok = hdf5_read(&v, w->arena, &w->diagnostics, &f);
    setenv("CORNU_HDF5", kept, 1);
    free(kept);
    unlink(path);
    close_file(&v);
    return ok;
}

static void a_program_that_fails_is_survived(void **state) {
    static const char *const rows[][2] = {
        {"kill -9 $$", "did not survive it (signal 9)"},
        {"echo nothing works >&2; exit 1", "nothing works"},
        {"exit 7", "without words"},
        {"exit 0", "the answer of cornu-hdf5"},
        {"echo '{\"datasets\":' >&4", "the answer of cornu-hdf5"},
        {"echo '[]' >&4", "is none"},
        {"sleep 0.1; head -c 60000000 /dev/zero >&4", "types"},
    };
    workspace *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(read_by(w, rows[i][0]));
        if (strstr(w->diagnostics.message, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], w->diagnostics.message);
    }
    assert_true(read_by(w, "echo '{\"datasets\":[],\"attributes\":[]}' >&4"));
}

static void a_missing_program_is_named(void **state) {
    workspace *w = *state;
    char *kept = strdup(getenv("CORNU_HDF5"));
    file_view v = open_file(w, "types");
    hdf5_file f;
    setenv("CORNU_HDF5", "/nowhere/cornu-hdf5", 1);
    assert_false(hdf5_read(&v, w->arena, &w->diagnostics, &f));
    assert_int_equal(w->diagnostics.status, CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(w->diagnostics.message, "/nowhere/cornu-hdf5"));
    diag_clear(&w->diagnostics);
    unsetenv("CORNU_HDF5"); /* it is not beside this program */
    assert_false(hdf5_read(&v, w->arena, &w->diagnostics, &f));
    assert_non_null(strstr(w->diagnostics.message, "apt-get install libhdf5-dev"));
    setenv("CORNU_HDF5", kept, 1);
    free(kept);
    close_file(&v);
}

/* What the program says is believed only as far as it fits the bytes. */
static void answers_are_checked(void **state) {
#define ROW(path, dtype, shape, place) \
    "{\"path\":" path ",\"dtype\":\"" dtype "\",\"shape\":" shape "," place "}"
#define ANSWER(datasets, attributes) "{\"datasets\":[" datasets "],\"attributes\":[" attributes "]}"
#define FIRST ROW("\"a\"", "f4", "[2]", "\"offset\":0,\"bytes\":8")
    static const struct {
        const char *answer, *words;
    } rows[] = {
        {"{}", "none"},
        {ANSWER("7", ""), "without a path"},
        {ANSWER(ROW("7", "f4", "[2]", "\"offset\":0,\"bytes\":8"), ""), "without a path"},
        {ANSWER(FIRST "," FIRST, ""), "twice"},
        {ANSWER(ROW("\"a\"", "f5", "[2]", "\"offset\":0,\"bytes\":8"), ""), "element type"},
        {ANSWER(ROW("\"a\"", "f4", "2", "\"offset\":0,\"bytes\":8"), ""), "no shape"},
        {ANSWER(ROW("\"a\"", "f4", "[-2]", "\"offset\":0,\"bytes\":8"), ""), "not a size"},
        {ANSWER(ROW("\"a\"", "f4", "[2.0]", "\"offset\":0,\"bytes\":8"), ""), "not a size"},
        {ANSWER(ROW("\"a\"", "f4", "[4611686018427387904]", "\"offset\":0,\"bytes\":0"), ""),
         "larger than any file"},
        {ANSWER(ROW("\"a\"", "f4", "[2]", "\"offset\":0,\"bytes\":4"), ""), "needs 8"},
        {ANSWER(ROW("\"a\"", "f4", "[2]", "\"offset\":60,\"bytes\":8"), ""), "outside"},
        {ANSWER(ROW("\"a\"", "f4", "[2]", "\"offset\":-1,\"bytes\":8"), ""), "outside"},
        {ANSWER(ROW("\"a\"", "f4", "[2]", "\"bytes\":8"), ""), "outside"},
        {ANSWER(FIRST "," ROW("\"b\"", "u1", "[1]", "\"offset\":7,\"bytes\":1"), ""), "overlap"},
        {ANSWER(ROW("\"a\"", "bool", "[1]", "\"offset\":0,\"bytes\":1"), ""), "neither true"},
        {ANSWER("", "{\"owner\":\"\",\"name\":7,\"texts\":[]}"), "without owner"},
        {ANSWER("", "{\"owner\":\"\",\"name\":\"x\",\"texts\":[7]}"), "no text"},
        {ANSWER("", "{\"owner\":\"\",\"name\":\"x\",\"texts\":[]},"
                    "{\"owner\":\"\",\"name\":\"x\",\"texts\":[]}"),
         "twice"},
    };
    static const char good[] =
        ANSWER(FIRST "," ROW("\"b\"", "u1", "[1]", "\"offset\":8,\"bytes\":1") "," ROW(
                   "\"c\"", "u1", "[0, 9]", "\"offset\":4,\"bytes\":0"),
               "");
    workspace *w = *state;
    uint8_t bytes[64] = {2};
    const file_view v = {"file", bytes, sizeof bytes, -1, 0};
    hdf5_file f;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        diag_clear(&w->diagnostics);
        assert_false(
            hdf5_parse(&v, rows[i].answer, strlen(rows[i].answer), w->arena, &w->diagnostics, &f));
        if (strstr(w->diagnostics.message, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].answer, w->diagnostics.message);
    }
    diag_clear(&w->diagnostics);
    assert_true(hdf5_parse(&v, good, strlen(good), w->arena, &w->diagnostics, &f));
    assert_int_equal(f.dataset_count, 3);
}

/* ---- writing ---------------------------------------------------------------------------- */

static const float kernel[] = {1, -2, 3, 4, 5, -6};
static const uint16_t brain[] = {0x3F80, 0x4000};
static const int64_t step_count = -7;
static const uint8_t flag = 1;
static const char *const list[] = {"a", "\xC3\xA9"};

static hdf5_file sample(void) {
    static const hdf5_dataset datasets[] = {
        {"layers/dense/vars/0", {CN_F32, 2, {{2, false}, {3, false}}}, kernel, sizeof kernel},
        {"layers/dense/vars/1", {CN_BF16, 1, {{2, false}}}, brain, sizeof brain},
        {"layers/half", {CN_F16, 1, {{2, false}}}, brain, sizeof brain},
        {"optimizer/vars/0", {.dtype = CN_I64}, &step_count, 8},
        {"flag", {.dtype = CN_BOOL}, &flag, 1},
        {"empty", {CN_F32, 2, {{0, false}, {3, false}}}, NULL, 0}};
    static const hdf5_attribute attributes[] = {{"layers/dense/vars", "name", &list[1], 1},
                                                {"layers/bare/vars", "name", &list[0], 1},
                                                {"", "names", list, 2}};
    return (hdf5_file){datasets, 6, attributes, 3};
}

static void what_is_written_is_read(void **state) {
    workspace *w = *state;
    hdf5_file in = sample();
    file_view made, again;
    if (!hdf5_write(&in, "made.h5", &w->diagnostics, &made))
        fail_msg("%s", w->diagnostics.message);
    hdf5_file out = read_good(w, &made);
    assert_int_equal(out.dataset_count, in.dataset_count);
    for (size_t i = 0; i < in.dataset_count; i++) {
        const hdf5_dataset *x = need(&out, in.datasets[i].path);
        assert_true(type_equal(&x->type, &in.datasets[i].type));
        assert_int_equal(x->bytes, in.datasets[i].bytes);
        if (x->bytes > 0)
            assert_memory_equal(x->data, in.datasets[i].data, x->bytes);
    }
    assert_string_equal(hdf5_find_attribute(&out, "layers/dense/vars", "name")->texts[0], list[1]);
    assert_string_equal(hdf5_find_attribute(&out, "layers/bare/vars", "name")->texts[0], "a");
    assert_int_equal(hdf5_find_attribute(&out, "", "names")->count, 2);
    assert_true(hdf5_write(&in, "made.h5", &w->diagnostics, &again));
    assert_int_equal(again.length, made.length);
    assert_memory_equal(again.bytes, made.bytes, made.length);
    hdf5_release(&made);
    hdf5_release(&again);
}

static void what_cannot_be_written_is_refused(void **state) {
    workspace *w = *state;
    hdf5_file f = sample();
    file_view made;
    const hdf5_attribute bad = {"", "\xFF", list, 1};
    f.attributes = &bad;
    f.attribute_count = 1;
    assert_false(hdf5_write(&f, "made.h5", &w->diagnostics, &made));
    assert_non_null(strstr(w->diagnostics.message, "made.h5"));
    diag_clear(&w->diagnostics);
    const hdf5_dataset twice[] = {f.datasets[0], f.datasets[0]};
    f = (hdf5_file){twice, 2, NULL, 0};
    assert_false(hdf5_write(&f, "made.h5", &w->diagnostics, &made));
    assert_non_null(strstr(w->diagnostics.message, "layers/dense/vars/0"));
    hdf5_release(&made);
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    file_view v = open_file(w, "types");
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        hdf5_file f;
        diag_clear(&w->diagnostics);
        arena *a = arena_new(w->memory, &w->diagnostics);
        memory_fail_at(w->memory, n, true);
        done = hdf5_read(&v, a, &w->diagnostics, &f);
        memory_fail_at(w->memory, 0, false);
        assert_int_equal(w->diagnostics.status, done ? CN_OK : CN_ERROR_OUT_OF_MEMORY);
        arena_free(a);
    }
    close_file(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(answers_are_checked),
                                       WITH_WORKSPACE(every_element_type_is_read),
                                       WITH_WORKSPACE(texts_of_older_files_are_read),
                                       WITH_WORKSPACE(the_order_of_creation_is_kept),
                                       WITH_WORKSPACE(a_file_inside_of_another_is_read),
                                       WITH_WORKSPACE(what_leads_elsewhere_is_refused),
                                       WITH_WORKSPACE(prefixes_are_refused),
                                       WITH_WORKSPACE(flipped_bytes_do_no_harm),
                                       WITH_WORKSPACE(a_program_that_fails_is_survived),
                                       WITH_WORKSPACE(a_missing_program_is_named),
                                       WITH_WORKSPACE(what_is_written_is_read),
                                       WITH_WORKSPACE(what_cannot_be_written_is_refused),
                                       WITH_WORKSPACE(running_out_of_memory_is_clean)};
    if (getenv("CORNU_HDF5") == NULL) {
        fprintf(stderr, "cornu-hdf5 is not built: only its answers are tested\n");
        return cmocka_run_group_tests_name("hdf5", ((const struct CMUnitTest[1]){tests[0]}), NULL,
                                           NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
