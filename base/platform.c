/* Linux: threads, clock and dlopen; files are in platform_file.c.
 *
 * Threads that the library starts block every signal, so a program's handlers run where the
 * program expects them, and begin with the default floating-point environment: rounding and
 * flush modes that a caller's thread happens to have must not change results.
 * Waiting on an address is a futex; a spurious wake is allowed, so callers loop.
 */
#define _GNU_SOURCE
#include "base/platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fenv.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void prefer_large_pages(void *block, size_t bytes) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)block;
    uintptr_t first = (begin + page - 1) / page * page, end = (begin + bytes) / page * page;
    if (first < end)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
}

int processor_count(void) {
    /* The kernel refuses a set smaller than its own; no machine needs a million. */
    for (int room = 1024; room <= 1 << 20; room *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)room);
        if (set == NULL)
            return 1;
        size_t bytes = CPU_ALLOC_SIZE((size_t)room);
        bool fits = sched_getaffinity(0, bytes, set) == 0;
        int count = fits ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (fits && count > 0)
            return count;
    }
    return 1;
}

int terminal_columns(void) {
    const char *kind = secure_getenv("TERM");
    if (!isatty(STDERR_FILENO) || kind == NULL || strcmp(kind, "dumb") == 0)
        return 0;
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

struct thread {
    pthread_t id;
    void (*entry)(void *);
    void *user;
};

static void *thread_main(void *started) {
    thread *t = started;
    fesetenv(FE_DFL_ENV);
    t->entry(t->user);
    return NULL;
}

thread *thread_start(void (*entry)(void *), void *user) {
    thread *t = malloc(sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (thread){.entry = entry, .user = user};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&t->id, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        free(t);
        return NULL;
    }
    return t;
}

/* A nice value is the thread's own on Linux. Not the last one: who waits for this thread must not
 * wait for every other program too. */
void thread_give_way(void) {
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
}

void thread_join(thread *t) {
    if (t == NULL)
        return;
    pthread_join(t->id, NULL);
    free(t);
}

struct mutex {
    pthread_mutex_t handle;
};

mutex *mutex_new(void) {
    mutex *m = malloc(sizeof *m);
    if (m != NULL && pthread_mutex_init(&m->handle, NULL) != 0) {
        free(m);
        return NULL;
    }
    return m;
}

void mutex_free(mutex *m) {
    if (m == NULL)
        return;
    pthread_mutex_destroy(&m->handle);
    free(m);
}

void mutex_lock(mutex *m) {
    pthread_mutex_lock(&m->handle);
}

void mutex_unlock(mutex *m) {
    pthread_mutex_unlock(&m->handle);
}

struct condition {
    pthread_cond_t handle;
};

condition *condition_new(void) {
    condition *c = malloc(sizeof *c);
    if (c != NULL && pthread_cond_init(&c->handle, NULL) != 0) {
        free(c);
        return NULL;
    }
    return c;
}

void condition_free(condition *c) {
    if (c == NULL)
        return;
    pthread_cond_destroy(&c->handle);
    free(c);
}

void condition_wait(condition *c, mutex *m) {
    pthread_cond_wait(&c->handle, &m->handle);
}

void condition_wake_all(condition *c) {
    pthread_cond_broadcast(&c->handle);
}

void address_wait(const uint32_t *address, uint32_t expected) {
    syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void address_wake_all(const uint32_t *address) {
    syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* RTLD_LOCAL: two programs may hold kernels of the same name. RTLD_NOW: a missing symbol is
 * reported here and never in the middle of a step. */
void *library_open(const char *path, const char **error) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL && error != NULL)
        *error = dlerror();
    return library;
}

void *library_symbol(void *library, const char *name) {
    return dlsym(library, name);
}

void library_close(void *library) {
    if (library != NULL)
        dlclose(library);
}

static char *readable_in(const char *folder, int length, const char *between, const char *file) {
    char *path = NULL;
    if (asprintf(&path, "%.*s%s%s", length, folder, between, file) < 0)
        return NULL;
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

char *file_beside_library(const char *file) {
    static const char anchor = 0;
    Dl_info here;
    if (dladdr(&anchor, &here) == 0 || here.dli_fname == NULL)
        return NULL;
    char *library = realpath(here.dli_fname, NULL);
    char *slash = library == NULL ? NULL : strrchr(library, '/'), *path = NULL;
    if (slash != NULL) {
        int length = (int)(slash - library) + 1;
        path = readable_in(library, length, "", file);
        if (path == NULL)
            path = readable_in(library, length, "cornu/", file);
    }
    free(library);
    return path;
}

/* ---- fork ------------------------------------------------------------------------------ */

static _Atomic uint32_t generation;

static void count_fork(void) {
    generation++;
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, count_fork);
}

uint32_t fork_generation(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    return generation;
}
