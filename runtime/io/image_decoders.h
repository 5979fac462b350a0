/* What image.c asks of the decoders of single formats. */
#ifndef CORNU_RUNTIME_IO_IMAGE_DECODERS_H
#define CORNU_RUNTIME_IO_IMAGE_DECODERS_H

#include "runtime/io/image.h"

/* Sets size and bytes of `out` and takes its pixels; false with a message when the header asks for
 * more than is allowed, or than `length` bytes can hold. */
bool image_reserve(const image_source *s, int64_t width, int64_t height, int channels, memory *m,
                   diagnostics *d, image *out);
bool image_fail(const image_source *s, const char *words, diagnostics *d);

/* To RGB, or RGBA when 4 are asked for; to grey when the file is grey and 1 is asked for. */
bool image_decode_png(const image_source *s, int channels, memory *m, diagnostics *d, image *out);
bool image_decode_jpeg(const image_source *s, int channels, memory *m, diagnostics *d, image *out);

#endif
