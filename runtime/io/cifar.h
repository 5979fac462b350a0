/* CIFAR's binary files: records of a label and an image of 32 x 32 in three planes.
 *
 *     CIFAR-10:  label (0-9), 1024 bytes of red, 1024 of green, 1024 of blue
 *     CIFAR-100: coarse label (0-19), fine label (0-99), and the same
 *
 * The format is that of https://www.cs.toronto.edu/~kriz/cifar.html. Records are read one by one
 * where they lie; nothing is kept but the open files.
 */
#ifndef CORNU_RUNTIME_IO_CIFAR_H
#define CORNU_RUNTIME_IO_CIFAR_H

#include <stdint.h>

#include "base/arena.h"

enum { CIFAR_FILES = 16, CIFAR_EXTENT = 32, CIFAR_PIXELS = CIFAR_EXTENT * CIFAR_EXTENT };

typedef struct cifar {
    const char *paths[CIFAR_FILES]; /* borrowed */
    int files[CIFAR_FILES];
    int64_t counts[CIFAR_FILES];
    int file_count;
    int labels;  /* bytes of them in a record: 1 or 2 */
    int label;   /* which one counts */
    int classes; /* 10, 100 or, of coarse labels, 20 */
} cifar;

/* Opens one more file and checks its length and all labels; false with a message. */
bool cifar_open(cifar *c, const char *path, diagnostics *d);
int64_t cifar_count(const cifar *c);
/* Record i of all files in order: pixels [32, 32, 3]. By many threads at once. */
bool cifar_read(const cifar *c, int64_t i, uint8_t *pixels, int32_t *label, diagnostics *d);
void cifar_close(cifar *c);

#endif
