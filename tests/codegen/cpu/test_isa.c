/* Levels: the table is well formed, and the running machine's level agrees with the compiler's own
 * view of the processor. */
#include "tests/test.h"

#include "codegen/cpu/isa.h"

static void every_level_is_found_by_its_name(void **state) {
    (void)state;
    for (int i = 0; i < isa_count(); i++) {
        const isa_level *level = isa_at(i);
        assert_ptr_equal(isa_find(level->name), level);
        assert_true(level->is_portable || level->driver_flags[0] != NULL);
        assert_null(level->driver_flags[ISA_MAX_FLAGS - 1]);
        assert_null(level->cc1_flags[ISA_MAX_FLAGS - 1]);
        assert_true(level->vector_bytes >= 16 && level->vector_registers >= 16);
    }
    assert_null(isa_at(-1));
    assert_null(isa_at(isa_count()));
    assert_null(isa_find("pdp-11"));
}

static void the_host_runs_itself(void **state) {
    (void)state;
    const isa_level *host = isa_host();
    assert_ptr_equal(isa_find("host"), host);
    if (host == NULL)
        skip();
    assert_true(isa_runs_here(host));
}

#if defined(__x86_64__)
static void detection_agrees_with_the_compiler(void **state) {
    (void)state;
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    assert_int_equal(isa_runs_here(isa_find("x86-64-v3")), v3);
    assert_int_equal(isa_runs_here(isa_find("x86-64-v4")), v4);
    assert_false(isa_runs_here(isa_find("armv8-a")));
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_is_found_by_its_name),
        cmocka_unit_test(the_host_runs_itself),
#if defined(__x86_64__)
        cmocka_unit_test(detection_agrees_with_the_compiler),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
