/* vec.c: growth keeps what is there, and a vec can never wrap around. */
#include "test.h"

#include "base/vec.h"

static void pushing_keeps_order(void **state) {
    workspace *w = *state;
    VEC(int) v = {0};
    for (int i = 0; i < 1000; i++)
        vec_push(w->arena, &v, i * 3);
    assert_int_equal(v.count, 1000);
    for (uint32_t i = 0; i < v.count; i++)
        assert_int_equal(v.items[i], i * 3);
    assert_int_equal(vec_last(&v), 999 * 3);
    assert_int_equal(vec_pop(&v), 999 * 3);
    assert_int_equal(v.count, 999);
}

static void structs_are_pushed_as_literals(void **state) {
    workspace *w = *state;
    struct pair {
        int a, b;
    };
    VEC(struct pair) v = {0};
    vec_push(w->arena, &v, (struct pair){1, 2});
    vec_push(w->arena, &v, (struct pair){.b = 4});
    assert_int_equal(v.items[0].b, 2);
    assert_int_equal(v.items[1].a, 0);
    assert_int_equal(v.items[1].b, 4);
}

static void reserved_room_is_not_moved(void **state) {
    workspace *w = *state;
    VEC(char) v = {0};
    vec_reserve(w->arena, &v, 100);
    char *items = v.items;
    for (int i = 0; i < 100; i++)
        vec_push(w->arena, &v, 'x');
    assert_ptr_equal(v.items, items);
    assert_true(v.capacity >= 100);
}

static void a_full_vec_is_out_of_memory(void **state) {
    workspace *w = *state;
    diag_recovery point;
    if (DIAG_RECOVER(&w->diagnostics, &point)) {
        assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
        return;
    }
    uint32_t capacity = 0;
    vec_grow(w->arena, NULL, &capacity, (UINT32_C(1) << 31) + 1, 1);
    fail_msg("a vec of more than 2^31 elements was made");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(pushing_keeps_order),
        WITH_WORKSPACE(structs_are_pushed_as_literals),
        WITH_WORKSPACE(reserved_room_is_not_moved),
        WITH_WORKSPACE(a_full_vec_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
