/* Kernels by hand, for tests of what reads them. */
#ifndef CORNU_TESTS_IR_KERNEL_MAKER_H
#define CORNU_TESTS_IR_KERNEL_MAKER_H

#include "ir/loop.h"
#include "test.h"

typedef struct kernel_maker {
    arena *arena;
    kernel *kernel;
} kernel_maker;

static inline kernel_maker new_kernel(workspace *w) {
    kernel_maker m = {w->arena, ARENA_NEW(w->arena, kernel)};
    m.kernel->arena = w->arena;
    m.kernel->name = "sample";
    return m;
}

/* Arguments before locals. */
static inline int add_buffer(kernel_maker *m, buffer_access access, int rank, const dim *dims) {
    loop_buffer b = {type_make(CN_F32, rank, dims), access, "x"};
    vec_push(m->arena, &m->kernel->buffers, b);
    m->kernel->argument_count += access != BUFFER_LOCAL;
    return (int)m->kernel->buffers.count - 1;
}

static inline loop_variable *new_variable(kernel_maker *m, const char *hint, cn_dtype dtype) {
    loop_variable *v = ARENA_NEW(m->arena, loop_variable);
    *v = (loop_variable){.id = m->kernel->variable_count++, .hint = hint, .dtype = dtype};
    return v;
}

static inline loop_variable *new_axis(kernel_maker *m, dim extent) {
    loop_variable *v = new_variable(m, "i", CN_I64);
    v->is_axis = true;
    v->extent = extent;
    return v;
}

static inline stmt *add_stmt(kernel_maker *m, stmt_list *to, stmt s) {
    stmt *copy = arena_copy(m->arena, &s, sizeof s);
    vec_push(m->arena, to, copy);
    return copy;
}

static inline stmt *add_loop(kernel_maker *m, stmt_list *to, loop_variable *axis, bool parallel) {
    return add_stmt(m, to, (stmt){.kind = STMT_LOOP, .variable = axis, .parallel = parallel});
}

static inline const expr *read_element(kernel_maker *m, int buffer, const expr *const *index) {
    return expr_load(m->arena, &m->kernel->buffers.items[buffer], buffer, index);
}

static inline stmt *add_store(kernel_maker *m, stmt_list *to, int buffer, const expr *const *index,
                              const expr *x) {
    int rank = m->kernel->buffers.items[buffer].type.rank;
    stmt s = {.kind = STMT_STORE, .buffer = buffer, .rank = rank, .value = x};
    s.index = arena_copy(m->arena, index, (size_t)rank * sizeof *index);
    return add_stmt(m, to, s);
}

static inline const expr *plus(kernel_maker *m, const expr *x, const expr *y) {
    return expr_scalar(m->arena, SCALAR_ADD, x->dtype, (const expr *[]){x, y}, 2);
}

/* %1[i] = %0[i] + %0[i] for i < B, with handles on its parts. */
typedef struct doubling {
    kernel_maker m;
    loop_variable *axis;
    const expr *at;
    stmt *loop, *store;
} doubling;

static inline doubling new_doubling(workspace *w) {
    doubling d = {.m = new_kernel(w)};
    dim batch = dim_batch(1);
    add_buffer(&d.m, BUFFER_IN, 1, &batch);
    add_buffer(&d.m, BUFFER_OUT, 1, &batch);
    d.axis = new_axis(&d.m, batch);
    d.at = expr_variable(w->arena, d.axis);
    d.loop = add_loop(&d.m, &d.m.kernel->body, d.axis, true);
    const expr *x = read_element(&d.m, 0, &d.at);
    d.store = add_store(&d.m, &d.loop->body, 1, &d.at, plus(&d.m, x, x));
    return d;
}

#endif
