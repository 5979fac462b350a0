/* The text of kernels: what people read in dumps. */
#include "kernel_maker.h"

static void assert_text(workspace *w, const kernel *k, const char *wanted) {
    text t;
    text_init(&t, w->arena);
    kernel_print(k, &t);
    assert_string_equal(t.data, wanted);
}

static void loops_and_stores(void **state) {
    workspace *w = *state;
    doubling d = new_doubling(w);
    d.m.kernel->summary = "add";
    assert_text(w, d.m.kernel,
                "# add\n"
                "kernel @sample (in %0: f32[B], out %1: f32[B]) {\n"
                "    parallel i0 < B {\n"
                "        %1[i0] = add(%0[i0], %0[i0])\n"
                "    }\n"
                "}\n");
}

static void reductions_lets_and_guards(void **state) {
    workspace *w = *state;
    kernel_maker m = new_kernel(w);
    dim extent = dim_of(9), one = dim_of(3);
    add_buffer(&m, BUFFER_IN, 1, &extent);
    add_buffer(&m, BUFFER_OUT, 0, NULL);
    add_buffer(&m, BUFFER_LOCAL, 1, &one);
    stmt *reduce = add_stmt(&m, &m.kernel->body, (stmt){.kind = STMT_REDUCE, .fold = FOLD_MAX});
    loop_variable *k = new_axis(&m, dim_of(7)), *t = new_variable(&m, NULL, CN_F32);
    const expr *at = expr_variable(w->arena, k), *two = expr_integer(w->arena, CN_I64, 2);
    const expr *shifted = expr_add(w->arena, expr_multiply(w->arena, at, 3), two);
    const expr *inside =
        expr_scalar(w->arena, SCALAR_LT, CN_BOOL,
                    (const expr *[]){shifted, expr_integer(w->arena, CN_I64, 9)}, 2);
    const expr *x = expr_guarded_load(w->arena, &m.kernel->buffers.items[0], 0, &shifted, inside,
                                      expr_number(w->arena, CN_F32, 0.5));
    vec_push(w->arena, &reduce->axes, k);
    add_stmt(&m, &reduce->body, (stmt){.kind = STMT_LET, .variable = t, .value = x});
    reduce->value = expr_variable(w->arena, t);
    reduce->variable = new_variable(&m, "r", CN_F32);
    add_store(&m, &m.kernel->body, 1, NULL, expr_variable(w->arena, reduce->variable));
    assert_text(w, m.kernel,
                "kernel @sample (in %0: f32[9], out %1: f32[]) {\n"
                "    local %2: f32[3]\n"
                "    reduce r2 : f32 = max i0 < 7 {\n"
                "        let t1 : f32 = %0[i0*3 + 2] if (i0*3 + 2) < 9 else 0.5\n"
                "        t1\n"
                "    }\n"
                "    %1[] = r2\n"
                "}\n");
}

static void contractions(void **state) {
    workspace *w = *state;
    kernel_maker m = new_kernel(w);
    dim extent = dim_of(4);
    add_buffer(&m, BUFFER_IN, 1, &extent);
    add_buffer(&m, BUFFER_OUT, 1, &extent);
    stmt *s = add_stmt(&m, &m.kernel->body, (stmt){.kind = STMT_CONTRACT});
    loop_contract *c = s->contract = ARENA_NEW(w->arena, loop_contract);
    loop_variable *i = new_axis(&m, dim_of(4)), *k = new_axis(&m, dim_of(2));
    const expr *at = expr_variable(w->arena, i);
    vec_push(w->arena, &c->parallel, i);
    vec_push(w->arena, &c->reduction, k);
    c->left = c->right = read_element(&m, 0, &at);
    c->accumulator = CN_F32;
    c->result = new_variable(&m, "sum", CN_F32);
    add_store(&m, &c->epilogue, 1, &at, expr_variable(w->arena, c->result));
    assert_text(w, m.kernel,
                "kernel @sample (in %0: f32[4], out %1: f32[4]) {\n"
                "    contract sum2 : f32 over i0 < 4; sum i1 < 2 {\n"
                "        left {\n"
                "            %0[i0]\n"
                "        }\n"
                "        right {\n"
                "            %0[i0]\n"
                "        }\n"
                "        %1[i0] = sum2\n"
                "    }\n"
                "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(loops_and_stores),
        WITH_WORKSPACE(reductions_lets_and_guards),
        WITH_WORKSPACE(contractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
