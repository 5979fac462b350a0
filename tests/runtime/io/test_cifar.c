/* CIFAR's records: planes, labels, several files, damage. */
#include "test.h"

#include <unistd.h>

#include "damage.h"
#include "runtime/io/cifar.h"

enum { TEN = 1 + 3 * CIFAR_PIXELS, HUNDRED = 2 + 3 * CIFAR_PIXELS };
static char path[64];
static uint8_t records[2 * HUNDRED];

static int name_file(void **state) {
    strcpy(path, "/tmp/cornu-cifar-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    for (size_t i = 0; i < sizeof records; i++)
        records[i] = (uint8_t)(i * 7);
    return fd < 0 ? -1 : workspace_open(state);
}

static int remove_file(void **state) {
    unlink(path);
    return workspace_close(state);
}

static void planes_become_pixels(void **state) {
    workspace *w = *state;
    cifar c = {.labels = 1, .classes = 10};
    uint8_t pixels[3 * CIFAR_PIXELS];
    int32_t label = -1;
    records[0] = 9;
    records[TEN] = 0;
    damage_write(path, records, 2 * TEN);
    assert_true(cifar_open(&c, path, &w->diagnostics) && cifar_open(&c, path, &w->diagnostics));
    assert_int_equal(cifar_count(&c), 4);
    assert_true(cifar_read(&c, 2, pixels, &label, &w->diagnostics));
    assert_int_equal(label, 9);
    for (int k = 0; k < 3; k++)
        assert_int_equal(pixels[33 * 3 + k], records[1 + k * CIFAR_PIXELS + 33]);
    assert_true(cifar_read(&c, 3, NULL, &label, &w->diagnostics));
    assert_int_equal(label, 0);
    assert_int_equal(truncate(path, TEN + 1), 0);
    assert_false(cifar_read(&c, 1, pixels, NULL, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "record 1 cannot be read"));
    cifar_close(&c);
}

static void hundreds_have_two_labels(void **state) {
    workspace *w = *state;
    uint8_t pixels[3 * CIFAR_PIXELS];
    int32_t label;
    records[0] = 19;
    records[1] = 99;
    for (int fine = 0; fine < 2; fine++) {
        cifar c = {.labels = 2, .label = fine, .classes = fine ? 100 : 20};
        damage_write(path, records, HUNDRED);
        assert_true(cifar_open(&c, path, &w->diagnostics));
        assert_true(cifar_read(&c, 0, pixels, &label, &w->diagnostics));
        assert_int_equal(label, fine ? 99 : 19);
        assert_int_equal(pixels[1], records[2 + CIFAR_PIXELS]);
        cifar_close(&c);
    }
}

/* Lengths and labels are all that can be wrong; pixels are any bytes. */
static void damage_is_told(void **state) {
    workspace *w = *state;
    records[0] = records[TEN] = 1;
    for (size_t n = 0; n <= 2 * TEN; n += n % 97 == 0 && n + 97 < TEN ? 97 : 1) {
        cifar c = {.labels = 1, .classes = 10};
        diag_clear(&w->diagnostics);
        if (n > 200 && n % TEN > 3 && n % TEN < TEN - 3)
            continue;
        damage_write(path, records, n);
        assert_true(cifar_open(&c, path, &w->diagnostics) == (n > 0 && n % TEN == 0));
        cifar_close(&c);
    }
    for (int x = 0; x < 256; x++) {
        cifar c = {.labels = 1, .classes = 10};
        diag_clear(&w->diagnostics);
        records[TEN] = (uint8_t)x;
        damage_write(path, records, 2 * TEN);
        if (cifar_open(&c, path, &w->diagnostics) != (x < 10))
            fail_msg("label %d", x);
        assert_true(x < 10 || strstr(w->diagnostics.message, ", record 1: label ") != NULL);
        cifar_close(&c);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, name_file, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FILE(planes_become_pixels),
                                       WITH_FILE(hundreds_have_two_labels),
                                       WITH_FILE(damage_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
