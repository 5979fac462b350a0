/* Damaged files: every prefix of a file, and every flipped byte, given to a reader.
 *
 *     damage_file(path, bytes, length, read_it, user);
 *
 * The reader must come back; whether with a result or a message is its own business to check.
 */
#ifndef CORNU_TESTS_RUNTIME_IO_DAMAGE_H
#define CORNU_TESTS_RUNTIME_IO_DAMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void damage_write(const char *path, const void *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* `whole` tells the reader that nothing is damaged. */
typedef void (*damage_reader)(void *user, bool whole);

static inline void damage_file(const char *path, const void *bytes, size_t length,
                               damage_reader read_file, void *user) {
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    uint8_t *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    for (size_t n = 0; n <= length; n++) {
        damage_write(path, copy, n);
        read_file(user, n == length);
    }
    for (size_t i = 0; i < length * 3; i++) {
        copy[i / 3] ^= masks[i % 3];
        damage_write(path, copy, length);
        read_file(user, false);
        copy[i / 3] ^= masks[i % 3];
    }
    free(copy);
}

#endif
