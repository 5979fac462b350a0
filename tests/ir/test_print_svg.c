/* Graphs as pictures: whole XML, a box for each node, nothing of a user's that is markup. */
#include "print_case.h"
#include "random_graph.h"

static int count(const char *words, const char *part) {
    int found = 0;
    for (; (words = strstr(words, part)) != NULL; words += strlen(part))
        found++;
    return found;
}

/* Every element is closed in its turn; attributes and texts hold no markup. */
static bool is_well_formed(const char *xml) {
    const char *open[64];
    int depth = 0;
    while ((xml = strchr(xml, '<')) != NULL) {
        const char *end = strchr(xml, '>');
        if (end == NULL || memchr(xml + 1, '<', (size_t)(end - xml) - 1) != NULL || depth == 64)
            return false;
        size_t length = strcspn(xml + 1 + (xml[1] == '/'), " />");
        if (xml[1] == '/') {
            if (depth == 0 || strncmp(open[--depth], xml + 2, length) != 0)
                return false;
        } else if (end[-1] != '/') {
            open[depth++] = xml + 1;
        }
        xml = end;
    }
    return depth == 0;
}

static void pictures_of_any_graph_are_whole(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        graph *g = random_graph(w->arena, seed);
        picture p = picture_of(g, w->arena);
        text t;
        text_init(&t, w->arena);
        graph_print_svg(g, &t);
        assert_true(is_well_formed(t.data));
        assert_int_equal(count(t.data, "<g><title>"), p.nodes.count);
        const char *opening = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ";
        assert_ptr_equal(strstr(t.data, opening), t.data);
    }
}

static void boxes_say_name_attributes_and_type(void **state) {
    const char *svg = print_with(*state, graph_print_svg,
                                 "func @f(%x: f32[B,4]) {\n"
                                 "  %2 = reduce %x {axes=[1]} : f32[B]\n"
                                 "  return %2 \"sum\"\n"
                                 "}\n");
    assert_non_null(strstr(svg, " class=\"t\">reduce</text>"));
    assert_non_null(strstr(svg, ">{axes=[1]}</text>"));
    assert_non_null(strstr(svg, " class=\"y\">f32[B]</text>"));
    assert_int_equal(count(svg, "<path "), 2);
}

static void names_are_no_markup(void **state) {
    const char *svg = print_with(*state, graph_print_svg, HOSTILE);
    assert_true(is_well_formed(svg));
    assert_int_equal(count(svg, "</svg>"), 1);
    assert_non_null(strstr(svg, "a&#34;&#60;b&#62;&#38;\\"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(pictures_of_any_graph_are_whole),
        WITH_WORKSPACE(boxes_say_name_attributes_and_type),
        WITH_WORKSPACE(names_are_no_markup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
