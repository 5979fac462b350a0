/* Decoding images: the format's decoder, then the channels that are asked for. */
#include "runtime/io/image.h"

#include <string.h>

#include "base/size.h"
#include "runtime/io/image_decoders.h"

/* Deflate packs at most 1032 bytes into one; JPEG packs less. */
enum { MOST_EXPANSION = 1100, FREE_BYTES = 1 << 20, MOST_EXTENT = 65535 };

bool image_fail(const image_source *s, const char *words, diagnostics *d) {
    return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" is damaged: %s", s->title, words);
}

bool image_reserve(const image_source *s, int64_t width, int64_t height, int channels, memory *m,
                   diagnostics *d, image *out) {
    *out = (image){.width = width, .height = height, .channels = channels, .memory = m};
    if (width < 1 || height < 1 || width > MOST_EXTENT || height > MOST_EXTENT ||
        width * height > s->most_pixels)
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" declares %lld x %lld pixels; at most %lld are read", s->title,
                         (long long)width, (long long)height, (long long)s->most_pixels);
    out->bytes = (size_t)(width * height) * (size_t)channels;
    if (out->bytes > FREE_BYTES && (out->bytes - FREE_BYTES) / MOST_EXPANSION > s->length)
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" declares %lld x %lld pixels, which its %zu bytes cannot hold",
                         s->title, (long long)width, (long long)height, s->length);
    out->pixels = memory_take(m, out->bytes, 64);
    return out->pixels != NULL ||
           diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory for %zu bytes of pixels",
                     s->title, out->bytes);
}

void image_free(image *x) {
    if (x->pixels != NULL)
        memory_give(x->memory, x->pixels, x->bytes);
    x->pixels = NULL;
}

/* In place: the grey of a pixel lies before the pixels still to be read. */
static void to_grey(image *x) {
    const uint8_t *from = x->pixels;
    size_t count = (size_t)(x->width * x->height), step = (size_t)x->channels;
    for (size_t i = 0; i < count; i++, from += step)
        x->pixels[i] =
            (uint8_t)((from[0] * 19595u + from[1] * 38470u + from[2] * 7471u + 0x8000u) >> 16);
    x->channels = 1; /* `bytes` stays what was taken */
}

bool image_decode(const image_source *s, int channels, memory *m, diagnostics *d, image *out) {
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    bool ok;
    *out = (image){.memory = m};
    if (s->length >= sizeof png && memcmp(s->bytes, png, sizeof png) == 0)
        ok = image_decode_png(s, channels, m, d, out);
    else if (s->length >= 3 && s->bytes[0] == 0xff && s->bytes[1] == 0xd8 && s->bytes[2] == 0xff)
        ok = image_decode_jpeg(s, channels, m, d, out);
    else
        return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" is neither PNG nor JPEG", s->title);
    if (!ok) {
        image_free(out);
        return false;
    }
    if (channels == 1 && out->channels > 1)
        to_grey(out);
    return true;
}
