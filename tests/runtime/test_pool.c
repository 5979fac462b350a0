/* The pool: every task runs exactly once, whoever runs it, however callers nest or fork. */
#include "runtime/pool.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/platform.h"
#include "tests/test.h"

/* The child starts threads, which ThreadSanitizer allows only when asked; its library must see
 * the answer whatever the visibility of our own functions. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void) {
    return "die_after_fork=0";
}

enum { TASKS = 1000 };

typedef struct counts {
    atomic_int done[TASKS];
    pool *inner;
} counts;

static void count_tasks(void *user, int64_t begin, int64_t end) {
    counts *c = user;
    for (int64_t i = begin; i < end; i++) atomic_fetch_add(&c->done[i], 1);
}

static void assert_each_done(counts *c, int times) {
    for (int i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&c->done[i]), times);
}

static void every_task_runs_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        pool *p = pool_get(threads);
        static counts c;
        for (int i = 0; i < TASKS; i++) atomic_store(&c.done[i], 0);
        for (int round = 1; round <= 300; round++) {
            pool_run(p, count_tasks, &c, TASKS, 1 + round % 7);
            assert_each_done(&c, round);
        }
        pool_release(p);
    }
}

static void run_nested(void *user, int64_t begin, int64_t end) {
    counts *c = user;
    for (int64_t i = begin; i < end; i++) pool_run(c->inner, count_tasks, c, TASKS, 1);
}

static void nested_jobs_run_on_the_caller(void **state) {
    (void)state;
    static counts c;
    c.inner = pool_get(3);
    pool_run(c.inner, run_nested, &c, 10, 1);
    assert_each_done(&c, 10);
    pool_release(c.inner);
}

static void run_many(void *user) {
    counts *c = user;
    for (int i = 0; i < 200; i++) pool_run(c->inner, count_tasks, c, TASKS, 1);
}

static void callers_on_two_threads_share_a_pool(void **state) {
    (void)state;
    static counts c;
    c.inner = pool_get(3);
    thread *other = thread_start(run_many, &c);
    run_many(&c);
    thread_join(other);
    assert_each_done(&c, 400);
    pool_release(c.inner);
}

static void pools_of_equal_size_are_one(void **state) {
    (void)state;
    pool *a = pool_get(2), *b = pool_get(2), *c = pool_get(3);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_int_equal(pool_threads(c), 3);
    pool_release(a);
    pool_release(b);
    pool_release(c);
}

static void a_forked_child_gets_new_workers(void **state) {
    (void)state;
    static counts c;
    pool *p = pool_get(3);
    pool_run(p, count_tasks, &c, TASKS, 1);
    pid_t child = fork();
    if (child == 0) {
        pool_run(p, count_tasks, &c, TASKS, 1);
        for (int i = 0; i < TASKS; i++) {
            if (atomic_load(&c.done[i]) != 2) _exit(1);
        }
        _exit(0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    pool_run(p, count_tasks, &c, TASKS, 1);
    assert_each_done(&c, 2);
    pool_release(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(nested_jobs_run_on_the_caller),
        cmocka_unit_test(callers_on_two_threads_share_a_pool),
        cmocka_unit_test(pools_of_equal_size_are_one),
        cmocka_unit_test(a_forked_child_gets_new_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
