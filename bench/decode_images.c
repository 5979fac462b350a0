/* Decoding a folder of JPEGs while a small model trains on them.
 *
 *     decode_images [--images N] [--threads N]
 *
 * Makes N photographs of noise and shapes, 512 x 384, in a temporary folder (files come from the
 * page cache, so decoding is what is measured), and times in one run: decoding alone, on one thread
 * and on all; training alone, on images that lie in memory; and training on the folder. If no
 * processor were ever idle or wasted, the last would take as long as the two together: the ratio
 * says how near it comes. Processor time over wall time says how many processors were busy.
 */
#define _GNU_SOURCE
#include <cornu.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <turbojpeg.h>
#include <unistd.h>

enum { WIDTH = 512, HEIGHT = 384, EXTENT = 96, CLASSES = 2, BATCH = 32 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double processor_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* ---- Files -------------------------------------------------------------------------------- */

static void paint(uint8_t *pixels, int k) {
    uint32_t noise = (uint32_t)k * 2654435761u + 1;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) {
                noise = noise * 1664525u + 1013904223u;
                int wave = (x * (k % 7 + 1) + y * (c + 1)) / 4 & 127;
                int shape = ((x - 200) * (x - 200) + (y - 150) * (y - 150) < 9000) == (k & 1);
                *pixels++ = (uint8_t)(wave + shape * 90 + (int)(noise >> 28));
            }
}

static bool write_image(tjhandle h, const char *path, int k) {
    static uint8_t pixels[WIDTH * HEIGHT * 3];
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    paint(pixels, k);
    if (tjCompress2(h, pixels, WIDTH, 0, HEIGHT, TJPF_RGB, &bytes, &length, TJSAMP_420, 85, 0) != 0)
        return false;
    FILE *out = fopen(path, "wb");
    bool ok = out != NULL && fwrite(bytes, 1, length, out) == length;
    ok = out != NULL && fclose(out) == 0 && ok;
    tjFree(bytes);
    return ok;
}

static bool write_folder(const char *folder, int images) {
    char path[256];
    tjhandle h = tjInitCompress();
    bool ok = h != NULL;
    for (int k = 0; ok && k < images; k++) {
        snprintf(path, sizeof path, "%s/%d", folder, k % CLASSES);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/%d/%05d.jpg", folder, k % CLASSES, k);
        ok = write_image(h, path, k);
    }
    tjDestroy(h);
    return ok;
}

static void remove_folder(const char *folder, int images) {
    char path[256];
    for (int k = 0; k < images; k++) {
        snprintf(path, sizeof path, "%s/%d/%05d.jpg", folder, k % CLASSES, k);
        unlink(path);
    }
    for (int k = 0; k < CLASSES; k++) {
        snprintf(path, sizeof path, "%s/%d", folder, k);
        rmdir(path);
    }
    rmdir(folder);
}

/* ---- Measuring ----------------------------------------------------------------------------- */

static cn_model *make_model(cn_context *c, bool heavy) {
    cn_tensor x = cn_input(c, {EXTENT, EXTENT, 3});
    cn_tensor y =
        heavy ? cn_chain(x, cn_conv2d(c, 32, {3, 3}, .strides = {2, 2}, .activation = CN_RELU),
                         cn_conv2d(c, 32, {3, 3}, .activation = CN_RELU), cn_max_pooling2d(c),
                         cn_flatten(c), cn_dense(c, CLASSES, .activation = CN_SOFTMAX))
              : cn_chain(x, cn_max_pooling2d(c, {32, 32}), cn_flatten(c),
                         cn_dense(c, CLASSES, .activation = CN_SOFTMAX));
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    return cn_compile(m, .optimizer = cn_sgd(c, 1e-4),
                      .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY) == CN_OK
               ? m
               : NULL;
}

static cn_dataset *open_folder(cn_context *c, const char *folder) {
    return cn_dataset_image_folder(c, folder, .image_size = {EXTENT, EXTENT}, .scale = 1.0 / 255);
}

typedef struct times {
    double wall, processor;
} times;

static times epoch(cn_model *m, cn_dataset *d) {
    double wall = now(), processor = processor_seconds();
    if (cn_fit(m, d, .batch_size = BATCH, .verbose = -1) != CN_OK)
        fprintf(stderr, "%s\n", cn_error_message(cn_model_context(m)));
    return (times){now() - wall, processor_seconds() - processor};
}

/* The shorter of two epochs, after one that compiles. */
static times measure(cn_model *m, cn_dataset *d) {
    epoch(m, d);
    times a = epoch(m, d), b = epoch(m, d);
    return a.wall < b.wall ? a : b;
}

static times read_alone(cn_dataset *d, float *pixels, int32_t *labels) {
    double wall = now(), processor = processor_seconds();
    if (cn_dataset_read(d, 0, cn_dataset_count(d), (void *[]){pixels, labels}) != CN_OK)
        fprintf(stderr, "an image cannot be read\n");
    return (times){now() - wall, processor_seconds() - processor};
}

static void report(const char *what, times t, int images) {
    printf("%-34s %8.0f images/s  %5.2f processors busy\n", what, images / t.wall,
           t.processor / t.wall);
}

static int run(cn_context *c, const char *folder, int images) {
    size_t count = (size_t)images * EXTENT * EXTENT * 3;
    float *pixels = malloc(count * sizeof *pixels);
    int32_t *labels = malloc((size_t)images * sizeof *labels);
    cn_dataset *files = open_folder(c, folder);
    cn_model *m = make_model(c, true), *light = make_model(c, false);
    if (pixels == NULL || labels == NULL || files == NULL || m == NULL || light == NULL) {
        fprintf(stderr, "%s\n", cn_error_message(c));
        return 1;
    }
    times alone = read_alone(files, pixels, labels);
    cn_dataset *memory =
        cn_dataset_arrays(c, .inputs = {{.data = pixels, .shape = {images, EXTENT, EXTENT, 3}}},
                          .targets = {{.data = labels, .dtype = CN_I32, .shape = {images}}});
    times decoding = measure(light, files);
    times stepping = measure(m, memory), both = measure(m, files);
    report("decoding, one thread", alone, images);
    report("decoding, all (next to no step)", decoding, images);
    report("training on memory", stepping, images);
    report("training on files", both, images);
    printf("training on files / (decoding + training on memory): %.3f\n",
           both.wall / (decoding.wall + stepping.wall));
    printf("share of the wall time beyond the steps: %.3f\n", 1 - stepping.wall / both.wall);
    free(pixels);
    free(labels);
    return 0;
}

int main(int argc, char **argv) {
    int images = 1024, threads = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--images") == 0)
            images = atoi(argv[i + 1]);
        if (strcmp(argv[i], "--threads") == 0)
            threads = atoi(argv[i + 1]);
    }
    char folder[] = "/tmp/cornu-bench-XXXXXX";
    if (images < BATCH || mkdtemp(folder) == NULL || !write_folder(folder, images))
        return 1;
    cn_context *c = cn_context_new(&(cn_context_options){.threads = threads, .quiet = true});
    int status = run(c, folder, images);
    cn_context_free(c);
    remove_folder(folder, images);
    return status;
}
