/* The frame of a fuzz target: what libFuzzer calls, and replay.c. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_LIMIT = 256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

void require(bool holds) {
    if (!holds)
        abort();
}

void require_verdict(const diagnostics *d, bool ok) {
    require(ok == diag_ok(d) && ok == (d->message[0] == 0));
}

void require_memory(arena *a, size_t bytes) {
    require(memory_peak(arena_memory(a)) <= bytes);
}

const char *fuzz_file(const uint8_t *bytes, size_t length) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("input", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    require(fd >= 0 && ftruncate(fd, (off_t)length) == 0);
    require(length == 0 || pwrite(fd, bytes, length, 0) == (ssize_t)length);
    return path;
}

/* Running out of memory is an answer too. */
static void run_guarded(arena *a, const uint8_t *bytes, size_t length) {
    diag_recovery point;
    if (DIAG_RECOVER(arena_diagnostics(a), &point))
        return;
    fuzz_target(a, bytes, length);
    diag_pop_recovery(arena_diagnostics(a), &point);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const uint8_t nothing[1];
    diagnostics d;
    diag_init(&d);
    memory *m = memory_new(MEMORY_LIMIT);
    arena *a = m == NULL ? NULL : arena_new(m, &d);
    if (a != NULL)
        run_guarded(a, bytes != NULL ? bytes : nothing, length);
    arena_free(a);
    require(m == NULL || memory_live(m) == 0);
    memory_free(m);
    return 0;
}
