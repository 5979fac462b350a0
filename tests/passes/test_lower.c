/* The kernels that groups become: which loops, what is kept, in which order things happen. That
 * they compute the right thing is tested with fusion and with the ops. */
#include "kernels.h"

#define F(arguments, ...) "cornu-ir 1\nfunc @f(" arguments ") {\n" __VA_ARGS__ "}\n"

/* The kernel of the only group. */
static const kernel *lowered(workspace *w, const char *source) {
    graph *g = must_run(w, &pass_fuse, must_parse(w, source));
    assert_int_equal(count_groups(g), 1);
    return must_lower(w, g, graph_node(g, g->nodes.count - 1));
}

static int count_statements(const stmt_list *body, stmt_kind kind) {
    int count = 0;
    for (uint32_t i = 0; i < body->count; i++)
        count += (body->items[i]->kind == kind) + count_statements(&body->items[i]->body, kind);
    return count;
}

static void all_values_are_read_before_the_first_store(void **state) {
    workspace *w = *state;
    const kernel *k = lowered(w, F("%x: f32[B], %y: f32[B]",
                                   "  %3 = add %x, %y : f32[B]\n  %4 = mul %3, %x : f32[B]\n"
                                   "  return %3, %4\n"));
    const stmt_list *body = &k->body.items[0]->body;
    assert_int_equal(k->body.count, 1);
    for (uint32_t i = 0; i < body->count; i++) /* lets, then both stores */
        assert_int_equal(body->items[i]->kind, i + 2 < body->count ? STMT_LET : STMT_STORE);
}

static void a_row_keeps_what_its_passes_share(void **state) {
    workspace *w = *state;
    const kernel *k =
        lowered(w, F("%x: f32[B,6]", "  %2 = reduce %x {kind=max, axes=[1]} : f32[B]\n"
                                     "  %3 = broadcast %2 {axes=[0]} : f32[B,6]\n"
                                     "  %4 = sub %x, %3 : f32[B,6]\n  %5 = exp %4 : f32[B,6]\n"
                                     "  %6 = reduce %5 {axes=[1]} : f32[B]\n"
                                     "  %7 = broadcast %6 {axes=[0]} : f32[B,6]\n"
                                     "  %8 = div %5, %7 : f32[B,6]\n  return %8\n"));
    assert_int_equal((int)k->buffers.count, k->argument_count + 1); /* the exponentials */
    const loop_buffer *local = &k->buffers.items[k->argument_count];
    assert_int_equal(local->access, BUFFER_LOCAL);
    assert_int_equal(local->type.rank, 1);
    assert_int_equal(local->type.dims[0].count, 6);
    assert_int_equal(k->body.count, 1); /* one loop over the rows */
    assert_int_equal(count_statements(&k->body, STMT_REDUCE), 2);
    assert_int_equal(count_statements(&k->body, STMT_LOOP), 3); /* rows, filling, storing */
}

static void rows_may_lie_across(void **state) {
    workspace *w = *state;
    const kernel *k =
        lowered(w, F("%x: f32[B,6,4]", "  %2 = reduce %x {axes=[1]} : f32[B,4]\n"
                                       "  %3 = broadcast %2 {axes=[0,2]} : f32[B,6,4]\n"
                                       "  %4 = sub %x, %3 : f32[B,6,4]\n  return %4\n"));
    const stmt *b = k->body.items[0], *c = b->body.items[0];
    assert_true(b->variable->extent.symbolic);
    assert_int_equal(c->variable->extent.count, 4); /* the row is the loop inside */
    assert_int_equal(c->body.items[c->body.count - 1]->variable->extent.count, 6);
}

static void domains_get_loops_of_their_own(void **state) {
    workspace *w = *state;
    const kernel *k = lowered(w, F("%p: f32[5] state donate \"p\", %q: f32[7] state donate \"q\"",
                                   "  %3 = neg %p : f32[5]\n  %4 = neg %q : f32[7]\n"
                                   "  return %3 into %p \"a\", %4 into %q \"b\"\n"));
    assert_int_equal(k->body.count, 2);
    assert_int_equal(k->body.items[0]->variable->extent.count, 5);
    assert_int_equal(k->body.items[1]->variable->extent.count, 7);
}

static const loop_contract *contract_of(const kernel *k) {
    assert_int_equal(k->body.count, 1);
    assert_int_equal(k->body.items[0]->kind, STMT_CONTRACT);
    return k->body.items[0]->contract;
}

/* What is stored transposed has its axes turned, and the side-by-side one on the right. */
static void transposed_products_are_turned(void **state) {
    workspace *w = *state;
    const loop_contract *c = contract_of(lowered(
        w, F("%x: f32[B,3], %y: f32[B,5]",
             "  %3 = dot_general %x, %y {left_contract=[0], right_contract=[0]} : f32[3,5]\n"
             "  %4 = transpose %3 {axes=[1,0]} : f32[5,3]\n  return %4\n")));
    assert_int_equal(c->parallel.items[0]->extent.count, 5);
    assert_int_equal(c->parallel.items[1]->extent.count, 3);
    assert_int_equal(c->left->buffer, 1);
    assert_int_equal(c->right->buffer, 0);
}

static void epilogues_stay_inside(void **state) {
    workspace *w = *state;
    const loop_contract *c = contract_of(lowered(
        w, F("%x: f32[B,3], %w: f32[3,5], %s: f32[]",
             "  %4 = dot_general %x, %w {left_contract=[1], right_contract=[0]} : f32[B,5]\n"
             "  %5 = broadcast %s : f32[B,5]\n  %6 = mul %4, %5 : f32[B,5]\n  return %6\n")));
    assert_int_equal(c->left->kind, EXPR_LOAD); /* read in place */
    assert_int_equal(c->right->kind, EXPR_LOAD);
    assert_int_equal(c->epilogue.items[c->epilogue.count - 1]->kind, STMT_STORE);
}

/* A grouped convolution is a sum for each element: another one may have it in its epilogue. */
static void a_grouped_convolution_is_no_anchor(void **state) {
    workspace *w = *state;
    const char *source =
        F("%x: f32[B,4,4,2], %w: f32[1,1,1,2], %v: f32[1,1,2,2]",
          "  %4 = conv %x, %w {strides=[1,1], low=[0,0], high=[0,0], dilation=[1,1], groups=2} "
          ": f32[B,4,4,2]\n"
          "  %5 = conv %x, %v {strides=[1,1], low=[0,0], high=[0,0], dilation=[1,1], groups=1} "
          ": f32[B,4,4,2]\n"
          "  %6 = add %4, %5 : f32[B,4,4,2]\n  return %6\n");
    const loop_contract *c = contract_of(lowered(w, source));
    assert_true(c->left->buffer == 2 || c->right->buffer == 2);
    graph *g = must_parse(w, source);
    assert_same_meaning(w, g, must_run(w, &pass_fuse, g), 3);
}

static void copies_are_kernels_too(void **state) {
    workspace *w = *state;
    const kernel *k = lowered(w, F("%x: f32[B,4]", "  return %x \"y\"\n"));
    assert_int_equal(count_statements(&k->body, STMT_STORE), 1);
    assert_string_equal(k->name, "copy_Bx4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(all_values_are_read_before_the_first_store),
        WITH_WORKSPACE(a_row_keeps_what_its_passes_share),
        WITH_WORKSPACE(rows_may_lie_across),
        WITH_WORKSPACE(domains_get_loops_of_their_own),
        WITH_WORKSPACE(transposed_products_are_turned),
        WITH_WORKSPACE(epilogues_stay_inside),
        WITH_WORKSPACE(a_grouped_convolution_is_no_anchor),
        WITH_WORKSPACE(copies_are_kernels_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
