/* A child process in a clean room.
 *
 * Its environment holds PATH, HOME, TMPDIR and LC_ALL=C and nothing else: variables such as CPATH,
 * LD_PRELOAD or CCC_OVERRIDE_OPTIONS would change what a compiler does without showing in any key
 * of the cache. No descriptor of ours reaches it, signals are as a shell would give them, output
 * goes to a file of which only the beginning is read. It leads a process group, so that its own
 * children die with it when time is up, and its files and processor time are limited.
 *
 * A host program may ignore SIGCHLD, and then the system forgets how the child ended. That is taken
 * for success: whoever needs the child's output file finds out.
 */
#define _GNU_SOURCE
#include "codegen/cpu/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/platform.h"

enum { MESSAGE_BYTES = 3000, VARIABLES = 4 };

static char *format_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_message(const char *format, ...) {
    char *message = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    return message != NULL ? message : strdup("out of memory");
}

static int prepare_files(posix_spawn_file_actions_t *files, const child_options *o) {
    int error = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(files, 1, o->messages,
                                                 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, 1, 2);
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(files, o->folder);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, 3);
#endif
    return error;
}

static int prepare_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/* `NAME=value` of a variable of ours, or of the default; NULL when there is neither. */
static char *variable(const char *name, const char *fallback) {
    const char *value = secure_getenv(name);
    char *text = NULL;
    if (value == NULL)
        value = fallback;
    if (value == NULL || asprintf(&text, "%s=%s", name, value) < 0)
        return NULL;
    return text;
}

static void fill_environment(char *environment[VARIABLES + 1], const char *folder) {
    char *const all[VARIABLES] = {
        variable("PATH", "/usr/local/bin:/usr/bin:/bin"),
        variable("HOME", NULL),
        format_message("TMPDIR=%s", folder),
        strdup("LC_ALL=C"),
    };
    int count = 0;
    for (int i = 0; i < VARIABLES; i++) {
        if (all[i] != NULL)
            environment[count++] = all[i];
    }
    environment[count] = NULL;
}

/* Returns 0 or an errno. */
static int spawn(pid_t *id, const child_options *o, const char *const *arguments) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *environment[VARIABLES + 1];
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    if ((error = posix_spawnattr_init(&attributes)) == 0) {
        fill_environment(environment, o->folder);
        error = prepare_files(&files, o);
        if (error == 0)
            error = prepare_attributes(&attributes);
        if (error == 0) /* posix_spawn leaves the arguments alone; the cast is POSIX's old story */
            error = posix_spawn(id, o->program, &files, &attributes, (char *const *)arguments,
                                environment);
        for (char **v = environment; *v != NULL; v++)
            free(*v);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static void limit(pid_t id, double seconds) {
    rlim_t file = (rlim_t)1 << 30, time = (rlim_t)seconds + 1;
    prlimit(id, RLIMIT_FSIZE, &(struct rlimit){file, file}, NULL);
    prlimit(id, RLIMIT_CPU, &(struct rlimit){time, time}, NULL);
    prlimit(id, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL);
}

/* False when time was up. */
static bool wait_until(pid_t id, double deadline, int *status) {
    struct timespec pause = {.tv_nsec = 200000};
    for (;;) {
        pid_t ended = waitpid(id, status, WNOHANG);
        if (ended == id)
            return true;
        if (ended < 0 && errno != EINTR) {
            *status = 0; /* reaped by someone else: see above */
            return true;
        }
        if (clock_seconds() > deadline)
            break;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 2000000)
            pause.tv_nsec += pause.tv_nsec / 4;
    }
    kill(-id, SIGKILL);
    while (waitpid(id, status, 0) < 0 && errno == EINTR)
        continue;
    return false;
}

static void read_beginning(const char *path, char text[MESSAGE_BYTES]) {
    FILE *file = fopen(path, "re");
    size_t got = file == NULL ? 0 : fread(text, 1, MESSAGE_BYTES - 1, file);
    text[got] = '\0';
    if (file != NULL)
        fclose(file);
}

char *child_run(const child_options *options, const char *const *arguments) {
    pid_t id;
    int status = 0, error = spawn(&id, options, arguments);
    if (error != 0)
        return format_message("cannot run '%s': %s", options->program, strerror(error));
    limit(id, options->seconds);
    bool in_time = wait_until(id, clock_seconds() + options->seconds, &status);
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;

    char printed[MESSAGE_BYTES];
    read_beginning(options->messages, printed);
    if (!in_time)
        return format_message("'%s' took longer than %g seconds and was stopped\n%s",
                              options->program, options->seconds, printed);
    if (WIFSIGNALED(status))
        return format_message("'%s' was ended by signal %d\n%s", options->program, WTERMSIG(status),
                              printed);
    return format_message("'%s' failed with exit status %d\n%s", options->program,
                          WEXITSTATUS(status), printed);
}
