/* Left operands that are windows over a padded array: convolutions.
 *
 *     x[n, 2*i + k - 1, ...] where it is inside of x, else 0
 *
 * All positions that the tiles of a task read are copied into scratch once, padding included;
 * there the window steps evenly and without conditions. Every index that depends on the axes
 * inside the task becomes a dim of that copy, `index + s`, with those axes at their start. What
 * surrounds the loads (a mask, a cast) is evaluated while copying.
 */
#include <stddef.h>
#include <string.h>

#include "codegen/cpu/tile.h"

/* ---- finding a window ---------------------------------------------------------------------- */

typedef struct window_search {
    emitter *e;
    tile_operand *operand;
    const axis_list *inside;
    bool closed; /* the first load has named all dims */
    bool failed;
} window_search;

static bool uses_any(const expr *x, const axis_list *axes) {
    for (int i = 0; i < axes->count; i++)
        if (expr_uses(x, axes->items[i]))
            return true;
    return false;
}

/* The substitution of lets by their values. */
static const expr *let_value(void *user, const expr *leaf) {
    const stmt_list *lets = user;
    if (leaf->kind != EXPR_VARIABLE)
        return NULL;
    for (uint32_t i = 0; i < lets->count; i++)
        if (lets->items[i]->variable == leaf->variable)
            return lets->items[i]->value;
    return NULL;
}

static const expr *without_lets(emitter *e, const tile_operand *o) {
    const expr *x = o->value;
    for (uint32_t i = 0; i < o->lets->count; i++)
        x = expr_map(e->arena, x, let_value, (void *)(uintptr_t)o->lets);
    return x;
}

/* Steps of an index along one axis; constant or the window is none. */
static bool constant_step(const linear *l, const loop_variable *v, int64_t *step) {
    dim d = linear_coefficient(l, v);
    *step = d.count;
    return !d.symbolic;
}

/* Whether x is an index already known, up to a constant: *difference = x - index. */
static int find_dim(const window_search *s, const expr *x, int64_t *difference) {
    linear l, known;
    if (!linear_of(x, &l))
        return -1;
    for (int d = 0; d < s->operand->window_count; d++) {
        if (!linear_of(s->operand->window[d].index, &known) || l.count != known.count ||
            l.batch != known.batch)
            continue;
        bool same = true;
        for (int i = 0; i < l.count && same; i++)
            same = dim_equal(l.terms[i].coefficient, known.terms[i].coefficient) &&
                   expr_equal(l.terms[i].atom, known.terms[i].atom);
        *difference = l.constant - known.constant;
        if (same)
            return d;
    }
    return -1;
}

static bool evenly_stepped(const window_search *s, const expr *index) {
    linear l;
    int64_t step;
    if (!linear_of(index, &l))
        return false;
    for (int i = 0; i < l.count; i++)
        if (l.terms[i].atom->kind != EXPR_VARIABLE && uses_any(l.terms[i].atom, s->inside))
            return false;
    for (int i = 0; i < s->inside->count; i++)
        if (!constant_step(&l, s->inside->items[i], &step))
            return false;
    return true;
}

/* How many positions the axes inside reach. */
static void measure_dim(window_dim *w, const axis_list *inside, const loop_variable *cut,
                        int64_t cut_size) {
    linear l;
    linear_of(w->index, &l);
    w->size = 1;
    w->cut_step = 0;
    for (int i = 0; i < inside->count; i++) {
        const loop_variable *v = inside->items[i];
        int64_t step, extent = v == cut ? cut_size : v->extent.count;
        constant_step(&l, v, &step);
        w->size += (step < 0 ? -step : step) * (extent - 1);
        if (v == cut)
            w->cut_step = step;
    }
}

/* The extent of the one axis that need not be constant: a dim it alone steps through. */
static dim symbolic_extent(const axis_list *inside) {
    for (int i = 0; i < inside->count; i++)
        if (inside->items[i]->extent.symbolic)
            return inside->items[i]->extent;
    return dim_of(1);
}

static void add_dim(window_search *s, const expr *index) {
    int64_t difference;
    if (!uses_any(index, s->inside))
        return;
    int known = find_dim(s, index, &difference);
    if (known >= 0 && difference == 0)
        return;
    if (known >= 0 || s->closed || !evenly_stepped(s, index)) {
        s->failed = true;
        return;
    }
    window_dim *d = &s->operand->window[s->operand->window_count++];
    *d = (window_dim){.index = index};
    measure_dim(d, s->inside, NULL, 1);
    d->s = new_axis(s->e, "s", d->size > 1 ? dim_of(d->size) : symbolic_extent(s->inside));
}

/* The gradient of a strided window reads every few positions, `at / stride` under the condition
 * that nothing remains: its dim is that of `at`, mostly zeros. */
static const expr *undivided(const expr *index) {
    bool quotient = index->kind == EXPR_SCALAR && index->scalar == SCALAR_DIV;
    return quotient && index->arguments[1]->kind == EXPR_CONSTANT ? index->arguments[0] : index;
}

/* Dims from all loads of `x`; other uses of the axes are looked at afterwards. */
static void add_loads(window_search *s, const expr *x) {
    for (int i = 0; i < x->argument_count; i++)
        add_loads(s, x->arguments[i]);
    if (x->kind != EXPR_LOAD)
        return;
    for (int i = 0; i < x->rank && !s->failed; i++)
        add_dim(s, undivided(x->index[i]));
    s->closed = s->closed || s->operand->window_count > 0;
    if (x->otherwise)
        add_loads(s, x->otherwise);
}

/* index + start + s, where start moves axes with negative steps to their last value. */
static const expr *position(const window_search *s, int d, int64_t difference) {
    arena *a = s->e->arena;
    window_dim *w = &s->operand->window[d];
    linear l;
    int64_t start = difference, step;
    linear_of(w->index, &l);
    for (int i = 0; i < s->inside->count; i++)
        if (constant_step(&l, s->inside->items[i], &step) && step < 0)
            start += step * (s->inside->items[i]->extent.count - 1);
    l.constant += start;
    linear_of(expr_add(a, linear_expr(a, &l), expr_variable(a, w->s)), &l);
    return linear_expr(a, &l);
}

static const expr *replace(window_search *s, const expr *x);

static const expr *replace_load(window_search *s, const expr *x) {
    arena *a = s->e->arena;
    const expr **index = ARENA_ARRAY(a, const expr *, x->rank);
    for (int i = 0; i < x->rank; i++)
        index[i] = replace(s, x->index[i]);
    const loop_buffer *b = &s->e->kernel->buffers.items[x->buffer];
    if (!x->guard)
        return expr_load(a, b, x->buffer, index);
    return expr_guarded_load(a, b, x->buffer, index, replace(s, x->guard),
                             replace(s, x->otherwise));
}

/* Indices become positions; an axis anywhere else means that this is no window. */
static const expr *replace(window_search *s, const expr *x) {
    int64_t difference;
    if (!uses_any(x, s->inside))
        return x;
    int d = x->dtype == CN_I64 && x->kind != EXPR_LOAD ? find_dim(s, x, &difference) : -1;
    if (d >= 0)
        return position(s, d, difference);
    if (x->kind == EXPR_LOAD)
        return replace_load(s, x);
    if (x->kind != EXPR_SCALAR) {
        s->failed = true;
        return x;
    }
    const expr *arguments[5];
    for (int i = 0; i < x->argument_count; i++)
        arguments[i] = replace(s, x->arguments[i]);
    return expr_scalar(s->e->arena, x->scalar, x->dtype, arguments, x->argument_count);
}

bool find_window(emitter *e, tile_operand *o, const axis_list *inside) {
    static const stmt_list no_lets;
    tile_operand found = *o;
    window_search s = {.e = e, .operand = &found, .inside = inside};
    found.value = without_lets(e, o);
    found.lets = &no_lets;
    found.inside = *inside;
    add_loads(&s, found.value);
    if (s.failed || found.window_count == 0)
        return false;
    found.value = replace(&s, found.value);
    if (s.failed)
        return false;
    *o = found;
    measure_window(o, NULL, 1);
    return true;
}

/* ---- sizes --------------------------------------------------------------------------------- */

void measure_window(tile_operand *o, const loop_variable *cut, int64_t cut_size) {
    o->elements = 1;
    o->origin = 0;
    o->steps.count = 0;
    for (int d = o->window_count - 1; d >= 0; d--) {
        measure_dim(&o->window[d], &o->inside, cut, cut_size);
        o->window[d].stride = o->elements;
        o->elements *= o->window[d].size;
    }
    for (int i = 0; i < o->inside.count; i++) {
        const loop_variable *v = o->inside.items[i];
        int64_t total = 0, step;
        for (int d = 0; d < o->window_count; d++) {
            linear l;
            linear_of(o->window[d].index, &l);
            constant_step(&l, v, &step);
            total += step * o->window[d].stride;
        }
        if (total < 0)
            o->origin -= total * (v->extent.count - 1);
        o->steps.items[o->steps.count++] = (axis_step){v, {total, false}};
    }
}

/* ---- copying ------------------------------------------------------------------------------- */

static void open_dim(emitter *e, const tile_plan *p, const window_dim *w) {
    const char *s = name_of(e, w->s);
    if (w->cut_step == 0) {
        open_block(e, "for (i64 %s = 0; %s < %lld; %s++) {", s, s, (long long)w->size, s);
        return;
    }
    int64_t rest = w->size - (p->cut_size - 1) * w->cut_step;
    open_block(e, "for (i64 %s = 0; %s < (high - low - 1) * %lld + %lld; %s++) {", s, s,
               (long long)w->cut_step, (long long)rest, s);
}

static const char *position_words(emitter *e, const tile_operand *o) {
    const char *words = NULL;
    for (int d = 0; d < o->window_count; d++) {
        const window_dim *w = &o->window[d];
        const char *term = name_of(e, w->s);
        if (w->stride != 1)
            term = arena_format(e->arena, "%s * %lld", term, (long long)w->stride);
        words = words ? arena_format(e->arena, "%s + %s", words, term) : term;
    }
    return words;
}

/* The condition of the first guarded load in `x`; NULL = none. */
static const expr *find_guard(const expr *x) {
    if (x->kind == EXPR_LOAD)
        return x->guard;
    const expr *found = NULL;
    for (int i = 0; i < x->argument_count && !found; i++)
        found = find_guard(x->arguments[i]);
    return found;
}

typedef struct decided_guard {
    emitter *e;
    const expr *guard;
    bool holds;
} decided_guard;

/* Loads under the guard, when it is known whether it holds. */
static const expr *decide_load(void *user, const expr *leaf) {
    const decided_guard *g = user;
    if (leaf->kind != EXPR_LOAD || !leaf->guard || !expr_equal(leaf->guard, g->guard))
        return NULL;
    const loop_buffer *b = &g->e->kernel->buffers.items[leaf->buffer];
    return g->holds ? expr_load(g->e->arena, b, leaf->buffer, leaf->index) : leaf->otherwise;
}

static void copy_last_dim(emitter *e, const tile_plan *p, const expr *element) {
    const tile_operand *o = &p->left;
    line(e, "INDEPENDENT");
    open_dim(e, p, &o->window[o->window_count - 1]);
    line(e, "left[%s] = %s;", position_words(e, o), expr_words(e, element));
    close_block(e);
}

/* The last dim is copied without conditions where none depends on it. */
static void copy_row(emitter *e, const tile_plan *p) {
    const tile_operand *o = &p->left;
    const expr *guard = find_guard(o->value);
    if (!guard || expr_uses(guard, o->window[o->window_count - 1].s)) {
        copy_last_dim(e, p, o->value);
        return;
    }
    decided_guard inside = {e, guard, true}, outside = {e, guard, false};
    open_block(e, "if (%s) {", expr_words(e, guard));
    copy_last_dim(e, p, expr_map(e->arena, o->value, decide_load, &inside));
    e->indent--;
    open_block(e, "} else {");
    copy_last_dim(e, p, expr_map(e->arena, o->value, decide_load, &outside));
    close_block(e);
}

void emit_window(emitter *e, const tile_plan *p) {
    const tile_operand *o = &p->left;
    const char **names = arena_copy(e->arena, e->names, (size_t)e->variable_count * sizeof *names);
    for (int i = 0; i < o->inside.count; i++)
        e->names[o->inside.items[i]->id] = o->inside.items[i] == p->cut ? "low" : NULL;
    for (int d = 0; d < o->window_count - 1; d++)
        open_dim(e, p, &o->window[d]);
    copy_row(e, p);
    for (int d = 0; d < o->window_count - 1; d++)
        close_block(e);
    memcpy(e->names, names, (size_t)e->variable_count * sizeof *names);
}
