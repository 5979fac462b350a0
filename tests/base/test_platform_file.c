/* platform_file.c: files are read whole; written ones are all old or all new, even when the
 * writer is killed at any moment, and what a dead writer left behind is cleared away. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/platform.h"

typedef struct folder {
    diagnostics d;
    char path[64], file[96];
} folder;

static int folder_open(void **state) {
    folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -1;
    diag_init(&f->d);
    strcpy(f->path, "cornu-test-XXXXXX");
    if (mkdtemp(f->path) == NULL)
        return -1;
    snprintf(f->file, sizeof f->file, "%s/model", f->path);
    *state = f;
    return 0;
}

/* Removes the files of the folder and returns how many there were. */
static int folder_empty(const folder *f) {
    int count = 0;
    DIR *listing = opendir(f->path);
    assert_non_null(listing);
    for (struct dirent *e; (e = readdir(listing)) != NULL;) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", f->path, e->d_name);
        count += remove(path) == 0; /* "." and ".." stay */
    }
    closedir(listing);
    return count;
}

static int folder_close(void **state) {
    folder *f = *state;
    folder_empty(f);
    int failed = rmdir(f->path);
    free(f);
    return failed;
}

static bool write_file(folder *f, const char *content) {
    atomic_file *out = atomic_file_open(f->file, &f->d);
    return out != NULL && atomic_file_write(out, content, strlen(content)) &&
           atomic_file_commit(out, &f->d);
}

static void expect_content(folder *f, const char *content) {
    uint8_t *bytes;
    size_t length;
    assert_true(file_read_all(f->file, &f->d, &bytes, &length));
    assert_int_equal(length, strlen(content));
    assert_memory_equal(bytes, content, length);
    free(bytes);
}

static void what_is_written_is_read(void **state) {
    folder *f = *state;
    assert_true(write_file(f, "old"));
    expect_content(f, "old");
    assert_true(write_file(f, ""));
    expect_content(f, "");
    size_t size = 3000000;
    char *large = malloc(size + 1);
    assert_non_null(large);
    for (size_t i = 0; i < size; i++)
        large[i] = (char)('a' + i % 23);
    large[size] = '\0';
    assert_true(write_file(f, large));
    expect_content(f, large);
    free(large);
    assert_int_equal(folder_empty(f), 1);
}

static void discarding_keeps_the_old_file(void **state) {
    folder *f = *state;
    assert_true(write_file(f, "old"));
    atomic_file *out = atomic_file_open(f->file, &f->d);
    assert_non_null(out);
    assert_true(atomic_file_write(out, "new", 3));
    expect_content(f, "old");
    atomic_file_discard(out);
    atomic_file_discard(NULL);
    expect_content(f, "old");
    assert_int_equal(folder_empty(f), 1);
}

static void failures_name_the_path(void **state) {
    folder *f = *state;
    uint8_t *bytes;
    size_t length;
    assert_false(file_read_all(f->file, &f->d, &bytes, &length));
    assert_int_equal(f->d.status, CN_ERROR_FILE);
    assert_non_null(strstr(f->d.message, f->file));
    diag_clear(&f->d);
    assert_false(file_read_all(f->path, &f->d, &bytes, &length));
    assert_non_null(strstr(f->d.message, "not a regular file"));
    diag_clear(&f->d);
    assert_int_equal(mkfifo(f->file, 0600), 0);
    assert_false(file_read_all(f->file, &f->d, &bytes, &length)); /* does not wait for a writer */
    diag_clear(&f->d);
    assert_null(atomic_file_open("/nonexistent/folder/model", &f->d));
    assert_non_null(strstr(f->d.message, "/nonexistent/folder/model"));
}

/* In a child, because the limit on file sizes, which stands in for a full disk, stays. */
static int write_on_a_full_disk(folder *f) {
    static char block[1 << 16];
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 1000, .rlim_max = 1000});
    atomic_file *out = atomic_file_open(f->file, &f->d);
    if (out == NULL || atomic_file_write(out, block, sizeof block))
        return 1;
    if (atomic_file_write(out, block, 1)) /* fails for good, even where it would fit */
        return 2;
    return !atomic_file_commit(out, &f->d) && f->d.status == CN_ERROR_FILE ? 0 : 3;
}

static void a_full_disk_keeps_the_old_file(void **state) {
    folder *f = *state;
    assert_true(write_file(f, "old"));
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(write_on_a_full_disk(f));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect_content(f, "old");
    assert_int_equal(folder_empty(f), 1);
}

static void two_writers_do_not_disturb_each_other(void **state) {
    folder *f = *state;
    atomic_file *a = atomic_file_open(f->file, &f->d);
    atomic_file *b = atomic_file_open(f->file, &f->d);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(atomic_file_write(a, "first", 5));
    assert_true(atomic_file_write(b, "second", 6));
    assert_true(atomic_file_commit(b, &f->d));
    expect_content(f, "second");
    assert_true(atomic_file_commit(a, &f->d));
    expect_content(f, "first");
    assert_int_equal(folder_empty(f), 1);
}

static void rewrite_for_ever(folder *f) {
    char content[4001] = {0};
    for (int i = 0;; i++) {
        memset(content, 'a' + i % 26, 4000);
        write_file(f, content);
    }
}

/* Kills writers at odd moments: the file is always one of the contents, complete. */
static void a_killed_writer_leaves_a_complete_file(void **state) {
    folder *f = *state;
    assert_true(write_file(f, "start"));
    for (unsigned round = 0; round < 40; round++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            rewrite_for_ever(f);
        usleep(500 + round * 137);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        uint8_t *bytes;
        size_t length;
        assert_true(file_read_all(f->file, &f->d, &bytes, &length));
        assert_true(length == 5 || length == 4000);
        for (size_t i = 1; length == 4000 && i < length; i++)
            assert_int_equal(bytes[i], bytes[0]);
        free(bytes);
    }
    assert_true(write_file(f, "end"));
    assert_int_equal(folder_empty(f), 1); /* the temporaries of the dead are gone */
}

/* Large ones lie in large pages; the descriptor gives the same bytes to another process. */
static void a_file_that_is_kept_open_is_the_same(void **state) {
    folder *f = *state;
    const size_t large = ((size_t)5 << 20) + 3;
    uint8_t *in = malloc(large), *out, last[3];
    size_t length;
    int fd;
    for (size_t i = 0; i < large; i++)
        in[i] = (uint8_t)(i * 7 >> 4);
    atomic_file *file = atomic_file_open(f->file, &f->d);
    assert_true(atomic_file_write(file, in, large) && atomic_file_commit(file, &f->d));
    assert_true(file_read_keep(f->file, &f->d, &out, &length, &fd));
    assert_int_equal(length, large);
    assert_memory_equal(in, out, large);
    assert_int_equal(pread(fd, last, 3, (off_t)large - 3), 3);
    assert_memory_equal(last, in + large - 3, 3);
    close(fd);
    free(in);
    free(out);
}

static void the_head_of_a_file_is_what_there_is_of_it(void **state) {
    folder *f = *state;
    uint8_t head[4] = {0};
    size_t count;
    assert_true(write_file(f, "abcdef"));
    assert_true(file_read_head(f->file, &f->d, head, sizeof head, &count));
    assert_int_equal(count, 4);
    assert_memory_equal(head, "abcd", 4);
    assert_true(write_file(f, "z"));
    assert_true(file_read_head(f->file, &f->d, head, sizeof head, &count));
    assert_int_equal(count, 1);
    assert_memory_equal(head, "zbcd", 4);
    assert_int_equal(folder_empty(f), 1);
    assert_false(file_read_head(f->file, &f->d, head, sizeof head, &count));
    assert_non_null(strstr(f->d.message, f->file));
    diag_clear(&f->d);
    assert_int_equal(mkfifo(f->file, 0600), 0);
    assert_false(file_read_head(f->file, &f->d, head, sizeof head, &count));
    assert_non_null(strstr(f->d.message, "not a regular file"));
    diag_clear(&f->d);
    assert_false(file_read_head("/dev/zero", &f->d, head, sizeof head, &count));
    assert_non_null(strstr(f->d.message, "\"/dev/zero\" is not a regular file"));
}

static void folders_above_a_file_are_made(void **state) {
    folder *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/one//two/file", f->path);
    for (int again = 0; again < 2; again++)
        assert_true(folder_make_above(path, &f->d));
    assert_true(folder_make_above("file", &f->d) && folder_make_above("/file", &f->d));
    snprintf(path, sizeof path, "%s/one/two", f->path);
    assert_int_equal(rmdir(path), 0);
    assert_false(folder_make_above("/dev/null/two/file", &f->d));
    assert_non_null(strstr(f->d.message, "'/dev/null/two'"));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_open, folder_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(what_is_written_is_read),
        WITH_FOLDER(discarding_keeps_the_old_file),
        WITH_FOLDER(failures_name_the_path),
        WITH_FOLDER(a_full_disk_keeps_the_old_file),
        WITH_FOLDER(two_writers_do_not_disturb_each_other),
        WITH_FOLDER(a_killed_writer_leaves_a_complete_file),
        WITH_FOLDER(a_file_that_is_kept_open_is_the_same),
        WITH_FOLDER(the_head_of_a_file_is_what_there_is_of_it),
        WITH_FOLDER(folders_above_a_file_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
