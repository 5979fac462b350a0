/* Opening of a .keras file of 100 MB against reading it.
 *
 *     build/bench/open_keras [FILE]
 *
 * Without FILE a model of five dense layers is saved first. Each measurement is a process of its
 * own, forked from one that does little else, so that the most memory it had is its own; files are
 * in the page cache for all. "read" is one read() into new memory, "read large" the same into
 * memory of large pages, which is what Cornu asks for; "open" is cn_load, to a model ready for
 * use: checksums, weights in place, layers made.
 */
#define _GNU_SOURCE
#include <cornu.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { UNITS = 2236, LAYERS = 5, ROUNDS = 5, KINDS = 3 };

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static bool save_model(const char *path) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {UNITS}), y = x;
    for (int i = 0; i < LAYERS; i++)
        y = cn_apply(cn_dense(c, UNITS), y);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    cn_status s = cn_save(m, path);
    if (s != CN_OK)
        fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}

static bool read_only(const char *path, bool large) {
    struct stat facts;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return false;
    size_t bytes = (size_t)facts.st_size, alignment = (size_t)2 << 20;
    void *room = aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
    if (room != NULL && large)
        madvise(room, bytes, MADV_HUGEPAGE);
    bool ok = room != NULL && read(fd, room, bytes) == facts.st_size;
    close(fd);
    free(room);
    return ok;
}

static bool load(const char *path) {
    cn_context *c = cn_context_new(NULL);
    (void)cn_load(c, path);
    bool ok = cn_error_status(c) == CN_OK;
    if (!ok)
        fprintf(stderr, "%s\n", cn_error_message(c));
    return ok; /* the process ends here: nothing is given back in this time */
}

typedef struct figures {
    double milliseconds, mebibytes; /* negative time: it failed */
} figures;

static figures measure(const char *path, int kind) {
    figures f = {-1, 0};
    int ends[2];
    if (pipe(ends) != 0)
        return f;
    if (fork() == 0) {
        struct rusage usage;
        double begin = milliseconds();
        if (kind == 2 ? load(path) : read_only(path, kind == 1))
            f.milliseconds = milliseconds() - begin;
        getrusage(RUSAGE_SELF, &usage);
        f.mebibytes = (double)usage.ru_maxrss / 1024;
        _exit(write(ends[1], &f, sizeof f) != sizeof f);
    }
    close(ends[1]);
    if (read(ends[0], &f, sizeof f) != sizeof f)
        f.milliseconds = -1;
    close(ends[0]);
    wait(NULL);
    return f;
}

static bool run_round(const char *path) {
    static const char *const kinds[KINDS] = {"read", "read large", "open"};
    figures f[KINDS];
    for (int i = 0; i < KINDS; i++) {
        f[i] = measure(path, i);
        if (f[i].milliseconds < 0)
            return false;
        printf("%s %.1f ms, %.0f MiB; ", kinds[i], f[i].milliseconds, f[i].mebibytes);
    }
    printf("open is %.2f of read, %.2f of read large\n", f[2].milliseconds / f[0].milliseconds,
           f[2].milliseconds / f[1].milliseconds);
    return true;
}

int main(int count, char **arguments) {
    char made[] = "/tmp/cornu-open-XXXXXX.keras";
    const char *path = count > 1 ? arguments[1] : made;
    int status = 0;
    int fd = count > 1 ? -1 : mkstemps(made, 6);
    bool ok = count > 1 || (fd >= 0 && close(fd) == 0);
    fflush(NULL);
    if (ok && count == 1) { /* in a process of its own too */
        if (fork() == 0)
            _exit(!save_model(path));
        ok = wait(&status) > 0 && status == 0;
    }
    for (int i = 0; ok && i < ROUNDS; i++)
        ok = run_round(path);
    if (count == 1)
        unlink(path);
    return !ok;
}
