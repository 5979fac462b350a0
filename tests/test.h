/* What every test includes: cmocka with the headers it wants first, and a workspace.
 *
 *     static void something_holds(void **state) {
 *         workspace *w = *state;
 *         ... arena_alloc(w->arena, 8) ...
 *     }
 *     int main(void) {
 *         const struct CMUnitTest tests[] = {WITH_WORKSPACE(something_holds)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 *
 * The workspace is new for every test. A test in which memory may run out sets a recovery
 * point (DIAG_RECOVER); after it the workspace must give back every byte.
 */
#ifndef CORNU_TESTS_TEST_H
#define CORNU_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

typedef struct workspace {
    memory *memory;
    diagnostics diagnostics;
    arena *arena;
} workspace;

static inline int workspace_open(void **state) {
    workspace *w = calloc(1, sizeof *w);
    if (w == NULL)
        return -1;
    w->memory = memory_new(0);
    diag_init(&w->diagnostics);
    w->arena = arena_new(w->memory, &w->diagnostics);
    *state = w;
    return w->arena == NULL ? -1 : 0;
}

static inline int workspace_close(void **state) {
    workspace *w = *state;
    arena_free(w->arena);
    bool leaked = memory_live(w->memory) != 0;
    memory_free(w->memory);
    free(w);
    return leaked ? -1 : 0;
}

#define WITH_WORKSPACE(test) cmocka_unit_test_setup_teardown(test, workspace_open, workspace_close)

#endif
