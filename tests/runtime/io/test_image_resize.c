/* Resizing against real Keras: scripts/golden/resize.py. */
#include "test.h"

#include <math.h>

#include "image_resize_golden.h"
#include "runtime/io/image_resize.h"

enum { CASES = sizeof golden_cases / sizeof *golden_cases, ROOM = 1 << 12 };

static void images_are_resized_as_by_keras(void **state) {
    (void)state;
    const float *expected = golden_pixels;
    for (int k = 0; k < CASES; k++) {
        const struct golden_case *g = &golden_cases[k];
        static uint8_t pixels[ROOM];
        static float got[ROOM];
        static int64_t scratch[ROOM];
        uint8_t *p = pixels;
        for (int y = 0; y < g->height; y++)
            for (int x = 0; x < g->width; x++)
                for (int c = 0; c < g->channels; c++, p++)
                    *p = (uint8_t)((y * 37 + x * 11 + c * 5) * (y * 37 + x * 11 + c * 5) % 251);
        image from = {
            .pixels = pixels, .height = g->height, .width = g->width, .channels = g->channels};
        image_window all = {0, 0, g->height, g->width};
        assert_true(image_scratch_bytes(g->to_height, g->to_width) <= sizeof scratch);
        image_resize(&from, g->crop ? image_crop(&from, g->to_height, g->to_width) : all,
                     g->nearest, g->to_height, g->to_width, scratch, got);
        int count = g->to_height * g->to_width * g->channels;
        for (int i = 0; i < count; i++)
            if (fabsf(got[i] - expected[i]) > 1e-3f)
                fail_msg("case %d, value %d: %g, not %g", k, i, (double)got[i],
                         (double)expected[i]);
        expected += count;
    }
    assert_ptr_equal(expected, golden_pixels + sizeof golden_pixels / sizeof *golden_pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(images_are_resized_as_by_keras)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
