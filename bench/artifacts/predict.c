/* Times calls of the exported convnet, for the table beside bench/rivals.
 *
 *     predict IMAGES WEIGHTS ANSWERS
 *
 * bench/predict_table.sh makes the artefact and compiles this file against its header. First the
 * program writes what the model says of one image and of all MOST of them to the file ANSWERS, and
 * its name and settings to stdout. Then it answers lines "SETTING BATCH MILLISECONDS" of stdin,
 * each with "MEDIAN LEAST CALLS": microseconds of a call, over so many calls. So
 * bench/predict_turns.py lets programs that are all loaded and warm take turns.
 */
#define _POSIX_C_SOURCE 200809L
#include <convnet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 32, IMAGE = 28 * 28, CLASSES = 10, MOST_CALLS = 1 << 20 };

static convnet_context context;
static _Alignas(CONVNET_ALIGNMENT) unsigned char workspace[CONVNET_WORKSPACE_BYTES(1)];
static convnet_session session = {.workspace = workspace, .workspace_bytes = sizeof workspace};
static _Alignas(CONVNET_ALIGNMENT) unsigned char weights[2 * CONVNET_WEIGHT_BYTES];
static _Alignas(CONVNET_ALIGNMENT) unsigned char room[CONVNET_ROOM_BYTES];
static _Alignas(CONVNET_ALIGNMENT) uint8_t images[MOST * IMAGE];
static _Alignas(CONVNET_ALIGNMENT) float answers[MOST * CLASSES];
static double times[MOST_CALLS];

static void check(bool holds, const char *message) {
    if (holds)
        return;
    fprintf(stderr, "predict: %s\n", message);
    exit(1);
}

static size_t read_file(const char *path, void *into, size_t most) {
    FILE *file = fopen(path, "rb");
    check(file != NULL, path);
    size_t bytes = fread(into, 1, most, file);
    fclose(file);
    return bytes;
}

static void predict(int64_t batch) {
    check(convnet_predict(&context, &session, batch, images, answers) == CONVNET_OK,
          session.message);
}

static void write_answers(const char *path) {
    FILE *file = fopen(path, "wb");
    check(file != NULL, path);
    for (int64_t batch = 1; batch <= MOST; batch += MOST - 1) {
        predict(batch);
        fwrite(answers, sizeof *answers, (size_t)batch * CLASSES, file);
    }
    check(fclose(file) == 0, path);
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(int64_t batch, double milliseconds) {
    size_t calls = 0;
    double end = now_us() + 1e3 * milliseconds, before, after;
    do {
        before = now_us();
        predict(batch);
        after = now_us();
        times[calls++] = after - before;
    } while (after < end && calls < MOST_CALLS);
    qsort(times, calls, sizeof *times, ascending);
    printf("%.3f %.3f %zu\n", times[calls / 2], times[0], calls);
}

int main(int argc, char **argv) {
    check(argc == 4, "usage: predict IMAGES WEIGHTS ANSWERS");
    check(read_file(argv[1], images, sizeof images) == sizeof images, "too few images");
    size_t bytes = read_file(argv[2], weights, sizeof weights);
    check(convnet_init(&context) == CONVNET_OK, context.message);
    check(convnet_use_file(&context, weights, bytes, room, sizeof room) == CONVNET_OK,
          context.message);
    write_answers(argv[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"program\": \"cornu\", \"version\": \"\", \"settings\": [\"exported\"]}\n");
    int setting, batch;
    double milliseconds;
    while (scanf("%d %d %lf", &setting, &batch, &milliseconds) == 3)
        measure(batch, milliseconds);
    return 0;
}
