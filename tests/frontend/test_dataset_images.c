/* Folders of images as datasets: labels, order, sizes; damaged images stop a fit by name. */
#include "small_model.h"

#include "base/arena.h"

#include <sys/stat.h>

#include "../runtime/io/pictures.h"

enum { EXTENT = 6, PER_CLASS = 10 };
static char folder[64];

static void write_picture(const char *path, bool jpeg, uint8_t level) {
    static picture_file f;
    uint8_t pixels[EXTENT * EXTENT * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(level + i % 3);
    if (jpeg)
        make_jpeg(&f, false, EXTENT, EXTENT, pixels);
    else
        make_png(&f, PNG_FORMAT_RGB, EXTENT, EXTENT, pixels);
    FILE *out = fopen(path, "wb");
    assert_int_equal(fwrite(f.bytes, 1, f.length, out), f.length);
    fclose(out);
}

static int begin(void **state) {
    static const char *const names[] = {"ant", "bee", "cat"};
    char path[128];
    small *s = calloc(1, sizeof *s);
    make_folder(folder);
    for (int k = 0; k < 3 * PER_CLASS; k++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[k / PER_CLASS]);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/%s/%02d.%s", folder, names[k / PER_CLASS], k % PER_CLASS,
                 k % 2 ? "jpg" : "png");
        write_picture(path, k % 2, (uint8_t)(k * 8));
    }
    open_small(s, (cn_context_options){.quiet = true});
    *state = s;
    return 0;
}

static int end(void **state) {
    close_small(*state);
    free(*state);
    remove_folder(folder);
    return 0;
}

static void samples_are_images_and_labels(void **state) {
    small *s = *state;
    cn_dataset *d = cn_dataset_image_folder(s->c, folder, .image_size = {2, 3}, .no_shuffle = true);
    if (d == NULL)
        fail_msg("%s", cn_error_message(s->c));
    assert_int_equal(cn_dataset_count(d), 3 * PER_CLASS);
    assert_int_equal(cn_dataset_class_count(d), 3);
    assert_string_equal(cn_dataset_class_name(d, 1), "bee");
    assert_string_equal(cn_dataset_file(d, 11), "bee/01.jpg");
    assert_null(cn_dataset_file(d, 3 * PER_CLASS));
    cn_array x = cn_dataset_column(d, 0);
    assert_true(x.rank == 4 && x.shape[1] == 2 && x.shape[2] == 3 && x.shape[3] == 3);
    float pixels[2][2][3][3];
    int32_t label[2];
    assert_int_equal(cn_dataset_read(d, 9, 11, (void *[]){pixels, label}), CN_OK);
    assert_true(label[0] == 0 && label[1] == 1);
    for (int c = 0; c < 3; c++) {
        assert_true(fabsf(pixels[0][0][0][c] - (float)(72 + c)) < 3);
        assert_true(pixels[1][1][2][c] == (float)(80 + c));
    }
}

static void pixels_can_be_scaled(void **state) {
    small *s = *state;
    float x[4], y[3];
    uint8_t bytes[4];
    cn_dataset *d = cn_dataset_image_folder(
        s->c, folder, .image_size = {2}, .color_mode = CN_COLOR_GRAYSCALE, .scale = 1.0 / 255,
        .offset = -0.5, .no_shuffle = true, .label_mode = CN_LABEL_CATEGORICAL);
    assert_int_equal(cn_dataset_read(d, 20, 21, (void *[]){x, y}), CN_OK);
    assert_true(fabsf(x[3] - (161.0f / 255 - 0.5f)) < 1e-6f);
    assert_true(y[0] == 0 && y[1] == 0 && y[2] == 1);
    d = cn_dataset_image_folder(s->c, folder, .image_size = {1, 1}, .color_mode = CN_COLOR_RGBA,
                                .dtype = CN_U8, .label_mode = CN_LABEL_NONE, .no_shuffle = true);
    assert_int_equal(cn_dataset_read(d, 20, 21, (void *[]){bytes}), CN_OK);
    assert_true(bytes[0] == 160 && bytes[2] == 162 && bytes[3] == 255);
    assert_int_equal(cn_dataset_class_count(d), 0);
}

static void parts_are_those_of_keras(void **state) {
    small *s = *state;
    /* numpy.random.RandomState(5).shuffle of range(30): the last six are the validation's. */
    cn_dataset *train =
        cn_dataset_image_folder(s->c, folder, .image_size = {1, 1}, .seed = 5,
                                .validation_split = 0.2, .subset = CN_SUBSET_TRAINING);
    cn_dataset *held =
        cn_dataset_image_folder(s->c, folder, .image_size = {1, 1}, .seed = 5,
                                .validation_split = 0.2, .subset = CN_SUBSET_VALIDATION);
    assert_int_equal(cn_dataset_count(train), 24);
    assert_int_equal(cn_dataset_count(held), 6);
    static const char *const expected[] = {"bee/06.png", "cat/02.png", "ant/06.png",
                                           "bee/05.jpg", "bee/04.png", "ant/03.jpg"};
    for (int i = 0; i < 6; i++)
        assert_string_equal(cn_dataset_file(held, i), expected[i]);
    for (int i = 0; i < 24; i++)
        for (int k = 0; k < 6; k++)
            assert_string_not_equal(cn_dataset_file(train, i), expected[k]);
}

/* A model of 48 values and three classes. */
static cn_model *image_model(small *s) {
    cn_model *m = cn_sequential(s->c, {4, 4, 3}, {cn_flatten(s->c), cn_dense(s->c, 3, CN_SOFTMAX)});
    assert_int_equal(cn_compile(m, .optimizer = cn_sgd(s->c, 0.1),
                                .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                .metrics = {CN_ACCURACY}),
                     CN_OK);
    return m;
}

static void training_streams_them(void **state) {
    small *s = *state;
    cn_model *m = image_model(s);
    cn_dataset *d = cn_dataset_image_folder(s->c, folder, .image_size = {4, 4}, .scale = 1. / 255);
    cn_status got = cn_fit(m, d, .batch_size = 4, .epochs = 2, .verbose = -1);
    if (got != CN_OK)
        fail_msg("%s", cn_error_message(s->c));
    assert_int_equal(cn_evaluate(m, cn_dataset_range(d, 3, 7), .batch_size = 4), CN_OK);
}

static void damaged_images_stop_the_run(void **state) {
    small *s = *state;
    char path[128];
    cn_model *m = image_model(s);
    cn_dataset *d = cn_dataset_image_folder(s->c, folder, .image_size = {4, 4});
    snprintf(path, sizeof path, "%s/bee/03.jpg", folder);
    assert_int_equal(truncate(path, 300), 0);
    must_fail(s, cn_fit(m, d, .batch_size = 4, .verbose = -1), CN_ERROR_FORMAT,
              "/bee/03.jpg\" is damaged: ");
    assert_int_equal(unlink(path), 0);
    must_fail(s, cn_fit(m, d, .batch_size = 4, .verbose = -1), CN_ERROR_FILE,
              "/bee/03.jpg\" cannot be opened: No such file");
    write_picture(path, true, 7);
    assert_int_equal(cn_fit(m, d, .batch_size = 4, .verbose = -1), CN_OK);
}

/* Of 2 GB that are not there, only a number is read. */
static void endless_files_are_refused(void **state) {
    small *s = *state;
    char path[128];
    uint8_t pixels[3];
    int32_t label;
    cn_dataset *d = cn_dataset_image_folder(s->c, folder, .image_size = {1, 1}, .no_shuffle = true);
    snprintf(path, sizeof path, "%s/ant/00.png", folder);
    assert_int_equal(truncate(path, (off_t)2 << 30), 0);
    size_t before = memory_peak(s->c->memory);
    must_fail(s, cn_dataset_read(d, 0, 1, (void *[]){pixels, &label}), CN_ERROR_DATA,
              "/ant/00.png\" has 2147483648 bytes; 553648128 are the most");
    assert_int_equal(memory_peak(s->c->memory), before);
    d = cn_dataset_image_folder(s->c, folder, .no_shuffle = true, .max_pixels = 1);
    assert_int_equal(truncate(path, (16 << 20) + 9), 0);
    must_fail(s, cn_dataset_read(d, 0, 1, (void *[]){pixels, &label}), CN_ERROR_DATA,
              "16777225 bytes; 16777224 are the most");
}

static void mistakes_are_named(void **state) {
    small *s = *state;
    assert_null(cn_dataset_image_folder(s->c));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "no folder is named");
    assert_null(cn_dataset_image_folder(s->c, "/nowhere"));
    must_fail(s, cn_error_status(s->c), CN_ERROR_FILE, "\"/nowhere\" cannot be opened");
    assert_null(cn_dataset_image_folder(s->c, folder, .label_mode = CN_LABEL_BINARY));
    must_fail(s, cn_error_status(s->c), CN_ERROR_DATA, "has 3 classes; CN_LABEL_BINARY is for two");
    assert_null(cn_dataset_image_folder(s->c, folder, .validation_split = 0.1));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, "go together");
    assert_null(cn_dataset_image_folder(s->c, folder, .image_size = {1 << 20}));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, ".image_size");
    assert_null(cn_dataset_image_folder(s->c, folder, .dtype = CN_U8, .scale = 2));
    must_fail(s, cn_error_status(s->c), CN_ERROR_INVALID_ARGUMENT, ".scale and .offset");
}

static void refused_classes(small *s, const char *const *names, size_t count, const char *words) {
    assert_null(cn_dataset_image_folder(s->c, folder, .class_names = names, .class_count = count));
    must_fail(s, cn_error_status(s->c), cn_error_status(s->c), words);
}

static void given_classes_are_checked(void **state) {
    small *s = *state;
    const char *const names[] = {"cat", "bee", "cat", NULL}, *const unknown[] = {"cow"};
    refused_classes(s, names, 3, ".class_names[2] is \"cat\" once more");
    refused_classes(s, (const char *[]){"cat", NULL}, 2, ".class_names[1] is NULL");
    refused_classes(s, NULL, 2, ".class_names and .class_count go together");
    refused_classes(s, names, 0, ".class_names and .class_count go together");
    refused_classes(s, unknown, 1, "has no folder \"cow\"");
    cn_dataset *d = cn_dataset_image_folder(s->c, folder, .class_names = names, .class_count = 2);
    assert_int_equal(cn_dataset_count(d), 2 * PER_CLASS);
    assert_string_equal(cn_dataset_class_name(d, 0), "cat");
}

static cn_dataset *open_it(small *s) {
    return cn_dataset_image_folder(s->c, folder, .image_size = {2});
}

/* Every allocation fails once: a message, and nothing is kept. */
static void running_out_of_memory_is_clean(void **state) {
    small *s = *state;
    memory *m = s->c->memory;

    cn_dataset *d = open_it(s); /* the context has its tables now */
    assert_non_null(d);
    cn_dataset_free(d);
    size_t before = memory_live(m);
    d = NULL;
    for (int64_t n = 1; d == NULL; n++) {
        memory_fail_at(m, n, 0);
        d = open_it(s);
        memory_fail_at(m, 0, 0);
        if (d == NULL)
            must_fail(s, cn_error_status(s->c), CN_ERROR_OUT_OF_MEMORY, "dataset_image_folder: ");
        assert_true(d != NULL || memory_live(m) == before);
    }
    cn_dataset_free(d);
    assert_int_equal(memory_live(m), before);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(samples_are_images_and_labels), WITH_FOLDER(pixels_can_be_scaled),
        WITH_FOLDER(parts_are_those_of_keras),      WITH_FOLDER(training_streams_them),
        WITH_FOLDER(damaged_images_stop_the_run),   WITH_FOLDER(mistakes_are_named),
        WITH_FOLDER(endless_files_are_refused),     WITH_FOLDER(given_classes_are_checked),
        WITH_FOLDER(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
