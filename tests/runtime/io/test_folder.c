/* Folders of files: order, classes, links, what is no file. */
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damage.h"
#include "runtime/io/folder.h"

static char root[64];
static const char *const endings[] = {".png", NULL}, *const refused[] = {".gif", NULL};

static int begin(void **state) {
    strcpy(root, "/tmp/cornu-folder-XXXXXX");
    return mkdtemp(root) == NULL || chdir(root) != 0 ? -1 : workspace_open(state);
}

static int end(void **state) {
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return chdir("/") != 0 || system(command) != 0 ? -1 : workspace_close(state);
}

static void make(const char *path) {
    if (strchr(path, '.') == NULL || strcmp(path, ".git") == 0)
        assert_int_equal(mkdir(path, 0700), 0);
    else
        damage_write(path, path, strlen(path));
}

/* "cat/1.png=0 ...", or the message. */
static const char *listed(workspace *w, folder_options o) {
    static char words[1024];
    folder f;
    size_t n = 0;
    o.path = root;
    o.endings = endings;
    o.refused = refused;
    diag_clear(&w->diagnostics);
    if (!folder_list(&o, w->arena, &w->diagnostics, &f))
        return w->diagnostics.message;
    words[0] = 0;
    for (size_t i = 0; i < f.count; i++)
        n += (size_t)snprintf(words + n, sizeof words - n, "%s=%d ", f.files[i].path,
                              f.files[i].label);
    folder_close(&f);
    return words;
}

static void contains(const char *got, const char *words) {
    if (strstr(got, words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, got);
}

static void files_are_in_the_order_of_keras(void **state) {
    workspace *w = *state;
    static const char *const paths[] = {"dog",         "cat",           "cat/b",     "cat/b-c",
                                        ".git",        ".git/x.png",    "cat/2.png", "cat/10.PNG",
                                        "cat/b/1.png", "cat/b-c/1.png", "cat/n.txt", "dog/1.png",
                                        "README.png"};
    static const char *const dog[] = {"dog"}, *const both[] = {"dog", "cat"},
                             *const other[] = {"cow"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        make(paths[i]);
    assert_string_equal(listed(w, (folder_options){0}),
                        "cat/10.PNG=0 cat/2.png=0 cat/b/1.png=0 cat/b-c/1.png=0 dog/1.png=1 ");
    assert_string_equal(listed(w, (folder_options){.classes = dog, .class_count = 1}),
                        "dog/1.png=0 ");
    contains(listed(w, (folder_options){.classes = both, .class_count = 2}), "dog/1.png=0 cat/10");
    contains(listed(w, (folder_options){.classes = other, .class_count = 1}), "no folder \"cow\"");
    contains(listed(w, (folder_options){.no_classes = true}), "README.png=0 .git/x.png=0 cat/10");
    make("dog/x.gif");
    contains(listed(w, (folder_options){0}), "/dog/x.gif\" is of a format that is not read");
}

static void links_lead_nowhere(void **state) {
    workspace *w = *state;
    make("cat");
    make("cat/1.png");
    assert_int_equal(symlink("/etc/hostname", "cat/2.png"), 0);
    contains(listed(w, (folder_options){0}), "/cat/2.png\" is a symbolic link; .follow_links");
    assert_string_equal(listed(w, (folder_options){.follow_links = true}),
                        "cat/1.png=0 cat/2.png=0 ");
    unlink("cat/2.png");
    assert_int_equal(symlink("..", "cat/loop"), 0);
    contains(listed(w, (folder_options){0}), "/cat/loop\" is a symbolic link");
    contains(listed(w, (folder_options){.follow_links = true}), "loop of links?");
    unlink("cat/loop");
    assert_int_equal(mkfifo("cat/3.png", 0600), 0);
    contains(listed(w, (folder_options){0}), "/cat/3.png\" is not a regular file");
}

static void empty_folders_are_told(void **state) {
    workspace *w = *state;
    contains(listed(w, (folder_options){0}), "has no folders; each of its classes");
    make("cat");
    contains(listed(w, (folder_options){0}), "has no files that end in .png");
    assert_int_equal(rmdir("cat"), 0);
    folder f;
    diag_clear(&w->diagnostics);
    assert_false(folder_list(&(folder_options){.path = "nowhere"}, w->arena, &w->diagnostics, &f));
    contains(w->diagnostics.message, "\"nowhere\" cannot be opened: No such file");
}

static void files_are_read_later(void **state) {
    workspace *w = *state;
    folder f;
    uint8_t *bytes;
    size_t length;
    make("cat");
    make("cat/1.png");
    make("cat/2.png");
    folder_options o = {.path = root, .endings = endings, .most_bytes = 1 << 10};
    assert_true(folder_list(&o, w->arena, &w->diagnostics, &f));
    assert_true(folder_read(&f, 0, w->memory, &w->diagnostics, &bytes, &length));
    assert_true(length == 9 && memcmp(bytes, "cat/1.png", 9) == 0);
    memory_give(w->memory, bytes, length + 1);
    /* What has become a link meanwhile is not followed. */
    unlink("cat/2.png");
    assert_int_equal(symlink("1.png", "cat/2.png"), 0);
    assert_false(folder_read(&f, 1, w->memory, &w->diagnostics, &bytes, &length));
    contains(w->diagnostics.message, "/cat/2.png\" cannot be opened: it is a symbolic link");
    diag_clear(&w->diagnostics);
    assert_int_equal(rename("cat", "dog"), 0);
    assert_int_equal(symlink("dog", "cat"), 0);
    assert_false(folder_read(&f, 0, w->memory, &w->diagnostics, &bytes, &length));
    folder_close(&f);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(files_are_in_the_order_of_keras), WITH_FOLDER(links_lead_nowhere),
        WITH_FOLDER(empty_folders_are_told), WITH_FOLDER(files_are_read_later)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
