/* A child process: its result, its clean environment, its time limit. */
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "base/child.h"

static char folder[] = "/tmp/cornu-test-child-XXXXXX";
static char messages[64];

static char *shell(const char *script, double seconds) {
    child_options options = {
        .program = "/bin/sh", .folder = folder, .messages = messages, .seconds = seconds};
    return child_run(&options, (const char *const[]){"sh", "-c", script, NULL});
}

static void expect_success(const char *script) {
    char *message = shell(script, 20);
    if (message != NULL)
        print_error("%s\n", message);
    assert_null(message);
}

static void expect_failure(const char *script, double seconds, const char *part) {
    char *message = shell(script, seconds);
    assert_non_null(message);
    if (strstr(message, part) == NULL)
        fail_msg("no '%s' in: %s", part, message);
    free(message);
}

static void success_and_failure(void **state) {
    (void)state;
    expect_success("exit 0");
    expect_failure("echo on stdout; echo on stderr >&2; exit 3", 20, "exit status 3");
    expect_failure("echo on stdout; echo on stderr >&2; exit 3", 20, "on stdout\non stderr");
    expect_failure("kill -9 $$", 20, "signal 9");
    child_options options = {
        .program = "/nowhere/cc", .folder = folder, .messages = messages, .seconds = 1};
    char *message = child_run(&options, (const char *const[]){"cc", NULL});
    assert_non_null(strstr(message, "/nowhere/cc"));
    free(message);
}

static void a_flood_of_messages_is_cut(void **state) {
    (void)state;
    char *message = shell("yes | head -c 1000000; exit 1", 20);
    assert_non_null(message);
    assert_true(strlen(message) < 4000);
    free(message);
}

static void time_is_limited_for_grandchildren_too(void **state) {
    (void)state;
    double begin = clock_seconds();
    expect_failure("sleep 30 & sleep 30; echo never", 0.2, "longer than 0.2 seconds");
    assert_true(clock_seconds() - begin < 10);
}

static void the_environment_is_clean(void **state) {
    (void)state;
    setenv("CPATH", "/evil", 1);
    setenv("LD_LIBRARY_PATH", "/evil", 1);
    setenv("CCC_OVERRIDE_OPTIONS", "+-ffast-math", 1);
    expect_success("test -z \"$CPATH$LD_LIBRARY_PATH$CCC_OVERRIDE_OPTIONS\" && "
                   "test \"$LC_ALL\" = C && test \"$TMPDIR\" = \"$PWD\" && test -n \"$PATH\"");
    unsetenv("CPATH");
    unsetenv("LD_LIBRARY_PATH");
    unsetenv("CCC_OVERRIDE_OPTIONS");
}

static void descriptors_and_signals_stay_here(void **state) {
    (void)state;
    int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as a user's file might be */
    char script[100];
    snprintf(script, sizeof script, "test ! -e /proc/$$/fd/%d", fd);
    expect_success(script);
    close(fd);
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, &before);
    expect_success("grep -q '^SigBlk:[[:space:]]*0*$' /proc/self/status");
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* In the order they are given, whatever their numbers are here; nothing else is open there. */
static void descriptors_are_handed_over(void **state) {
    (void)state;
    int pipes[2][2];
    assert_true(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0);
    assert_int_equal(write(pipes[0][1], "first\n", 6), 6);
    const int given[] = {pipes[1][1], pipes[0][0]};
    child_options options = {
        .program = "/bin/sh", .descriptors = given, .descriptor_count = 2, .seconds = 20};
    const char *script = "read word <&4; echo $word is read >&3; test ! -e /proc/$$/fd/5; "
                         "echo $? $PWD $TMPDIR";
    child_result r;
    child_start(&options, (const char *const[]){"sh", "-c", script, NULL}, &r);
    assert_int_equal(r.end, CHILD_SUCCEEDED);
    assert_string_equal(r.printed, "0 /\n");
    char answer[32] = "";
    assert_int_equal(read(pipes[1][0], answer, sizeof answer), 14);
    assert_string_equal(answer, "first is read\n");
    for (int i = 0; i < 4; i++)
        close(pipes[i / 2][i % 2]);
}

static void files_are_limited(void **state) {
    (void)state;
    char path[80];
    snprintf(path, sizeof path, "%s/large", folder);
    child_options options = {
        .program = "/bin/sh", .folder = folder, .file_bytes = 1000, .seconds = 20};
    child_result r;
    child_start(&options,
                (const char *const[]){"sh", "-c", "sleep 0.1; printf %5000s x >large", NULL}, &r);
    assert_int_not_equal(r.end, CHILD_SUCCEEDED);
    unlink(path);
}

static void a_host_that_ignores_children(void **state) {
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    expect_success("sleep 0.05");
    signal(SIGCHLD, SIG_DFL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_and_failure),
        cmocka_unit_test(a_flood_of_messages_is_cut),
        cmocka_unit_test(time_is_limited_for_grandchildren_too),
        cmocka_unit_test(the_environment_is_clean),
        cmocka_unit_test(descriptors_and_signals_stay_here),
        cmocka_unit_test(descriptors_are_handed_over),
        cmocka_unit_test(files_are_limited),
        cmocka_unit_test(a_host_that_ignores_children),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(messages, sizeof messages, "%s/messages", folder);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(messages);
    rmdir(folder);
    return failures;
}
