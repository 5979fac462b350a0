/* Graphs as JSON, word for word. (tests/frontend/test_inspect.c lets a parser read it.) */
#include "print_case.h"

static void everything_the_text_says_is_there(void **state) {
    assert_string_equal(
        print_with(*state, graph_print_json,
                   "func @f(%x: f32[32,4], %w: f32[] state donate) {\n"
                   "  guard \"batch = 32: why\"\n"
                   "  batch 32\n"
                   "  %3 = reduce %x {kind=max, axes=[0,1]} : f32[]  # a.c:7 norm\n"
                   "  %4 = constant {value=[nan,0.5]} : f32[2]\n"
                   "  return %3 into %w \"w\", %4\n"
                   "}\n"),
        "\"name\": \"f\",\n"
        "\"inputs\": [{\"node\": 1, \"name\": \"x\", \"type\": \"f32[32,4]\"}, {\"node\": 2, "
        "\"name\": \"w\", \"type\": \"f32[]\", \"state\": true, \"donated\": true}],\n"
        "\"guards\": [\"batch = 32: why\"],\n"
        "\"batch\": 32,\n"
        "\"nodes\": [\n"
        "{\"id\": 3, \"op\": \"reduce\", \"operands\": [[1, 0]], \"attributes\": {\"kind\": "
        "\"max\", \"axes\": [0,1]}, \"types\": [\"f32[]\"], \"file\": \"a.c\", \"line\": 7, "
        "\"layer\": \"norm\"},\n"
        "{\"id\": 4, \"op\": \"constant\", \"operands\": [], \"attributes\": {\"value\": "
        "\"[nan,0.5]\"}, \"types\": [\"f32[2]\"]}],\n"
        "\"outputs\": [{\"node\": 3, \"result\": 0, \"name\": \"w\", \"into\": 2}, {\"node\": 4, "
        "\"result\": 0}]");
}

static void regions_are_graphs_too(void **state) {
    const char *json = print_with(*state, graph_print_json,
                                  "func @f(%x: f32[2]) {\n"
                                  "  %2 = group %x {name=\"n\"} : f32[2]\n"
                                  "    region (%1: f32[2]) {\n"
                                  "      return %1\n"
                                  "    }\n"
                                  "  return %2\n"
                                  "}\n");
    assert_non_null(strstr(json, "\"regions\": [{\"inputs\": [{\"node\": 1, \"type\": \"f32[2]\"}"
                                 "],\n\"nodes\": [],\n\"outputs\": [{\"node\": 1, \"result\": 0}"
                                 "]}]}"));
}

static void names_stay_in_their_strings(void **state) {
    const char *json = print_with(*state, graph_print_json, HOSTILE);
    assert_non_null(strstr(json, "\"name\": \"q\\\"<&>\\\\\\u000a\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(everything_the_text_says_is_there),
        WITH_WORKSPACE(regions_are_graphs_too),
        WITH_WORKSPACE(names_stay_in_their_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
