/* Resizing images as Keras does it (keras.ops.image.resize without antialiasing): pixels are
 * squares whose centres lie at halves, and beyond the edge lies the edge. */
#ifndef CORNU_RUNTIME_IO_IMAGE_RESIZE_H
#define CORNU_RUNTIME_IO_IMAGE_RESIZE_H

#include "runtime/io/image.h"

/* A part of an image. */
typedef struct image_window {
    int64_t top, left, height, width;
} image_window;

/* The largest part, in the middle, of the shape height : width. */
image_window image_crop(const image *x, int64_t height, int64_t width);

/* Along one axis: out[i] = from[first[i]] * (1 - share[i]) + from[second[i]] * share[i]. */
typedef struct image_axis {
    int32_t *first, *second;
    float *share;
} image_axis;

/* Resizes a window to `height` x `width` float32 pixels. `scratch` holds image_scratch_bytes(). */
void image_resize(const image *x, image_window from, bool nearest, int64_t height, int64_t width,
                  void *scratch, float *to);
size_t image_scratch_bytes(int64_t height, int64_t width);

#endif
