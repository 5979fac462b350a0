/* Operands that are evaluated into arrays.
 *
 * The right operand becomes panels of columns, each step of the reduction a row of whole vectors,
 * missing columns zero: by the task that works on the panel, or once per launch in a stage of its
 * own when every task does all panels. The left operand is packed
 * by every task, for its own rows. Loops run over the axes as the kernel has them; an axis that
 * was joined is taken apart again.
 */
#include <stddef.h>
#include <string.h>

#include "codegen/cpu/tile.h"

/* ---- axes taken apart ---------------------------------------------------------------------- */

/* The axes that `axis` stands for, from its value (a text), outermost first. */
static void take_apart(emitter *e, const tile_plan *p, const loop_variable *axis,
                       const char *from) {
    const axis_list *parts = &p->joined[axis->id].parts;
    dim below = dim_of(1);
    for (int i = parts->count - 1; i >= 0; i--) {
        const loop_variable *v = parts->items[i];
        const char *words = from;
        if (!dim_is(below, 1))
            words = arena_format(e->arena, "%s / %s", words, dim_text(e, below));
        if (i > 0)
            words = arena_format(e->arena, "%s %% %s", words, dim_text(e, p->extents[v->id]));
        e->names[v->id] = p->names[v->id];
        line(e, "const i64 %s = %s;", e->names[v->id], words);
        dim_multiply(below, p->extents[v->id], &below);
    }
}

/* Loops over the axes of the reduction as they were; returns the text of their position, in
 * multiples of `steps`, and counts what was opened. */
static const char *open_reduction_parts(emitter *e, const tile_plan *p, const tile_operand *o,
                                        int *opened) {
    const char *position = "0";
    for (int i = 0; i < p->reduction.count; i++) {
        const loop_variable *axis = p->reduction.items[i];
        const axis_list *parts = &p->joined[axis->id].parts;
        dim step = step_of(o, axis);
        const char *index = NULL;
        for (int k = 0; k < parts->count; k++) {
            const loop_variable *v = parts->items[k];
            const char *name = e->names[v->id] = p->names[v->id];
            const char *extent = dim_text(e, p->extents[v->id]);
            bool cut = v == p->cut && o == &p->left && p->split;
            open_block(e, "for (i64 %s = %s; %s < %s; %s++) {", name, cut ? "low" : "0", name,
                       cut ? "high" : extent, name);
            ++*opened;
            if (cut)
                name = arena_format(e->arena, "(%s - low)", name);
            index = index ? arena_format(e->arena, "(%s * %s + %s)", index, extent, name) : name;
        }
        const char *term =
            dim_is(step, 1) ? index : arena_format(e->arena, "%s * %s", index, dim_text(e, step));
        position = i == 0 ? term : arena_format(e->arena, "%s + %s", position, term);
    }
    return position;
}

/* Everything that printing changed about names. */
static const char **save_names(emitter *e) {
    return arena_copy(e->arena, e->names, (size_t)(e->variable_count + 1) * sizeof *e->names);
}

static void restore_names(emitter *e, const char **names) {
    memcpy(e->names, names, (size_t)e->variable_count * sizeof *names);
}

static void close_blocks(emitter *e, int count) {
    while (count-- > 0)
        close_block(e);
}

/* ---- left ---------------------------------------------------------------------------------- */

/* A loop over one row axis; position as in the packed array. */
static const char *open_row_axis(emitter *e, const tile_plan *p, const loop_variable *axis) {
    const char *name = fresh_name(e, "at");
    bool chunk = axis == p->chunk;
    open_block(e, "for (i64 %s = %s; %s < %s; %s++) {", name, chunk ? "low" : "0", name,
               chunk ? "high" : dim_text(e, extent_of(e, axis)), name);
    if (axis->id < e->kernel->variable_count)
        take_apart(e, p, axis, name);
    dim step = step_of(&p->left, axis);
    const char *from = chunk ? arena_format(e->arena, "(%s - low)", name) : name;
    return dim_is(step, 1) ? from : arena_format(e->arena, "%s * %s", from, dim_text(e, step));
}

static const char *open_rows_of_left(emitter *e, const tile_plan *p) {
    const char *position = NULL;
    for (int i = 0; i < p->rows.count; i++) {
        const char *term = open_row_axis(e, p, p->rows.items[i]);
        position = position ? arena_format(e->arena, "%s + %s", position, term) : term;
    }
    return position ? position : "0";
}

void emit_packed_left(emitter *e, const tile_plan *p) {
    const char **names = save_names(e);
    int opened = p->rows.count;
    const char *rows, *steps;
    if (p->left.rows_fastest) {
        steps = open_reduction_parts(e, p, &p->left, &opened);
        rows = open_rows_of_left(e, p);
    } else {
        rows = open_rows_of_left(e, p);
        steps = open_reduction_parts(e, p, &p->left, &opened);
    }
    emit_statements(e, p->left.lets);
    line(e, "left[%s + %s] = %s;", rows, steps, expr_words(e, p->left.value));
    close_blocks(e, opened);
    restore_names(e, names);
}

/* ---- right --------------------------------------------------------------------------------- */

static dim reduction_steps(const emitter *e, const tile_plan *p) {
    dim steps = dim_of(1);
    for (int i = 0; i < p->reduction.count; i++)
        dim_multiply(steps, extent_of(e, p->reduction.items[i]), &steps);
    return steps;
}

static const char *panel_count(emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    int64_t width = panel_width(p);
    if (!columns.symbolic)
        return arena_format(e->arena, "%lld", (long long)((columns.count + width - 1) / width));
    return arena_format(e->arena, "((%s + %lld) / %lld)", dim_text(e, columns),
                        (long long)width - 1, (long long)width);
}

const char *panel_elements(emitter *e, const tile_plan *p) {
    dim elements = reduction_steps(e, p);
    dim_multiply(elements, dim_of(panel_width(p)), &elements);
    return dim_text(e, elements);
}

static const char *outer_count(emitter *e, const tile_plan *p) {
    dim all = dim_of(1);
    for (int i = 0; i < p->right_outer.count; i++)
        dim_multiply(all, extent_of(e, p->right_outer.items[i]), &all);
    return dim_text(e, all);
}

const char *right_bytes(emitter *e, const tile_plan *p) {
    const char *panels = product_text(e, outer_count(e, p), panel_count(e, p));
    return arena_format(e->arena, "%s * %d", product_text(e, panels, panel_elements(e, p)),
                        dtype_bytes(p->dtype));
}

const char *right_panel(emitter *e, const tile_plan *p, const char *column) {
    if (packs_in_task(p))
        return "panel";
    const char *index = "0";
    for (int i = 0; i < p->right_outer.count; i++) {
        const loop_variable *v = p->right_outer.items[i];
        index = i == 0 ? name_of(e, v)
                       : arena_format(e->arena, "(%s * %s + %s)", index,
                                      dim_text(e, extent_of(e, v)), name_of(e, v));
    }
    const char *number = arena_format(e->arena, "%s / %lld", column, (long long)panel_width(p));
    if (p->right_outer.count > 0)
        number = arena_format(e->arena, "(%s * %s + %s)", index, panel_count(e, p), number);
    return arena_format(e->arena, "packed + %s * %s", number, panel_elements(e, p));
}

/* Reads along the reduction, where the operand is contiguous, whole squares at a time. */
static bool is_transposed(const tile_plan *p) {
    const tile_operand *o = &p->right;
    return o->offset && p->reduction.count > 0 &&
           dim_is(step_of(&(tile_operand){.steps = o->bare_steps},
                          p->reduction.items[p->reduction.count - 1]),
                  1) &&
           p->joined[p->columns->id].parts.count == 1 &&
           p->joined[p->reduction.items[p->reduction.count - 1]->id].parts.count == 1;
}

/* One axis of the reduction in squares of `lanes`, the rest one by one. */
static void emit_squares(emitter *e, const tile_plan *p) {
    const char *suffix = dtype_suffix(p->dtype);
    const char *transpose = arena_format(e->arena, "cn_transpose_%s", suffix);
    use_function(e, transpose);
    const loop_variable *last = p->reduction.items[p->reduction.count - 1];
    dim stride = step_of(&(tile_operand){.steps = p->right.bare_steps}, p->columns);
    tile_plan outer = *p;
    outer.reduction.count--;
    int opened = 0;
    const char *base = open_reduction_parts(e, &outer, &p->right, &opened);
    const char *k = name_of(e, last), *column = name_of(e, p->columns);
    const char *all = dim_text(e, extent_of(e, last));
    line(e, "i64 %s = 0;", k);
    open_block(e, "for (; %s + %d <= %s; %s += %d) {", k, p->lanes, all, k, p->lanes);
    open_block(e, "for (i64 square = 0; square < %lld; square += %d) {", (long long)panel_width(p),
               p->lanes);
    line(e, "const i64 %s = first + square;", column);
    const char *in = arena_format(e->arena, "%s + %s", e->buffers[p->right.value->buffer],
                                  expr_words(e, p->right.offset));
    line(e, "%s(%s, %s, width - square, panel + (%s) + %s * %lld + square, %lld);", transpose, in,
         dim_text(e, stride), base, k, (long long)panel_width(p), (long long)panel_width(p));
    close_blocks(e, 2);
    open_block(e, "for (; %s < %s; %s++) {", k, all, k);
    open_block(e, "for (i64 lane = 0; lane < %lld; lane++) {", (long long)panel_width(p));
    line(e, "const i64 %s = first + lane;", column);
    line(e, "panel[%s + %s * %lld + lane] = lane < width ? %s : 0;", base, k,
         (long long)panel_width(p), expr_words(e, p->right.value));
    close_blocks(e, 2 + opened);
}

static void emit_columns_of_panel(emitter *e, const tile_plan *p) {
    int opened = 0;
    const char *position = open_reduction_parts(e, p, &p->right, &opened);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 lane = 0; lane < width; lane++) {");
    take_apart(e, p, p->columns, "(first + lane)");
    emit_statements(e, p->right.lets);
    line(e, "panel[%s + lane] = %s;", position, expr_words(e, p->right.value));
    close_block(e);
    line(e, "for (i64 lane = width; lane < %lld; lane++) panel[%s + lane] = 0;",
         (long long)panel_width(p), position);
    close_blocks(e, opened);
}

/* Fills `panel` with the columns from `first` on, of which `width` exist. */
static void emit_panel(emitter *e, const tile_plan *p) {
    const char *columns = dim_text(e, extent_of(e, p->columns));
    line(e, "const i64 width = %s - first < %lld ? %s - first : %lld;", columns,
         (long long)panel_width(p), columns, (long long)panel_width(p));
    if (is_transposed(p))
        emit_squares(e, p);
    else
        emit_columns_of_panel(e, p);
}

void emit_right_panel(emitter *e, const tile_plan *p) {
    const char **names = save_names(e);
    open_block(e, "{");
    line(e, "const i64 first = column;");
    emit_panel(e, p);
    close_block(e);
    restore_names(e, names);
}

void emit_right_stage(emitter *e, const tile_plan *p) {
    const char **names = save_names(e);
    const char *element = value_type_name(p->dtype);
    begin_stage(e);
    const char *panels = panel_count(e, p);
    line(e, "%s *packed = (%s *)%s;", element, element, p->packed);
    open_block(e, "for (i64 task = begin; task < end; task++) {");
    if (p->right_outer.count > 0) {
        line(e, "const i64 point = %s;", quotient_text(e, "task", panels));
        split_row(e, &p->right_outer, "point");
    }
    line(e, "const i64 first = %s * %lld;", remainder_text(e, "task", panels),
         (long long)panel_width(p));
    line(e, "%s *panel = packed + task * %s;", element, panel_elements(e, p));
    emit_panel(e, p);
    close_block(e);
    end_stage(e, arena_format(e->arena, "%s_pack", p->suffix),
              product_text(e, outer_count(e, p), panels));
    restore_names(e, names);
}
