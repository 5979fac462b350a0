/* The formats of stages: every kind has one, JSON among them, and each prints what it should. */
#include "passes/stage.h"

#include "pass_case.h"

static const char *print(workspace *w, const stage *s, const char *format) {
    text t;
    text_init(&t, w->arena);
    stage_format_find(s->kind, format)->print(s, &t);
    return t.data;
}

static void every_kind_has_a_format_and_json(void **state) {
    (void)state;
    for (int kind = 0; kind < STAGE_KIND_COUNT; kind++) {
        assert_non_null(stage_names[kind]);
        assert_non_null(stage_format_find((stage_kind)kind, NULL));
        assert_non_null(stage_format_find((stage_kind)kind, "json"));
        assert_null(stage_format_find((stage_kind)kind, "pdf"));
    }
}

static void formats_are_listed_as_words(void **state) {
    workspace *w = *state;
    assert_string_equal(stage_format_list(STAGE_GRAPH, w->arena), "cnir, dot, svg or json");
    assert_string_equal(stage_format_list(STAGE_CODE, w->arena), "c or json");
}

static void parts_stand_apart(void **state) {
    workspace *w = *state;
    const stage_part parts[] = {{"k_1", "void f(void);\n"}, {"k_2", "int x = '\"';\n"}};
    const stage s = {.kind = STAGE_CODE, .parts = parts, .part_count = 2};
    assert_string_equal(print(w, &s, NULL), "void f(void);\n\nint x = '\"';\n");
    assert_string_equal(print(w, &s, "json"),
                        "{\"schema\": \"cornu.dump/1\", \"stage\": \"c\",\n\"parts\": [\n"
                        "{\"name\": \"k_1\", \"text\": \"void f(void);\\u000a\"},\n"
                        "{\"name\": \"k_2\", \"text\": \"int x = '\\\"';\\u000a\"}]}\n");
}

static const char *const step = "func @f(%x: f32[B,3]) {\n"
                                "  %2 = group %x {kind=map, name=\"neg_Bx3\"} : f32[B,3]"
                                "  # a.c:4 first\n"
                                "    region (%1: f32[B,3]) {\n"
                                "      %2 = neg %1 : f32[B,3]\n"
                                "      return %2\n"
                                "    }\n"
                                "  return %2 \"y\"\n"
                                "}\n";

static void launches_name_kernels_and_layers(void **state) {
    workspace *w = *state;
    const stage s = {.kind = STAGE_LAUNCHES, .graph = parse_case(w, step)};
    assert_string_equal(print(w, &s, NULL), "%2    neg_Bx3  # a.c:4 first\n");
    assert_string_equal(print(w, &s, "json"),
                        "{\"schema\": \"cornu.dump/1\", \"stage\": \"launches\",\n"
                        "\"launches\": [\n"
                        "{\"node\": 2, \"kernel\": \"neg_Bx3\", \"file\": \"a.c\", \"line\": 4, "
                        "\"layer\": \"first\"}]}\n");
}

static void memory_says_where_values_live(void **state) {
    workspace *w = *state;
    static const target_facts facts = {.name = "test", .alignment = 64};
    graph *g = parse_case(w, step);
    const memory_plan *plan = plan_memory(g, 16, w->arena, &facts);
    assert_non_null(plan);
    const stage s = {.kind = STAGE_MEMORY, .plan = plan};
    assert_string_equal(
        print(w, &s, "json"),
        "{\"schema\": \"cornu.dump/1\", \"stage\": \"memory\",\n"
        "\"capacity\": 16, \"arena_bytes\": 0, \"lower_bound_bytes\": 0, \"state_bytes\": 0, "
        "\"io_bytes\": 384,\n\"values\": [\n"
        "{\"node\": 1, \"result\": 0, \"type\": \"f32[B,3]\", \"place\": \"input\", \"bytes\": "
        "192, \"first\": 1, \"last\": 2},\n"
        "{\"node\": 2, \"result\": 0, \"type\": \"f32[B,3]\", \"place\": \"output\", \"bytes\": "
        "192, \"first\": 2, \"last\": 3}],\n\"bodies\": []}\n");
    assert_non_null(strstr(print(w, &s, NULL), "memory for a batch of 16"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(every_kind_has_a_format_and_json),
        WITH_WORKSPACE(formats_are_listed_as_words),
        WITH_WORKSPACE(parts_stand_apart),
        WITH_WORKSPACE(launches_name_kernels_and_layers),
        WITH_WORKSPACE(memory_says_where_values_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
