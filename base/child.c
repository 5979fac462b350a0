/* A child process in a clean room.
 *
 * Its environment holds PATH, HOME, TMPDIR and LC_ALL=C and nothing else: variables such as CPATH,
 * LD_PRELOAD or CCC_OVERRIDE_OPTIONS would change what a compiler does without showing in any key
 * of the cache. No descriptor of ours reaches it but those it is given, signals are as a shell
 * would give them, output goes to a file of which only the beginning is read. It leads a process
 * group, so that its own children die with it when time is up, and its files and processor time
 * are limited.
 *
 * A host program may ignore SIGCHLD, and then the system forgets how the child ended. That is taken
 * for success: whoever needs the child's output file finds out.
 */
#define _GNU_SOURCE
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/platform.h"

enum { VARIABLES = 4, FIRST_DESCRIPTOR = 3, OUT_OF_THE_WAY = 64 };

/* What the child is given, under numbers that are none of those it gets there. */
typedef struct given {
    int messages;
    int descriptors[CHILD_MOST_DESCRIPTORS];
    size_t count;
} given;

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

static int open_messages(const char *path) {
    int fd = path == NULL ? memfd_create("messages", MFD_CLOEXEC)
                          : open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (fd >= 0)
        close(fd);
    return moved;
}

static void give_back(given *g) {
    for (size_t i = 0; i < g->count; i++)
        close(g->descriptors[i]);
    if (g->messages >= 0)
        close(g->messages);
}

/* Returns 0 or an errno. */
static int gather(const child_options *o, given *g) {
    *g = (given){.messages = open_messages(o->messages)};
    if (g->messages < 0)
        return errno;
    for (; g->count < o->descriptor_count; g->count++) {
        int fd = fcntl(o->descriptors[g->count], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (fd < 0)
            return errno;
        g->descriptors[g->count] = fd;
    }
    return 0;
}

static int prepare_files(posix_spawn_file_actions_t *files, const child_options *o,
                         const given *g) {
    int error = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    for (int fd = 1; error == 0 && fd <= 2; fd++)
        error = posix_spawn_file_actions_adddup2(files, g->messages, fd);
    for (size_t i = 0; error == 0 && i < g->count; i++)
        error =
            posix_spawn_file_actions_adddup2(files, g->descriptors[i], FIRST_DESCRIPTOR + (int)i);
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(files, o->folder != NULL ? o->folder : "/");
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, FIRST_DESCRIPTOR + (int)g->count);
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
        folder != NULL ? format_message("TMPDIR=%s", folder) : NULL,
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
static int spawn(pid_t *id, const child_options *o, const given *g, const char *const *arguments) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *environment[VARIABLES + 1];
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    if ((error = posix_spawnattr_init(&attributes)) == 0) {
        fill_environment(environment, o->folder);
        error = prepare_files(&files, o, g);
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

static void limit(pid_t id, const child_options *o) {
    rlim_t file = o->file_bytes != 0 ? o->file_bytes : (rlim_t)1 << 30;
    rlim_t time = (rlim_t)o->seconds + 1;
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

static void read_beginning(int fd, char text[CHILD_MESSAGE_BYTES]) {
    ssize_t got = pread(fd, text, CHILD_MESSAGE_BYTES - 1, 0);
    text[got > 0 ? got : 0] = '\0';
}

static void run(const child_options *o, const given *g, const char *const *arguments,
                child_result *out) {
    pid_t id;
    int status = 0;
    out->number = spawn(&id, o, g, arguments);
    if (out->number != 0)
        return;
    limit(id, o);
    bool in_time = wait_until(id, clock_seconds() + o->seconds, &status);
    read_beginning(g->messages, out->printed);
    out->end = !in_time ? CHILD_LATE : WIFSIGNALED(status) ? CHILD_KILLED : CHILD_FAILED;
    out->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (out->end == CHILD_FAILED && out->number == 0)
        out->end = CHILD_SUCCEEDED;
}

void child_start(const child_options *options, const char *const *arguments, child_result *out) {
    given g;
    *out = (child_result){.end = CHILD_NOT_STARTED};
    out->number = gather(options, &g);
    if (out->number == 0)
        run(options, &g, arguments, out);
    give_back(&g);
}

char *child_run(const child_options *options, const char *const *arguments) {
    child_result r;
    child_start(options, arguments, &r);
    switch (r.end) {
    case CHILD_SUCCEEDED:
        return NULL;
    case CHILD_NOT_STARTED:
        return format_message("cannot run '%s': %s", options->program, strerror(r.number));
    case CHILD_LATE:
        return format_message("'%s' took longer than %g seconds and was stopped\n%s",
                              options->program, options->seconds, r.printed);
    case CHILD_KILLED:
        return format_message("'%s' was ended by signal %d\n%s", options->program, r.number,
                              r.printed);
    default:
        return format_message("'%s' failed with exit status %d\n%s", options->program, r.number,
                              r.printed);
    }
}
