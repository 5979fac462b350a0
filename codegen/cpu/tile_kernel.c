/* The functions around registers.
 *
 * NAME_tile<rows>x<vectors> holds its results in named vector variables, one per row and vector:
 * nothing is left to an unroller, and any compiler keeps them in registers. A step of the
 * reduction loads `vectors` vectors of the right operand and one element per row of the left.
 * Results go to NAME_end from their registers, or to memory: a tile on the stack for NAME_finish,
 * or, when the reduction is split, the partial results that the tile began with.
 */
#include <stddef.h>

#include "codegen/cpu/tile.h"

/* ---- tile functions ------------------------------------------------------------------------ */

static bool steps_given(const tile_plan *p) {
    return p->split;
}

static bool ends_in_registers(const tile_plan *p, bool whole) {
    return p->in_registers && whole;
}

/* Steps of `o` along the step axis and inner, as the offset of row `r`. */
static const char *row_offset(emitter *e, const tile_plan *p, dim step, dim inner, int r) {
    int64_t s = r / p->inner_size, i = r % p->inner_size;
    int64_t constant =
        (step.symbolic ? 0 : s * step.count) + (inner.symbolic ? 0 : i * inner.count);
    int64_t batch = (step.symbolic ? s * step.count : 0) + (inner.symbolic ? i * inner.count : 0);
    if (batch == 0)
        return arena_format(e->arena, "%lld", (long long)constant);
    return arena_format(e->arena, "%lld * B + %lld", (long long)batch, (long long)constant);
}

static const char *left_row(emitter *e, const tile_plan *p, int r) {
    dim inner = p->inner ? step_of(&p->left, p->inner) : dim_of(0);
    return row_offset(e, p, step_of(&p->left, p->step), inner, r);
}

/* " + k * 32" for every loop of the reduction that the tile does. */
static const char *reduction_offset(emitter *e, const tile_plan *p, const tile_operand *o) {
    const char *words = "";
    for (int i = 0; i < p->reduction.count; i++) {
        const loop_variable *v = p->reduction.items[i];
        dim step = step_of(o, v);
        if (step.count == 0)
            continue;
        words = dim_is(step, 1) ? arena_format(e->arena, "%s + %s", words, name_of(e, v))
                                : arena_format(e->arena, "%s + %s * %s", words, name_of(e, v),
                                               dim_text(e, step));
    }
    return words;
}

static int open_steps(emitter *e, const tile_plan *p) {
    int opened = 0;
    for (int i = 0; i < p->reduction.count; i++, opened++) {
        const char *name = name_of(e, p->reduction.items[i]);
        const char *extent =
            i == 0 && steps_given(p) ? "steps" : dim_text(e, extent_of(e, p->reduction.items[i]));
        open_block(e, "for (i64 %s = 0; %s < %s; %s++) {", name, name, extent, name);
    }
    return opened;
}

static void declare_results(emitter *e, const tile_plan *p, int rows, int vectors) {
    const char *suffix = dtype_suffix(p->dtype);
    for (int r = 0; r < rows; r++) {
        text t;
        text_init(&t, e->arena);
        for (int v = 0; v < vectors; v++) {
            text_printf(&t, "%sc%d_%d = ", v ? ", " : "", r, v);
            if (p->split)
                text_printf(&t, "cn_load_%s(to + %lld)", suffix,
                            (long long)(r * p->result_stride + v * p->lanes));
            else
                text_append(&t, "{0}");
        }
        line(e, "cn_vector_%s %s;", suffix, t.data);
    }
}

static void emit_products(emitter *e, const tile_plan *p, int rows, int vectors) {
    const char *suffix = dtype_suffix(p->dtype);
    for (int v = 0; v < vectors; v++)
        line(e, "const cn_vector_%s b%d = cn_load_%s(b + %d);", suffix, v, suffix, v * p->lanes);
    for (int r = 0; r < rows; r++) {
        text t;
        text_init(&t, e->arena);
        for (int v = 0; v < vectors; v++)
            text_printf(&t, " c%d_%d = cn_fma_%s(x, b%d, c%d_%d);", r, v, suffix, v, r, v);
        line(e, "x = cn_splat_%s(a[%s]);%s", suffix, left_row(e, p, r), t.data);
    }
}

static void store_results(emitter *e, const tile_plan *p, int rows, int vectors) {
    const char *suffix = dtype_suffix(p->dtype);
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            line(e, "cn_store_%s(to + %lld, c%d_%d);", suffix,
                 (long long)(r * p->result_stride + v * p->lanes), r, v);
}

static void end_results(emitter *e, const tile_plan *p, int rows, int vectors) {
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) {
            const char *step = arena_format(e->arena, "%s + %lld", name_of(e, p->step),
                                            (long long)(r / p->inner_size));
            const char *inner = arena_format(e->arena, "%lld", (long long)(r % p->inner_size));
            const char *column =
                arena_format(e->arena, "%s + %d", name_of(e, p->columns), v * p->lanes);
            line(e, "%s%s_end(c%d_%d, %s);", e->name, p->suffix, r, v,
                 end_arguments(e, p, step, inner, column));
        }
}

static const char *tile_name(emitter *e, const tile_plan *p, int size, int vectors, bool whole) {
    return arena_format(e->arena, "%s%s_tile%lldx%d%s", e->name, p->suffix,
                        (long long)(size * p->inner_size), vectors,
                        p->in_registers && !whole ? "_part" : "");
}

/* Parameters after the operands. */
static const char *tile_parameters(emitter *e, const tile_plan *p, bool whole) {
    if (!ends_in_registers(p, whole))
        return arena_format(e->arena, "%s *to, i64 B%s", value_type_name(p->dtype),
                            steps_given(p) ? ", i64 steps" : "");
    return end_parameters(e, p, false);
}

static void emit_tile_function(emitter *e, const tile_plan *p, int size, int vectors, bool whole) {
    const char *suffix = dtype_suffix(p->dtype), *element = value_type_name(p->dtype);
    int rows = (int)(size * p->inner_size);
    begin_function(e);
    declare_results(e, p, rows, vectors);
    int opened = open_steps(e, p);
    if (opened == 0)
        open_block(e, "{");
    line(e, "const %s *a = left%s, *b = right%s;", element, reduction_offset(e, p, &p->left),
         reduction_offset(e, p, &p->right));
    line(e, "cn_vector_%s x;", suffix);
    emit_products(e, p, rows, vectors);
    for (int i = 0; i < opened + (opened == 0); i++)
        close_block(e);
    if (ends_in_registers(p, whole))
        end_results(e, p, rows, vectors);
    else
        store_results(e, p, rows, vectors);
    end_function(e, arena_format(e->arena, "APART void %s(const %s *left, const %s *right, %s)",
                                 tile_name(e, p, size, vectors, whole), element, element,
                                 tile_parameters(e, p, whole)));
}

/* What is left of the columns after whole panels; none when their number is symbolic. */
static int64_t rest_of_columns(const emitter *e, const tile_plan *p) {
    dim columns = extent_of(e, p->columns);
    return columns.symbolic ? 0 : columns.count % panel_width(p);
}

void emit_tile_functions(emitter *e, const tile_plan *p) {
    static const char *const functions[] = {"vector", "load", "store", "splat", "fma"};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        use_function(e, arena_format(e->arena, "cn_%s_%s", functions[i], dtype_suffix(p->dtype)));
    dim columns = extent_of(e, p->columns);
    int64_t rest = rest_of_columns(e, p);
    bool panels = columns.symbolic || columns.count >= panel_width(p);
    bool rest_whole = rest % p->lanes == 0;
    int edge = (int)((rest + p->lanes - 1) / p->lanes);
    bool same = panels && edge == p->vectors && (rest_whole || !p->in_registers);
    for (int i = 0; i < p->sizes.count; i++) {
        if (panels)
            emit_tile_function(e, p, p->sizes.items[i], p->vectors, !columns.symbolic);
        if (rest > 0 && !same)
            emit_tile_function(e, p, p->sizes.items[i], edge, rest_whole);
    }
}

/* ---- calls --------------------------------------------------------------------------------- */

/* A DIRECT operand's address at the tile's first row or column; loops inside the tile at 0. */
static const char *direct_address(emitter *e, const tile_plan *p, const tile_operand *o) {
    const char *names[2 * MAX_RANK];
    for (int i = 0; i < p->reduction.count; i++) {
        int id = p->reduction.items[i]->id;
        names[i] = e->names[id];
        e->names[id] = i == 0 && steps_given(p) ? "low" : NULL;
    }
    const char *inner = p->inner ? name_of(e, p->inner) : NULL;
    if (p->inner)
        e->names[p->inner->id] = NULL;
    text t;
    text_init(&t, e->arena);
    text_printf(&t, "%s + %s", e->buffers[o->value->buffer], index_words(e, o->offset));
    if (p->inner)
        e->names[p->inner->id] = inner;
    for (int i = 0; i < p->reduction.count; i++)
        e->names[p->reduction.items[i]->id] = names[i];
    return t.data;
}

static const char *scratch_address(emitter *e, const tile_plan *p) {
    const char *words = p->left.mode == OPERAND_STAGED && p->left.origin
                            ? arena_format(e->arena, "left + %lld", (long long)p->left.origin)
                            : "left";
    for (int i = 0; i < p->rows.count; i++) {
        const loop_variable *v = p->rows.items[i];
        dim step = step_of(&p->left, v);
        if (v == p->inner)
            continue;
        words = arena_format(e->arena, v == p->chunk ? "%s + (%s - low) * %s" : "%s + %s * %s",
                             words, name_of(e, v), dim_text(e, step));
    }
    return words;
}

static const char *right_address(emitter *e, const tile_plan *p, const panel *at) {
    if (p->right.mode == OPERAND_DIRECT) {
        const char *name = name_of(e, p->columns);
        e->names[p->columns->id] = at->column;
        const char *words = direct_address(e, p, &p->right);
        e->names[p->columns->id] = name;
        return words;
    }
    const char *words = right_panel(e, p, at->column);
    if (!p->split)
        return words;
    const loop_variable *first = p->reduction.items[0];
    return arena_format(e->arena, "%s + %s * %s", words, "low",
                        dim_text(e, step_of(&p->right, first)));
}

/* Where partial results lie. */
static const char *partial_address(emitter *e, const tile_plan *p, const panel *at) {
    const char *row = "0";
    for (int i = 0; i < p->rows.count; i++) {
        const loop_variable *v = p->rows.items[i];
        const char *value = v == p->inner ? "0" : name_of(e, v);
        row = i == 0 ? value
                     : arena_format(e->arena, "(%s * %s + %s)", row, dim_text(e, extent_of(e, v)),
                                    value);
    }
    return arena_format(e->arena, "partial + %s * %lld + %s", row, (long long)p->result_stride,
                        at->column);
}

static void emit_finish_call(emitter *e, const tile_plan *p, const panel *at, int size) {
    text call;
    text_init(&call, e->arena);
    text_printf(&call, "%s%s_finish(buffers, B, tile, %s, %d, %s, %s", e->name, p->suffix,
                p->rows.count ? name_of(e, p->step) : "0", size, at->column, at->width);
    axis_list told = told_axes(p);
    for (int i = 0; i < told.count; i++)
        text_printf(&call, ", %s", name_of(e, told.items[i]));
    line(e, "%s);", call.data);
}

void emit_tile_call(emitter *e, const tile_plan *p, const panel *at, int size) {
    const char *left =
        p->left.mode == OPERAND_DIRECT ? direct_address(e, p, &p->left) : scratch_address(e, p);
    const char *name = tile_name(e, p, size, at->vectors, at->whole),
               *right = right_address(e, p, at);
    if (ends_in_registers(p, at->whole)) {
        const char *step = p->rows.count ? name_of(e, p->step) : "0";
        line(e, "%s(%s, %s, %s);", name, left, right, end_arguments(e, p, step, NULL, at->column));
        return;
    }
    line(e, "%s(%s, %s, %s, B%s);", name, left, right,
         p->split ? partial_address(e, p, at) : "tile", steps_given(p) ? ", high - low" : "");
    if (!p->split)
        emit_finish_call(e, p, at, size);
}
