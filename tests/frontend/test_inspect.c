/* cn_inspect: every stage of every program in every format; what it refuses; that nothing changes.
 */
#include <jansson.h>

#include "small_model.h"

/* What was written, in one call. */
typedef struct written {
    char *text;
    size_t length;
    int calls;
} written;

static void keep(void *user, const char *words, size_t length) {
    written *w = user;
    free(w->text);
    w->text = calloc(length + 1, 1);
    assert_non_null(w->text);
    memcpy(w->text, words, length);
    w->length = length;
    w->calls++;
}

static int open_inspected(void **state) {
    static small s;
    s = (small){.c = cn_context_new(&(cn_context_options){.quiet = true, .threads = 1})};
    s.m = cn_sequential(s.c, {FEATURES},
                        {cn_dense(s.c, 4, CN_TANH, .name = "hidden"), cn_dropout(s.c, 0.25),
                         cn_dense(s.c, 3, CN_SOFTMAX)});
    *state = &s;
    return cn_error_status(s.c) == CN_OK ? 0 : -1;
}

static int close_inspected(void **state) {
    close_small(*state);
    return 0;
}

static void compile(small *s) {
    assert_int_equal(cn_compile(s->m, .optimizer = cn_adam(s->c, 0.01),
                                .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY),
                     CN_OK);
}

static written inspect(small *s, cn_inspect_options o) {
    written w = {0};
    o.model = s->m;
    o.writer = keep;
    o.writer_user = &w;
    if (cn_inspect_at(CN_HERE(cn_inspect_options), &o) != CN_OK)
        fail_msg("%s of %s: %s", o.stage, o.program, cn_error_message(s->c));
    assert_int_equal(w.calls, 1);
    return w;
}

static void every_stage_of_every_program_is_shown(void **state) {
    static const struct {
        const char *stage, *format, *contains;
    } rows[] = {
        {"graph", NULL, "cornu-ir 1\nfunc @"},
        {"graph", "cnir", " = group "},
        {"graph", "dot", "digraph \""},
        {"graph", "svg", "</svg>\n"},
        {"remarks", NULL, ""},
        {"timings", NULL, "autodiff"},
        {"memory", NULL, "for a batch of 32"},
        {"loops", NULL, "kernel @"},
        {"c", NULL, "typedef long long i64;"},
        {"c", "c", "HIDDEN void "},
        {"launches", "text", "hidden"},
    };
    static const char *const programs[] = {"train", "evaluate", "predict", NULL};
    small *s = *state;
    compile(s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 4; k++) {
            written w = inspect(s, (cn_inspect_options){.program = programs[k],
                                                        .stage = rows[i].stage,
                                                        .format = rows[i].format});
            if (strstr(w.text, rows[i].contains) == NULL)
                fail_msg("%s of %s lacks \"%s\":\n%s", rows[i].stage, programs[k], rows[i].contains,
                         w.text);
            free(w.text);
        }
}

static void json_can_be_parsed(void **state) {
    static const char *const stages[] = {"graph", "remarks", "timings", "memory",
                                         "loops", "c",       "launches"};
    small *s = *state;
    compile(s);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        written w = inspect(
            s, (cn_inspect_options){.program = "train", .stage = stages[i], .format = "json"});
        json_error_t error;
        json_t *json = json_loadb(w.text, w.length, 0, &error);
        if (json == NULL)
            fail_msg("%s: line %d: %s\n%s", stages[i], error.line, error.text, w.text);
        assert_string_equal(json_string_value(json_object_get(json, "schema")), "cornu.dump/1");
        assert_string_equal(json_string_value(json_object_get(json, "stage")), stages[i]);
        json_decref(json);
        free(w.text);
    }
}

static void the_graph_is_shown_before_and_after_passes(void **state) {
    small *s = *state;
    compile(s);
    written before = inspect(s, (cn_inspect_options){.program = "train", .after = "frontend"});
    written none = inspect(s, (cn_inspect_options){.program = "train", .after = "0"});
    written derived = inspect(s, (cn_inspect_options){.program = "train", .after = "autodiff"});
    written seventh = inspect(s, (cn_inspect_options){.program = "train", .after = "7"});
    written last = inspect(s, (cn_inspect_options){.program = "train", .after = "inplace"});
    written whole = inspect(s, (cn_inspect_options){.program = "train"});
    assert_non_null(strstr(before.text, " = gradient "));
    assert_string_equal(before.text, none.text);
    assert_null(strstr(derived.text, " = gradient "));
    assert_null(strstr(derived.text, " = group "));
    assert_string_equal(derived.text, seventh.text);
    assert_string_equal(last.text, whole.text);
    written *all[] = {&before, &none, &derived, &seventh, &last, &whole};
    for (int i = 0; i < 6; i++)
        free(all[i]->text);
}

static void what_is_shown_reads_back_the_same(void **state) {
    small *s = *state;
    compile(s);
    written once = inspect(s, (cn_inspect_options){.program = "train"}), again = {0};
    assert_int_equal(
        cn_inspect_ir(s->c, once.text, once.length, .writer = keep, .writer_user = &again), CN_OK);
    assert_string_equal(again.text, once.text);
    free(once.text);
    free(again.text);
}

/* Stages of the graph before all passes are those of the model. */
static void texts_go_the_way_of_models(void **state) {
    small *s = *state;
    static const char *const stages[] = {"graph", "loops", "c", "memory", "launches"};
    written start = inspect(s, (cn_inspect_options){.after = "frontend"});
    for (int i = 0; i < 5; i++) {
        written model = inspect(s, (cn_inspect_options){.stage = stages[i]}), read = {0};
        assert_int_equal(cn_inspect_ir(s->c, start.text, start.length, .stage = stages[i],
                                       .after = i == 0 ? "inplace" : NULL, .writer = keep,
                                       .writer_user = &read),
                         CN_OK);
        assert_string_equal(read.text, model.text);
        free(model.text);
        free(read.text);
    }
    free(start.text);
}

/* ---- chosen passes --------------------------------------------------------------------------- */

static const char *const squares = "cornu-ir 1\n"
                                   "func @f(%x: f32[B,3]) {\n"
                                   "  %2 = mul %x, %x : f32[B,3]\n"
                                   "  %3 = mul %x, %x : f32[B,3]\n"
                                   "  %4 = add %2, %3 : f32[B,3]\n"
                                   "  return %4 \"y\"\n"
                                   "}\n";

static written run_passes(small *s, const char *passes, const char *after, const char *what) {
    written w = {0};
    if (cn_inspect_ir(s->c, squares, strlen(squares), .passes = passes, .after = after,
                      .stage = what, .writer = keep, .writer_user = &w) != CN_OK)
        fail_msg("%s: %s", passes, cn_error_message(s->c));
    return w;
}

static void chosen_passes_run_in_their_order(void **state) {
    small *s = *state;
    written none = run_passes(s, "", NULL, NULL), cse = run_passes(s, "cse", NULL, NULL);
    written both = run_passes(s, "cse,fuse", NULL, NULL);
    written first = run_passes(s, "cse,fuse", "cse", NULL);
    written loops = run_passes(s, "cse,fuse", NULL, "loops");
    assert_string_equal(none.text, squares);
    assert_null(strstr(cse.text, "%3 = mul"));
    assert_non_null(strstr(both.text, "group"));
    assert_string_equal(first.text, cse.text);
    assert_non_null(strstr(loops.text, "kernel @"));
    written *all[] = {&none, &cse, &both, &first, &loops};
    for (int i = 0; i < 5; i++)
        free(all[i]->text);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void mistakes_name_what_there_is(void **state) {
    static const struct {
        const char *program, *stage, *after, *format;
        cn_status status;
        const char *message;
    } rows[] = {
        {"test", 0, 0, 0, CN_ERROR_INVALID_ARGUMENT, "no program is called \"test\"; there are"},
        {0, "asm", 0, 0, CN_ERROR_INVALID_ARGUMENT, "\"asm\"; there are graph, timings, remarks"},
        {0, 0, "fusion", 0, CN_ERROR_INVALID_ARGUMENT, "no pass that runs is called \"fusion\""},
        {0, 0, "99", 0, CN_ERROR_INVALID_ARGUMENT, "no pass that runs is called \"99\""},
        {0, "c", "fuse", 0, CN_ERROR_INVALID_ARGUMENT, "the stage \"c\" comes after all passes"},
        {0, 0, 0, "c", CN_ERROR_INVALID_ARGUMENT, "written as cnir, dot, svg or json"},
        {"train", 0, 0, 0, CN_ERROR_NOT_COMPILED, "is not compiled; call cn_compile first"},
    };
    small *s = *state;
    written w = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        must_fail(s,
                  cn_inspect(s->m, .program = rows[i].program, .stage = rows[i].stage,
                             .after = rows[i].after, .format = rows[i].format, .writer = keep,
                             .writer_user = &w),
                  rows[i].status, rows[i].message);
    must_fail(s, cn_inspect(s->m), CN_ERROR_INVALID_ARGUMENT, ".writer is missing");
    assert_int_equal(w.calls, 0);
    assert_int_equal(cn_inspect(NULL), CN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(cn_inspect_ir(NULL), CN_ERROR_INVALID_ARGUMENT);
}

static void mistakes_in_texts_have_a_place(void **state) {
    small *s = *state;
    written w = {0};
    must_fail(s,
              cn_inspect_ir(s->c, "cornu-ir 1\nfunc f", 17, "mine.cnir", .writer = keep,
                            .writer_user = &w),
              CN_ERROR_SYNTAX, "mine.cnir: line 2, column 6: expected '@', found 'f'");
    must_fail(s,
              cn_inspect_ir(s->c, squares, strlen(squares), .passes = "cse,fuze", .writer = keep,
                            .writer_user = &w),
              CN_ERROR_INVALID_ARGUMENT, "no pass is called \"fuze\"");
    must_fail(s,
              cn_inspect_ir(s->c, squares, strlen(squares), .passes = "cse", .stage = "c",
                            .writer = keep, .writer_user = &w),
              CN_ERROR_UNSUPPORTED, "mul has no kernel on the cpu target");
    must_fail(s, cn_inspect_ir(s->c, .writer = keep, .writer_user = &w), CN_ERROR_SYNTAX,
              "graph: line 1, column 1: expected 'cornu-ir', found the end");
    assert_int_equal(w.calls, 0);
}

static void a_target_without_the_stage_says_so(void **state) {
    (void)state;
    static small s;
    written w = {0};
    open_small(&s, (cn_context_options){.quiet = true}); /* the interpreter */
    must_fail(&s, cn_inspect(s.m, .stage = "loops", .writer = keep, .writer_user = &w),
              CN_ERROR_UNSUPPORTED, "the target \"ref\" has no stage \"loops\"");
    must_fail(&s, cn_inspect(s.m, .after = "fuse", .writer = keep, .writer_user = &w),
              CN_ERROR_UNSUPPORTED, "has no stage \"graph\" after fuse");
    written last = inspect(&s, (cn_inspect_options){.program = "train"});
    assert_null(strstr(last.text, "composite"));
    free(last.text);
    must_work(&s); /* and the model is as it was */
    close_small(&s);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void passes_and_ops_are_listed(void **state) {
    (void)state;
    assert_string_equal(cn_pass_get(0).name, "pin");
    assert_string_equal(cn_pass_get(cn_pass_count() - 1).name, "inplace");
    assert_null(cn_pass_get(cn_pass_count()).name);
    assert_string_equal(cn_ir_op_get(0).name, "input");
    assert_null(cn_ir_op_get(cn_ir_op_count()).name);
    for (size_t i = 0; i < cn_ir_op_count(); i++) {
        cn_ir_op_facts op = cn_ir_op_get(i);
        for (size_t k = 0; k < op.attribute_count; k++) {
            cn_ir_attribute_facts a = cn_ir_op_attribute(i, k);
            assert_non_null(a.name);
            assert_true((strcmp(a.kind, "choice") == 0) == (a.choices != NULL));
        }
        assert_null(cn_ir_op_attribute(i, op.attribute_count).name);
    }
}

#define INSPECTED(test) cmocka_unit_test_setup_teardown(test, open_inspected, close_inspected)

int main(void) {
    const struct CMUnitTest tests[] = {
        INSPECTED(every_stage_of_every_program_is_shown),
        INSPECTED(json_can_be_parsed),
        INSPECTED(the_graph_is_shown_before_and_after_passes),
        INSPECTED(what_is_shown_reads_back_the_same),
        INSPECTED(texts_go_the_way_of_models),
        INSPECTED(chosen_passes_run_in_their_order),
        INSPECTED(mistakes_name_what_there_is),
        INSPECTED(mistakes_in_texts_have_a_place),
        cmocka_unit_test(a_target_without_the_stage_says_so),
        cmocka_unit_test(passes_and_ops_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
