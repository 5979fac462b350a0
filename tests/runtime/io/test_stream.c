/* Files piece by piece: plain and gzip give the same; damage, bombs and what is no file. */
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "damage.h"
#include "runtime/io/stream.h"

static char path[64];
static uint8_t content[100000];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-stream-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * i >> 7);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

/* Reads all, in pieces of 777 bytes; the length, or -1 after a message. */
static long length_of(workspace *w) {
    uint8_t piece[777];
    size_t got = sizeof piece, length = 0;
    stream s;
    if (!stream_open(&s, path, &w->diagnostics))
        return -1;
    bool ok = true;
    while (ok && got == sizeof piece) {
        ok = stream_read(&s, piece, sizeof piece, &got, &w->diagnostics);
        if (ok && length + got <= sizeof content)
            assert_memory_equal(piece, content + length, got);
        length += got;
    }
    stream_close(&s);
    return ok ? (long)length : -1;
}

static void plain_and_gzip_are_read(void **state) {
    workspace *w = *state;
    damage_write(path, content, sizeof content);
    assert_int_equal(length_of(w), sizeof content);
    gzFile file = gzopen(path, "wb");
    gzwrite(file, content, sizeof content);
    gzclose(file);
    assert_int_equal(length_of(w), sizeof content);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(truncate(path, facts.st_size - 4), 0);
    assert_int_equal(length_of(w), -1);
    assert_non_null(strstr(w->diagnostics.message, "damaged or cut short"));
}

static void other_things_are_no_files(void **state) {
    workspace *w = *state;
    stream s;
    assert_int_equal(unlink(path), 0);
    assert_false(stream_open(&s, path, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
    diag_clear(&w->diagnostics);
    assert_int_equal(mkfifo(path, 0600), 0); /* and nobody writes */
    assert_false(stream_open(&s, path, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "not a regular file"));
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FILE(plain_and_gzip_are_read),
                                       WITH_FILE(other_things_are_no_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
