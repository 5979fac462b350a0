/* PNG and JPEG images, told by their first bytes, as rows of 8-bit channels.
 *
 * libpng and libturbojpeg decode. Profiles, gammas, transparency behind colours and orientations
 * that cameras note are left alone, as Keras leaves them. What the header declares is compared with
 * the caller's limit and with what so many bytes can hold before a pixel is allocated.
 */
#ifndef CORNU_RUNTIME_IO_IMAGE_H
#define CORNU_RUNTIME_IO_IMAGE_H

#include <stdint.h>

#include "base/arena.h"

typedef struct image {
    uint8_t *pixels; /* [height, width, channels]; taken from `memory` */
    size_t bytes;
    int64_t width, height;
    int channels; /* 1 grey, 3 RGB, 4 RGBA */
    memory *memory;
} image;

typedef struct image_source {
    const char *title; /* for messages */
    const uint8_t *bytes;
    size_t length;
    int64_t most_pixels;
} image_source;

/* Decodes to 1, 3 or 4 channels: grey is ITU-R 601's luma. False with a message; then there are no
 * pixels. May be called by many threads at once. */
bool image_decode(const image_source *s, int channels, memory *m, diagnostics *d, image *out);
void image_free(image *x);

#endif
