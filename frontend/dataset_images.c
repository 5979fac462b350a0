/* Folders of images as datasets.
 *
 * The files are listed when the dataset is made; a sample is read, decoded and resized when it is
 * asked for, by whichever thread asks, into the place it has in the batch. Nothing is kept.
 */
#include <stdio.h>

#include "cornu/data_files.h"
#include "frontend/dataset.h"
#include "runtime/io/folder.h"
#include "runtime/io/image_resize.h"
#include "runtime/io/numpy_shuffle.h"

enum { DEFAULT_EXTENT = 256, MOST_EXTENT = 1 << 14, MOST_PIXELS = 1 << 26 };

/* What a file may hold: the largest pixels uncompressed, and what is not pixels. */
enum { BYTES_PER_PIXEL = 8, BYTES_BESIDE_PIXELS = 16 << 20 };

typedef struct images {
    folder folder; /* first, for cn_dataset_file */
    memory *memory;
    int64_t *order; /* of sample -> file */
    int64_t height, width, most_pixels;
    int channels, classes;
    cn_label_mode labels;
    bool nearest, crop, bytes;
    float scale, offset;
} images;

/* ---- Samples ----------------------------------------------------------------------------- */

static void write_label(const images *x, int32_t label, void *to) {
    if (x->labels == CN_LABEL_INT)
        *(int32_t *)to = label;
    if (x->labels == CN_LABEL_BINARY)
        *(float *)to = (float)label;
    for (int k = 0; x->labels == CN_LABEL_CATEGORICAL && k < x->classes; k++)
        ((float *)to)[k] = k == label;
}

static void write_bytes(const float *from, size_t count, uint8_t *to) {
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(from[i] + 0.5f); /* 0 to 255 stays in there */
}

static void write_scaled(float *values, size_t count, float scale, float offset) {
    for (size_t i = 0; i < count && (scale != 1 || offset != 0); i++)
        values[i] = values[i] * scale + offset;
}

static bool write_pixels(const images *x, const image *picture, void *to, diagnostics *d) {
    size_t count = (size_t)(x->height * x->width) * (size_t)x->channels;
    size_t axes = image_scratch_bytes(x->height, x->width);
    size_t room = axes + (x->bytes ? count * sizeof(float) : 0);
    image_window all = {0, 0, picture->height, picture->width};
    void *scratch = memory_take(x->memory, room, 64);
    if (scratch == NULL)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes of an image", room);
    float *values = x->bytes ? (float *)(void *)((char *)scratch + axes) : to;
    image_resize(picture, x->crop ? image_crop(picture, x->height, x->width) : all, x->nearest,
                 x->height, x->width, scratch, values);
    if (x->bytes)
        write_bytes(values, count, to);
    else
        write_scaled(values, count, x->scale, x->offset);
    memory_give(x->memory, scratch, room);
    return true;
}

static const char *title_of(const images *x, const char *path, char *words, size_t room) {
    snprintf(words, room, "%s/%s", x->folder.title, path);
    return words;
}

static bool read_sample(void *user, int64_t index, void *const *inputs, void *const *targets,
                        diagnostics *d) {
    const images *x = user;
    size_t k = (size_t)x->order[index], length;
    const folder_file *f = &x->folder.files[k];
    uint8_t *bytes;
    char title[512];
    image picture;
    if (x->labels != CN_LABEL_NONE && targets[0] != NULL)
        write_label(x, f->label, targets[0]);
    if (inputs[0] == NULL)
        return true;
    if (!folder_read(&x->folder, k, x->memory, d, &bytes, &length))
        return false;
    image_source s = {title_of(x, f->path, title, sizeof title), bytes, length, x->most_pixels};
    bool ok = image_decode(&s, x->channels, x->memory, d, &picture);
    memory_give(x->memory, bytes, length + 1);
    ok = ok && write_pixels(x, &picture, inputs[0], d);
    image_free(&picture);
    return ok;
}

static const char *file_of(const void *held, int64_t index) {
    const images *x = held;
    return x->folder.files[x->order[index]].path;
}

static void close_images(void *held) {
    folder_close(&((images *)held)->folder);
}

/* ---- Options ----------------------------------------------------------------------------- */

static bool fail_option(diagnostics *d, const char *words) {
    return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "%s", words);
}

static bool check_options(const cn_dataset_image_folder_options *o, diagnostics *d) {
    if (o->path == NULL)
        return fail_option(d, "no folder is named");
    for (int i = 0; i < 2; i++)
        if (o->image_size[i] < 0 || o->image_size[i] > MOST_EXTENT)
            return fail_option(d, ".image_size is 1 to 16384 pixels");
    if ((unsigned)o->label_mode > CN_LABEL_NONE || (unsigned)o->color_mode > CN_COLOR_RGBA ||
        (unsigned)o->interpolation > CN_NEAREST || (unsigned)o->subset > CN_SUBSET_VALIDATION)
        return fail_option(d, ".label_mode, .color_mode, .interpolation or .subset is none of its "
                              "values");
    if (o->dtype != CN_DTYPE_DEFAULT && o->dtype != CN_F32 && o->dtype != CN_U8)
        return fail_option(d, ".dtype is CN_F32 or CN_U8");
    if (o->dtype == CN_U8 && (o->scale != 0 || o->offset != 0))
        return fail_option(d, ".scale and .offset are for float32; CN_U8 is 0 to 255");
    if ((o->validation_split != 0) != (o->subset != CN_SUBSET_ALL))
        return fail_option(d, ".validation_split and .subset go together");
    if (!(o->validation_split >= 0 && o->validation_split < 1))
        return fail_option(d, ".validation_split is between 0 and 1");
    if (o->label_mode == CN_LABEL_NONE && o->class_names != NULL)
        return fail_option(d, ".class_names without labels");
    if (o->max_pixels < 0 || o->seed < 0 || o->seed > UINT32_MAX)
        return fail_option(d, ".max_pixels or .seed is negative or too large");
    return true;
}

static void take_options(images *x, const cn_dataset_image_folder_options *o) {
    x->height = o->image_size[0] > 0 ? o->image_size[0] : DEFAULT_EXTENT;
    x->width = o->image_size[1] > 0 ? o->image_size[1] : x->height;
    x->channels = o->color_mode == CN_COLOR_RGB ? 3 : o->color_mode == CN_COLOR_RGBA ? 4 : 1;
    x->labels = o->label_mode;
    x->nearest = o->interpolation == CN_NEAREST;
    x->crop = o->crop_to_aspect_ratio;
    x->bytes = o->dtype == CN_U8;
    x->scale = (float)option_number(o->scale, 1);
    x->offset = (float)o->offset;
    x->most_pixels = o->max_pixels > 0 ? o->max_pixels : MOST_PIXELS;
}

static int64_t most_bytes(const images *x) {
    return x->most_pixels > (INT64_MAX - BYTES_BESIDE_PIXELS) / BYTES_PER_PIXEL
               ? INT64_MAX
               : x->most_pixels * BYTES_PER_PIXEL + BYTES_BESIDE_PIXELS;
}

static bool list_images(cn_dataset *d, images *x, const cn_dataset_image_folder_options *o) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg", NULL}, *const refused[] = {
                                                                              ".gif", ".bmp", NULL};
    folder_options f = {.path = o->path,
                        .no_classes = o->label_mode == CN_LABEL_NONE,
                        .follow_links = o->follow_links,
                        .classes = o->class_names,
                        .class_count = o->class_count,
                        .endings = endings,
                        .refused = refused,
                        .most_bytes = most_bytes(x)};
    diagnostics *diag = &d->context->diag;
    if (!folder_list(&f, d->own, diag, &x->folder))
        return false;
    x->classes = (int)x->folder.class_count;
    d->class_names = x->folder.classes;
    d->class_count = x->folder.class_count;
    return x->labels != CN_LABEL_BINARY || x->classes == 2 ||
           diag_fail(diag, CN_ERROR_DATA, "\"%s\" has %d classes; CN_LABEL_BINARY is for two",
                     o->path, x->classes);
}

/* The order, and the part of it that is wanted. */
static bool choose_images(cn_dataset *d, images *x, const cn_dataset_image_folder_options *o) {
    int64_t count = (int64_t)x->folder.count;
    int64_t held_out = (int64_t)(o->validation_split * (double)count);
    x->order = ARENA_ARRAY(d->own, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        x->order[i] = i;
    if (!o->no_shuffle)
        numpy_shuffle(x->order, (size_t)count, (uint32_t)o->seed);
    d->rows.count = count;
    if (o->subset == CN_SUBSET_TRAINING)
        d->rows.count = count - held_out;
    if (o->subset == CN_SUBSET_VALIDATION) {
        d->rows.count = held_out;
        d->rows.first = count - held_out;
    }
    return d->rows.count > 0 ||
           diag_fail(&d->context->diag, CN_ERROR_DATA,
                     "\"%s\": no image is left of %lld by .validation_split = %g", o->path,
                     (long long)count, o->validation_split);
}

static bool add_columns(cn_dataset *d, const images *x) {
    int64_t shape[3] = {x->height, x->width, x->channels}, classes[1] = {x->classes};
    if (!dataset_add_column(d, false, NULL, x->bytes ? CN_U8 : CN_F32, 3, shape, NULL))
        return false;
    if (x->labels == CN_LABEL_NONE)
        return true;
    classes[0] = x->labels == CN_LABEL_CATEGORICAL ? x->classes : 1;
    return dataset_add_column(d, true, NULL, x->labels == CN_LABEL_INT ? CN_I32 : CN_F32,
                              x->labels != CN_LABEL_INT, classes, NULL);
}

static bool fill(cn_dataset *d, const void *options) {
    const cn_dataset_image_folder_options *o = options;
    images *x = ARENA_NEW(d->own, images);
    x->memory = d->context->memory;
    x->folder.descriptor = -1;
    if (!check_options(o, &d->context->diag) ||
        !dataset_check_class_names(d, o->class_names, o->class_count))
        return false;
    take_options(x, o);
    d->held = x;
    d->close = close_images;
    d->file = file_of;
    d->rows.read = read_sample;
    d->rows.user = x;
    return list_images(d, x, o) && choose_images(d, x, o) && add_columns(d, x);
}

cn_dataset *cn_dataset_image_folder_at(cn_source where,
                                       const cn_dataset_image_folder_options *options) {
    cn_dataset_image_folder_options o = {0};
    OPTIONS_COPY(o, options, where);
    return dataset_make(o.context, where, "dataset_image_folder", fill, &o);
}
