/* Nests of parallel loops.
 *
 * Neighbouring axes that every address steps through as one are joined first, so that what is
 * elementwise over [B,28,28,32] is one long loop. The last axis is the vector loop; the points of
 * the others are rows, and a task is a fixed number of rows (or a piece of one long row), chosen
 * by the work in them: tasks of 30 to 100 thousand operations are worth handing to a thread.
 */
#include "codegen/cpu/emit.h"

#include <stddef.h>

#include "codegen/cpu/emit_random.h"

enum { TASK_OPERATIONS = 1 << 16, VECTOR_PIECE = 512 };

/* ---- cost ---------------------------------------------------------------------------------- */

/* Operations beyond the one that everything costs. */
static const unsigned char extra_cost[SCALAR_COUNT] = {
    [SCALAR_EXP] = 12,    [SCALAR_EXPM1] = 14, [SCALAR_LOG] = 14,  [SCALAR_LOG1P] = 16,
    [SCALAR_SIN] = 14,    [SCALAR_COS] = 14,   [SCALAR_TANH] = 14, [SCALAR_SIGMOID] = 16,
    [SCALAR_ERF] = 16,    [SCALAR_POW] = 40,   [SCALAR_SQRT] = 3,  [SCALAR_RSQRT] = 6,
    [SCALAR_RANDOM] = 20, [SCALAR_DIV] = 3,    [SCALAR_REM] = 20,
};

double expr_cost(const expr *x) {
    double cost = 1;
    if (x->kind == EXPR_SCALAR)
        cost += extra_cost[x->scalar];
    for (int i = 0; i < x->argument_count; i++)
        cost += expr_cost(x->arguments[i]);
    return cost;
}

/* A symbolic extent counts as this batch size. */
static double typical(dim d) {
    return (double)dim_bind(d, 32);
}

double statements_cost(const emitter *e, const stmt_list *list) {
    double total = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const stmt *s = list->items[i];
        double cost = (s->value ? expr_cost(s->value) : 0) + statements_cost(e, &s->body);
        if (s->kind == STMT_LOOP)
            cost *= typical(extent_of(e, s->variable));
        for (uint32_t k = 0; k < s->axes.count; k++)
            cost *= typical(extent_of(e, s->axes.items[k]));
        total += cost;
    }
    return total;
}

bool contains(const stmt_list *list, stmt_kind kind) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i]->kind == kind || contains(&list->items[i]->body, kind))
            return true;
    return false;
}

/* ---- joining axes -------------------------------------------------------------------------- */

/* Calls back with every maximal piece of index arithmetic. */
typedef struct index_visitor {
    emitter *e;
    const loop_variable *outer, *inner;
    bool agree; /* so far every index steps through outer and inner as through one axis */
} index_visitor;

static void visit_expr(index_visitor *v, const expr *x);

static void visit_index(index_visitor *v, const expr *x) {
    linear l;
    if (!linear_of(x, &l)) {
        v->agree = false;
        return;
    }
    dim joined;
    dim outer = linear_coefficient(&l, v->outer), inner = linear_coefficient(&l, v->inner);
    bool fits = dim_multiply(inner, extent_of(v->e, v->inner), &joined);
    bool neither = outer.count == 0 && inner.count == 0;
    v->agree = v->agree && (neither || (fits && dim_equal(outer, joined)));
    for (int i = 0; i < l.count; i++) {
        const expr *atom = l.terms[i].atom;
        if (atom->kind == EXPR_VARIABLE)
            continue;
        if (atom == x)
            for (int k = 0; k < x->argument_count; k++)
                visit_expr(v, x->arguments[k]);
        else
            visit_expr(v, atom);
    }
}

static void visit_expr(index_visitor *v, const expr *x) {
    bool operation = x->kind == EXPR_SCALAR || x->kind == EXPR_VARIABLE;
    if (x->dtype == CN_I64 && operation) {
        visit_index(v, x);
        return;
    }
    for (int i = 0; i < x->argument_count; i++)
        visit_expr(v, x->arguments[i]);
    if (x->kind != EXPR_LOAD)
        return;
    const type *of = &v->e->kernel->buffers.items[x->buffer].type;
    visit_index(v, expr_offset(v->e->arena, of, x->index));
    if (x->guard) {
        visit_expr(v, x->guard);
        visit_expr(v, x->otherwise);
    }
}

static void visit_statements(index_visitor *v, const stmt_list *list) {
    for (uint32_t i = 0; i < list->count && v->agree; i++) {
        const stmt *s = list->items[i];
        if (s->value)
            visit_expr(v, s->value);
        if (s->kind == STMT_STORE) {
            const type *of = &v->e->kernel->buffers.items[s->buffer].type;
            visit_index(v, expr_offset(v->e->arena, of, s->index));
        }
        visit_statements(v, &s->body);
    }
}

bool axes_join(emitter *e, const loop_variable *outer, const loop_variable *inner,
               const stmt_list *body, const expr *value) {
    index_visitor v = {e, outer, inner, true};
    if (value)
        visit_expr(&v, value);
    visit_statements(&v, body);
    return v.agree;
}

void merge_axes(emitter *e, axis_list *axes, const stmt_list *body, const expr *value) {
    axis_list kept = {0};
    for (int i = 0; i < axes->count; i++)
        if (!dim_is(extent_of(e, axes->items[i]), 1))
            kept.items[kept.count++] = axes->items[i];
    for (int i = kept.count - 1; i > 0; i--) {
        loop_variable *outer = kept.items[i - 1], *inner = kept.items[i];
        dim joined;
        if (!dim_multiply(extent_of(e, outer), extent_of(e, inner), &joined) ||
            !axes_join(e, outer, inner, body, value))
            continue;
        e->extents[inner->id] = joined;
        e->names[outer->id] = NULL;
        for (int k = i - 1; k < kept.count - 1; k++)
            kept.items[k] = kept.items[k + 1];
        kept.count--;
    }
    *axes = kept;
}

dim axes_product(const emitter *e, const axis_list *axes) {
    dim product = dim_of(1);
    for (int i = 0; i < axes->count; i++)
        dim_multiply(product, extent_of(e, axes->items[i]), &product);
    return product;
}

/* ---- loops --------------------------------------------------------------------------------- */

void open_axis(emitter *e, const loop_variable *axis) {
    const char *name = name_of(e, axis);
    if (name) /* else merged into another, or of extent 1 */
        open_block(e, "for (i64 %s = 0; %s < %s; %s++) {", name, name,
                   dim_text(e, extent_of(e, axis)), name);
    else
        open_block(e, "{");
}

/* i0 = row / (E1 * E2), i1 = row / E2 % E1, i2 = row % E2 */
void split_row(emitter *e, const axis_list *axes, const char *row) {
    dim below = dim_of(1);
    for (int i = axes->count - 1; i >= 0; i--) {
        const loop_variable *axis = axes->items[i];
        const char *value = row;
        if (!dim_is(below, 1))
            value = arena_format(e->arena, "%s / %s", value, dim_text(e, below));
        if (i > 0)
            value = arena_format(e->arena, "%s %% %s", value, dim_text(e, extent_of(e, axis)));
        line(e, "const i64 %s = %s;", name_of(e, axis), value);
        dim_multiply(below, extent_of(e, axis), &below);
    }
}

const char *open_rows(emitter *e, const axis_list *axes, int64_t per_task) {
    if (axes->count == 0) {
        open_block(e, "{");
        return "1";
    }
    dim rows = axes_product(e, axes);
    const char *all = dim_text(e, rows);
    const char *row = axes->count == 1 ? name_of(e, axes->items[0]) : fresh_name(e, "row");
    if (per_task == 1) {
        open_block(e, "for (i64 %s = begin; %s < end; %s++) {", row, row, row);
    } else {
        const char *stop = fresh_name(e, "stop");
        line(e, "const i64 %s = end * %lld < %s ? end * %lld : %s;", stop, (long long)per_task, all,
             (long long)per_task, all);
        open_block(e, "for (i64 %s = begin * %lld; %s < %s; %s++) {", row, (long long)per_task, row,
                   stop, row);
    }
    if (axes->count > 1)
        split_row(e, axes, row);
    if (per_task == 1)
        return all;
    return arena_format(e->arena, "(%s + %lld) / %lld", all, (long long)per_task - 1,
                        (long long)per_task);
}

int64_t tasks_rows(double cost) {
    double rows = (double)TASK_OPERATIONS / (cost < 1 ? 1 : cost);
    return rows < 1 ? 1 : (int64_t)rows;
}

/* ---- maps ---------------------------------------------------------------------------------- */

static void emit_vector_loop(emitter *e, const loop_variable *axis, const char *low,
                             const char *high, const stmt_list *body) {
    const char *name = name_of(e, axis);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 %s = %s; %s < %s; %s++) {", name, low, name, high, name);
    emit_statements(e, body);
    close_block(e);
}

/* The loop low <= axis < high; in strips when it draws random words. */
static void emit_strips(emitter *e, const loop_variable *axis, const char *low, const char *high,
                        const stmt_list *body) {
    const draw_range strip = {
        .axis = axis, .low = "low", .count = "high - low", .most = VECTOR_PIECE};
    if (!has_draws(e, body, &strip)) {
        emit_vector_loop(e, axis, low, high, body);
        return;
    }
    open_block(e, "for (i64 low = %s; low < %s; low += %d) {", low, high, VECTOR_PIECE);
    line(e, "const i64 high = low + %d < %s ? low + %d : %s;", VECTOR_PIECE, high, VECTOR_PIECE,
         high);
    const stmt_list left = emit_draws(e, body, &strip);
    emit_vector_loop(e, axis, "low", "high", &left);
    close_block(e);
}

/* One long axis: tasks are pieces of it, of whole vectors. */
static const char *emit_long_loop(emitter *e, const loop_variable *axis, const stmt_list *body) {
    int64_t piece = tasks_rows(statements_cost(e, body)) / VECTOR_PIECE * VECTOR_PIECE;
    if (piece < VECTOR_PIECE)
        piece = VECTOR_PIECE;
    dim extent = extent_of(e, axis);
    if (!extent.symbolic && extent.count <= piece) {
        emit_strips(e, axis, "0", dim_text(e, extent), body);
        return "1";
    }
    const char *all = dim_text(e, extent);
    const char *stop = fresh_name(e, "stop");
    line(e, "const i64 %s = end * %lld < %s ? end * %lld : %s;", stop, (long long)piece, all,
         (long long)piece, all);
    emit_strips(e, axis, arena_format(e->arena, "begin * %lld", (long long)piece), stop, body);
    return arena_format(e->arena, "(%s + %lld) / %lld", all, (long long)piece - 1,
                        (long long)piece);
}

static const char *emit_map(emitter *e, axis_list *axes, const stmt_list *body) {
    if (axes->count == 0) {
        emit_statements(e, body);
        return "1";
    }
    const loop_variable *last = axes->items[axes->count - 1];
    if (axes->count == 1)
        return emit_long_loop(e, last, body);
    axes->count--;
    double row = statements_cost(e, body) * typical(extent_of(e, last));
    const char *tasks = open_rows(e, axes, tasks_rows(row));
    emit_strips(e, last, "0", dim_text(e, extent_of(e, last)), body);
    close_block(e);
    return tasks;
}

/* ---- nests with folds ---------------------------------------------------------------------- */

/* Rows are the points of all axes; folds go over their own axes. */
static const char *emit_rows(emitter *e, const axis_list *axes, const stmt_list *body) {
    const char *tasks = open_rows(e, axes, tasks_rows(statements_cost(e, body)));
    emit_statements(e, body);
    close_block(e);
    return tasks;
}

/* The last axis is cut in tiles of columns; a task is some tiles. */
static const char *emit_column_tiles(emitter *e, axis_list *axes, const stmt_list *body) {
    const loop_variable *last = axes->items[axes->count - 1];
    dim extent = extent_of(e, last);
    axes->count--;
    double cost = statements_cost(e, body);
    if (!extent.symbolic && extent.count <= COLUMN_TILE) {
        const char *tasks = open_rows(e, axes, tasks_rows(cost * (double)extent.count));
        emit_columns(e, last, "0", dim_text(e, extent), body);
        close_block(e);
        return tasks;
    }
    const char *all = dim_text(e, extent);
    if (axes->count == 0) {
        open_block(e, "for (i64 tile = begin; tile < end; tile++) {");
        line(e, "const i64 low = tile * %d, high = low + %d < %s ? low + %d : %s;", COLUMN_TILE,
             COLUMN_TILE, all, COLUMN_TILE, all);
        emit_columns(e, last, "low", "high", body);
        close_block(e);
        return arena_format(e->arena, "(%s + %d) / %d", all, COLUMN_TILE - 1, COLUMN_TILE);
    }
    const char *tasks = open_rows(e, axes, tasks_rows(cost * typical(extent)));
    open_block(e, "for (i64 low = 0; low < %s; low += %d) {", all, COLUMN_TILE);
    line(e, "const i64 high = low + %d < %s ? low + %d : %s;", COLUMN_TILE, all, COLUMN_TILE, all);
    emit_columns(e, last, "low", "high", body);
    close_block(e);
    close_block(e);
    return tasks;
}

/* ---- entry --------------------------------------------------------------------------------- */

/* The axes of perfectly nested parallel loops from `nest` inwards; returns the innermost body. */
static const stmt_list *collect_axes(const stmt *nest, axis_list *axes) {
    axes->items[axes->count++] = nest->variable;
    const stmt_list *body = &nest->body;
    while (body->count == 1 && body->items[0]->kind == STMT_LOOP && body->items[0]->parallel &&
           axes->count < 2 * MAX_RANK) {
        axes->items[axes->count++] = body->items[0]->variable;
        body = &body->items[0]->body;
    }
    return body;
}

void emit_nothing(emitter *e) {
    begin_stage(e);
    end_stage(e, stage_suffix(e), "0");
}

void emit_nest(emitter *e, const stmt *nest) {
    axis_list axes = {0};
    const stmt_list *body = collect_axes(nest, &axes);
    if (axes_product(e, &axes).count == 0) {
        emit_nothing(e);
        return;
    }
    merge_axes(e, &axes, body, NULL);
    bool loops = contains(body, STMT_LOOP), folds = contains(body, STMT_REDUCE);
    if (folds && !loops && emit_split(e, &axes, body))
        return;
    begin_stage(e);
    const char *tasks;
    if (!loops && !folds)
        tasks = emit_map(e, &axes, body);
    else if (!loops && axes.count && prefers_columns(e, axes.items[axes.count - 1], body))
        tasks = emit_column_tiles(e, &axes, body);
    else
        tasks = emit_rows(e, &axes, body);
    end_stage(e, stage_suffix(e), tasks);
}

/* Parallel loops inside a task: the same choices, without tasks. */
static void emit_inner_parallel(emitter *e, const stmt *nest) {
    axis_list axes = {0};
    const stmt_list *body = collect_axes(nest, &axes);
    merge_axes(e, &axes, body, NULL);
    bool simple = !contains(body, STMT_LOOP) && !contains(body, STMT_REDUCE);
    for (int i = 0; i < axes.count; i++) {
        if (simple && i + 1 == axes.count)
            line(e, "INDEPENDENT");
        open_axis(e, axes.items[i]);
    }
    emit_statements(e, body);
    for (int i = 0; i < axes.count; i++)
        close_block(e);
}

void emit_inner_nest(emitter *e, const stmt *nest) {
    if (nest->parallel) {
        emit_inner_parallel(e, nest);
        return;
    }
    open_axis(e, nest->variable);
    emit_statements(e, &nest->body);
    close_block(e);
}
