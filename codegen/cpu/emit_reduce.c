/* Folds, whose order is part of the result and therefore spelled out.
 *
 * Over its own axes (a row): the elements of the last axis are folded in fixed lanes, 1,024 at a
 * time, and the results of such blocks in pairs, as carries run through a binary counter. Few
 * elements, and integers, are one chain.
 * Over columns, when neighbouring results read neighbouring elements: an array of results, each
 * one chain; a few steps (the taps of a window) run inside the loop over columns, unrolled.
 * Split over tasks, when there are few results of many elements: every task folds one block into
 * the launch's workspace, and a second stage combines the blocks in pairs.
 *
 * Which of these it is depends on the kernel's text only, and how many blocks there are on
 * extents only.
 */
#include "codegen/cpu/emit.h"

#include <stddef.h>
#include <string.h>

#include "codegen/cpu/sink.h"

enum { TAPS = 16, CHAIN = 32, BLOCK = 1024, SPLIT_LEAST = 64, SPLIT_RESULTS = 1 << 13 };

/* ---- one step ------------------------------------------------------------------------------ */

typedef struct fold_facts {
    const char *name;
    scalar_op step;
    double start; /* floats */
} fold_facts;

static const fold_facts folds[] = {
    [FOLD_SUM] = {"sum", SCALAR_ADD, 0},
    [FOLD_PROD] = {"prod", SCALAR_MUL, 1},
    [FOLD_MAX] = {"max", SCALAR_MAX, -__builtin_inf()},
    [FOLD_MIN] = {"min", SCALAR_MIN, __builtin_inf()},
    [FOLD_AND] = {"and", SCALAR_AND, 0},
    [FOLD_OR] = {"or", SCALAR_OR, 0},
};

const char *fold_start(emitter *e, const stmt *reduce) {
    scalar start = scalar_identity(reduce->fold, reduce->variable->dtype);
    text t;
    text_init(&t, e->arena);
    print_number(&t, reduce->variable->dtype, start.f, start.i);
    return t.data;
}

/* x (fold) y as text: infix or a call, as the style has it. */
static const char *fold_words(emitter *e, const stmt *reduce, const char *x, const char *y) {
    cn_dtype dtype = reduce->variable->dtype;
    scalar_op step = folds[reduce->fold].step;
    operand_class class = dtype == CN_BOOL        ? CLASS_BOOL
                          : dtype_is_float(dtype) ? CLASS_FLOAT
                                                  : CLASS_INTEGER;
    const char *pattern = e->printer.style->formats[step][class].pattern;
    if (pattern) /* "$1 + $2" */
        return arena_format(e->arena, "%s %c %s", x, pattern[3], y);
    const char *name =
        arena_format(e->arena, "cn_%s_%s", scalar_table[step].name, dtype_suffix(dtype));
    use_function(e, name);
    return arena_format(e->arena, "%s(%s, %s)", name, x, y);
}

void fold_line(emitter *e, const stmt *reduce, const char *x, const char *y) {
    line(e, "%s = %s;", x, fold_words(e, reduce, x, y));
}

static const char *value_in_parentheses(emitter *e, const stmt *s) {
    const char *words = expr_words(e, s->value);
    bool primary =
        s->value->kind == EXPR_VARIABLE || (s->value->kind == EXPR_LOAD && !s->value->guard);
    return primary ? words : arena_format(e->arena, "(%s)", words);
}

static axis_list fold_axes(emitter *e, const stmt *s) {
    axis_list axes = {0};
    for (uint32_t i = 0; i < s->axes.count; i++)
        if (name_of(e, s->axes.items[i]))
            axes.items[axes.count++] = s->axes.items[i];
    merge_axes(e, &axes, &s->body, s->value);
    return axes;
}

static bool at_most(dim d, int64_t limit) {
    return !d.symbolic && d.count <= limit;
}

static bool in_lanes(const stmt *s) {
    return dtype_is_float(s->variable->dtype);
}

/* Whether it is an element of an array over columns that was declared before. */
static bool is_spread(const emitter *e, const loop_variable *v) {
    return strchr(name_of(e, v), '[') != NULL;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void open_all(emitter *e, const axis_list *axes, int count) {
    for (int i = 0; i < count; i++)
        open_axis(e, axes->items[i]);
}

static void close_all(emitter *e, int count) {
    for (int i = 0; i < count; i++)
        close_block(e);
}

static void start_chain(emitter *e, const stmt *s) {
    const char *declared = is_spread(e, s->variable) ? "" : value_type_name(s->variable->dtype);
    line(e, "%s%s%s = %s;", declared, *declared ? " " : "", name_of(e, s->variable),
         fold_start(e, s));
}

static void emit_chain(emitter *e, const stmt *s, const axis_list *axes) {
    start_chain(e, s);
    open_all(e, axes, axes->count);
    emit_statements(e, &s->body);
    fold_line(e, s, name_of(e, s->variable), value_in_parentheses(e, s));
    close_all(e, axes->count);
}

/* The elements low <= axis < low + count as an array; bare contiguous loads are used in place. */
static const char *gather_elements(emitter *e, const stmt *s, const loop_variable *axis,
                                   const char *low, const char *count, int64_t most) {
    const char *name = name_of(e, axis);
    const expr *x = s->value;
    if (x->kind == EXPR_LOAD && !x->guard && s->body.count == 0 && x->dtype == s->variable->dtype) {
        linear l;
        const expr *offset =
            expr_offset(e->arena, &e->kernel->buffers.items[x->buffer].type, x->index);
        if (linear_of(offset, &l) && dim_is(linear_coefficient(&l, axis), 1)) {
            line(e, "const i64 %s = %s;", name, low);
            return arena_format(e->arena, "&%s", expr_words(e, x));
        }
    }
    const char *array = fresh_name(e, "element");
    line(e, "%s %s[%lld];", value_type_name(s->variable->dtype), array, (long long)most);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 %s = %s; %s < %s + %s; %s++) {", name, low, name, low, count, name);
    emit_statements(e, &s->body);
    bool from_zero = strcmp(low, "0") == 0;
    line(e, from_zero ? "%s[%s%.0s] = %s;" : "%s[%s - %s] = %s;", array, name, low,
         expr_words(e, s->value));
    close_block(e);
    return array;
}

/* A row of at most one block. */
static void emit_single_block(emitter *e, const stmt *s, const loop_variable *axis) {
    const char *suffix = dtype_suffix(s->variable->dtype), *name = name_of(e, s->variable);
    const char *fold = arena_format(e->arena, "cn_fold_%s_%s", folds[s->fold].name, suffix);
    use_function(e, fold);
    line(e, "%s %s;", value_type_name(s->variable->dtype), name);
    open_block(e, "{");
    const char *count = dim_text(e, extent_of(e, axis));
    const char *elements = gather_elements(e, s, axis, "0", count, extent_of(e, axis).count);
    line(e, "%s = %s(%s, %s);", name, fold, elements, count);
    close_block(e);
}

/* Pushes the blocks low <= axis < high of the last axis on `tree`. */
static void push_blocks(emitter *e, const stmt *s, const loop_variable *axis, const char *tree,
                        const char *low, const char *high) {
    const char *suffix = dtype_suffix(s->variable->dtype), *fold = folds[s->fold].name;
    const char *fold_function = arena_format(e->arena, "cn_fold_%s_%s", fold, suffix);
    const char *push = arena_format(e->arena, "cn_push_%s_%s", fold, suffix);
    use_function(e, fold_function);
    use_function(e, push);
    const char *block = fresh_name(e, "block"), *count = fresh_name(e, "count");
    open_block(e, "for (i64 %s = %s; %s < %s; %s += %d) {", block, low, block, high, block, BLOCK);
    line(e, "const i64 %s = %s - %s < %d ? %s - %s : %d;", count, high, block, BLOCK, high, block,
         BLOCK);
    const char *elements = gather_elements(e, s, axis, block, count, BLOCK);
    line(e, "%s(&%s, %s(%s, %s));", push, tree, fold_function, elements, count);
    close_block(e);
}

static const char *open_tree(emitter *e, const stmt *s) {
    const char *tree = fresh_name(e, "tree");
    line(e, "cn_tree_%s %s;", dtype_suffix(s->variable->dtype), tree);
    line(e, "%s.count = 0;", tree);
    return tree;
}

static const char *take_tree(emitter *e, const stmt *s, const char *tree) {
    const char *take = arena_format(e->arena, "cn_take_%s_%s", folds[s->fold].name,
                                    dtype_suffix(s->variable->dtype));
    use_function(e, take);
    return arena_format(e->arena, "%s(&%s)", take, tree);
}

void emit_reduce(emitter *e, const stmt *s) {
    axis_list axes = fold_axes(e, s);
    if (!in_lanes(s) || at_most(axes_product(e, &axes), CHAIN)) {
        emit_chain(e, s, &axes);
        return;
    }
    const loop_variable *last = axes.items[axes.count - 1];
    if (axes.count == 1 && at_most(extent_of(e, last), BLOCK)) {
        emit_single_block(e, s, last);
        return;
    }
    line(e, "%s %s;", value_type_name(s->variable->dtype), name_of(e, s->variable));
    open_block(e, "{");
    const char *tree = open_tree(e, s);
    open_all(e, &axes, axes.count - 1);
    push_blocks(e, s, last, tree, "0", dim_text(e, extent_of(e, last)));
    close_all(e, axes.count - 1);
    line(e, "%s = %s;", name_of(e, s->variable), take_tree(e, s, tree));
    close_block(e);
}

/* ---- rows or columns ----------------------------------------------------------------------- */

typedef struct steps {
    int along_columns, along_row; /* loads that are contiguous in the one or the other */
} steps;

static void count_steps(emitter *e, const expr *x, const loop_variable *column,
                        const loop_variable *row, steps *out) {
    for (int i = 0; i < x->argument_count; i++)
        count_steps(e, x->arguments[i], column, row, out);
    if (x->kind != EXPR_LOAD)
        return;
    linear l;
    const expr *offset = expr_offset(e->arena, &e->kernel->buffers.items[x->buffer].type, x->index);
    if (!linear_of(offset, &l))
        return;
    out->along_columns += dim_is(linear_coefficient(&l, column), 1);
    out->along_row += row && dim_is(linear_coefficient(&l, row), 1);
}

static void count_reduce(emitter *e, const stmt *s, const loop_variable *column, steps *out) {
    axis_list axes = fold_axes(e, s);
    const loop_variable *row = axes.count ? axes.items[axes.count - 1] : NULL;
    count_steps(e, s->value, column, row, out);
    for (uint32_t i = 0; i < s->body.count; i++) {
        const stmt *inner = s->body.items[i];
        if (inner->kind == STMT_REDUCE)
            count_reduce(e, inner, column, out);
        else if (inner->value)
            count_steps(e, inner->value, column, row, out);
    }
}

/* Whether a fold has so few steps that they are unrolled, as the taps of a window are. */
static bool is_short_fold(emitter *e, const stmt *s) {
    axis_list axes = fold_axes(e, s);
    return at_most(axes_product(e, &axes), TAPS) && !contains(&s->body, STMT_REDUCE);
}

static bool folds_are_short(emitter *e, const stmt_list *body) {
    for (uint32_t i = 0; i < body->count; i++)
        if (body->items[i]->kind == STMT_REDUCE && !is_short_fold(e, body->items[i]))
            return false;
    return true;
}

bool prefers_columns(emitter *e, const loop_variable *axis, const stmt_list *body) {
    steps found = {0};
    bool all_short = true;
    for (uint32_t i = 0; i < body->count; i++) {
        const stmt *s = body->items[i];
        if (s->kind != STMT_REDUCE)
            continue;
        if (!folds_are_short(e, &s->body))
            return false;
        count_reduce(e, s, axis, &found);
        axis_list axes = fold_axes(e, s);
        all_short = all_short && at_most(axes_product(e, &axes), CHAIN);
    }
    dim columns = extent_of(e, axis);
    if (found.along_columns != found.along_row)
        return found.along_columns > found.along_row;
    return all_short && (columns.symbolic || columns.count >= 8) && found.along_columns > 0;
}

/* ---- columns ------------------------------------------------------------------------------- */

/* Whether a let of the column loop that ends before statement `next` is used later on. */
static bool outlives(const stmt_list *body, const loop_variable *v, uint32_t next) {
    for (uint32_t i = next; i < body->count; i++)
        if (statement_uses(body->items[i], v))
            return true;
    return false;
}

/* Makes the variable an element of an array over the tile's columns. */
static void spread(emitter *e, const loop_variable *v, const char *column, const char *low) {
    const char *name = name_of(e, v);
    line(e, "%s %s[%d];", value_type_name(v->dtype), name, COLUMN_TILE);
    e->names[v->id] = strcmp(low, "0") == 0
                          ? arena_format(e->arena, "%s[%s]", name, column)
                          : arena_format(e->arena, "%s[%s - %s]", name, column, low);
}

typedef struct tile {
    const loop_variable *axis;
    const char *low, *high;
} tile;

static void open_columns(emitter *e, const tile *t) {
    const char *name = name_of(e, t->axis);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 %s = %s; %s < %s; %s++) {", name, t->low, name, t->high, name);
}

/* A short fold: compilers vectorise the loop over columns only when it has no loop inside. */
static void emit_unrolled(emitter *e, const stmt *s) {
    axis_list axes = fold_axes(e, s);
    start_chain(e, s);
    for (int i = 0; i < axes.count; i++) {
        line(e, "UNROLL");
        open_axis(e, axes.items[i]);
    }
    emit_statements(e, &s->body);
    fold_line(e, s, name_of(e, s->variable), value_in_parentheses(e, s));
    close_all(e, axes.count);
}

/* Statements for one column, folds among them short. */
static void column_statements(emitter *e, const stmt_list *list, uint32_t first, uint32_t end) {
    for (uint32_t i = first; i < end; i++) {
        const stmt *s = list->items[i];
        if (s->kind == STMT_REDUCE)
            emit_unrolled(e, s);
        else if (s->kind == STMT_LET && is_spread(e, s->variable))
            line(e, "%s = %s;", name_of(e, s->variable), expr_words(e, s->value));
        else
            emit_statement(e, s);
    }
}

/* Folds into the array of the result; the other axes run outside. */
static void column_chains(emitter *e, const stmt *s, const tile *t, const axis_list *axes) {
    const char *name = name_of(e, s->variable);
    open_all(e, axes, axes->count);
    open_columns(e, t);
    column_statements(e, &s->body, 0, s->body.count);
    fold_line(e, s, name, value_in_parentheses(e, s));
    close_block(e);
    close_all(e, axes->count);
}

static void start_columns(emitter *e, const stmt *s, const tile *t) {
    open_columns(e, t);
    line(e, "%s = %s;", name_of(e, s->variable), fold_start(e, s));
    close_block(e);
}

static void column_fold(emitter *e, const stmt *s, const tile *t) {
    axis_list axes = fold_axes(e, s);
    spread(e, s->variable, name_of(e, t->axis), t->low);
    start_columns(e, s, t);
    column_chains(e, s, t, &axes);
}

/* Folds that run outside of the loop over the columns; the others are unrolled within it. */
static bool is_long_fold(emitter *e, const stmt *s) {
    return s->kind == STMT_REDUCE && !is_short_fold(e, s);
}

/* Statements from `first` up to the next long fold, in one loop over the columns. */
static uint32_t column_loop(emitter *e, const stmt_list *body, uint32_t first, const tile *t) {
    uint32_t next = first;
    while (next < body->count && !is_long_fold(e, body->items[next]))
        next++;
    for (uint32_t i = first; i < next; i++)
        if (body->items[i]->variable && outlives(body, body->items[i]->variable, next))
            spread(e, body->items[i]->variable, name_of(e, t->axis), t->low);
    open_columns(e, t);
    column_statements(e, body, first, next);
    close_block(e);
    return next;
}

void emit_columns(emitter *e, const loop_variable *axis, const char *low, const char *high,
                  const stmt_list *body) {
    tile t = {axis, low, high};
    for (uint32_t i = 0; i < body->count;) {
        if (is_long_fold(e, body->items[i]))
            column_fold(e, body->items[i++], &t);
        else
            i = column_loop(e, body, i, &t);
    }
}

/* ---- split over tasks ---------------------------------------------------------------------- */

/* A body of this form: lets, folds over equal axes that do not use each other, the rest. */
typedef struct split {
    const stmt_list *body;
    uint32_t first, count; /* the folds */
    axis_list results;     /* axes of the kept dims: their product is the number of results */
    axis_list folded;      /* of the first fold */
    int64_t columns;       /* number of results */
    int64_t step;          /* steps of folded.items[0] in one block */
    const char *workspace; /* address of the partial results, a text */
    const char *suffix;    /* of the functions */
} split;

static bool same_extents(emitter *e, const axis_list *a, const axis_list *b) {
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!dim_equal(extent_of(e, a->items[i]), extent_of(e, b->items[i])))
            return false;
    return true;
}

static bool find_folds(emitter *e, split *s) {
    const stmt_list *body = s->body;
    while (s->first < body->count && body->items[s->first]->kind == STMT_LET)
        s->first++;
    uint32_t end = s->first;
    while (end < body->count && body->items[end]->kind == STMT_REDUCE)
        end++;
    s->count = end - s->first;
    for (uint32_t i = end; i < body->count; i++)
        if (body->items[i]->kind != STMT_LET && body->items[i]->kind != STMT_STORE)
            return false;
    for (uint32_t i = s->first; i < end; i++) {
        const stmt *fold = body->items[i];
        axis_list axes = fold_axes(e, fold);
        if (i == s->first)
            s->folded = axes;
        if (contains(&fold->body, STMT_REDUCE) || !same_extents(e, &axes, &s->folded) ||
            outlives(body, fold->variable, i + 1) != outlives(body, fold->variable, end))
            return false;
        for (uint32_t k = i + 1; k < end; k++)
            if (statement_uses(body->items[k], fold->variable))
                return false;
    }
    return s->count > 0;
}

/* Few results of many elements. */
static bool worth_splitting(emitter *e, split *s) {
    dim results = axes_product(e, &s->results), elements = axes_product(e, &s->folded);
    int64_t least = elements.symbolic ? SPLIT_LEAST : 1 << 15;
    if (s->folded.count == 0 || results.symbolic || results.count > SPLIT_RESULTS ||
        elements.count < least)
        return false;
    s->columns = results.count;
    dim inner = dim_of(1);
    for (int i = 1; i < s->folded.count; i++)
        dim_multiply(inner, extent_of(e, s->folded.items[i]), &inner);
    if (inner.symbolic)
        return false;
    int64_t block = s->columns < 8 ? 16 * BLOCK : BLOCK;
    s->step = inner.count >= block ? 1 : block / inner.count;
    return true;
}

/* Index of a result of one fold within its part of the workspace. */
static const char *partial_at(emitter *e, const split *s, const char *block, const char *result) {
    if (s->columns == 1)
        return block;
    return arena_format(e->arena, "%s * %lld + %s", block, (long long)s->columns, result);
}

static const char *block_count(emitter *e, const split *s) {
    dim all = extent_of(e, s->folded.items[0]);
    if (s->step == 1)
        return dim_text(e, all);
    return arena_format(e->arena, "((%s + %lld) / %lld)", dim_text(e, all), (long long)s->step - 1,
                        (long long)s->step);
}

/* Every fold has a part of the workspace, eight bytes to a result whatever its type. */
static void declare_partials(emitter *e, const split *s) {
    line(e, "const i64 blocks = %s;", block_count(e, s));
    for (uint32_t i = 0; i < s->count; i++) {
        const char *element = value_type_name(s->body->items[s->first + i]->variable->dtype);
        line(e, "%s *partial%u = (%s *)(%s + blocks * %lld);", element, i, element, s->workspace,
             (long long)(8 * s->columns * i));
    }
}

/* Whether statements from `from` to `end` use the let in front of the folds, or one that does. */
static bool let_serves(const split *s, uint32_t let, uint32_t from, uint32_t end) {
    const stmt_list *body = s->body;
    const loop_variable *v = body->items[let]->variable;
    for (uint32_t i = let + 1; i < s->first; i++)
        if (statement_uses(body->items[i], v) && let_serves(s, i, from, end))
            return true;
    for (uint32_t i = from; i < end; i++)
        if (statement_uses(body->items[i], v))
            return true;
    return false;
}

/* Those that one of the two stages needs: the folds, or what comes after them. */
static void emit_lets_before(emitter *e, const split *s, uint32_t from, uint32_t end) {
    for (uint32_t i = 0; i < s->first; i++)
        if (let_serves(s, i, from, end))
            emit_statement(e, s->body->items[i]);
}

/* The blocks of the outermost folded axis: `task` (texts) to [low, high). */
static void open_block_range(emitter *e, const split *s, const char *task) {
    const char *all = dim_text(e, extent_of(e, s->folded.items[0]));
    line(e, "const i64 low = %s * %lld;", task, (long long)s->step);
    line(e, "const i64 high = low + %lld < %s ? low + %lld : %s;", (long long)s->step, all,
         (long long)s->step, all);
}

static void open_outermost(emitter *e, const axis_list *axes) {
    const char *name = name_of(e, axes->items[0]);
    open_block(e, "for (i64 %s = low; %s < high; %s++) {", name, name, name);
    for (int i = 1; i < axes->count; i++)
        open_axis(e, axes->items[i]);
}

static void partial_row(emitter *e, const split *s, uint32_t i, const char *result) {
    const stmt *fold = s->body->items[s->first + i];
    axis_list axes = fold_axes(e, fold);
    const char *to = partial_at(e, s, "block", result);
    open_block(e, "{");
    if (in_lanes(fold)) {
        const char *tree = open_tree(e, fold);
        const loop_variable *last = axes.items[axes.count - 1];
        bool single = axes.count == 1;
        if (!single) {
            const char *name = name_of(e, axes.items[0]);
            open_block(e, "for (i64 %s = low; %s < high; %s++) {", name, name, name);
            for (int k = 1; k < axes.count - 1; k++)
                open_axis(e, axes.items[k]);
        }
        push_blocks(e, fold, last, tree, single ? "low" : "0",
                    single ? "high" : dim_text(e, extent_of(e, last)));
        close_all(e, axes.count - 1);
        line(e, "partial%u[%s] = %s;", i, to, take_tree(e, fold, tree));
    } else {
        line(e, "%s all = %s;", value_type_name(fold->variable->dtype), fold_start(e, fold));
        open_outermost(e, &axes);
        emit_statements(e, &fold->body);
        fold_line(e, fold, "all", value_in_parentheses(e, fold));
        close_all(e, axes.count);
        line(e, "partial%u[%s] = all;", i, to);
    }
    close_block(e);
}

/* One block for a tile of columns, straight into the workspace. */
static void partial_columns(emitter *e, const split *s, uint32_t i, const loop_variable *column,
                            const char *result) {
    const stmt *fold = s->body->items[s->first + i];
    axis_list axes = fold_axes(e, fold);
    tile t = {column, "0", dim_text(e, extent_of(e, column))};
    const char *at = arena_format(e->arena, "partial%u[%s]", i, partial_at(e, s, "block", result));
    const char *name = name_of(e, fold->variable);
    e->names[fold->variable->id] = at;
    start_columns(e, fold, &t);
    open_outermost(e, &axes);
    open_columns(e, &t);
    emit_statements(e, &fold->body);
    fold_line(e, fold, at, value_in_parentheses(e, fold));
    close_block(e);
    close_all(e, axes.count);
    e->names[fold->variable->id] = name;
}

/* The number of the result at the current values of the axes, as text. */
static const char *result_index(emitter *e, const axis_list *axes) {
    if (axes->count == 0)
        return "0";
    const char *index = name_of(e, axes->items[0]);
    for (int i = 1; i < axes->count; i++)
        index = arena_format(e->arena, i == 1 ? "%s * %s + %s" : "(%s) * %s + %s", index,
                             dim_text(e, extent_of(e, axes->items[i])), name_of(e, axes->items[i]));
    return index;
}

/* One task per block: it folds the block for all results. */
static void emit_partials(emitter *e, const split *s) {
    begin_stage(e);
    declare_partials(e, s);
    open_block(e, "for (i64 block = begin; block < end; block++) {");
    open_block_range(e, s, "block");
    axis_list rows = s->results;
    const loop_variable *column = rows.count ? rows.items[rows.count - 1] : NULL;
    bool columns = column && prefers_columns(e, column, s->body);
    rows.count -= columns;
    open_all(e, &rows, rows.count);
    const char *result = result_index(e, &s->results);
    if (columns && s->first) { /* lets are recomputed per column */
        columns = false;
        rows.items[rows.count++] = (loop_variable *)(uintptr_t)column;
        open_axis(e, column);
    }
    emit_lets_before(e, s, s->first, s->first + s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        if (columns)
            partial_columns(e, s, i, column, result);
        else
            partial_row(e, s, i, result);
    }
    close_all(e, rows.count);
    close_block(e);
    end_stage(e, arena_format(e->arena, "%s_partial", s->suffix), block_count(e, s));
}

/* blocks b and b + width become b, for width 1, 2, 4, ... */
static void combine_pairs(emitter *e, const split *s, uint32_t i, const char *result) {
    const stmt *fold = s->body->items[s->first + i];
    const char *x = arena_format(e->arena, "partial%u[%s]", i, partial_at(e, s, "block", result));
    const char *y =
        arena_format(e->arena, "partial%u[%s]", i, partial_at(e, s, "(block + width)", result));
    open_block(e, "for (i64 width = 1; width < blocks; width *= 2) {");
    open_block(e, "for (i64 block = 0; block + width < blocks; block += 2 * width) {");
    fold_line(e, fold, x, y);
    close_all(e, 2);
    line(e, "const %s %s = blocks > 0 ? partial%u[%s] : %s;",
         value_type_name(fold->variable->dtype), name_of(e, fold->variable), i,
         partial_at(e, s, "0", result), fold_start(e, fold));
}

static void emit_combination(emitter *e, const split *s) {
    begin_stage(e);
    declare_partials(e, s);
    const char *result = result_index(e, &s->results);
    const char *tasks = open_rows(e, &s->results, 64);
    emit_lets_before(e, s, s->first + s->count, s->body->count);
    for (uint32_t i = 0; i < s->count; i++)
        combine_pairs(e, s, i, result);
    for (uint32_t i = s->first + s->count; i < s->body->count; i++)
        emit_statement(e, s->body->items[i]);
    close_block(e);
    end_stage(e, s->suffix, tasks);
}

bool emit_split(emitter *e, axis_list *axes, const stmt_list *body) {
    split s = {.body = body, .results = *axes};
    if (!find_folds(e, &s) || !worth_splitting(e, &s))
        return false;
    s.suffix = stage_suffix(e);
    s.workspace = claim_workspace(e, arena_format(e->arena, "%s * %lld", block_count(e, &s),
                                                  (long long)(8 * s.columns * s.count)));
    emit_partials(e, &s);
    emit_combination(e, &s);
    return true;
}
