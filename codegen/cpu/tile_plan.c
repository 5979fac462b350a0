/* How a contraction is cut into register tiles.
 *
 * All that decides bits is decided here, from the kernel's text and its extents alone: whether
 * the reduction is split, and in which blocks. Everything else (vector width, sizes of tiles and
 * chunks) may follow the machine, because a result is one chain whatever surrounds it.
 */
#include <stddef.h>
#include <string.h>

#include "codegen/cpu/tile.h"

enum {
    TASK_PRODUCTS = 1 << 18,    /* a task of tiles: some microseconds */
    LARGE_PRODUCTS = 1 << 21,   /* ... where starting one costs: copies, a far right operand */
    SPREAD_STEPS = 256,         /* in a block of a large matrix, at least */
    SPREAD_ELEMENTS = 1 << 15,  /* of a large matrix */
    SPREAD_BLOCKS = 16,         /* at most: each has partial results of its own */
    WIDEST_PANEL = 32,          /* columns of a panel of the widest vectors */
    FAR_BYTES = 1 << 20,        /* of an operand that does not stay in the second cache */
    SPLIT_RESULTS = 1 << 18,    /* more results give tasks enough */
    SPLIT_STEPS = 1 << 11,      /* of the reduction in one block */
    CUT_STEPS = 1 << 9,         /* ... for which tiles read their operands from the first cache */
    SPLIT_LEAST = 8,            /* k of a reduction over k*B that is worth splitting */
    WINDOW_ELEMENTS = 96 << 10, /* of a staged window: it shares the second cache */
    COLUMNS_IN_PLACE = 256,     /* longer rows of a right operand fall on few sets of the cache */
};

/* ---- operands ------------------------------------------------------------------------------ */

bool operand_uses(const expr *value, const stmt_list *lets, const loop_variable *v) {
    if (expr_uses(value, v))
        return true;
    for (uint32_t i = 0; i < lets->count; i++)
        if (expr_uses(lets->items[i]->value, v))
            return true;
    return false;
}

static void set_step(step_list *list, const loop_variable *axis, dim step) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i].axis == axis) {
            list->items[i].step = step;
            return;
        }
    list->items[list->count++] = (axis_step){axis, step};
}

dim step_of(const tile_operand *o, const loop_variable *axis) {
    for (int i = 0; i < o->steps.count; i++)
        if (o->steps.items[i].axis == axis)
            return o->steps.items[i].step;
    return dim_of(0);
}

/* A bare array of the accumulator's type, at addresses that are sums of axes. */
static bool find_steps(emitter *e, tile_operand *o, cn_dtype dtype) {
    const expr *x = o->value;
    linear l;
    if (x->kind != EXPR_LOAD || x->guard || x->dtype != dtype || o->lets->count > 0)
        return false;
    o->offset = expr_offset(e->arena, &e->kernel->buffers.items[x->buffer].type, x->index);
    if (!linear_of(o->offset, &l) || l.count > 2 * MAX_RANK)
        return false;
    for (int i = 0; i < l.count; i++) {
        if (l.terms[i].atom->kind != EXPR_VARIABLE || !l.terms[i].atom->variable->is_axis)
            return false;
        set_step(&o->steps, l.terms[i].atom->variable, l.terms[i].coefficient);
    }
    o->mode = OPERAND_DIRECT;
    o->bare_steps = o->steps;
    return true;
}

/* ---- roles --------------------------------------------------------------------------------- */

typedef struct roles {
    axis_list rows, columns, both;
} roles;

static void push_axis(axis_list *list, loop_variable *v) {
    list->items[list->count++] = v;
}

static void swap_operands(tile_plan *p) {
    tile_operand left = p->left;
    p->left = p->right;
    p->right = left;
}

static const loop_variable *last_axis(const emitter *e, const loop_contract *c) {
    for (uint32_t i = c->parallel.count; i > 0; i--)
        if (name_of(e, c->parallel.items[i - 1]))
            return c->parallel.items[i - 1];
    return NULL;
}

static void sort_axes(emitter *e, tile_plan *p, roles *r) {
    const loop_contract *c = p->contract;
    *r = (roles){0};
    for (uint32_t i = 0; i < c->parallel.count; i++) {
        loop_variable *v = c->parallel.items[i];
        if (!name_of(e, v))
            continue;
        bool left = operand_uses(p->left.value, p->left.lets, v);
        bool right = operand_uses(p->right.value, p->right.lets, v);
        push_axis(left && right ? &r->both : right ? &r->columns : &r->rows, v);
    }
}

/* The operand that owns the last axis becomes `right`; false when both do. When the other then
 * has no axis at all (a filter with one output), it becomes `right` itself, of one column. */
static bool assign_roles(emitter *e, tile_plan *p, roles *r) {
    const loop_contract *c = p->contract;
    const loop_variable *last = last_axis(e, c);
    p->left = (tile_operand){.value = c->left, .lets = &c->left_lets};
    p->right = (tile_operand){.value = c->right, .lets = &c->right_lets};
    if (last == NULL)
        return false;
    for (uint32_t i = 0; i < c->reduction.count; i++)
        if (name_of(e, c->reduction.items[i]))
            push_axis(&p->reduction, c->reduction.items[i]);
    if (!operand_uses(p->right.value, p->right.lets, last))
        swap_operands(p);
    sort_axes(e, p, r);
    if (r->columns.count == 0 || r->columns.items[r->columns.count - 1] != last)
        return false;
    if (r->rows.count == 0 && r->both.count == 0) {
        swap_operands(p);
        sort_axes(e, p, r);
        push_axis(&r->columns, new_axis(e, "only", dim_of(1)));
    }
    return true;
}

/* ---- split --------------------------------------------------------------------------------- */

static bool product(const emitter *e, const axis_list *axes, dim *out) {
    *out = dim_of(1);
    for (int i = 0; i < axes->count; i++)
        if (!dim_multiply(*out, extent_of(e, axes->items[i]), out))
            return false;
    return true;
}

/* A large matrix whose parts should stay with the threads that update them: every thread sums
 * over the rows of the matrix that are its own, instead of fetching those of the others. Only
 * where tiles read it in place, at every width of vectors: with wide or packed rows the partial
 * results would cost more than they save. */
static bool spreads_matrix(const tile_plan *p, dim rows, dim columns, dim steps) {
    return rows.symbolic && rows.count == 1 && !columns.symbolic && !steps.symbolic &&
           steps.count >= 2 * SPREAD_STEPS && steps.count * columns.count >= SPREAD_ELEMENTS &&
           p->right.mode == OPERAND_DIRECT && columns.count % WIDEST_PANEL == 0;
}

static bool wants_split(const emitter *e, const tile_plan *p, const roles *r) {
    dim rows, columns, steps;
    if (r->both.count > 0 || p->reduction.count == 0 || !product(e, &r->rows, &rows) ||
        !product(e, &r->columns, &columns) || !product(e, &p->reduction, &steps))
        return false;
    bool few = !rows.symbolic && !columns.symbolic && rows.count <= SPLIT_RESULTS &&
               columns.count <= SPLIT_RESULTS && rows.count * columns.count <= SPLIT_RESULTS;
    bool many = steps.symbolic ? steps.count >= SPLIT_LEAST : steps.count >= 8 * SPLIT_STEPS;
    return ((few && many) || spreads_matrix(p, rows, columns, steps)) && r->columns.count == 1;
}

/* ---- modes --------------------------------------------------------------------------------- */

/* Whether all extents are constant but for that of `cut`, of which little is spanned at once. */
static bool is_bounded(const emitter *e, const axis_list *axes, const loop_variable *cut) {
    for (int i = 0; i < axes->count; i++)
        if (axes->items[i] != cut && extent_of(e, axes->items[i]).symbolic)
            return false;
    return true;
}

/* The axes a staged window spans: the reduction, and all row axes when split, else the last two. */
static axis_list window_axes(const tile_plan *p, const roles *r) {
    axis_list inside = {0};
    int first = p->split ? 0 : r->rows.count - 2;
    for (int i = first < 0 ? 0 : first; i < r->rows.count; i++)
        push_axis(&inside, r->rows.items[i]);
    for (int i = 0; i < p->reduction.count; i++)
        push_axis(&inside, p->reduction.items[i]);
    return inside;
}

static void choose_left_mode(emitter *e, tile_plan *p, const roles *r) {
    if (find_steps(e, &p->left, p->dtype))
        return;
    axis_list inside = window_axes(p, r);
    while (inside.count > p->reduction.count && extent_of(e, inside.items[0]).symbolic)
        memmove(inside.items, inside.items + 1, (size_t)--inside.count * sizeof *inside.items);
    bool spans_rows =
        r->rows.count == 0 || !extent_of(e, r->rows.items[r->rows.count - 1]).symbolic;
    const loop_variable *cut = p->split ? p->reduction.items[0] : NULL;
    bool windows = spans_rows && is_bounded(e, &inside, cut) && find_window(e, &p->left, &inside);
    p->left.mode = windows ? OPERAND_STAGED : OPERAND_PACKED;
    p->left.inside = inside;
}

static void choose_right_mode(emitter *e, tile_plan *p, const loop_variable *column) {
    dim extent = extent_of(e, column), steps;
    bool whole = !extent.symbolic && extent.count % p->lanes == 0;
    bool small = product(e, &p->reduction, &steps) &&
                 ((!steps.symbolic && steps.count < 64) || extent.count <= COLUMNS_IN_PLACE);
    if (!find_steps(e, &p->right, p->dtype) || !whole || !small ||
        !dim_is(step_of(&p->right, column), 1))
        p->right.mode = OPERAND_PACKED;
}

/* ---- joining axes -------------------------------------------------------------------------- */

static bool operand_joins(const tile_operand *o, const loop_variable *outer,
                          const loop_variable *inner, dim extent) {
    bool uses = operand_uses(o->value, o->lets, outer) || operand_uses(o->value, o->lets, inner);
    if (!uses || o->mode == OPERAND_PACKED)
        return true;
    dim joined, step = step_of(o, outer);
    if (o->mode == OPERAND_STAGED && step.count == 0)
        return false; /* outside of the window */
    return dim_multiply(step_of(o, inner), extent, &joined) && dim_equal(step, joined);
}

static bool can_join(emitter *e, const tile_plan *p, const loop_variable *outer,
                     const loop_variable *inner, bool parallel) {
    dim extent = extent_of(e, inner), joined;
    return dim_multiply(extent_of(e, outer), extent, &joined) &&
           operand_joins(&p->left, outer, inner, extent) &&
           operand_joins(&p->right, outer, inner, extent) &&
           (!parallel || axes_join(e, outer, inner, &p->contract->epilogue, NULL));
}

static void join(emitter *e, tile_plan *p, loop_variable *outer, loop_variable *inner) {
    axis_list parts = p->joined[outer->id].parts, rest = p->joined[inner->id].parts;
    for (int i = 0; i < rest.count; i++)
        push_axis(&parts, rest.items[i]);
    p->joined[inner->id].parts = parts;
    dim_multiply(extent_of(e, outer), extent_of(e, inner), &e->extents[inner->id]);
    e->names[outer->id] = NULL;
}

static void join_axes(emitter *e, tile_plan *p, axis_list *axes, int first, bool parallel) {
    for (int i = axes->count - 1; i > first; i--) {
        loop_variable *outer = axes->items[i - 1], *inner = axes->items[i];
        if (!can_join(e, p, outer, inner, parallel))
            continue;
        join(e, p, outer, inner);
        memmove(&axes->items[i - 1], &axes->items[i],
                (size_t)(axes->count - i) * sizeof *axes->items);
        axes->count--;
    }
}

static void remember_axes(emitter *e, tile_plan *p) {
    size_t count = (size_t)e->variable_count;
    p->names = arena_copy(e->arena, e->names, count * sizeof *e->names);
    p->extents = arena_copy(e->arena, e->extents, count * sizeof *e->extents);
    p->joined = ARENA_ARRAY(e->arena, joined_axis, e->variable_count);
    const loop_contract *c = p->contract;
    for (uint32_t i = 0; i < c->parallel.count; i++)
        push_axis(&p->joined[c->parallel.items[i]->id].parts, c->parallel.items[i]);
    for (uint32_t i = 0; i < c->reduction.count; i++)
        push_axis(&p->joined[c->reduction.items[i]->id].parts, c->reduction.items[i]);
}

/* ---- shape of tiles ------------------------------------------------------------------------ */

static int most_rows(const emitter *e, const tile_plan *p) {
    if (e->isa->vector_registers >= 32)
        return 14;
    return p->vectors == 1 ? 12 : 6;
}

/* Sizes that cover `extent` steps with tiles of nearly equal height. */
static tile_sizes even_sizes(int64_t extent, int64_t most) {
    int64_t tiles = (extent + most - 1) / most, size = (extent + tiles - 1) / tiles;
    int64_t last = extent - (tiles - 1) * size;
    tile_sizes s = {1, {(int)size}};
    if (last != size)
        s.items[s.count++] = (int)last;
    return s;
}

static tile_sizes sizes_for(dim extent, int most) {
    if (!extent.symbolic)
        return even_sizes(extent.count, most);
    for (int size = most; size > 2 * most / 3; size--)
        if (extent.count % size == 0)
            return (tile_sizes){1, {size}};
    if (most >= 12)
        return (tile_sizes){4, {12, 8, 4, 1}};
    if (most >= 6)
        return (tile_sizes){3, {6, 2, 1}};
    return (tile_sizes){most > 1 ? 2 : 1, {most, 1}};
}

static bool is_inside(const tile_plan *p, const loop_variable *v) {
    for (int i = 0; i < p->left.inside.count; i++)
        if (p->left.inside.items[i] == v)
            return true;
    return false;
}

/* The axis tiles step along: the last row axis, or the one before it when a tile can hold the
 * whole last axis twice. */
static void choose_step(emitter *e, tile_plan *p) {
    int count = p->rows.count, most = most_rows(e, p);
    p->inner_size = 1;
    if (count == 0) {
        p->step = new_axis(e, "only", dim_of(1));
        p->sizes = (tile_sizes){1, {1}};
        return;
    }
    p->step = p->rows.items[count - 1];
    dim last = extent_of(e, p->step);
    bool two =
        count >= 2 && (p->left.mode != OPERAND_STAGED || is_inside(p, p->rows.items[count - 2]));
    if (two && !last.symbolic && last.count * 2 <= most) {
        p->inner = p->step;
        p->inner_size = last.count;
        p->step = p->rows.items[count - 2];
    }
    p->sizes = sizes_for(extent_of(e, p->step), most / (int)p->inner_size);
}

static double typical(const emitter *e, const axis_list *axes) {
    double size = 1;
    for (int i = 0; i < axes->count; i++)
        size *= (double)dim_bind(extent_of(e, axes->items[i]), 32);
    return size;
}

static int64_t evenly(dim extent, int64_t chunk, int64_t multiple) {
    if (chunk < 1)
        chunk = 1;
    if (!extent.symbolic) {
        if (chunk > extent.count)
            chunk = extent.count;
        int64_t chunks = (extent.count + chunk - 1) / chunk;
        chunk = (extent.count + chunks - 1) / chunks;
    }
    return (chunk + multiple - 1) / multiple * multiple;
}

/* Small tasks are shared out evenly; large ones make more of what each has to fetch first. */
static double task_products(emitter *e, const tile_plan *p) {
    double right = typical(e, &p->reduction) * (double)dim_bind(extent_of(e, p->columns), 32);
    if (packs_in_task(p))
        return 2 * LARGE_PRODUCTS; /* a panel serves more rows */
    bool far = right * dtype_bytes(p->dtype) > (double)FAR_BYTES;
    return far || p->left.mode == OPERAND_STAGED ? LARGE_PRODUCTS : TASK_PRODUCTS;
}

/* The chunk of rows of one task, by the work in it; a staged window must stay in the cache. */
static void choose_chunk(emitter *e, tile_plan *p) {
    double products = typical(e, &p->reduction) * (double)p->inner_size;
    products *=
        p->panels_inside ? (double)dim_bind(extent_of(e, p->columns), 32) : (double)panel_width(p);
    p->chunk = p->step;
    int64_t multiple = p->sizes.items[0];
    bool staged = p->left.mode == OPERAND_STAGED;
    if (staged && !p->inner && p->across.count > 0) {
        p->chunk = p->across.items[p->across.count - 1];
        products *= (double)extent_of(e, p->step).count;
        multiple = 1;
    }
    dim extent = extent_of(e, p->chunk);
    p->chunk_size = evenly(extent, (int64_t)(task_products(e, p) / products) + 1, multiple);
    if (!staged)
        return;
    measure_window(&p->left, p->chunk, p->chunk_size);
    while (p->left.elements > WINDOW_ELEMENTS && p->chunk_size > multiple) {
        p->chunk_size = evenly(extent, p->chunk_size / 2, multiple);
        measure_window(&p->left, p->chunk, p->chunk_size);
    }
}

/* ---- distribution of axes ------------------------------------------------------------------ */

/* Row axes that are neither step nor inner are looped over by the tasks, or within them. */
static void distribute_rows(tile_plan *p) {
    axis_list rows = {0};
    for (int i = 0; i < p->rows.count; i++) {
        loop_variable *v = p->rows.items[i];
        bool tile = v == p->step || v == p->inner;
        bool within = p->split || (p->left.mode == OPERAND_STAGED && is_inside(p, v));
        if (!tile && within)
            push_axis(&p->across, v);
        if (tile || within)
            push_axis(&rows, v);
        else
            push_axis(&p->outer, v);
    }
    p->rows = rows;
}

/* Steps of a block of a spread matrix: a power of two of blocks, for that many threads. */
static int64_t spread_block(int64_t steps, int64_t inner) {
    int64_t blocks = 1;
    while (blocks < SPREAD_BLOCKS && blocks * 2 * SPREAD_STEPS <= steps * inner)
        blocks *= 2;
    return (steps + blocks - 1) / blocks;
}

static bool any_symbolic(const emitter *e, const axis_list *axes) {
    for (int i = 0; i < axes->count; i++)
        if (extent_of(e, axes->items[i]).symbolic)
            return true;
    return false;
}

/* Blocks of the outermost axis of the reduction, and how many of its steps are brought into
 * scratch at once: windows and packed rows must stay in the cache. */
static void choose_block(emitter *e, tile_plan *p) {
    int64_t inner = 1, rows = (int64_t)typical(e, &p->rows);
    for (int i = 1; i < p->reduction.count; i++)
        inner *= extent_of(e, p->reduction.items[i]).count;
    p->block = inner >= SPLIT_STEPS ? 1 : SPLIT_STEPS / inner;
    if (any_symbolic(e, &p->rows)) /* of splits, only a spread matrix has such rows */
        p->block = spread_block(extent_of(e, p->reduction.items[0]).count, inner);
    p->cut = p->reduction.items[0];
    p->cut_size = p->block;
    if (p->left.mode == OPERAND_DIRECT && p->cut_size * inner > CUT_STEPS)
        p->cut_size = inner >= CUT_STEPS ? 1 : CUT_STEPS / inner;
    while (p->left.mode == OPERAND_PACKED && p->cut_size > 1 &&
           p->cut_size * inner * rows > WINDOW_ELEMENTS)
        p->cut_size /= 2;
    if (p->left.mode != OPERAND_STAGED)
        return;
    measure_window(&p->left, p->cut, p->cut_size);
    while (p->left.elements > WINDOW_ELEMENTS && p->cut_size > 1)
        measure_window(&p->left, p->cut, p->cut_size /= 2);
}

/* Packed arrays are row-major over what a task holds: rows, then the reduction (or the other way
 * round when rows are neighbours in memory already). */
static void assign_packed_steps(emitter *e, tile_plan *p) {
    tile_operand *o = &p->left;
    dim step = dim_of(1);
    int64_t rows = p->split ? (int64_t)typical(e, &p->rows) : p->inner_size * p->chunk_size;
    if (o->rows_fastest)
        step = dim_of(rows);
    o->steps.count = 0;
    for (int i = p->reduction.count - 1; i >= 0; i--) {
        const loop_variable *v = p->reduction.items[i];
        set_step(&o->steps, v, step);
        dim_multiply(step, v == p->cut ? dim_of(p->cut_size) : extent_of(e, v), &step);
    }
    if (o->rows_fastest)
        step = dim_of(1);
    for (int i = p->rows.count - 1; i >= 0; i--) {
        set_step(&o->steps, p->rows.items[i], step);
        dim_multiply(step, extent_of(e, p->rows.items[i]), &step);
    }
}

static void assign_panel_steps(emitter *e, tile_plan *p) {
    dim step = dim_of(panel_width(p));
    p->right.steps.count = 0;
    set_step(&p->right.steps, p->columns, dim_of(1));
    for (int i = p->reduction.count - 1; i >= 0; i--) {
        set_step(&p->right.steps, p->reduction.items[i], step);
        dim_multiply(step, extent_of(e, p->reduction.items[i]), &step);
    }
}

/* Whether the left operand's neighbours in memory are rows. */
static bool rows_are_neighbours(emitter *e, const tile_plan *p) {
    const expr *x = p->left.value;
    linear l;
    if (x->kind != EXPR_LOAD || p->rows.count == 0)
        return false;
    const expr *offset = expr_offset(e->arena, &e->kernel->buffers.items[x->buffer].type, x->index);
    return linear_of(offset, &l) &&
           dim_is(linear_coefficient(&l, p->rows.items[p->rows.count - 1]), 1);
}

/* ---- plan ---------------------------------------------------------------------------------- */

static void choose_width(emitter *e, tile_plan *p) {
    dim extent = extent_of(e, p->columns);
    p->lanes = e->isa->vector_bytes / dtype_bytes(p->dtype);
    p->vectors = !extent.symbolic && extent.count <= p->lanes ? 1 : 2;
}

static void plan_axes(emitter *e, tile_plan *p, roles *r) {
    bool packed = p->left.mode == OPERAND_PACKED;
    if (p->split || p->left.mode != OPERAND_STAGED) /* a window's chunk stays one axis */
        join_axes(e, p, &r->rows, 0, true);
    join_axes(e, p, &r->columns, 0, true);
    join_axes(e, p, &r->both, 0, true);
    join_axes(e, p, &p->reduction, p->split && p->left.mode != OPERAND_DIRECT, false);
    p->rows = r->rows;
    p->columns = r->columns.items[--r->columns.count];
    p->left.rows_fastest = packed && rows_are_neighbours(e, p);
    p->outer = r->both;
    for (int i = 0; i < r->columns.count; i++)
        push_axis(&p->outer, r->columns.items[i]);
    p->right_outer = p->outer;
}

bool plan_tiles(emitter *e, const loop_contract *c, tile_plan *p) {
    *p = (tile_plan){.contract = c, .dtype = c->accumulator};
    roles r = {0};
    if ((p->dtype != CN_F32 && p->dtype != CN_F64) || !e->isa->has_fma || !assign_roles(e, p, &r))
        return false;
    for (int i = 0; i < p->reduction.count; i++)
        if (extent_of(e, p->reduction.items[i]).count == 0)
            return false;
    remember_axes(e, p);
    p->columns = r.columns.items[r.columns.count - 1];
    choose_width(e, p);
    choose_right_mode(e, p, p->columns);
    p->split = wants_split(e, p, &r);
    choose_left_mode(e, p, &r);
    plan_axes(e, p, &r);
    choose_width(e, p); /* joined columns may be wider */
    choose_step(e, p);
    distribute_rows(p);
    p->panels_inside =
        p->left.mode == OPERAND_PACKED || (!p->split && p->left.mode == OPERAND_STAGED);
    if (p->split)
        choose_block(e, p);
    else
        choose_chunk(e, p);
    if (!p->split) {
        p->cut = p->chunk;
        p->cut_size = p->chunk_size;
    }
    if (p->left.mode == OPERAND_PACKED)
        assign_packed_steps(e, p);
    if (p->right.mode == OPERAND_PACKED)
        assign_panel_steps(e, p);
    return true;
}
