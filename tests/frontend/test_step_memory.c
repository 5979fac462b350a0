/* What a step needs is known before it is taken, grows with the batch, and is refused in words. */
#include "small_model.h"

static void memory_grows_with_the_batch(void **state) {
    (void)state;
    small s;
    size_t one, thousand;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_step_memory(s.m, 1, &one), CN_OK);
    assert_int_equal(cn_step_memory(s.m, 1000, &thousand), CN_OK);
    assert_true(one > 0 && thousand > one + 999 * sizeof(float) * (FEATURES + 4 + 3));
    close_small(&s);
}

static void wrong_questions_are_refused(void **state) {
    (void)state;
    small s;
    size_t bytes;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_step_memory(s.m, 0, &bytes), CN_ERROR_INVALID_ARGUMENT, "batch of 0");
    cn_model *raw = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 3)});
    must_fail(&s, cn_step_memory(raw, 4, &bytes), CN_ERROR_NOT_COMPILED, "call cn_compile first");
    assert_int_equal(cn_step_memory(NULL, 4, &bytes), CN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(cn_step_memory(s.m, 4, NULL), CN_ERROR_INVALID_ARGUMENT);
    must_work(&s);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_grows_with_the_batch),
                                       cmocka_unit_test(wrong_questions_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
