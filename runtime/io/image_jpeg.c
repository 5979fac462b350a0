/* JPEG by libturbojpeg, whose calls return: it catches libjpeg's errors itself. */
#include <string.h>
#include <turbojpeg.h>

#include "runtime/io/image_decoders.h"

/* Missing data are grey pixels to libjpeg, and a warning; to us the file is damaged. Other warnings
 * tell of bytes between the segments, which many cameras leave. */
static bool is_cut_short(const char *words) {
    return strstr(words, "remature") != NULL;
}

/* Of a header without an image the library says only that it warns. */
static bool read_header(tjhandle h, const image_source *s, diagnostics *d, int *width, int *height,
                        int *colours) {
    int subsampling, failed;
    *width = *height = 0;
    failed = tjDecompressHeader3(h, s->bytes, s->length, width, height, &subsampling, colours);
    if (failed != 0 && (tjGetErrorCode(h) == TJERR_FATAL || *width <= 0 || *height <= 0))
        return image_fail(s, tjGetErrorStr2(h), d);
    if (*colours == TJCS_CMYK || *colours == TJCS_YCCK)
        return diag_fail(d, CN_ERROR_UNSUPPORTED, "\"%s\" is a JPEG of printing colours (CMYK)",
                         s->title);
    return true;
}

static bool decode(tjhandle h, const image_source *s, int channels, memory *m, diagnostics *d,
                   image *out) {
    int width, height, colours;
    if (!read_header(h, s, d, &width, &height, &colours))
        return false;
    int given = channels == 4 ? 4 : channels == 1 && colours == TJCS_GRAY ? 1 : 3;
    int format = given == 4 ? TJPF_RGBA : given == 1 ? TJPF_GRAY : TJPF_RGB;
    if (!image_reserve(s, width, height, given, m, d, out))
        return false;
    if (tjDecompress2(h, s->bytes, s->length, out->pixels, width, 0, height, format,
                      TJFLAG_LIMITSCANS) == 0)
        return true;
    const char *words = tjGetErrorStr2(h);
    if (tjGetErrorCode(h) == TJERR_FATAL || is_cut_short(words))
        return image_fail(s, words, d);
    return true;
}

bool image_decode_jpeg(const image_source *s, int channels, memory *m, diagnostics *d, image *out) {
    tjhandle h = tjInitDecompress();
    if (h == NULL)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory", s->title);
    bool ok = decode(h, s, channels, m, d, out);
    tjDestroy(h);
    return ok;
}
