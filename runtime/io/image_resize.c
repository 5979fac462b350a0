/* Resizing: two pixels and their shares for every column and row of the result, then one pass.
 *
 * The places are computed in float32 in the order of jax.image, so that "nearest" chooses the same
 * pixel where a place lies on an edge.
 */
#include "runtime/io/image_resize.h"

#include <math.h>

image_window image_crop(const image *x, int64_t height, int64_t width) {
    int64_t h = (int64_t)((double)(x->width * height) / (double)width);
    int64_t w = (int64_t)((double)(x->height * width) / (double)height);
    h = h > x->height ? x->height : h < 1 ? 1 : h;
    w = w > x->width ? x->width : w < 1 ? 1 : w;
    return (image_window){(x->height - h) / 2, (x->width - w) / 2, h, w};
}

static int32_t clamp(double place, int64_t count) {
    return place < 0 ? 0 : place >= (double)count ? (int32_t)count - 1 : (int32_t)place;
}

static void find_nearest(const image_axis *a, int64_t from, int64_t to) {
    for (int64_t i = 0; i < to; i++) {
        float place = ((float)i + 0.5f) * (float)from / (float)to;
        a->first[i] = a->second[i] = clamp((double)floorf(place), from);
        a->share[i] = 0;
    }
}

static void find_pairs(const image_axis *a, int64_t from, int64_t to) {
    double step = (double)from / (double)to;
    for (int64_t i = 0; i < to; i++) {
        double place = ((double)i + 0.5) * step - 0.5, below = floor(place);
        a->first[i] = clamp(below, from);
        a->second[i] = clamp(below + 1, from);
        a->share[i] = (float)(place - below);
    }
}

size_t image_scratch_bytes(int64_t height, int64_t width) {
    return (size_t)(height + width) * (2 * sizeof(int32_t) + sizeof(float));
}

static image_axis axis_at(void **scratch, int64_t count) {
    int32_t *at = *scratch;
    image_axis a = {at, at + count, (float *)(void *)(at + 2 * count)};
    *scratch = at + 3 * count;
    return a;
}

static void mix_row(const uint8_t *above, const uint8_t *below, float down, const image_axis *x,
                    int64_t width, int channels, float *to) {
    for (int64_t i = 0; i < width; i++) {
        const uint8_t *p = above + x->first[i] * channels, *q = above + x->second[i] * channels;
        const uint8_t *r = below + x->first[i] * channels, *s = below + x->second[i] * channels;
        float right = x->share[i];
        for (int c = 0; c < channels; c++) {
            float high = (float)p[c] + ((float)q[c] - (float)p[c]) * right;
            float low = (float)r[c] + ((float)s[c] - (float)r[c]) * right;
            *to++ = high + (low - high) * down;
        }
    }
}

static void copy_row(const uint8_t *from, const image_axis *x, int64_t width, int channels,
                     float *to) {
    for (int64_t i = 0; i < width; i++)
        for (int c = 0; c < channels; c++)
            *to++ = (float)from[x->first[i] * channels + c];
}

void image_resize(const image *x, image_window from, bool nearest, int64_t height, int64_t width,
                  void *scratch, float *to) {
    image_axis columns = axis_at(&scratch, width), rows = axis_at(&scratch, height);
    size_t stride = (size_t)(x->width * x->channels);
    const uint8_t *corner =
        x->pixels + (size_t)from.top * stride + (size_t)(from.left * x->channels);
    bool same = from.height == height && from.width == width;
    (nearest || same ? find_nearest : find_pairs)(&columns, from.width, width);
    (nearest || same ? find_nearest : find_pairs)(&rows, from.height, height);
    for (int64_t i = 0; i < height; i++, to += width * x->channels) {
        const uint8_t *above = corner + (size_t)rows.first[i] * stride;
        const uint8_t *below = corner + (size_t)rows.second[i] * stride;
        if (nearest || same)
            copy_row(above, &columns, width, x->channels, to);
        else
            mix_row(above, below, rows.share[i], &columns, width, x->channels, to);
    }
}
