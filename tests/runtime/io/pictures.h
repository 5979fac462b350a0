/* Small images as files in memory, made by the libraries that read them: for tests. */
#ifndef CORNU_TESTS_RUNTIME_IO_PICTURES_H
#define CORNU_TESTS_RUNTIME_IO_PICTURES_H

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

typedef struct picture_file {
    uint8_t bytes[1 << 14];
    size_t length;
} picture_file;

/* `format` is one of libpng's: PNG_FORMAT_RGB. */
static inline void make_png(picture_file *f, uint32_t format, uint32_t width, uint32_t height,
                            const void *pixels) {
    png_image x = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format};
    png_alloc_size_t length = sizeof f->bytes;
    assert_int_equal(png_image_write_to_memory(&x, f->bytes, &length, 0, pixels, 0, NULL), 1);
    f->length = length;
}

static inline void make_jpeg(picture_file *f, bool grey, int width, int height,
                             const uint8_t *pixels) {
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    tjhandle h = tjInitCompress();
    assert_int_equal(tjCompress2(h, pixels, width, 0, height, grey ? TJPF_GRAY : TJPF_RGB, &bytes,
                                 &length, grey ? TJSAMP_GRAY : TJSAMP_444, 95, 0),
                     0);
    assert_true(length <= sizeof f->bytes);
    memcpy(f->bytes, bytes, length);
    f->length = length;
    tjFree(bytes);
    tjDestroy(h);
}

#endif
