/* Time from the start of the process to the end of the first training step of the convnet.
 *
 *     CORNU_CACHE_DIR=$(mktemp -d) build/bench/first_step     cold: everything is compiled
 *     build/bench/first_step                                  warm, when run again
 */
#define _GNU_SOURCE
#include <cornu.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "models.h"

/* Field 22 of /proc/self/stat: when the process began, in clock ticks since boot. */
static double process_start(void) {
    FILE *f = fopen("/proc/self/stat", "r");
    unsigned long long ticks = 0;
    if (f == NULL)
        return 0;
    if (fscanf(f,
               "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
               "%*d %*d %llu",
               &ticks) != 1)
        ticks = 0;
    fclose(f);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static double since_boot(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
    enum { BATCH = 128 };
    float *x = calloc(BATCH * 784, sizeof *x);
    int32_t *y = calloc(BATCH, sizeof *y);
    double entered = since_boot();
    cn_context *c = cn_context_new(NULL);
    cn_model *m = convnet(c);
    cn_status s = cn_compile(m, .optimizer = cn_adam(c, 1e-3),
                             .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY});
    if (s == CN_OK)
        s = cn_train_on_batch(m, .inputs = {{.data = x, .shape = {BATCH, 28, 28, 1}}},
                              .targets = {{.data = y, .dtype = CN_I32, .shape = {BATCH}}});
    double done = since_boot();
    /* The kernel counts starts in ticks of 10 ms; main's own time is exact. */
    if (s == CN_OK)
        printf("first step after %.1f ms in main, %.0f ms since the process began\n",
               (done - entered) * 1e3, (done - process_start()) * 1e3);
    else
        fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    free(x);
    free(y);
    return s == CN_OK ? 0 : 1;
}
