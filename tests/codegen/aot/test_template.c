/* Templates: prefixes at the beginnings of identifiers, slots as they are, and what is cut. */
#include "test.h"

#include "codegen/aot/artifact.h"

static const template_slot slots[] = {
    {"name", "model_x MODEL_y /*@name@*/"}, {"empty", NULL}, {NULL, NULL}};

static const char *expand(workspace *w, const char *const *lines, bool freestanding) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, "");
    template_expand(lines, "net", slots, freestanding, &t);
    return t.data;
}

static void identifiers_get_the_prefix(void **state) {
    static const char *const lines[] = {"model_a(MODEL_B, my_model_c, models_, model);\n",
                                        "#include \"model.h\"\n", NULL};
    assert_string_equal(expand(*state, lines, false),
                        "net_a(NET_B, my_model_c, models_, model);\n#include \"net.h\"\n");
}

static void what_fills_a_slot_is_not_looked_at(void **state) {
    static const char *const lines[] = {"x = /*@name@*/; /* a comment */\n", NULL};
    assert_string_equal(expand(*state, lines, false),
                        "x = model_x MODEL_y /*@name@*/; /* a comment */\n");
}

static void unknown_slots_stay(void **state) {
    static const char *const lines[] = {"/*@who@*/\n", "/*@ open\n", NULL};
    assert_string_equal(expand(*state, lines, false), "/*@who@*/\n/*@ open\n");
}

/* A line that is nothing but an empty slot goes; beside other text the line stays. */
static void empty_slots_leave_no_lines(void **state) {
    static const char *const lines[] = {"a\n", "/*@empty@*/\n", "b/*@empty@*/\n", NULL};
    assert_string_equal(expand(*state, lines, false), "a\nb\n");
}

static void a_freestanding_text_begins_at_the_cut(void **state) {
    static const char *const lines[] = {"#include <stddef.h>\n", "/*@cut@*/\n", "int model_f;\n",
                                        "/*@end@*/\n",           "#endif\n",    NULL};
    assert_string_equal(expand(*state, lines, true), "int net_f;\n");
    assert_string_equal(expand(*state, lines, false), "#include <stddef.h>\nint net_f;\n#endif\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(identifiers_get_the_prefix),
        WITH_WORKSPACE(what_fills_a_slot_is_not_looked_at),
        WITH_WORKSPACE(unknown_slots_stay),
        WITH_WORKSPACE(empty_slots_leave_no_lines),
        WITH_WORKSPACE(a_freestanding_text_begins_at_the_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
