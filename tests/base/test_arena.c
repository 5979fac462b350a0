/* arena.c: zeroed and aligned blocks that do not overlap, rewinding, and running out. */
#include "test.h"

static void blocks_are_zero_aligned_and_apart(void **state) {
    workspace *w = *state;
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        size_t bytes = i * i; /* crosses many chunks, the last are larger than the first chunk */
        blocks[i] = arena_alloc(w->arena, bytes);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t b = 0; b < bytes; b++)
            assert_int_equal(blocks[i][b], 0);
        memset(blocks[i], (int)i, bytes);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t b = 0; b < i * i; b++)
            assert_int_equal(blocks[i][b], i);
}

static void large_blocks_get_their_own_chunk(void **state) {
    workspace *w = *state;
    size_t bytes = (size_t)3 << 20;
    char *p = arena_alloc(w->arena, bytes);
    p[0] = p[bytes - 1] = 1;
    assert_in_range(memory_live(w->memory), bytes, bytes + 4096);
}

static void texts_are_copied(void **state) {
    workspace *w = *state;
    char source[] = "window";
    char *copy = arena_string(w->arena, source);
    source[0] = 'W';
    assert_string_equal(copy, "window");
    assert_string_equal(arena_string_n(w->arena, "window", 3), "win");
    assert_string_equal(arena_string_n(w->arena, NULL, 0), "");
    assert_string_equal(arena_format(w->arena, "%s-%d", "a", 12), "a-12");
    int numbers[] = {1, 2, 3};
    assert_memory_equal(arena_copy(w->arena, numbers, sizeof numbers), numbers, sizeof numbers);
}

static void rewinding_gives_memory_back_cleared(void **state) {
    workspace *w = *state;
    char *kept = arena_string(w->arena, "kept");
    size_t live = memory_live(w->memory);
    arena_mark mark = arena_get_mark(w->arena);
    char *first = arena_alloc(w->arena, 100);
    memset(first, 0xff, 100);
    for (int i = 0; i < 100; i++)
        arena_alloc(w->arena, 1000);
    assert_true(memory_live(w->memory) > live);
    arena_rewind(w->arena, mark);
    assert_int_equal(memory_live(w->memory), live);
    assert_string_equal(kept, "kept");
    char *again = arena_alloc(w->arena, 100);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
}

static void an_empty_mark_empties_the_arena(void **state) {
    workspace *w = *state;
    size_t live = memory_live(w->memory);
    arena_mark mark = arena_get_mark(w->arena);
    arena_alloc(w->arena, 10);
    arena_rewind(w->arena, mark);
    assert_int_equal(memory_live(w->memory), live);
}

static void build(workspace *w) {
    for (size_t i = 1; i < 40; i++)
        ARENA_ARRAY(w->arena, int, i * 50);
}

/* The n-th allocation fails, for every n until none does. */
static void running_out_unwinds_at_every_allocation(void **state) {
    workspace *w = *state;
    arena_mark mark = arena_get_mark(w->arena);
    volatile int failures = 0;
    for (volatile int n = 1;; n++) {
        diag_recovery point;
        memory_fail_at(w->memory, n, 0);
        if (DIAG_RECOVER(&w->diagnostics, &point)) {
            assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
            failures++;
            diag_clear(&w->diagnostics);
            arena_rewind(w->arena, mark);
            continue;
        }
        build(w);
        diag_pop_recovery(&w->diagnostics, &point);
        break;
    }
    memory_fail_at(w->memory, 0, 0);
    assert_true(failures >= 3);
}

static bool refuses(workspace *w, size_t count, size_t element_bytes) {
    diag_recovery point;
    if (DIAG_RECOVER(&w->diagnostics, &point)) {
        bool right = w->diagnostics.status == CN_ERROR_OUT_OF_MEMORY;
        diag_clear(&w->diagnostics);
        return right;
    }
    arena_alloc_array(w->arena, count, element_bytes);
    diag_pop_recovery(&w->diagnostics, &point);
    return false;
}

static void absurd_sizes_are_out_of_memory(void **state) {
    workspace *w = *state;
    assert_true(refuses(w, SIZE_MAX, 1));
    assert_true(refuses(w, SIZE_MAX / 2 + 1, 2));
    assert_true(refuses(w, SIZE_MAX / 2, 1));
    assert_true(refuses(w, (size_t)1 << 32, (size_t)1 << 32));
    assert_false(refuses(w, 10, 10));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(blocks_are_zero_aligned_and_apart),
        WITH_WORKSPACE(large_blocks_get_their_own_chunk),
        WITH_WORKSPACE(texts_are_copied),
        WITH_WORKSPACE(rewinding_gives_memory_back_cleared),
        WITH_WORKSPACE(an_empty_mark_empties_the_arena),
        WITH_WORKSPACE(running_out_unwinds_at_every_allocation),
        WITH_WORKSPACE(absurd_sizes_are_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
