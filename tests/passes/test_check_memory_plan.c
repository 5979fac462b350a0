/* The checker must find each way in which a plan can be wrong. */
#include "kernels.h"
#include "sample_models.h"

typedef struct sample {
    graph *g;
    memory_plan *plan;
} sample;

static sample planned(workspace *w) {
    static const pass *const passes[] = {&pass_autodiff, &pass_composites, &pass_simplify,
                                         &pass_cse,      &pass_dce,        &pass_fuse,
                                         &pass_order,    &pass_inplace};
    sample s = {.g = convnet_step(w->arena)};
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        s.g = must_run(w, passes[i], s.g);
    s.plan = plan_memory(s.g, 4, w->arena, &test_facts);
    assert_true(check_memory_plan(s.plan, &w->diagnostics));
    return s;
}

static void assert_found(workspace *w, const memory_plan *plan, const char *what) {
    assert_false(check_memory_plan(plan, &w->diagnostics));
    if (strstr(w->diagnostics.message, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", w->diagnostics.message, what);
    diag_clear(&w->diagnostics);
}

/* The first value of the arena that lies behind another. */
static storage *find_shifted(const sample *s) {
    for (uint32_t id = 1; id < s->g->nodes.count; id++)
        if (s->plan->of[id][0].kind == STORAGE_ARENA && s->plan->of[id][0].offset > 0)
            return &s->plan->of[id][0];
    fail_msg("nothing to damage");
    return NULL;
}

static void shared_bytes_are_found(void **state) {
    workspace *w = *state;
    sample s = planned(w);
    find_shifted(&s)->offset = 0;
    assert_found(w, s.plan, "shares memory with a value that is still needed");
}

static void lack_of_room_is_found(void **state) {
    workspace *w = *state;
    sample s = planned(w);
    find_shifted(&s)->bytes -= 4;
    assert_found(w, s.plan, "has too little room");
    s = planned(w);
    s.plan->arena_bytes = 64;
    assert_found(w, s.plan, "lies outside the arena");
}

static void misplaced_outputs_are_found(void **state) {
    workspace *w = *state;
    sample s = planned(w);
    const graph_output *o = &s.g->outputs.items[0];
    s.plan->of[o->value.node][o->value.result].index++;
    assert_found(w, s.plan, "does not overwrite the state it should");
    s = planned(w);
    o = &s.g->outputs.items[s.g->outputs.count - 1]; /* the loss */
    s.plan->of[o->value.node][o->value.result].kind = STORAGE_ARENA;
    assert_found(w, s.plan, "is an output without the output's buffer");
}

static void overwritten_inputs_are_found(void **state) {
    workspace *w = *state;
    sample s = planned(w);
    *find_shifted(&s) = (storage){.kind = STORAGE_INPUT, .index = 12, .bytes = 1 << 20};
    assert_found(w, s.plan, "overwrites an input");
}

/* Without the groups' word for it, an update reads what it overwrites. */
static void undeclared_updates_are_found(void **state) {
    workspace *w = *state;
    sample s = planned(w);
    node *n = &s.g->nodes.items[s.g->outputs.items[0].value.node];
    group_attributes *a = n->attributes;
    a->in_place = "";
    assert_found(w, s.plan, "overwrites state its own node reads");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(shared_bytes_are_found),       WITH_WORKSPACE(lack_of_room_is_found),
        WITH_WORKSPACE(misplaced_outputs_are_found),  WITH_WORKSPACE(overwritten_inputs_are_found),
        WITH_WORKSPACE(undeclared_updates_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
