/* Zip archives: what is written is read without a copy; damaged, lying and hostile ones are
 * refused. Archives that no writer makes are put together here byte by byte. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>
#include <zip.h>

#include "base/platform.h"
#include "runtime/io/archive.h"
#include "runtime/io/crc32.h"

static char path[64];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-zip-XXXXXX");
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

static archive *open_good(workspace *w) {
    archive *z = archive_open(path, w->arena, &w->diagnostics);
    if (z == NULL)
        fail_msg("%s", w->diagnostics.message);
    return z;
}

static const archive_entry sample[] = {{"metadata.json", "{}", 2},
                                       {"config.json", "{\"a\": [1, 2, 3]}", 16},
                                       {"assets/empty", "", 0},
                                       {"model.weights.h5", "\x89HDF and more of it", 19}};
enum { SAMPLES = sizeof sample / sizeof *sample };

static void write_sample(workspace *w) {
    if (!archive_write(path, sample, SAMPLES, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
}

/* ---- what is read ----------------------------------------------------------------------- */

static void must_hold(workspace *w, archive *z, const archive_entry *e) {
    file_view v;
    char again[64];
    if (!archive_read(z, e->name, &v))
        fail_msg("%s", w->diagnostics.message);
    assert_int_equal(v.length, e->length);
    assert_memory_equal(v.bytes, e->bytes, e->length);
    assert_non_null(strstr(v.title, path));
    assert_non_null(strstr(v.title, e->name));
    /* another process sees the same through the descriptor */
    assert_int_equal(pread(v.descriptor, again, e->length, (off_t)v.offset), e->length);
    assert_memory_equal(again, e->bytes, e->length);
}

static void what_is_written_is_read(void **state) {
    workspace *w = *state;
    write_sample(w);
    archive *z = open_good(w);
    assert_int_equal(archive_count(z), SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_string_equal(archive_name(z, i), sample[i].name);
    for (size_t i = SAMPLES; i-- > 0;)
        must_hold(w, z, &sample[i]);
    file_view v;
    assert_false(archive_read(z, "nothing", &v));
    assert_non_null(strstr(w->diagnostics.message, "no member \"nothing\""));
    archive_close(z);
}

static void equal_contents_are_equal_files(void **state) {
    workspace *w = *state;
    uint8_t *bytes[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        write_sample(w);
        assert_true(file_read_all(path, &w->diagnostics, &bytes[i], &length[i]));
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void a_stored_member_is_no_copy(void **state) {
    workspace *w = *state;
    file_view a, b;
    write_sample(w);
    archive *z = open_good(w);
    assert_true(archive_read(z, sample[0].name, &a) && archive_read(z, sample[3].name, &b));
    assert_int_equal(a.descriptor, b.descriptor);
    assert_int_equal(b.bytes - a.bytes, b.offset - a.offset);
    archive_close(z);
}

static void files_of_python_are_read(void **state) {
    static const char *const names[] = {"stored", "deflated", "wide"};
    workspace *w = *state;
    for (size_t i = 0; i < 3; i++) {
        char other[512];
        file_view v;
        snprintf(other, sizeof other, CORNU_SOURCE_FOLDER "/tests/fuzz/zip/%s", names[i]);
        archive *z = archive_open(other, w->arena, &w->diagnostics);
        if (z == NULL || !archive_read(z, "a.npy", &v))
            fail_msg("%s", w->diagnostics.message);
        assert_int_equal(v.length, 128 + 24);
        assert_int_equal(v.offset == 0, i == 1); /* stored ones are views into the file */
        assert_memory_equal(v.bytes, "\x93NUMPY", 6);
        archive_close(z);
    }
}

/* ---- archives made by hand -------------------------------------------------------------- */

typedef struct piece {
    const char *name, *local_name; /* NULL: the same */
    const char *data;
    uint16_t flags, method;
    uint32_t checksum, local_checksum; /* added to the right one */
    uint32_t length, local_length;     /* added too: what is declared */
    bool inside;                       /* of the piece before: no local header of its own */
} piece;

typedef struct builder {
    uint8_t bytes[8192];
    size_t length;
} builder;

static void put(builder *b, uint64_t value, int bytes) {
    for (; bytes > 0; bytes--, value >>= 8)
        b->bytes[b->length++] = (uint8_t)value;
}

static void put_text(builder *b, const char *text) {
    memcpy(b->bytes + b->length, text, strlen(text));
    b->length += strlen(text);
}

static void put_facts(builder *b, const piece *p, uint32_t checksum, uint32_t length) {
    uint32_t stored = (uint32_t)strlen(p->data);
    put(b, p->flags, 2);
    put(b, p->method, 2);
    put(b, 0x00210000, 4); /* 1980-01-01 */
    put(b, crc32_of(0, p->data, stored) + checksum, 4);
    put(b, p->method == 0 ? stored + length : stored, 4);
    put(b, stored + length, 4);
}

static void put_local(builder *b, const piece *p) {
    const char *name = p->local_name != NULL ? p->local_name : p->name;
    put(b, 0x04034b50, 4);
    put(b, 20, 2);
    put_facts(b, p, p->local_checksum, p->local_length);
    put(b, strlen(name), 2);
    put(b, 0, 2);
    put_text(b, name);
    put_text(b, p->data);
}

static void put_central(builder *b, const piece *p, size_t offset) {
    put(b, 0x02014b50, 4);
    put(b, 20, 2);
    put(b, 20, 2);
    put_facts(b, p, p->checksum, p->length);
    put(b, strlen(p->name), 2);
    put(b, 0, 12); /* no extra, comment, disk, attributes */
    put(b, offset, 4);
    put_text(b, p->name);
}

static void build(builder *b, const piece *pieces, size_t count) {
    size_t offsets[64];
    b->length = 0;
    for (size_t i = 0; i < count; i++) {
        offsets[i] = pieces[i].inside ? offsets[i - 1] : b->length;
        if (!pieces[i].inside)
            put_local(b, &pieces[i]);
    }
    size_t central = b->length;
    for (size_t i = 0; i < count; i++)
        put_central(b, &pieces[i], offsets[i]);
    size_t bytes = b->length - central;
    put(b, 0x06054b50, 4);
    put(b, 0, 4);
    put(b, count, 2);
    put(b, count, 2);
    put(b, bytes, 4);
    put(b, central, 4);
    put(b, 0, 2);
    write_file(b->bytes, b->length);
}

/* Opens the archive and reads all of it. */
static bool read_everything(workspace *w) {
    diag_clear(&w->diagnostics);
    archive *z = archive_open(path, w->arena, &w->diagnostics);
    bool ok = z != NULL;
    for (size_t i = 0; ok && i < archive_count(z); i++) {
        file_view v;
        ok = archive_read(z, archive_name(z, i), &v);
    }
    archive_close(z);
    return ok;
}

static void what_the_builder_makes_is_an_archive(void **state) {
    static const piece good[] = {{.name = "a", .data = "hello"}, {.name = "b/c", .data = "you"}};
    workspace *w = *state;
    builder b;
    build(&b, good, 2);
    if (!read_everything(w))
        fail_msg("%s", w->diagnostics.message);
}

static void lies_are_refused(void **state) {
    static const struct {
        const char *what;
        piece piece;
    } rows[] = {
        {"checksum", {.name = "a", .data = "hello", .checksum = 1, .local_checksum = 1}},
        {"checksum in the directory", {.name = "a", .data = "hello", .checksum = 1}},
        {"checksum before the data", {.name = "a", .data = "hello", .local_checksum = 1}},
        {"length in the directory", {.name = "a", .data = "hello", .length = 1}},
        {"length before the data", {.name = "a", .data = "hello", .local_length = 1}},
        {"shorter",
         {.name = "a", .data = "hello", .length = (uint32_t)-1, .local_length = (uint32_t)-1}},
        {"longer than the file",
         {.name = "a", .data = "hello", .length = 1u << 30, .local_length = 1u << 30}},
        {"not deflated at all", {.name = "a", .data = "hello", .method = 8}},
        {"another method", {.name = "a", .data = "hello", .method = 12}},
        {"an unknown method", {.name = "a", .data = "hello", .method = 77}},
        {"encrypted", {.name = "a", .data = "hello", .flags = 1}},
        {"another name", {.name = "a", .local_name = "b", .data = "hello", .checksum = 1}},
        {"absolute", {.name = "/etc/passwd", .data = "hello"}},
        {"above", {.name = "../a", .data = "hello"}},
        {"above in between", {.name = "a/../../b", .data = "hello"}},
        {"above at the end", {.name = "a/..", .data = "hello"}},
        {"here", {.name = "./a", .data = "hello"}},
        {"nothing in between", {.name = "a//b", .data = "hello"}},
        {"of another system", {.name = "..\\a", .data = "hello"}},
        {"no name", {.name = "", .data = "hello"}},
    };
    workspace *w = *state;
    builder b;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        build(&b, &rows[i].piece, 1);
        if (read_everything(w))
            fail_msg("%s is read", rows[i].what);
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
        assert_non_null(strstr(w->diagnostics.message, path));
    }
}

/* Archives in which more than one place could be meant are read as libzip reads them. */
static void doubtful_archives_are_unpacked(void **state) {
    static const piece good[] = {{.name = "a", .data = "hello"}, {.name = "b", .data = "you"}};
    static const piece other[] = {{.name = "x", .data = "PK\5\6"}, {.name = "a", .data = "hello"}};
    workspace *w = *state;
    const archive_entry hello = {"a", "hello", 5};
    builder b;
    file_view v;
    for (int round = 0; round < 3; round++) {
        build(&b, round == 1 ? other : good, 2);
        if (round == 2) { /* a comment */
            b.bytes[b.length - 2] = 3;
            put_text(&b, "abc");
            write_file(b.bytes, b.length);
        }
        archive *z = open_good(w);
        must_hold(w, z, &hello);
        assert_true(archive_read(z, "a", &v));
        assert_int_equal(v.offset == 0, round != 0);
        archive_close(z);
    }
}

static void names_are_distinct(void **state) {
    static const piece twice[] = {{.name = "a", .data = "hello"}, {.name = "a", .data = "you"}};
    workspace *w = *state;
    builder b;
    build(&b, twice, 2);
    assert_false(read_everything(w));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
}

/* Members in the same bytes: each is checked by its own entry, and none is a second copy. */
static void overlapping_members_do_no_harm(void **state) {
    static const piece shared[] = {{.name = "a", .data = "hello"},
                                   {.name = "b", .data = "hello", .inside = true},
                                   {.name = "c", .data = "hello", .inside = true}};
    workspace *w = *state;
    builder b;
    build(&b, shared, 3);
    if (!read_everything(w))
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
}

/* Whatever libzip does with it: no wrong bytes. */
static void every_prefix_is_refused(void **state) {
    workspace *w = *state;
    uint8_t *bytes;
    size_t length;
    write_sample(w);
    assert_true(file_read_all(path, &w->diagnostics, &bytes, &length));
    for (size_t n = 0; n < length; n++) {
        arena_mark mark = arena_get_mark(w->arena);
        write_file(bytes, n);
        assert_false(read_everything(w));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
        arena_rewind(w->arena, mark);
    }
    free(bytes);
}

static void no_flipped_byte_changes_data(void **state) {
    workspace *w = *state;
    uint8_t *bytes;
    size_t length;
    write_sample(w);
    assert_true(file_read_all(path, &w->diagnostics, &bytes, &length));
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= 0xFF;
        write_file(bytes, length);
        arena_mark mark = arena_get_mark(w->arena);
        diag_clear(&w->diagnostics);
        archive *z = archive_open(path, w->arena, &w->diagnostics);
        for (size_t k = 0; z != NULL && k < SAMPLES; k++) {
            file_view v;
            if (archive_read(z, sample[k].name, &v)) {
                assert_int_equal(v.length, sample[k].length);
                assert_memory_equal(v.bytes, sample[k].bytes, v.length);
            }
        }
        archive_close(z);
        arena_rewind(w->arena, mark);
        bytes[i] ^= 0xFF;
    }
    free(bytes);
}

static void add_zeros(zip_t *zip, const char *name, const void *bytes, size_t length) {
    zip_source_t *source = zip_source_buffer(zip, bytes, length, 0);
    zip_int64_t index = zip_file_add(zip, name, source, 0);
    assert_true(index >= 0);
    assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 9), 0);
}

static void bombs_are_refused(void **state) {
    static const char *const names[] = {"a", "b", "c"};
    workspace *w = *state;
    const size_t large = (size_t)7 << 20;
    void *zeros = calloc(1, large);
    for (size_t members = 2; members <= 3; members++) { /* 14 MiB and 21 MiB of some kB */
        unlink(path);
        zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
        for (size_t i = 0; i < members; i++)
            add_zeros(zip, names[i], zeros, large);
        assert_int_equal(zip_close(zip), 0);
        assert_int_equal(read_everything(w), members == 2);
    }
    assert_non_null(strstr(w->diagnostics.message, "16 MiB and 100 times"));
    free(zeros);
}

static void writing_refuses_names_that_lead_elsewhere(void **state) {
    static const char *const names[] = {"../a", "/a", "", "a/../b"};
    workspace *w = *state;
    unlink(path);
    for (size_t i = 0; i < 4; i++) {
        const archive_entry e = {names[i], "x", 1};
        diag_clear(&w->diagnostics);
        assert_false(archive_write(path, &e, 1, &w->diagnostics));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    diag_clear(&w->diagnostics);
    const archive_entry twice[] = {{"a", "x", 1}, {"a", "y", 1}};
    assert_false(archive_write(path, twice, 2, &w->diagnostics));
    diag_clear(&w->diagnostics);
    assert_false(archive_write("/nowhere/a.zip", sample, SAMPLES, &w->diagnostics));
}

static void other_files_are_refused(void **state) {
    workspace *w = *state;
    assert_null(archive_open("/nowhere/a.zip", w->arena, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
    write_file("not a zip at all", 16);
    assert_false(read_everything(w));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
    write_file("", 0);
    assert_false(read_everything(w));
}

static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    bool done = false;
    write_sample(w);
    for (int64_t n = 1; !done; n++) {
        diag_clear(&w->diagnostics);
        arena *a = arena_new(w->memory, &w->diagnostics);
        memory_fail_at(w->memory, n, true);
        archive *z = archive_open(path, a, &w->diagnostics);
        memory_fail_at(w->memory, 0, false);
        done = z != NULL;
        assert_int_equal(w->diagnostics.status, done ? CN_OK : CN_ERROR_OUT_OF_MEMORY);
        archive_close(z);
        arena_free(a);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FILE(what_is_written_is_read),
                                       WITH_FILE(equal_contents_are_equal_files),
                                       WITH_FILE(a_stored_member_is_no_copy),
                                       WITH_FILE(files_of_python_are_read),
                                       WITH_FILE(what_the_builder_makes_is_an_archive),
                                       WITH_FILE(lies_are_refused),
                                       WITH_FILE(doubtful_archives_are_unpacked),
                                       WITH_FILE(names_are_distinct),
                                       WITH_FILE(overlapping_members_do_no_harm),
                                       WITH_FILE(every_prefix_is_refused),
                                       WITH_FILE(no_flipped_byte_changes_data),
                                       WITH_FILE(bombs_are_refused),
                                       WITH_FILE(writing_refuses_names_that_lead_elsewhere),
                                       WITH_FILE(other_files_are_refused),
                                       WITH_FILE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
