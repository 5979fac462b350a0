/* Time of a training step in cn_fit, for the table beside bench/rivals.
 *
 *     taskset -c 0 build/bench/train_step --model mlp|convnet --batch N --threads N [--epochs N]
 *
 * Ordinary use: shuffled data in memory, Adam, sparse categorical cross-entropy, gathered by the
 * feed, no progress bar. Prints one JSON line as the rivals do: the median over epochs of the time
 * per step, in microseconds, and the process's peak memory.
 */
#define _GNU_SOURCE
#include <cornu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "models.h"

enum { MOST_SAMPLES = 12800, MOST_EPOCHS = 1000 };

typedef struct watch {
    double started, epochs[MOST_EPOCHS];
    int count;
} watch;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void begin(cn_model *m, int64_t epoch, void *user) {
    (void)m, (void)epoch;
    ((watch *)user)->started = now();
}

static void end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    (void)m, (void)epoch, (void)logs;
    watch *w = user;
    w->epochs[w->count++] = now() - w->started;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *model, int64_t samples, int64_t batch, int threads, watch *w) {
    int warm = w->count > 2; /* the first epoch compiles and warms up */
    qsort(w->epochs + warm, (size_t)(w->count - warm), sizeof *w->epochs, ascending);
    double steps = (double)((samples + batch - 1) / batch);
    double median = w->epochs[warm + (w->count - warm) / 2] / steps * 1e6;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"program\": \"cornu\", \"model\": \"%s\", \"batch\": %lld, \"threads\": %d, "
           "\"us_per_step\": %.1f, "
           "\"peak_rss_mb\": %.1f}\n",
           model, (long long)batch, threads, median, (double)usage.ru_maxrss / 1024);
}

static float noise(void) {
    return (float)rand() / (float)RAND_MAX * 2 - 1;
}

int main(int argc, char **argv) {
    const char *model = "mlp";
    int64_t batch = 128, epochs = 30;
    int threads = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--model") == 0)
            model = argv[i + 1];
        else if (strcmp(argv[i], "--batch") == 0)
            batch = atoll(argv[i + 1]);
        else if (strcmp(argv[i], "--threads") == 0)
            threads = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--epochs") == 0)
            epochs = atoll(argv[i + 1]);
    }
    bool images = strcmp(model, "mlp") != 0;
    int64_t samples = images ? MOST_SAMPLES / 5 : MOST_SAMPLES;
    float *x = malloc(sizeof(float) * (size_t)samples * 784);
    int32_t *y = malloc(sizeof(int32_t) * (size_t)samples);
    for (int64_t i = 0; i < samples * 784; i++)
        x[i] = noise();
    for (int64_t i = 0; i < samples; i++)
        y[i] = rand() % 10;

    cn_context *c = cn_context_new(&(cn_context_options){.threads = threads});
    cn_model *m = images ? convnet(c) : mlp(c);
    cn_dataset *data =
        cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {samples, 784}}},
                          .targets = {{.data = y, .dtype = CN_I32, .shape = {samples}}});
    if (images)
        data = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {samples, 28, 28, 1}}},
                                 .targets = {{.data = y, .dtype = CN_I32, .shape = {samples}}});
    watch w = {0};
    cn_callback *timer = cn_callback_new(
        c, &(cn_callback_functions){.user = &w, .epoch_begin = begin, .epoch_end = end});
    cn_status s =
        cn_compile(m, .optimizer = cn_adam(c, 1e-3), .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    if (s == CN_OK)
        s = cn_fit(m, data, .epochs = epochs < MOST_EPOCHS ? epochs : MOST_EPOCHS,
                   .batch_size = batch, .callbacks = {timer}, .verbose = -1);
    if (s == CN_OK)
        report(model, samples, batch, threads, &w);
    else
        fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    free(x);
    free(y);
    return s == CN_OK ? 0 : 1;
}
