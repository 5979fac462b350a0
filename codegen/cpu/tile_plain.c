/* Contractions that no register tile fits: integers, groups and depthwise filters.
 *
 * One ascending chain of fused multiply-adds per result, as everywhere; neighbouring results of
 * the last axis are computed side by side where their operands are neighbours.
 */
#include "codegen/cpu/emit.h"

#include <stddef.h>

/* left * right + x, rounded once where the level can. */
static const char *step_words(emitter *e, const loop_contract *c, const char *x) {
    const char *left = expr_words(e, c->left), *right = expr_words(e, c->right);
    if (dtype_is_float(c->accumulator) && !e->isa->has_fma)
        return arena_format(e->arena, "%s + (%s) * (%s)", x, left, right);
    if (c->accumulator == CN_F32)
        return arena_format(e->arena, "__builtin_fmaf(%s, %s, %s)", left, right, x);
    if (c->accumulator == CN_F64)
        return arena_format(e->arena, "__builtin_fma(%s, %s, %s)", left, right, x);
    const char *suffix = dtype_suffix(c->accumulator);
    const char *add = arena_format(e->arena, "cn_add_%s", suffix);
    const char *mul = arena_format(e->arena, "cn_mul_%s", suffix);
    use_function(e, add);
    use_function(e, mul);
    return arena_format(e->arena, "%s(%s, %s(%s, %s))", add, x, mul, left, right);
}

static void open_reduction(emitter *e, const loop_contract *c) {
    for (uint32_t i = 0; i < c->reduction.count; i++)
        open_axis(e, c->reduction.items[i]);
}

static void close_reduction(emitter *e, const loop_contract *c) {
    for (uint32_t i = 0; i < c->reduction.count; i++)
        close_block(e);
}

static void emit_step(emitter *e, const loop_contract *c, const char *result) {
    emit_statements(e, &c->left_lets);
    emit_statements(e, &c->right_lets);
    line(e, "%s = %s;", result, step_words(e, c, result));
}

/* All results of one row: the last parallel axis in tiles. */
static void emit_row(emitter *e, const loop_contract *c, const loop_variable *column) {
    const char *name = name_of(e, column), *all = dim_text(e, extent_of(e, column));
    const char *element = value_type_name(c->accumulator), *result = name_of(e, c->result);
    const char *at = arena_format(e->arena, "%s[%s - low]", result, name);
    open_block(e, "for (i64 low = 0; low < %s; low += %d) {", all, COLUMN_TILE);
    line(e, "const i64 high = low + %d < %s ? low + %d : %s;", COLUMN_TILE, all, COLUMN_TILE, all);
    line(e, "%s %s[%d];", element, result, COLUMN_TILE);
    line(e, "for (i64 %s = low; %s < high; %s++) %s = 0;", name, name, name, at);
    open_reduction(e, c);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 %s = low; %s < high; %s++) {", name, name, name);
    emit_step(e, c, at);
    close_block(e);
    close_reduction(e, c);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 %s = low; %s < high; %s++) {", name, name, name);
    e->names[c->result->id] = at;
    emit_statements(e, &c->epilogue);
    e->names[c->result->id] = result;
    close_block(e);
    close_block(e);
}

static void emit_point(emitter *e, const loop_contract *c) {
    const char *result = name_of(e, c->result);
    line(e, "%s %s = 0;", value_type_name(c->accumulator), result);
    open_reduction(e, c);
    emit_step(e, c, result);
    close_reduction(e, c);
    emit_statements(e, &c->epilogue);
}

static double reduction_steps(const emitter *e, const loop_contract *c) {
    double steps = 1;
    for (uint32_t i = 0; i < c->reduction.count; i++)
        steps *= (double)dim_bind(extent_of(e, c->reduction.items[i]), 32);
    return steps;
}

void emit_plain_contract(emitter *e, const loop_contract *c) {
    axis_list rows = {0};
    for (uint32_t i = 0; i < c->parallel.count; i++)
        if (name_of(e, c->parallel.items[i]))
            rows.items[rows.count++] = c->parallel.items[i];
    const loop_variable *column = rows.count ? rows.items[rows.count - 1] : NULL;
    bool in_rows = column && (extent_of(e, column).symbolic || extent_of(e, column).count >= 4);
    double cost = 2 * reduction_steps(e, c);
    if (in_rows) {
        rows.count--;
        cost *= (double)dim_bind(extent_of(e, column), 32) / 8;
    }
    begin_stage(e);
    const char *tasks = open_rows(e, &rows, tasks_rows(cost));
    if (in_rows)
        emit_row(e, c, column);
    else
        emit_point(e, c);
    close_block(e);
    end_stage(e, stage_suffix(e), tasks);
}
