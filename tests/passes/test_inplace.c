/* What overwrites what: donated state, dying operands, and the copies where neither works. */
#include "kernels.h"

#define F(arguments, ...) "cornu-ir 1\nfunc @f(" arguments ") {\n" __VA_ARGS__ "}\n"

/* The graph of groups, ordered, with places decided; remarks for what was copied. */
static graph *decided(workspace *w, const char *source, text *remarks) {
    static const pass *const passes[] = {&pass_fuse, &pass_order, &pass_inplace};
    pass_context cx = context_for(w, remarks);
    graph *g = must_parse(w, source);
    for (int i = 0; i < 3; i++) {
        g = passes[i]->run(g, &cx);
        if (g == NULL || !graph_verify(g, &w->diagnostics))
            fail_msg("%s", w->diagnostics.message);
    }
    return g;
}

static text new_remarks(workspace *w) {
    text t;
    text_init(&t, w->arena);
    return t;
}

static const node *maker(const graph *g, uint32_t output) {
    return value_node(g, g->outputs.items[output].value);
}

static void updates_overwrite_their_state(void **state) {
    workspace *w = *state;
    text remarks = new_remarks(w);
    graph *g = decided(w,
                       F("%p: f32[8] state donate \"p\", %d: f32[8] \"d\"",
                         "  %3 = sub %p, %d : f32[8]\n  return %3 into %p \"new p\"\n"),
                       &remarks);
    const node *n = maker(g, 0);
    int operand = group_in_place(n, 0);
    assert_true(operand >= 0);
    assert_true(value_equal(n->operands[operand], g->inputs.items[0].value));
    assert_null(strstr(remarks.data, "inplace"));
}

/* The product reads the old parameters at other indices than it stores. */
static void state_read_elsewhere_is_copied(void **state) {
    workspace *w = *state;
    text remarks = new_remarks(w);
    graph *g =
        decided(w,
                F("%p: f32[8,8] state donate \"p\"",
                  "  %2 = dot_general %p, %p {left_contract=[1], right_contract=[0]} : f32[8,8]\n"
                  "  return %2 into %p \"new p\"\n"),
                &remarks);
    assert_non_null(strstr(remarks.data, "the old value is read at other indices"));
    assert_int_equal(count_groups(g), 2);
    assert_int_equal(group_in_place(maker(g, 0), 0), -1);
}

static void readers_of_the_old_value_run_first(void **state) {
    workspace *w = *state;
    text remarks = new_remarks(w);
    graph *g = decided(w,
                       F("%p: f32[B,8] state donate \"p\", %d: f32[B,8] \"d\"",
                         "  %3 = sub %p, %d : f32[B,8]\n  %4 = reduce %p {axes=[0]} : f32[8]\n"
                         "  return %3 into %p \"new p\", %4 \"sum\"\n"),
                       &remarks);
    assert_null(strstr(remarks.data, "inplace"));
    assert_true(g->outputs.items[0].value.node > g->outputs.items[1].value.node);
}

static void dying_operands_are_reused(void **state) {
    workspace *w = *state;
    graph *g =
        decided(w,
                F("%x: f32[B,8], %w: f32[8,8]",
                  "  %3 = dot_general %x, %w {left_contract=[1], right_contract=[0]} : f32[B,8]\n"
                  "  %4 = reduce %3 {axes=[0]} : f32[8]\n"
                  "  %5 = broadcast %4 {axes=[1]} : f32[B,8]\n  %6 = sub %3, %5 : f32[B,8]\n"
                  "  %7 = dot_general %6, %w {left_contract=[1], right_contract=[0]} : f32[B,8]\n"
                  "  return %7 \"y\"\n"),
                NULL);
    int reused = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        reused += graph_node(g, id)->op == &op_group && group_in_place(graph_node(g, id), 0) >= 0;
    assert_int_equal(reused, 1); /* the difference takes the product's place */
    assert_int_equal(group_in_place(maker(g, 0), 0), -1); /* outputs have places of their own */
}

static void attributes_read_back(void **state) {
    workspace *w = *state;
    group_attributes a = {.name = "k", .in_place = "0=2,1=0,11=7"};
    node n = {.op = &op_group, .attributes = &a};
    assert_int_equal(group_in_place(&n, 0), 2);
    assert_int_equal(group_in_place(&n, 1), 0);
    assert_int_equal(group_in_place(&n, 2), -1);
    assert_int_equal(group_in_place(&n, 11), 7);
    a.in_place = "";
    assert_int_equal(group_in_place(&n, 0), -1);
    (void)w;
}

static void the_kernel_stores_over_the_operand(void **state) {
    workspace *w = *state;
    graph *g = decided(w,
                       F("%p: f32[8] state donate \"p\", %d: f32[8] \"d\"",
                         "  %3 = sub %p, %d : f32[8]\n  return %3 into %p \"new p\"\n"),
                       NULL);
    const node *n = maker(g, 0);
    const kernel *k = must_lower(w, g, n);
    int operand = group_in_place(n, 0);
    assert_int_equal(k->buffers.items[operand].access, BUFFER_IN_OUT);
    const stmt *loop = k->body.items[0];
    assert_int_equal(loop->body.items[loop->body.count - 1]->buffer, operand);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(updates_overwrite_their_state),
        WITH_WORKSPACE(state_read_elsewhere_is_copied),
        WITH_WORKSPACE(readers_of_the_old_value_run_first),
        WITH_WORKSPACE(dying_operands_are_reused),
        WITH_WORKSPACE(attributes_read_back),
        WITH_WORKSPACE(the_kernel_stores_over_the_operand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
