/* The stages of a contraction on register tiles: see tile.h. */
#include "codegen/cpu/tile.h"

#include <stddef.h>
#include <string.h>

/* ---- tiles over a chunk of rows ------------------------------------------------------------ */

/* Tiles along the step axis, of every size in turn. */
static void emit_steps(emitter *e, const tile_plan *p, const panel *at) {
    if (p->rows.count == 0) {
        emit_tile_call(e, p, at, 1);
        return;
    }
    bool chunked = p->step == p->chunk;
    const char *name = name_of(e, p->step);
    const char *high = chunked ? "high" : dim_text(e, extent_of(e, p->step));
    line(e, "i64 %s = %s;", name, chunked ? "low" : "0");
    for (int i = 0; i < p->sizes.count; i++) {
        int size = p->sizes.items[i];
        if (i + 1 == p->sizes.count)
            open_block(e, "for (; %s < %s; %s += %d) {", name, high, name, size);
        else
            open_block(e, "for (; %s + %d <= %s; %s += %d) {", name, size, high, name, size);
        emit_tile_call(e, p, at, size);
        close_block(e);
    }
}

static void emit_tiles_of_panel(emitter *e, const tile_plan *p, const panel *at) {
    open_block(e, "{");
    for (int i = 0; i < p->across.count; i++) {
        const loop_variable *v = p->across.items[i];
        const char *name = name_of(e, v);
        if (v == p->chunk)
            open_block(e, "for (i64 %s = low; %s < high; %s++) {", name, name, name);
        else
            open_axis(e, v);
    }
    emit_steps(e, p, at);
    for (int i = 0; i < p->across.count; i++)
        close_block(e);
    close_block(e);
}

/* Calls for whole panels, then for what is left of the columns. */
static void emit_panels(emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    const char *all = dim_text(e, columns),
               *width = arena_format(e->arena, "%lld", (long long)panel_width(p));
    const char *column = "column";
    if (columns.symbolic) {
        open_block(e, "for (i64 column = 0; column < %s; column += %s) {", all, width);
        line(e, "const i64 width = %s - column < %s ? %s - column : %s;", all, width, all, width);
        emit_tiles_of_panel(e, p, &(panel){p->vectors, false, column, "width"});
        close_block(e);
        return;
    }
    int64_t whole = columns.count / panel_width(p) * panel_width(p), rest = columns.count - whole;
    if (whole > 0) {
        open_block(e, "for (i64 column = 0; column < %lld; column += %s) {", (long long)whole,
                   width);
        emit_tiles_of_panel(e, p, &(panel){p->vectors, true, column, width});
        close_block(e);
    }
    if (rest > 0) {
        int vectors = (int)((rest + p->lanes - 1) / p->lanes);
        emit_tiles_of_panel(e, p,
                            &(panel){vectors, rest % p->lanes == 0,
                                     arena_format(e->arena, "%lld", (long long)whole),
                                     arena_format(e->arena, "%lld", (long long)rest)});
    }
}

/* One panel, given by `column`. */
static void emit_one_panel(emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    int64_t width = panel_width(p);
    const char *whole = arena_format(e->arena, "%lld", (long long)width);
    if (columns.symbolic) {
        const char *all = dim_text(e, columns);
        line(e, "const i64 width = %s - column < %s ? %s - column : %s;", all, whole, all, whole);
        emit_tiles_of_panel(e, p, &(panel){p->vectors, false, "column", "width"});
        return;
    }
    int64_t rest = columns.count % width;
    if (rest > 0 && columns.count > width)
        open_block(e, "if (column + %s <= %lld) {", whole, (long long)columns.count);
    if (columns.count >= width)
        emit_tiles_of_panel(e, p, &(panel){p->vectors, true, "column", whole});
    if (rest > 0 && columns.count > width) {
        e->indent--;
        open_block(e, "} else {");
    }
    if (rest > 0)
        emit_tiles_of_panel(e, p,
                            &(panel){(int)((rest + p->lanes - 1) / p->lanes), rest % p->lanes == 0,
                                     "column", arena_format(e->arena, "%lld", (long long)rest)});
    if (rest > 0 && columns.count > width)
        close_block(e);
}

/* ---- one stage ----------------------------------------------------------------------------- */

static const char *ceil_text(emitter *e, dim extent, int64_t by) {
    if (by == 1)
        return dim_text(e, extent);
    if (!extent.symbolic)
        return arena_format(e->arena, "%lld", (long long)((extent.count + by - 1) / by));
    return arena_format(e->arena, "((%s + %lld) / %lld)", dim_text(e, extent), (long long)by - 1,
                        (long long)by);
}

static void declare_left(emitter *e, const tile_plan *p) {
    const char *element = value_type_name(p->dtype);
    if (p->left.mode != OPERAND_DIRECT)
        line(e, "%s *left = (%s *)scratch;", element, element);
    if (packs_in_task(p))
        line(e, "%s *panel = (%s *)scratch;", element, element);
    else if (p->right.mode == OPERAND_PACKED)
        line(e, "const %s *packed = (const %s *)%s;", element, element, p->packed);
}

/* Bytes of the left operand's array. */
static const char *left_bytes(emitter *e, const tile_plan *p) {
    int size = dtype_bytes(p->dtype);
    if (p->left.mode == OPERAND_STAGED)
        return arena_format(e->arena, "%lld", (long long)p->left.elements * size);
    dim elements = dim_of(p->split ? 1 : p->chunk_size * p->inner_size);
    for (int i = 0; p->split && i < p->rows.count; i++)
        dim_multiply(elements, extent_of(e, p->rows.items[i]), &elements);
    for (int i = 0; i < p->reduction.count; i++) {
        const loop_variable *v = p->reduction.items[i];
        dim_multiply(elements, v == p->cut ? dim_of(p->cut_size) : extent_of(e, v), &elements);
    }
    return arena_format(e->arena, "%s * %d", dim_text(e, elements), size);
}

static void emit_left(emitter *e, const tile_plan *p) {
    if (p->left.mode == OPERAND_STAGED)
        emit_window(e, p);
    else if (p->left.mode == OPERAND_PACKED)
        emit_packed_left(e, p);
}

/* From a task's number to its outer point, chunk and panel; returns the number of tasks. Panels
 * are next to each other, so that one thread meets the same rows again. */
static const char *open_task(emitter *e, const tile_plan *p) {
    dim extent = extent_of(e, p->chunk);
    const char *chunks = ceil_text(e, extent, p->chunk_size), *all = dim_text(e, extent);
    const char *points = dim_text(e, axes_product(e, &p->outer)), *number = "task";
    const char *panels = ceil_text(e, extent_of(e, p->columns), panel_width(p));
    open_block(e, "for (i64 task = begin; task < end; task++) {");
    if (!p->panels_inside) {
        line(e, "const i64 column = %s * %lld;", remainder_text(e, "task", panels),
             (long long)panel_width(p));
        number = quotient_text(e, "task", panels);
    }
    if (strcmp(chunks, "1") == 0) {
        line(e, "const i64 low = 0, high = %s;", all);
    } else {
        line(e, "const i64 low = %s * %lld;", remainder_text(e, number, chunks),
             (long long)p->chunk_size);
        line(e, "const i64 high = low + %lld < %s ? low + %lld : %s;", (long long)p->chunk_size,
             all, (long long)p->chunk_size, all);
    }
    if (p->outer.count > 0) {
        line(e, "const i64 point = %s;", quotient_text(e, number, chunks));
        split_row(e, &p->outer, "point");
    }
    const char *tasks = product_text(e, points, chunks);
    return p->panels_inside ? tasks : product_text(e, tasks, panels);
}

/* Whether some panel goes through memory. */
static bool finishes(const emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    return !p->split && (!p->in_registers || columns.symbolic || columns.count % p->lanes != 0);
}

static void emit_whole(emitter *e, const tile_plan *p) {
    begin_stage(e);
    declare_left(e, p);
    if (finishes(e, p))
        line(e, "%s tile[%d] __attribute__((aligned(64)));", value_type_name(p->dtype),
             (int)(p->sizes.items[0] * p->inner_size * panel_width(p)));
    const char *tasks = open_task(e, p);
    emit_left(e, p);
    if (packs_in_task(p))
        emit_right_panel(e, p);
    if (p->panels_inside)
        emit_panels(e, p);
    else
        emit_one_panel(e, p);
    close_block(e);
    end_stage(e, p->suffix, tasks);
}

/* ---- split reductions ---------------------------------------------------------------------- */

static const char *row_count(emitter *e, const tile_plan *p) {
    return dim_text(e, axes_product(e, &p->rows));
}

/* Of the results of one block. */
static const char *partial_elements(emitter *e, const tile_plan *p) {
    return arena_format(e->arena, "%s * %lld", row_count(e, p), (long long)p->result_stride);
}

static const char *block_count(emitter *e, const tile_plan *p) {
    return ceil_text(e, extent_of(e, p->reduction.items[0]), p->block);
}

/* Zeros for the tiles to begin with: of one panel or of all. */
static void emit_zeros(emitter *e, const tile_plan *p) {
    long long stride = p->result_stride;
    if (p->panels_inside) {
        line(e, "for (i64 lane = 0; lane < %s; lane++) partial[lane] = 0;", partial_elements(e, p));
        return;
    }
    open_block(e, "for (i64 row = 0; row < %s; row++) {", row_count(e, p));
    line(e, "for (i64 lane = 0; lane < %lld; lane++) partial[row * %lld + column + lane] = 0;",
         (long long)panel_width(p), stride);
    close_block(e);
}

/* One block of the reduction, brought in a cut at a time. */
static void emit_block(emitter *e, const tile_plan *p) {
    const char *all = dim_text(e, extent_of(e, p->reduction.items[0]));
    line(e, "const i64 first = block * %lld;", (long long)p->block);
    line(e, "const i64 last = first + %lld < %s ? first + %lld : %s;", (long long)p->block, all,
         (long long)p->block, all);
    const char *element = value_type_name(p->dtype);
    line(e, "%s *partial = (%s *)%s + block * (%s);", element, element, p->partials,
         partial_elements(e, p));
    emit_zeros(e, p);
    open_block(e, "for (i64 low = first; low < last; low += %lld) {", (long long)p->cut_size);
    line(e, "const i64 high = low + %lld < last ? low + %lld : last;", (long long)p->cut_size,
         (long long)p->cut_size);
    emit_left(e, p);
    if (p->panels_inside)
        emit_panels(e, p);
    else
        emit_one_panel(e, p);
    close_block(e);
}

static void emit_partials(emitter *e, const tile_plan *p) {
    const char *panels = ceil_text(e, extent_of(e, p->columns), panel_width(p));
    begin_stage(e);
    declare_left(e, p);
    open_block(e, "for (i64 task = begin; task < end; task++) {");
    if (p->panels_inside) {
        line(e, "const i64 block = task;");
    } else {
        line(e, "const i64 block = %s;", quotient_text(e, "task", panels));
        line(e, "const i64 column = %s * %lld;", remainder_text(e, "task", panels),
             (long long)panel_width(p));
    }
    emit_block(e, p);
    close_block(e);
    const char *blocks = block_count(e, p);
    end_stage(e, arena_format(e->arena, "%s_partial", p->suffix),
              p->panels_inside ? blocks : product_text(e, blocks, panels));
}

/* Blocks b and b + width become b, for width 1, 2, 4, ...; a task combines some rows. */
static void emit_combination(emitter *e, const tile_plan *p) {
    const char *column = name_of(e, p->columns), *element = value_type_name(p->dtype);
    const char *columns = dim_text(e, extent_of(e, p->columns));
    begin_stage(e);
    line(e, "const i64 blocks = %s, elements = %s;", block_count(e, p), partial_elements(e, p));
    line(e, "%s *partial = (%s *)%s;", element, element, p->partials);
    const char *tasks = open_rows(e, &p->rows, 1 + 16384 / (1 + extent_of(e, p->columns).count));
    const char *row = "0";
    for (int i = 0; i < p->rows.count; i++)
        row = i == 0 ? name_of(e, p->rows.items[i])
                     : arena_format(e->arena, "(%s * %s + %s)", row,
                                    dim_text(e, extent_of(e, p->rows.items[i])),
                                    name_of(e, p->rows.items[i]));
    line(e, "%s *row = partial + %s * %lld;", element, row, (long long)p->result_stride);
    open_block(e, "for (i64 width = 1; width < blocks; width *= 2) {");
    open_block(e, "for (i64 block = 0; block + width < blocks; block += 2 * width) {");
    line(e, "%s *into = row + block * elements, *from = into + width * elements;", element);
    line(e, "INDEPENDENT");
    line(e, "for (i64 lane = 0; lane < %s; lane++) into[lane] += from[lane];", columns);
    close_block(e);
    close_block(e);
    line(e, "INDEPENDENT");
    open_axis(e, p->columns);
    line(e, "const %s %s = row[%s];", element, name_of(e, p->contract->result), column);
    emit_statements(e, &p->contract->epilogue);
    close_block(e);
    close_block(e);
    end_stage(e, p->suffix, tasks);
}

/* ---- entry --------------------------------------------------------------------------------- */

/* Distance of a tile's rows where they are first written. */
static int64_t result_stride(const emitter *e, const tile_plan *p) {
    int64_t width = panel_width(p);
    if (!p->split)
        return width;
    return (extent_of(e, p->columns).count + width - 1) / width * width;
}

/* Whether any panel consists of whole vectors, known beforehand. */
static bool has_whole_panel(const emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    return !columns.symbolic && (columns.count >= panel_width(p) || columns.count % p->lanes == 0);
}

static void claim_memory(emitter *e, tile_plan *p) {
    int size = dtype_bytes(p->dtype);
    if (p->left.mode != OPERAND_DIRECT)
        claim_scratch(e, left_bytes(e, p));
    if (packs_in_task(p))
        claim_scratch(e, arena_format(e->arena, "%s * %d", panel_elements(e, p), size));
    else if (p->right.mode == OPERAND_PACKED)
        p->packed = claim_workspace(e, right_bytes(e, p));
    if (p->split)
        p->partials = claim_workspace(e, arena_format(e->arena, "%s * %s * %d", block_count(e, p),
                                                      partial_elements(e, p), size));
}

static bool has_no_elements(const stmt *s) {
    for (uint32_t i = 0; i < s->contract->parallel.count; i++)
        if (s->contract->parallel.items[i]->extent.count == 0)
            return true;
    return false;
}

void emit_contract(emitter *e, const stmt *s) {
    tile_plan plan, *p = &plan;
    if (has_no_elements(s)) {
        emit_nothing(e);
        return;
    }
    if (!plan_tiles(e, s->contract, p)) {
        emit_plain_contract(e, s->contract);
        return;
    }
    p->result_stride = result_stride(e, p);
    p->in_registers = !p->split && has_whole_panel(e, p) && epilogue_is_vectors(e, p);
    p->suffix = stage_suffix(e);
    claim_memory(e, p);
    if (p->packed)
        emit_right_stage(e, p);
    if (p->in_registers)
        emit_end_function(e, p);
    if (finishes(e, p))
        emit_finish_function(e, p);
    emit_tile_functions(e, p);
    if (p->split) {
        emit_partials(e, p);
        emit_combination(e, p);
    } else {
        emit_whole(e, p);
    }
}
