/* The interface ops lower through: sharing, places, guards. */
#include "tensors.h"

#include "ir/loop_index.h"
#include "ir/lower_state.h"
#include "ir/ops/ops.h"

typedef struct lowered {
    const graph *region;
    lowering *l;
} lowered;

/* A lowering of the function's body, its inputs bound to argument buffers. */
static lowered begin(workspace *w, const char *source) {
    lowered x = {.region = must_parse(w, source)};
    kernel *k = ARENA_NEW(w->arena, kernel);
    k->arena = w->arena;
    k->name = "sample";
    x.l = lowering_new(w->arena, x.region, k);
    lower_state *s = lowering_state(x.l);
    s->buffer_of_input = ARENA_ARRAY(w->arena, int, x.region->nodes.count);
    for (uint32_t i = 0; i < x.region->inputs.count; i++) {
        value v = x.region->inputs.items[i].value;
        s->buffer_of_input[v.node] = (int)i + 1;
        vec_push(w->arena, &k->buffers, (loop_buffer){*value_type(x.region, v), BUFFER_IN, "x"});
    }
    s->first_result = (int)k->buffers.count;
    vec_push(
        w->arena, &k->buffers,
        (loop_buffer){*value_type(x.region, x.region->outputs.items[0].value), BUFFER_OUT, "y"});
    k->argument_count = (int)k->buffers.count;
    return x;
}

static int count_statements(const stmt_list *body, stmt_kind kind) {
    int count = 0;
    for (uint32_t i = 0; i < body->count; i++)
        count += (body->items[i]->kind == kind) + count_statements(&body->items[i]->body, kind);
    return count;
}

static const expr *open_axis(lowered *x, dim extent) {
    loop_variable *v = lower_axis(x->l, "i", extent);
    lower_loop_begin(x->l, v, true);
    return expr_variable(x->l->arena, v);
}

static value result(const lowered *x) {
    return x->region->outputs.items[0].value;
}

static void equal_requests_share_one_variable(void **state) {
    workspace *w = *state;
    lowered x = begin(w, "cornu-ir 1\nfunc @f(%x: f32[B]) {\n  %2 = exp %x : f32[B]\n"
                         "  %3 = mul %2, %2 : f32[B]\n  return %3\n}\n");
    const expr *i = open_axis(&x, dim_batch(1));
    const expr *a = lower_value(x.l, result(&x), &i), *b = lower_value(x.l, result(&x), &i);
    assert_ptr_equal(a, b);
    lower_loop_end(x.l);
    /* The load, exp, mul. */
    assert_int_equal(count_statements(&x.l->kernel->body, STMT_LET), 3);
}

static void invariant_values_leave_the_loop(void **state) {
    workspace *w = *state;
    lowered x =
        begin(w, "cornu-ir 1\nfunc @f(%x: f32[B], %s: f32[]) {\n  %3 = exp %s : f32[]\n"
                 "  %4 = broadcast %3 : f32[B]\n  %5 = mul %x, %4 : f32[B]\n  return %5\n}\n");
    const expr *i = open_axis(&x, dim_batch(1));
    lower_value(x.l, result(&x), &i);
    lower_loop_end(x.l);
    const stmt_list *body = &x.l->kernel->body;
    assert_int_equal(body->count, 3); /* let s, let exp(s), the loop */
    assert_int_equal(body->items[1]->kind, STMT_LET);
    assert_int_equal(body->items[1]->value->scalar, SCALAR_EXP);
    assert_int_equal(body->items[2]->kind, STMT_LOOP);
}

static void a_floor_keeps_values_inside(void **state) {
    workspace *w = *state;
    lowered x =
        begin(w, "cornu-ir 1\nfunc @f(%x: f32[B], %s: f32[]) {\n  %3 = exp %s : f32[]\n"
                 "  %4 = broadcast %3 : f32[B]\n  %5 = mul %x, %4 : f32[B]\n  return %5\n}\n");
    lowering_state(x.l)->floor = 1;
    const expr *i = open_axis(&x, dim_batch(1));
    lower_value(x.l, result(&x), &i);
    lower_loop_end(x.l);
    assert_int_equal(x.l->kernel->body.count, 1);
}

static bool every_load_is_guarded(const stmt_list *body) {
    for (uint32_t i = 0; i < body->count; i++) {
        const stmt *s = body->items[i];
        if (s->value != NULL && s->value->kind == EXPR_LOAD && s->value->guard == NULL)
            return false;
        if (!every_load_is_guarded(&s->body))
            return false;
    }
    return true;
}

static void a_guard_reaches_every_load_below(void **state) {
    workspace *w = *state;
    lowered x = begin(w, "cornu-ir 1\nfunc @f(%x: f32[4]) {\n  %2 = exp %x : f32[4]\n"
                         "  %3 = constant {value=[0]} : f32[]\n"
                         "  %4 = pad %2, %3 {low=[1], high=[2], interior=[0]} : f32[7]\n"
                         "  return %4\n}\n");
    const expr *i = open_axis(&x, dim_of(7));
    lower_value(x.l, result(&x), &i);
    lower_loop_end(x.l);
    assert_true(count_statements(&x.l->kernel->body, STMT_LET) >= 3); /* load, exp, select */
    assert_true(every_load_is_guarded(&x.l->kernel->body));
    assert_true(kernel_verify(x.l->kernel, &w->diagnostics));
}

static void reductions_come_before_what_uses_them(void **state) {
    workspace *w = *state;
    lowered x =
        begin(w, "cornu-ir 1\nfunc @f(%x: f32[B,4]) {\n  %2 = reduce %x {axes=[1]} : f32[B]\n"
                 "  %3 = broadcast %2 {axes=[0]} : f32[B,4]\n"
                 "  %4 = sub %x, %3 : f32[B,4]\n  return %4\n}\n");
    const expr *index[2];
    index[0] = open_axis(&x, dim_batch(1));
    index[1] = open_axis(&x, dim_of(4));
    const expr *y = lower_value(x.l, result(&x), index);
    lower_store_buffer(x.l, lowering_state(x.l)->first_result, index, y);
    lower_loop_end(x.l);
    lower_loop_end(x.l);
    const stmt *row = x.l->kernel->body.items[0];
    assert_int_equal(row->body.count, 2);
    assert_int_equal(row->body.items[0]->kind, STMT_REDUCE); /* once per row, not per element */
    assert_true(kernel_verify(x.l->kernel, &w->diagnostics));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(equal_requests_share_one_variable),
        WITH_WORKSPACE(invariant_values_leave_the_loop),
        WITH_WORKSPACE(a_floor_keeps_values_inside),
        WITH_WORKSPACE(a_guard_reaches_every_load_below),
        WITH_WORKSPACE(reductions_come_before_what_uses_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
