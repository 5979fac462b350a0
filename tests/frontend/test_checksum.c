/* The checksum covers every weight and all of the optimizer's state, and nothing else. */
#include "small_model.h"

static void must_differ(small *s, void *data, size_t bytes, const char *what) {
    char before[65], after[65];
    uint8_t *byte = (uint8_t *)data + bytes - 1;
    cn_checksum(s->m, before);
    *byte ^= 1;
    cn_checksum(s->m, after);
    *byte ^= 1;
    if (strcmp(before, after) == 0)
        fail_msg("%s is not in the checksum", what);
}

static void every_value_counts(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    const cn_optimizer *o = s.m->training->optimizer;
    for (uint32_t i = 0; i < s.m->weights.count; i++) {
        const variable *v = s.m->weights.items[i];
        must_differ(&s, v->data, (size_t)type_bytes(&v->type, 0), v->path);
    }
    assert_true(o->slots.count == 8);
    for (uint32_t i = 0; i < o->slots.count; i++) {
        const variable *v = o->slots.items[i];
        must_differ(&s, v->data, (size_t)type_bytes(&v->type, 0), v->path);
    }
    must_differ(&s, o->iteration->data, 8, "iteration");
    must_differ(&s, o->learning_rate->data, 4, "learning_rate");
    close_small(&s);
}

/* What was not needed yet counts as what it begins with. */
static void untouched_state_counts_as_zeros(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_checksum(s.m, before);
    size_t bytes;
    assert_int_equal(cn_step_memory(s.m, 4, &bytes), CN_OK); /* makes the step's variables */
    assert_non_null(s.m->training->optimizer->slots.items[0]->data);
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    assert_int_equal(cn_evaluate(s.m, s.data), CN_OK);
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    close_small(&s);
}

static void of_no_model_it_is_the_hash_of_nothing(void **state) {
    (void)state;
    char hex[65];
    cn_checksum(NULL, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_value_counts),
                                       cmocka_unit_test(untouched_state_counts_as_zeros),
                                       cmocka_unit_test(of_no_model_it_is_the_hash_of_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
