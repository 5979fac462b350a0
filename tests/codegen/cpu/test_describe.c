/* What a program is said to consist of: a scan and its steps, cost, places and times in numbers of
 * launches. Models and their layers: tests/frontend/test_profile.c. */
#include "tests/test.h"

#include <unistd.h>

#include "codegen/cpu/clang_module.h"
#include "codegen/target.h"

enum { BATCH = 6, STEPS = 4 };

static const char source[] = "cornu-ir 1\n"
                             "func @f(%start: f32[B], %x: f32[4,B]) {\n"
                             "  %3 = exp %x : f32[4,B]\n"
                             "  %4 = scan %start, %3 {carries=1, length=4} : f32[B]\n"
                             "    region (%1: f32[B], %2: f32[B]) {\n"
                             "      %3 = add %1, %2 : f32[B]\n"
                             "      return %3\n"
                             "    }\n"
                             "  %5 = reduce %4 {axes=[0]} : f32[]\n"
                             "  return %5 \"sum\"\n"
                             "}\n";

static executable *compile(workspace *w) {
    setenv("CORNU_CACHE_DIR", "", 1);
    if (access(CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, R_OK) == 0)
        setenv("CORNU_CLANG_MODULE", CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, 1);
    graph *g = graph_parse(w->arena, source, strlen(source));
    compile_options o = {
        .label = "test", .cache_directory = "", .compile_threads = 1, .explain = true};
    executable *x =
        g == NULL ? NULL : target_find("cpu")->compile(g, &o, w->memory, &w->diagnostics);
    if (x == NULL)
        fail_msg("%s", w->diagnostics.message);
    return x;
}

static const cn_profile_launch *launch_named(const cn_profile *p, const char *word) {
    for (size_t i = 0; i < p->launch_count; i++)
        if (strstr(p->launches[i].kernel, word) != NULL)
            return &p->launches[i];
    fail_msg("no launch is named for \"%s\"", word);
    return NULL;
}

static void a_scan_stands_before_its_steps(void **state) {
    workspace *w = *state;
    executable *x = compile(w);
    cn_profile p = {0};
    x->operations->describe(x, BATCH, w->arena, &p);
    assert_int_equal(p.launch_count, 4);
    const cn_profile_launch *scan = launch_named(&p, "scan"), *add = launch_named(&p, "add");
    assert_ptr_equal(add, scan + 1);
    assert_int_equal(scan->scan, -1);
    assert_int_equal(add->scan, scan - p.launches);
    assert_int_equal(add->runs, STEPS);
    assert_true(add->flops == STEPS * BATCH && scan->flops == add->flops);
    assert_true(add->bytes_read == 2 * 4 * STEPS * BATCH &&
                add->bytes_written == 4 * STEPS * BATCH);
    assert_true(scan->bytes_read == add->bytes_read && scan->source == NULL);
    assert_non_null(strstr(add->source, add->kernel));
    x->operations->free(x);
}

static void buffers_live_from_launch_to_launch(void **state) {
    workspace *w = *state;
    executable *x = compile(w);
    cn_profile p = {0};
    x->operations->describe(x, BATCH, w->arena, &p);
    const cn_profile_launch *exp = launch_named(&p, "exp"), *reduce = launch_named(&p, "reduce");
    const cn_profile_buffer *rows = &p.buffers[exp->arguments[1].buffer];
    assert_int_equal(rows->place, CN_PLACE_ARENA);
    assert_int_equal(rows->bytes, 4 * STEPS * BATCH);
    assert_string_equal(rows->type, "f32[4,B]");
    assert_int_equal(rows->first, 0);
    assert_int_equal(rows->last, 2); /* through the steps */
    const cn_profile_buffer *sum = &p.buffers[reduce->arguments[1].buffer];
    assert_int_equal(sum->place, CN_PLACE_OUTPUT);
    assert_string_equal(sum->name, "sum");
    x->operations->free(x);
}

static void samples_are_those_of_the_rows(void **state) {
    workspace *w = *state;
    executable *x = compile(w);
    _Alignas(64) float start[16] = {1, 2, 3, 4, 5, 6}, rows[STEPS * BATCH + 8] = {0}, sum[16];
    void *inputs[] = {start, rows}, *outputs[] = {sum};
    cn_profile_sample samples[4] = {{0, 0}};
    execution *e = x->operations->execution_new(x, BATCH, &w->diagnostics);
    assert_true(
        x->operations->run_timed(e, NULL, inputs, outputs, BATCH, 0, samples, &w->diagnostics));
    assert_true(sum[0] == 21 + STEPS * BATCH); /* exp(0) is 1 */
    for (int i = 0; i < 4; i++)
        assert_true(samples[i].seconds > 0 && samples[i].begin > 0);
    assert_true(samples[1].begin <= samples[2].begin && samples[2].begin < samples[3].begin);
    assert_true(samples[2].seconds < samples[1].seconds);
    x->operations->execution_free(e);
    x->operations->free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(a_scan_stands_before_its_steps),
                                       WITH_WORKSPACE(buffers_live_from_launch_to_launch),
                                       WITH_WORKSPACE(samples_are_those_of_the_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
