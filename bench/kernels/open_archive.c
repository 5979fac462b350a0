/* Opening of a .keras file, the part that is bytes: archive, checksums, the list of its datasets,
 * and a copy of every weight to where a model would have it; against reading the file.
 *
 *     build/bench/open_archive [MB]       (100; 3 rounds; each measurement in a process of its own)
 *
 * "read" is one read() of the file into new memory, "read large" the same into memory of large
 * pages, which is what Cornu asks for. The file is in the page cache for all of them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/platform.h"
#include "runtime/io/archive.h"
#include "runtime/io/hdf5.h"

enum { WEIGHTS = 16, ROUNDS = 3 };
static const char member[] = "model.weights.h5";

static bool make_file(const char *path, size_t bytes, diagnostics *d) {
    hdf5_dataset x[WEIGHTS];
    static char names[WEIGHTS][32];
    float *values = malloc(bytes);
    for (size_t i = 0; values != NULL && i < bytes / 4; i++)
        values[i] = (float)i * 0.37f;
    for (int i = 0; i < WEIGHTS; i++) {
        snprintf(names[i], sizeof names[i], "layers/dense_%d/vars/0", i);
        x[i] = (hdf5_dataset){names[i],
                              {.dtype = CN_F32, .rank = 1, .dims = {{(int64_t)bytes / 64, false}}},
                              values + (size_t)i * (bytes / 64),
                              bytes / WEIGHTS};
    }
    const hdf5_file f = {x, WEIGHTS, NULL, 0};
    file_view made;
    bool ok = values != NULL && hdf5_write(&f, path, d, &made);
    const archive_entry entries[] = {{"config.json", "{}", 2}, {member, made.bytes, made.length}};
    ok = ok && archive_write(path, entries, 2, d);
    hdf5_release(&made);
    free(values);
    return ok;
}

static bool read_only(const char *path, bool large) {
    struct stat facts;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return false;
    uint8_t *bytes = malloc((size_t)facts.st_size);
    if (bytes != NULL && large)
        prefer_large_pages(bytes, (size_t)facts.st_size);
    bool ok = bytes != NULL && read(fd, bytes, (size_t)facts.st_size) == facts.st_size;
    close(fd);
    free(bytes);
    return ok;
}

static bool copy_weights(const hdf5_file *f, memory *m) {
    bool ok = true;
    for (size_t i = 0; ok && i < f->dataset_count; i++) {
        void *room = memory_take(m, f->datasets[i].bytes, 64);
        if ((ok = room != NULL))
            memcpy(room, f->datasets[i].data, f->datasets[i].bytes);
    }
    return ok;
}

static bool open_all(const char *path) {
    diagnostics d;
    diag_init(&d);
    memory *m = memory_new(0);
    arena *a = arena_new(m, &d);
    file_view v;
    hdf5_file f;
    archive *z = archive_open(path, a, &d);
    bool ok =
        z != NULL && archive_read(z, member, &v) && hdf5_read(&v, a, &d, &f) && copy_weights(&f, m);
    archive_close(z);
    if (!ok)
        fprintf(stderr, "%s\n", d.message);
    return ok;
}

static bool run(const char *path, int kind) {
    return kind == 2 ? open_all(path) : read_only(path, kind == 1);
}

/* Milliseconds, and the most memory it had, in MiB; negative after a failure. */
static double measure(const char *path, int kind, double *peak) {
    double begin = clock_seconds(), answer[2] = {-1, 0};
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    if (fork() == 0) {
        struct rusage usage;
        begin = clock_seconds();
        answer[0] = run(path, kind) ? (clock_seconds() - begin) * 1e3 : -1;
        getrusage(RUSAGE_SELF, &usage);
        answer[1] = (double)usage.ru_maxrss / 1024;
        _exit(write(ends[1], answer, sizeof answer) != sizeof answer);
    }
    close(ends[1]);
    if (read(ends[0], answer, sizeof answer) != sizeof answer)
        answer[0] = -1;
    close(ends[0]);
    wait(NULL);
    *peak = answer[1];
    return answer[0];
}

int main(int count, char **arguments) {
    size_t bytes = (size_t)(count > 1 ? atoi(arguments[1]) : 100) * 1000000 / 64 * 64;
    char path[] = "/tmp/cornu-open-XXXXXX";
    static const char *const kinds[] = {"read", "read large", "open"};
    diagnostics d;
    diag_init(&d);
    int fd = mkstemp(path);
    setenv("CORNU_HDF5", CORNU_BUILD_FOLDER "/cornu-hdf5", 0);
    bool ok = fd >= 0 && close(fd) == 0 && make_file(path, bytes, &d);
    for (int round = 0; ok && round < ROUNDS; round++) {
        double ms[3], peak[3];
        for (int kind = 0; ok && kind < 3; kind++) {
            ms[kind] = measure(path, kind, &peak[kind]);
            ok = ms[kind] >= 0;
        }
        for (int kind = 0; ok && kind < 3; kind++)
            printf("%s %.1f ms (%.0f MiB)%s", kinds[kind], ms[kind], peak[kind],
                   kind < 2 ? ", " : "");
        if (ok)
            printf("; open is %.2f of read, %.2f of read large\n", ms[2] / ms[0], ms[2] / ms[1]);
    }
    if (!ok)
        fprintf(stderr, "%s\n", d.message);
    unlink(path);
    return !ok;
}
