/* Images: channels, headers that lie, every prefix and every flipped byte. */
#include "test.h"

#include "pictures.h"
#include "runtime/io/image.h"

enum { WIDTH = 5, HEIGHT = 4 };
static uint8_t rgb[HEIGHT * WIDTH * 3], rgba[HEIGHT * WIDTH * 4], grey[HEIGHT * WIDTH];
static picture_file file;

static int begin(void **state) {
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        grey[i] = (uint8_t)(i * 12);
        for (int c = 0; c < 4; c++)
            rgba[i * 4 + c] = (uint8_t)(i * 9 + c * 40);
        memcpy(rgb + i * 3, rgba + i * 4, 3);
    }
    return workspace_open(state);
}

static bool decode(workspace *w, size_t length, int channels, int64_t most, image *out) {
    image_source s = {"picture", file.bytes, length, most};
    diag_clear(&w->diagnostics);
    return image_decode(&s, channels, w->memory, &w->diagnostics, out);
}

static void pixels_are(workspace *w, int channels, const uint8_t *expected, int tolerance) {
    image x;
    if (!decode(w, file.length, channels, 100, &x))
        fail_msg("%s", w->diagnostics.message);
    assert_true(x.width == WIDTH && x.height == HEIGHT && x.channels == channels);
    for (int i = 0; i < WIDTH * HEIGHT * channels; i++)
        if (abs(x.pixels[i] - expected[i]) > tolerance)
            fail_msg("value %d: %d, not %d", i, x.pixels[i], expected[i]);
    image_free(&x);
}

static void channels_are_as_asked(void **state) {
    workspace *w = *state;
    uint8_t expected[sizeof rgba];
    make_png(&file, PNG_FORMAT_RGBA, WIDTH, HEIGHT, rgba);
    pixels_are(w, 4, rgba, 0);
    pixels_are(w, 3, rgb, 0); /* not what shines through, as Keras */
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        expected[i] = (uint8_t)((rgb[i * 3] * 19595 + rgb[i * 3 + 1] * 38470 +
                                 rgb[i * 3 + 2] * 7471 + 0x8000) >>
                                16);
    pixels_are(w, 1, expected, 0);
    make_png(&file, PNG_FORMAT_GRAY, WIDTH, HEIGHT, grey);
    pixels_are(w, 1, grey, 0);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        expected[i] = grey[i / 3];
    pixels_are(w, 3, expected, 0);
    for (int i = 0; i < WIDTH * HEIGHT * 4; i++)
        expected[i] = i % 4 == 3 ? 255 : grey[i / 4];
    pixels_are(w, 4, expected, 0);
    make_jpeg(&file, true, WIDTH, HEIGHT, grey);
    pixels_are(w, 1, grey, 6);
    make_jpeg(&file, false, WIDTH, HEIGHT, rgb);
    pixels_are(w, 3, rgb, 12);
}

static void is_refused(workspace *w, int64_t most, const char *words) {
    image x;
    if (decode(w, file.length, 3, most, &x) || strstr(w->diagnostics.message, words) == NULL ||
        strstr(w->diagnostics.message, "\"picture\"") == NULL || x.pixels != NULL)
        fail_msg("wanted ...%s..., got %s", words, w->diagnostics.message);
}

static uint32_t crc_of(const uint8_t *bytes, size_t length) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Behind 8 bytes of signature and 8 of chunk stand 4 of width and 4 of height; then 5 more. */
static void declare_png(uint32_t width, uint32_t height) {
    const uint32_t words[] = {width, height};
    for (int i = 0; i < 8; i++)
        file.bytes[16 + i] = (uint8_t)(words[i / 4] >> (24 - i % 4 * 8));
    uint32_t crc = crc_of(file.bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        file.bytes[29 + i] = (uint8_t)(crc >> (24 - i * 8));
}

static void headers_that_lie_cost_nothing(void **state) {
    workspace *w = *state;
    make_png(&file, PNG_FORMAT_RGB, WIDTH, HEIGHT, rgb);
    is_refused(w, 19, "declares 5 x 4 pixels; at most 19 are read");
    size_t before = memory_peak(w->memory);
    declare_png(8000, 8000);
    is_refused(w, 1 << 26, "which its");
    declare_png(60000, 60000);
    is_refused(w, 1 << 26, "at most 67108864 are read");
    declare_png(0x7fffffff, 0x7fffffff);
    is_refused(w, 1 << 26, "is damaged");
    assert_int_equal(memory_peak(w->memory), before);
    declare_png(WIDTH, HEIGHT + 1);
    is_refused(w, 100, "is damaged");
    memcpy(file.bytes, "GIF89a", 6);
    is_refused(w, 100, "neither PNG nor JPEG");
    file.length = 0;
    is_refused(w, 100, "neither PNG nor JPEG");
    make_jpeg(&file, false, WIDTH, HEIGHT, rgb);
    file.length -= 12;
    is_refused(w, 100, "remature end of JPEG");
}

/* Whatever a reader makes of it, it comes back, and says why when there are no pixels. */
static void try_all_damage(workspace *w) {
    image x;
    size_t live = memory_live(w->memory);
    for (size_t n = 0; n < file.length; n++)
        if (decode(w, n, 3, 1 << 16, &x))
            image_free(&x);
    for (size_t i = 0; i < file.length * 8; i++) {
        file.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        bool ok = decode(w, file.length, 1 + 3 * (int)(i & 1), 1 << 16, &x);
        assert_true(ok == (x.pixels != NULL) && ok == diag_ok(&w->diagnostics));
        image_free(&x);
        file.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_int_equal(memory_live(w->memory), live);
}

static void damage_does_no_harm(void **state) {
    make_png(&file, PNG_FORMAT_RGBA, WIDTH, HEIGHT, rgba);
    try_all_damage(*state);
    make_jpeg(&file, false, WIDTH, HEIGHT, rgb);
    try_all_damage(*state);
}

static void memory_may_run_out(void **state) {
    workspace *w = *state;
    image x;
    size_t live = memory_live(w->memory);
    make_png(&file, PNG_FORMAT_RGB, WIDTH, HEIGHT, rgb);
    for (int n = 1; n <= 2; n++) {
        memory_fail_at(w->memory, n, 0);
        assert_false(decode(w, file.length, 3, 100, &x));
        assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
        assert_int_equal(memory_live(w->memory), live);
    }
}

#define WITH_PICTURES(test) cmocka_unit_test_setup_teardown(test, begin, workspace_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_PICTURES(channels_are_as_asked), WITH_PICTURES(headers_that_lie_cost_nothing),
        WITH_PICTURES(damage_does_no_harm), WITH_PICTURES(memory_may_run_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
