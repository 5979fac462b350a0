/* platform.c: threads start clean, waits end, libraries load or say why not. */
#include "test.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/platform.h"

static void clock_and_processors(void **state) {
    (void)state;
    double before = clock_seconds();
    assert_true(clock_seconds() >= before);
    assert_in_range(processor_count(), 1, 1 << 20);
}

typedef struct environment {
    int rounding;
    unsigned control; /* MXCSR: flush to zero, denormals are zero, masks */
    bool signals_blocked;
} environment;

static void read_environment(void *user) {
    environment *e = user;
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    e->signals_blocked = sigismember(&set, SIGINT) == 1;
    e->rounding = fegetround();
#if defined(__x86_64__)
    e->control = _mm_getcsr();
#endif
}

static void threads_start_from_the_default_environment(void **state) {
    (void)state;
    environment here, there;
    read_environment(&here);
    fesetround(FE_UPWARD);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush to zero, denormals are zero */
#endif
    thread *t = thread_start(read_environment, &there);
    fesetenv(FE_DFL_ENV);
    assert_non_null(t);
    thread_join(t);
    assert_int_equal(there.rounding, FE_TONEAREST);
    assert_int_equal(there.control & 0xffc0, here.control & 0xffc0);
    assert_true(there.signals_blocked);
    read_environment(&there);
    assert_false(there.signals_blocked); /* the caller's own mask is as it was */
}

typedef struct exchange {
    mutex *mutex;
    condition *condition;
    bool ready; /* guarded by mutex */
    _Atomic uint32_t word;
} exchange;

static void answer(void *user) {
    exchange *x = user;
    mutex_lock(x->mutex);
    while (!x->ready)
        condition_wait(x->condition, x->mutex);
    mutex_unlock(x->mutex);
    atomic_store(&x->word, 1);
    address_wake_all((const uint32_t *)&x->word);
}

static void waiting_ends(void **state) {
    (void)state;
    exchange x = {.mutex = mutex_new(), .condition = condition_new()};
    assert_non_null(x.mutex);
    assert_non_null(x.condition);
    thread *threads[3];
    for (int i = 0; i < 3; i++)
        assert_non_null(threads[i] = thread_start(answer, &x));
    mutex_lock(x.mutex);
    x.ready = true;
    condition_wake_all(x.condition);
    mutex_unlock(x.mutex);
    while (atomic_load(&x.word) == 0)
        address_wait((const uint32_t *)&x.word, 0);
    address_wait((const uint32_t *)&x.word, 0); /* differs already: returns at once */
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    cpu_relax();
    condition_free(x.condition);
    mutex_free(x.mutex);
    condition_free(NULL);
    mutex_free(NULL);
    thread_join(NULL);
}

static void libraries_load_or_say_why(void **state) {
    (void)state;
    const char *error = NULL;
    assert_null(library_open("/nonexistent/libnothing.so", &error));
    assert_non_null(error);
    assert_non_null(strstr(error, "libnothing.so"));
    void *library = library_open("libz.so.1", &error);
    assert_non_null(library);
    assert_non_null(library_symbol(library, "inflate"));
    assert_null(library_symbol(library, "no_such_symbol"));
    library_close(library);
    library_close(NULL);
}

/* This code is in the test program itself, so "the library" is that. */
static void files_beside_the_library_are_found(void **state) {
    (void)state;
    char *path = file_beside_library("test_base_platform");
    assert_non_null(path);
    assert_int_equal(path[0], '/');
    assert_int_equal(access(path, R_OK), 0);
    free(path);
    assert_null(file_beside_library("no-such-file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_and_processors),
        cmocka_unit_test(threads_start_from_the_default_environment),
        cmocka_unit_test(waiting_ends),
        cmocka_unit_test(libraries_load_or_say_why),
        cmocka_unit_test(files_beside_the_library_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
