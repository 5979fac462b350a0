/* PNG by libpng.
 *
 * The classic interface, because the simple one corrects gammas. libpng tells of errors by longjmp:
 * everything it must not lose lives in `decoder`, which outlives the jump. Its own limits are set
 * too, so that no chunk of text or profile grows without bounds.
 */
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "runtime/io/image_decoders.h"

enum { MOST_CHUNK_BYTES = 8 << 20, MOST_CHUNKS = 1000 };

typedef struct decoder {
    const image_source *source;
    size_t offset;
    memory *memory;
    diagnostics *diag;
    image *out;
    png_structp png;
    png_infop info;
    uint8_t **rows;
    size_t row_bytes; /* of the table of rows */
    char words[160];
} decoder;

static void keep_error(png_structp png, png_const_charp words) {
    decoder *x = png_get_error_ptr(png);
    snprintf(x->words, sizeof x->words, "%s", words);
    png_longjmp(png, 1);
}

/* A file that can be read is not damaged enough to tell. */
static void ignore_warning(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

static void take_bytes(png_structp png, png_bytep to, size_t count) {
    decoder *x = png_get_io_ptr(png);
    if (count > x->source->length - x->offset)
        png_error(png, "it is cut short");
    memcpy(to, x->source->bytes + x->offset, count);
    x->offset += count;
}

/* Everything to 8 bits of grey, RGB or RGBA. */
static int choose_channels(decoder *x, int wanted) {
    int type = png_get_color_type(x->png, x->info);
    bool grey = (type & PNG_COLOR_MASK_COLOR) == 0;
    png_set_expand(x->png); /* palettes, few bits, a transparent colour */
    png_set_strip_16(x->png);
    if (wanted == 4) {
        png_set_gray_to_rgb(x->png);
        png_set_add_alpha(x->png, 0xff, PNG_FILLER_AFTER);
        return 4;
    }
    png_set_strip_alpha(x->png);
    if (wanted == 1 && grey)
        return 1;
    png_set_gray_to_rgb(x->png);
    return 3;
}

static bool take_rows(decoder *x) {
    size_t height = (size_t)x->out->height, row = x->out->bytes / height;
    x->row_bytes = height * sizeof *x->rows;
    x->rows = memory_take(x->memory, x->row_bytes, 64);
    if (x->rows == NULL)
        return diag_fail(x->diag, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory", x->source->title);
    for (size_t i = 0; i < height; i++)
        x->rows[i] = x->out->pixels + i * row;
    return true;
}

/* libpng jumps back into here; nothing local changes between. */
static bool decode(decoder *x, int channels) {
    if (setjmp(png_jmpbuf(x->png)))
        return image_fail(x->source, x->words, x->diag);
    png_set_read_fn(x->png, x, take_bytes);
    png_set_user_limits(x->png, 65535, 65535);
    png_set_chunk_malloc_max(x->png, MOST_CHUNK_BYTES);
    png_set_chunk_cache_max(x->png, MOST_CHUNKS);
    png_read_info(x->png, x->info);
    if (!image_reserve(x->source, png_get_image_width(x->png, x->info),
                       png_get_image_height(x->png, x->info), choose_channels(x, channels),
                       x->memory, x->diag, x->out))
        return false;
    png_set_interlace_handling(x->png);
    png_read_update_info(x->png, x->info);
    if (png_get_rowbytes(x->png, x->info) != x->out->bytes / (size_t)x->out->height)
        return image_fail(x->source, "its rows have another length than its header says", x->diag);
    if (!take_rows(x))
        return false;
    png_read_image(x->png, x->rows);
    png_read_end(x->png, NULL);
    return true;
}

bool image_decode_png(const image_source *s, int channels, memory *m, diagnostics *d, image *out) {
    decoder x = {.source = s, .memory = m, .diag = d, .out = out};
    x.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &x, keep_error, ignore_warning);
    x.info = x.png == NULL ? NULL : png_create_info_struct(x.png);
    bool ok = x.info != NULL ? decode(&x, channels)
                             : diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory", s->title);
    if (x.rows != NULL)
        memory_give(m, x.rows, x.row_bytes);
    if (x.png != NULL)
        png_destroy_read_struct(&x.png, &x.info, NULL);
    return ok;
}
