/* Reading .cnir: what prints reads back the same, what is wrong is refused where it is wrong, and
 * no bytes whatever do harm. */
#include "base/text.h"
#include "ir/build.h"
#include "random_graph.h"
#include "sample_graphs.h"
#include "test.h"

static graph *parse(workspace *w, const char *source) {
    return graph_parse(w->arena, source, strlen(source));
}

static const char *printed(workspace *w, const graph *g) {
    text t;
    text_init(&t, w->arena);
    graph_print(g, &t);
    return t.data;
}

static void samples_print_as_they_were_read(void **state) {
    workspace *w = *state;
    for (int i = 0; i < SAMPLE_GRAPHS; i++) {
        graph *g = parse(w, sample_graphs[i]);
        if (g == NULL)
            fail_msg("sample %d: %s", i, w->diagnostics.message);
        assert_string_equal(printed(w, g), sample_graphs[i]);
    }
}

static bool uses(const graph *g, const op_def *op) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op == op || (n->region_count > 0 && uses(n->regions[0], op)))
            return true;
    }
    return false;
}

static void every_op_stands_in_a_sample(void **state) {
    workspace *w = *state;
    for (int i = 0; op_registry[i] != NULL; i++) {
        bool found = false;
        for (int k = 0; k < SAMPLE_GRAPHS && !found; k++)
            found = uses(parse(w, sample_graphs[k]), op_registry[i]);
        if (!found)
            fail_msg("no sample uses %s", op_registry[i]->name);
    }
}

static void random_graphs_survive_text(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        graph *g = random_graph(w->arena, seed);
        if (g == NULL)
            fail_msg("seed %d: %s", (int)seed, w->diagnostics.message);
        const char *once = printed(w, g);
        graph *again = parse(w, once);
        if (again == NULL)
            fail_msg("seed %d: %s\n%s", (int)seed, w->diagnostics.message, once);
        assert_string_equal(printed(w, again), once);
        assert_true(graph_equal(g, again));
        assert_true(graph_hash(g) == graph_hash(again));
    }
}

static void spelling_is_free_where_meaning_is_not(void **state) {
    workspace *w = *state;
    graph *g = parse(w, "# run: x\n\ncornu-ir 1 func @f(%x:f32[2]\n,\n%a: f32[2] \"y\") # why\n{"
                        "%sum=add %x,%a:f32[2]%t=neg %sum:f32[2] return %t \"out\"}\n"
                        "# expect:\n#x");
    assert_non_null(g);
    assert_string_equal(printed(w, g), "cornu-ir 1\n"
                                       "func @f(%x: f32[2], %y: f32[2]) {\n"
                                       "  %3 = add %x, %y : f32[2]\n"
                                       "  %4 = neg %3 : f32[2]\n"
                                       "  return %4 \"out\"\n"
                                       "}\n");
}

#define FUNC "cornu-ir 1\nfunc @f(%x: f32[2], %s: f32[2] state donate) {\n"

static void mistakes_are_refused_where_they_are(void **state) {
    workspace *w = *state;
    static const struct {
        const char *source, *message;
    } cases[] = {
        {"", "line 1, column 1: expected 'cornu-ir', found the end"},
        {"cornu-ir 2\nfunc", "line 1, column 10: this reads version 1"},
        {"cornu-ir 1\nfunc f", "line 2, column 6: expected '@', found 'f'"},
        {FUNC "  return %y\n}", "line 3, column 11: %y is not defined before its use"},
        {FUNC "  %3 = frobnicate %x : f32[2]\n", "line 3, column 8: no op is called 'frob"},
        {FUNC "  %3 = neg %x : f32[3]\n return\n}", "column 8: result 0 of neg is f32[2], the"},
        {FUNC "  %3:2 = neg %x : f32[2]\n return\n}",
         "column 10: neg gives 1 results; the line names 2"},
        {FUNC "  %3 = add %x : f32[2]\n return\n}", "column 8: add takes 2 operands, got 1"},
        {FUNC "  %x = neg %x : f32[2]\n return\n}", "column 4: %x is defined twice"},
        {FUNC "  %3 = neg %x#1 : f32[2]\n", "column 13: %x has 1 results, no #1"},
        {FUNC "  %3 = neg %x {a=1} : f32[2]\n", "column 15: expected ':', found '{'"},
        {FUNC "  %3 = reduce %x {a=1} : f32[]\n", "column 19: reduce has no attribute 'a'"},
        {FUNC "  %3 = reduce %x {axes=[0], axes=[0]} : f32[]\n", "axes is given twice"},
        {FUNC "  %3 = reduce %x {kind=sun} : f32[]\n", "column 24: kind cannot be 'sun'"},
        {FUNC "  %3 = constant {value=[1,2,3]} : f32[2]\n return\n}",
         "column 8: constant: f32[2] needs one element or 2 of them"},
        {FUNC "  %3 = constant {value=[1,x]} : f32[2]\n", "column 27: expected a number"},
        {FUNC "  %3 = constant {value=[300]} : u8[2]\n", "column 25: 300 does not fit u8"},
        {FUNC "  %3 = constant {value=[300", "the list that begins here has no end"},
        {FUNC "  %3 = constant {shape=[2], value=[300]} : u8[2]\n", "shape is said by the type"},
        {FUNC "  %3 = input : u8[2]\n", "inputs stand in the list of parameters"},
        {FUNC "  return %x into %y\n}", "%y is not an input"},
        {FUNC "  return %x into %x\n}", "column 18: an output overwrites %x, which is not"},
        {FUNC "  return %x into %s, %x into %s\n}", "column 30: two outputs overwrite %s"},
        {FUNC "  return\n} x", "line 4, column 3: expected nothing more, found 'x'"},
        {FUNC "  batch 0 return\n}", "a batch has at least one sample"},
        {"cornu-ir 1\nfunc @f(%x: f32[1,1,1,1,1,1,1,1,1]", "more than 8 axes"},
        {"cornu-ir 1\nfunc @f(%x: f32[B,B]) {return}", "line 2, column 10: input: "},
        {"cornu-ir 1\nfunc @f(%a: f32[] \"n\", %b: f32[] \"n\") {return}",
         "column 34: two inputs are called"},
        {"cornu-ir 1\nfunc @f(%a: f32[] donate) {return}", "column 19: %a is donated but no state"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        diag_clear(&w->diagnostics);
        assert_null(parse(w, cases[i].source));
        if (strstr(w->diagnostics.message, cases[i].message) == NULL)
            fail_msg("wanted \"%s\", got \"%s\"", cases[i].message, w->diagnostics.message);
    }
}

/* `levels` groups, each in the region of the one before. */
static const char *nested(workspace *w, int levels) {
    text t;
    text_init(&t, w->arena);
    text_append(&t, "cornu-ir 1 func @f(%1: f32[]) {");
    for (int i = 0; i < levels; i++)
        text_append(&t, " %2 = group %1 : f32[] region (%1: f32[]) {");
    for (int i = 0; i <= levels; i++)
        text_append(&t, " return %1 }");
    return t.data;
}

static void regions_nest_32_deep_and_no_deeper(void **state) {
    workspace *w = *state;
    assert_non_null(parse(w, nested(w, 32)));
    assert_null(parse(w, nested(w, 33)));
    assert_non_null(strstr(w->diagnostics.message, "regions nest deeper than 32"));
}

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Flips, cuts, doubles and swaps pieces of good text. */
static size_t mutate(char *bytes, size_t length, uint64_t *seed) {
    uint64_t count = next_random(seed) % 4 + 1;
    for (uint64_t i = 0; i < count && length > 8; i++) {
        size_t at = next_random(seed) % length, other = next_random(seed) % (length - 4);
        switch (next_random(seed) % 4) {
        case 0:
            bytes[at] = (char)next_random(seed);
            break;
        case 1:
            length = at + 1;
            break;
        case 2:
            memmove(bytes + other, bytes + other + 1, length - other - 1);
            length--;
            break;
        default:
            bytes[at] = bytes[other];
        }
    }
    return length;
}

static void no_bytes_do_harm(void **state) {
    workspace *w = *state;
    for (uint64_t i = 0; i < 4000; i++) {
        arena_mark before = arena_get_mark(w->arena);
        uint64_t seed = i;
        size_t length = strlen(sample_graphs[i % SAMPLE_GRAPHS]);
        char *bytes = arena_copy(w->arena, sample_graphs[i % SAMPLE_GRAPHS], length);
        length = mutate(bytes, length, &seed);
        char *exact = arena_copy(w->arena, bytes, length);
        graph *g = graph_parse(w->arena, exact, length);
        if (g == NULL) {
            assert_false(diag_ok(&w->diagnostics));
        } else {
            const char *once = printed(w, g);
            graph *again = parse(w, once);
            if (again == NULL)
                fail_msg("%s\n%s", w->diagnostics.message, once);
            assert_string_equal(printed(w, again), once);
        }
        diag_clear(&w->diagnostics);
        arena_rewind(w->arena, before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(samples_print_as_they_were_read),
        WITH_WORKSPACE(every_op_stands_in_a_sample),
        WITH_WORKSPACE(random_graphs_survive_text),
        WITH_WORKSPACE(spelling_is_free_where_meaning_is_not),
        WITH_WORKSPACE(mistakes_are_refused_where_they_are),
        WITH_WORKSPACE(regions_nest_32_deep_and_no_deeper),
        WITH_WORKSPACE(no_bytes_do_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
