/* map.c: every key is found again, order is that of insertion, hashes are fixed for good. */
#include "test.h"

#include <stdio.h>

#include "base/map.h"

static void keys_are_found_again(void **state) {
    workspace *w = *state;
    map m;
    map_init(&m, w->arena);
    assert_null(map_find(&m, "", 0));
    for (uint64_t i = 0; i < 5000; i++) {
        bool found = true;
        uint64_t *value = map_put(&m, &i, sizeof i, &found);
        assert_false(found);
        assert_int_equal(*value, 0);
        *value = i * i;
    }
    assert_int_equal(m.count, 5000);
    for (uint64_t i = 0; i < 5000; i++) {
        bool found = false;
        assert_int_equal(*map_find(&m, &i, sizeof i), i * i);
        assert_int_equal(*map_put(&m, &i, sizeof i, &found), i * i);
        assert_true(found);
    }
    uint64_t absent = 5000;
    assert_null(map_find(&m, &absent, sizeof absent));
}

static void iteration_follows_insertion(void **state) {
    workspace *w = *state;
    map m;
    map_init(&m, w->arena);
    char key[16];
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "k%d", (i * 7) % 300);
        *map_put_text(&m, key, NULL) = (uint64_t)i;
    }
    map_put_text(&m, "k0", NULL); /* known: changes nothing */
    assert_int_equal(m.count, 300);
    for (uint32_t i = 0; i < m.count; i++) {
        snprintf(key, sizeof key, "k%u", (i * 7) % 300);
        assert_string_equal(m.entries[i].key, key);
        assert_int_equal(m.entries[i].value, i);
    }
}

static void keys_are_bytes_and_are_copied(void **state) {
    workspace *w = *state;
    map m;
    map_init(&m, w->arena);
    char key[] = "a\0b";
    *map_put(&m, key, 3, NULL) = 1;
    *map_put(&m, key, 1, NULL) = 2;
    *map_put(&m, NULL, 0, NULL) = 3;
    key[2] = 'c';
    assert_null(map_find(&m, key, 3));
    assert_int_equal(*map_find(&m, "a\0b", 3), 1);
    assert_int_equal(*map_find_text(&m, "a"), 2);
    assert_int_equal(*map_find_text(&m, ""), 3);
}

/* Values of the reference implementation for MurmurHash64A with seed 0. */
static void hashes_never_change(void **state) {
    (void)state;
    assert_int_equal(hash_bytes("", 0, 0), 0);
    assert_true(hash_bytes("hello", 5, 0) == UINT64_C(0x1e68d17c457bf117));
    assert_true(hash_bytes("hello, world", 12, 0) != hash_bytes("hello, world", 12, 1));
    assert_true(hash_combine(1, 2) != hash_combine(2, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(keys_are_found_again),
        WITH_WORKSPACE(iteration_follows_insertion),
        WITH_WORKSPACE(keys_are_bytes_and_are_copied),
        cmocka_unit_test(hashes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
