/* The cache: what is stored is found, what is damaged is not, old entries go, and folders that are
 * not private are not used. */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cache.h"

typedef struct fixture {
    char folder[64];
    char warnings[4096];
    diagnostics diagnostics;
} fixture;

static void collect(void *user, const char *text, size_t length) {
    fixture *f = user;
    strncat(f->warnings, text, length < 1000 ? length : 1000);
}

static int setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -1;
    strcpy(f->folder, "/tmp/cornu-test-cache-XXXXXX");
    diag_init(&f->diagnostics);
    f->diagnostics.writer = collect;
    f->diagnostics.writer_user = f;
    *state = f;
    return mkdtemp(f->folder) == NULL ? -1 : 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int status = system(command);
    free(f);
    return status;
}

static sha256_digest key_of(const char *text) {
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, text, strlen(text));
    return sha256_finish(&hash);
}

static cache *open_cache(fixture *f, uint64_t limit) {
    cache *c = cache_open(f->folder, ".so", limit, &f->diagnostics);
    assert_non_null(c);
    return c;
}

static void store(fixture *f, cache *c, const char *name, const char *content, size_t size) {
    sha256_digest key = key_of(name);
    cache_entry entry;
    assert_true(cache_store(c, &key, "test", content, size, &f->diagnostics, &entry));
    cache_entry_free(&entry);
}

static bool holds(fixture *f, cache *c, const char *name) {
    sha256_digest key = key_of(name);
    cache_entry entry;
    bool found = cache_find(c, &key, &f->diagnostics, &entry);
    if (found)
        cache_entry_free(&entry);
    return found;
}

static void stored_is_found_by_another_process(void **state) {
    fixture *f = *state;
    cache *c = open_cache(f, 0);
    assert_false(holds(f, c, "a"));
    store(f, c, "a", "content", 7);
    cache_free(c);

    c = open_cache(f, 0);
    sha256_digest key = key_of("a");
    cache_entry entry;
    assert_true(cache_find(c, &key, &f->diagnostics, &entry));
    assert_int_equal(entry.size, 7);
    assert_string_equal(entry.maker, "test");
    uint8_t *bytes;
    size_t size;
    assert_true(file_read_all(entry.path, &f->diagnostics, &bytes, &size));
    assert_memory_equal(bytes, "content", 7);
    free(bytes);
    cache_entry_free(&entry);
    assert_false(holds(f, c, "b"));
    cache_remove(c, &key);
    assert_false(holds(f, c, "a"));
    assert_string_equal(f->warnings, "");
    cache_free(c);
}

static void entry_path(const fixture *f, const char *name, char path[256]) {
    char hex[SHA256_HEX_SIZE];
    sha256_digest key = key_of(name);
    sha256_to_hex(&key, hex);
    snprintf(path, 256, "%s/%s.so", f->folder, hex);
}

/* Changes one byte at each position in turn, and cuts the file at each length. */
static void damage_is_noticed_everywhere(void **state) {
    fixture *f = *state;
    cache *c = open_cache(f, 0);
    char path[256];
    entry_path(f, "a", path);
    struct stat facts;
    store(f, c, "a", "some content", 12);
    assert_int_equal(stat(path, &facts), 0);
    for (off_t at = 0; at < facts.st_size; at++) {
        store(f, c, "a", "some content", 12);
        int fd = open(path, O_RDWR);
        char byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        f->warnings[0] = '\0';
        assert_false(holds(f, c, "a"));
        assert_non_null(strstr(f->warnings, "damaged"));
        assert_int_not_equal(access(path, F_OK), 0);

        store(f, c, "a", "some content", 12);
        assert_int_equal(truncate(path, at), 0);
        assert_false(holds(f, c, "a"));
    }
    cache_free(c);
}

static void an_entry_serves_only_its_own_key(void **state) {
    fixture *f = *state;
    cache *c = open_cache(f, 0);
    char from[256], to[256];
    store(f, c, "a", "content", 7);
    entry_path(f, "a", from);
    entry_path(f, "b", to);
    assert_int_equal(rename(from, to), 0);
    assert_false(holds(f, c, "b"));
    cache_free(c);
}

static void symbolic_links_are_not_followed(void **state) {
    fixture *f = *state;
    cache *c = open_cache(f, 0);
    char from[256], to[256];
    store(f, c, "a", "content", 7);
    entry_path(f, "a", from);
    snprintf(to, sizeof to, "%s/elsewhere", f->folder);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink(to, from), 0);
    assert_false(holds(f, c, "a"));
    assert_int_equal(access(to, F_OK), 0); /* the link goes, not what it points to */
    cache_free(c);
}

static void set_age(const fixture *f, const char *name, int seconds) {
    char path[256];
    entry_path(f, name, path);
    struct timespec now, times[2];
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= seconds;
    times[0] = times[1] = now;
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_least_recently_used_go_first(void **state) {
    fixture *f = *state;
    char content[1000] = {0}, foreign[256];
    snprintf(foreign, sizeof foreign, "%s/not-ours", f->folder);
    FILE *file = fopen(foreign, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, sizeof content, file), sizeof content);
    fclose(file);
    cache *c = open_cache(f, 5000); /* room for four entries of 1,176 bytes */
    store(f, c, "a", content, sizeof content);
    store(f, c, "b", content, sizeof content);
    store(f, c, "c", content, sizeof content);
    set_age(f, "a", 300);
    set_age(f, "b", 200);
    set_age(f, "c", 100);
    assert_true(holds(f, c, "a")); /* now the youngest */
    store(f, c, "d", content, sizeof content);
    store(f, c, "e", content, sizeof content);
    assert_false(holds(f, c, "b"));
    assert_false(holds(f, c, "c"));
    assert_true(holds(f, c, "a"));
    assert_true(holds(f, c, "d"));
    assert_true(holds(f, c, "e"));
    assert_int_equal(access(foreign, F_OK), 0);
    cache_free(c);
}

static void an_entry_larger_than_the_limit_still_serves(void **state) {
    fixture *f = *state;
    char content[1000] = {0};
    cache *c = open_cache(f, 100);
    store(f, c, "a", content, sizeof content);
    assert_true(holds(f, c, "a"));
    store(f, c, "b", content, sizeof content);
    assert_false(holds(f, c, "a"));
    assert_true(holds(f, c, "b"));
    cache_free(c);
}

static void a_folder_others_may_write_is_refused(void **state) {
    fixture *f = *state;
    assert_int_equal(chmod(f->folder, 0770), 0);
    assert_null(cache_open(f->folder, ".so", 0, &f->diagnostics));
    assert_non_null(strstr(f->warnings, "others may write"));
    assert_true(diag_ok(&f->diagnostics));
}

static void a_file_in_place_of_the_folder_is_refused(void **state) {
    fixture *f = *state;
    assert_null(cache_open("/dev/null", ".so", 0, &f->diagnostics));
    assert_non_null(strstr(f->warnings, "not cached"));
}

static void missing_folders_are_made_private(void **state) {
    fixture *f = *state;
    char deep[128];
    snprintf(deep, sizeof deep, "%s/x/y", f->folder);
    assert_int_equal(setenv("CORNU_CACHE_DIR", deep, 1), 0);
    cache *c = cache_open(NULL, ".so", 0, &f->diagnostics);
    assert_non_null(c);
    assert_string_equal(cache_folder(c), deep);
    struct stat facts;
    assert_int_equal(stat(deep, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    cache_free(c);
    unsetenv("CORNU_CACHE_DIR");
}

static void environment_names_the_folder(void **state) {
    fixture *f = *state;
    char expected[128];
    unsetenv("CORNU_CACHE_DIR");
    setenv("XDG_CACHE_HOME", f->folder, 1);
    cache *c = cache_open(NULL, ".so", 0, &f->diagnostics);
    assert_non_null(c);
    snprintf(expected, sizeof expected, "%s/cornu", f->folder);
    assert_string_equal(cache_folder(c), expected);
    cache_free(c);
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", f->folder, 1);
    c = cache_open(NULL, ".so", 0, &f->diagnostics);
    assert_non_null(c);
    snprintf(expected, sizeof expected, "%s/.cache/cornu", f->folder);
    assert_string_equal(cache_folder(c), expected);
    cache_free(c);
}

static void an_empty_name_turns_it_off(void **state) {
    fixture *f = *state;
    sha256_digest key = key_of("a");
    cache_entry entry;
    assert_null(cache_open("", ".so", 0, &f->diagnostics));
    assert_false(cache_find(NULL, &key, &f->diagnostics, &entry));
    assert_false(cache_store(NULL, &key, "test", "x", 1, &f->diagnostics, &entry));
    cache_remove(NULL, &key);
    cache_free(NULL);
    assert_string_equal(f->warnings, "");
}

#define CACHE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CACHE_TEST(stored_is_found_by_another_process),
        CACHE_TEST(damage_is_noticed_everywhere),
        CACHE_TEST(an_entry_serves_only_its_own_key),
        CACHE_TEST(symbolic_links_are_not_followed),
        CACHE_TEST(the_least_recently_used_go_first),
        CACHE_TEST(an_entry_larger_than_the_limit_still_serves),
        CACHE_TEST(a_folder_others_may_write_is_refused),
        CACHE_TEST(a_file_in_place_of_the_folder_is_refused),
        CACHE_TEST(missing_folders_are_made_private),
        CACHE_TEST(environment_names_the_folder),
        CACHE_TEST(an_empty_name_turns_it_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
