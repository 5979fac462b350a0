/* A pass on many random programs: the same results every time, and nothing left to do. */
#ifndef CORNU_TESTS_PASSES_RANDOM_CHECK_H
#define CORNU_TESTS_PASSES_RANDOM_CHECK_H

#include "pass_case.h"
#include "random_program.h"

/* At least this many of them must change, or the test tests nothing. */
static inline void check_random_programs(workspace *w, const pass *p, int programs, int changes) {
    for (int seed = 1; seed <= programs; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        graph *g = random_program_make(w->arena, (uint64_t)seed);
        changes -= run_checked(w, p, g) != g;
        arena_rewind(w->arena, mark);
    }
    if (changes > 0)
        fail_msg("%d too few changed", changes);
}

#endif
