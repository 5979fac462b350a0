/* gather clamps, scatter drops; updates of one place combine in order. */
#include "evaluate.h"

#define ROWS "%1 = constant {value=[10,11,20,21,30,31]} : f32[3,2]\n"
#define AT(list, n) "%2 = constant {value=[" list "]} : i32[" #n "]\n"

static void gather_picks_and_clamps(void **state) {
    workspace *w = *state;
    expect(w, ROWS AT("2,0,-5,9", 4) "%3 = gather %1, %2 : f32[4,2]", "30 31 10 11 10 11 30 31");
    expect(w, ROWS AT("1", 1) "%3 = gather %1, %2 {axis=1} : f32[3,1]", "11 21 31");
    expect(w,
           ROWS "%2 = constant {value=[1,0,1]} : i32[3,1]\n"
                "%3 = gather %1, %2 {axis=1, batch=true} : f32[3,1]",
           "11 20 31");
}

static void scatter_combines_in_order(void **state) {
    workspace *w = *state;
    const char *updates = "%3 = constant {value=[1,2,3,4,5,6]} : f32[3,2]\n";
    const char *head = arena_format(w->arena, "%s%s%s", ROWS, AT("2,7,2", 3), updates);
    expect(w, arena_format(w->arena, "%s%%4 = scatter %%1, %%2, %%3 : f32[3,2]", head),
           "10 11 20 21 36 39");
    expect(w, arena_format(w->arena, "%s%%4 = scatter %%1, %%2, %%3 {kind=set} : f32[3,2]", head),
           "10 11 20 21 5 6");
    expect(w, arena_format(w->arena, "%s%%4 = scatter %%1, %%2, %%3 {kind=max} : f32[3,2]", head),
           "10 11 20 21 30 31");
    expect(w,
           ROWS
           "%2 = constant {value=[0,0]} : i32[2]\n%3 = constant {value=[1,2,3,4,5,6]} : f32[3,2]\n"
           "%4 = scatter %1, %2, %3 {axis=1} : f32[3,2]",
           "13 11 27 21 41 31");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, ROWS AT("1", 1) "%3 = gather %1, %2 {axis=2} : f32[3]", "has no axis 2");
    expect_error(w, ROWS "%2 = gather %1, %1 : f32[3,2]", "indices must be integers, got f32[3,2]");
    expect_error(w, ROWS AT("1", 1) "%3 = gather %1, %2 {axis=1, batch=true} : f32[1]",
                 "broadcast them");
    expect_error(
        w, "%1 = constant {value=[1]} : f32[0,2]\n" AT("1", 1) "%3 = gather %1, %2 : f32[1,2]",
        "no elements to pick from");
    expect_error(w, ROWS AT("1", 1) "%3 = scatter %1, %2, %1 : f32[3,2]",
                 "updates of f32[3,2] at i32[1] must be f32[1,2], got f32[3,2]");
    expect_error(w,
                 "%1 = iota {axis=0} : f32[2,B]\n%2 = iota {axis=0} : i32[B]\n"
                 "%3 = gather %1, %2 : f32[B,B]",
                 "multiple of B");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(gather_picks_and_clamps),
        WITH_WORKSPACE(scatter_combines_in_order),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
