/* SHA-256 against the examples of FIPS 180-4 and against itself when fed in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"

static sha256_digest sha256_of(const void *data, size_t size) {
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, data, size);
    return sha256_finish(&hash);
}

static void expect_hash(const char *text, size_t length, const char *expected) {
    char hex[SHA256_HEX_SIZE];
    sha256_digest digest = sha256_of(text, length);
    sha256_to_hex(&digest, hex);
    assert_string_equal(hex, expected);
}

static void published_vectors(void **state) {
    (void)state;
    expect_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect_hash(two, strlen(two),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    const char *long_text = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                            "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
    expect_hash(long_text, strlen(long_text),
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_letters(void **state) {
    (void)state;
    size_t size = 1000000;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'a', size);
    expect_hash(text, size, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* Every length around the block and padding boundaries, in pieces of every small size. */
static void pieces_do_not_matter(void **state) {
    (void)state;
    uint8_t text[200];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + 1);
    for (size_t size = 0; size <= sizeof text; size++) {
        sha256_digest whole = sha256_of(text, size);
        for (size_t piece = 1; piece < 70; piece += 3) {
            sha256 hash;
            sha256_init(&hash);
            for (size_t at = 0; at < size; at += piece) {
                sha256_update(&hash, text + at, size - at < piece ? size - at : piece);
            }
            sha256_digest pieces = sha256_finish(&hash);
            assert_memory_equal(whole.bytes, pieces.bytes, SHA256_BYTES);
        }
    }
}

static sha256_digest hash_of_two(const char *a, const char *b) {
    sha256 hash;
    sha256_init(&hash);
    sha256_string(&hash, a, strlen(a));
    sha256_string(&hash, b, strlen(b));
    return sha256_finish(&hash);
}

static void strings_are_framed(void **state) {
    (void)state;
    sha256_digest one = hash_of_two("ab", "c"), other = hash_of_two("a", "bc");
    assert_memory_not_equal(one.bytes, other.bytes, SHA256_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(a_million_letters),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(strings_are_framed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
