/* What is done with the results of a tile.
 *
 * Where the epilogue is made of operations that vectors have (sums, products, maxima, selections)
 * and every array in it steps with the columns or not at all, NAME_end applies it to one vector
 * that is still in its register. Anything else, and panels that are not whole, go through
 * NAME_finish: the tile is written to the stack and worked off row by row by the compiler's
 * vectoriser. Both compute the same bits.
 */
#include <stddef.h>

#include "codegen/cpu/emit_random.h"
#include "codegen/cpu/tile.h"

#define SUM(words) \
    { words, LEVEL_SUM }
#define PRODUCT(words) \
    { words, LEVEL_PRODUCT }
#define COMPARE(words)           \
    {                            \
        { words, LEVEL_COMPARE } \
    }
#define BITS(words)                          \
    {                                        \
        [CLASS_BOOL] = { words, LEVEL_BITS } \
    }

/* Operators of C that vectors have too; the rest are helpers of the prelude. */
static const expression_style style_vector = {
    .formats = {
        [SCALAR_NEG] = {{"-$1", LEVEL_UNARY}},
        [SCALAR_ADD] = {SUM("$1 + $2")},
        [SCALAR_SUB] = {SUM("$1 - $2")},
        [SCALAR_MUL] = {PRODUCT("$1 * $2")},
        [SCALAR_DIV] = {PRODUCT("$1 / $2")},
        [SCALAR_EQ] = COMPARE("$1 == $2"),
        [SCALAR_NE] = COMPARE("$1 != $2"),
        [SCALAR_LT] = COMPARE("$1 < $2"),
        [SCALAR_LE] = COMPARE("$1 <= $2"),
        [SCALAR_GT] = COMPARE("$1 > $2"),
        [SCALAR_GE] = COMPARE("$1 >= $2"),
        [SCALAR_AND] = BITS("$1 & $2"),
        [SCALAR_OR] = BITS("$1 | $2"),
        [SCALAR_NOT] = {[CLASS_BOOL] = {"~$1", LEVEL_UNARY}},
        [SCALAR_MAX] = {{"cn_vector_max_$t($1, $2)", LEVEL_PRIMARY}},
        [SCALAR_MIN] = {{"cn_vector_min_$t($1, $2)", LEVEL_PRIMARY}},
        [SCALAR_SELECT] = {[CLASS_BOOL] = {"cn_vector_select_$t($1, $2, $3)", LEVEL_PRIMARY}},
    }};

/* An epilogue of more costs more than the trip through memory, and its text is there per row. */
enum { MOST_OPERATIONS = 32 };

/* ---- can it be vectors? -------------------------------------------------------------------- */

static bool steps_with_columns(emitter *e, const tile_plan *p, const expr *offset,
                               bool *contiguous) {
    linear l;
    if (!linear_of(offset, &l))
        return false;
    for (int i = 0; i < l.count; i++)
        if (l.terms[i].atom->kind != EXPR_VARIABLE || !l.terms[i].atom->variable->is_axis)
            return false;
    dim step = linear_coefficient(&l, p->columns);
    (void)e;
    *contiguous = dim_is(step, 1);
    return *contiguous || step.count == 0;
}

static const type *type_of(const emitter *e, int buffer) {
    return &e->kernel->buffers.items[buffer].type;
}

static bool is_vector(emitter *e, const tile_plan *p, const expr *x) {
    bool contiguous, mask = x->dtype == CN_BOOL;
    if (x->dtype != p->dtype && !mask)
        return false;
    if (x->kind == EXPR_VARIABLE)
        return !x->variable->is_axis;
    if (x->kind == EXPR_CONSTANT)
        return !mask;
    if (x->kind == EXPR_LOAD) {
        const expr *offset = expr_offset(e->arena, type_of(e, x->buffer), x->index);
        return !x->guard && steps_with_columns(e, p, offset, &contiguous) && (contiguous || !mask);
    }
    if (x->kind != EXPR_SCALAR)
        return false;
    operand_class class = x->arguments[0]->dtype == CN_BOOL ? CLASS_BOOL : CLASS_FLOAT;
    if (!style_vector.formats[x->scalar][class].pattern)
        return false;
    for (int i = 0; i < x->argument_count; i++)
        if (!is_vector(e, p, x->arguments[i]))
            return false;
    return true;
}

bool epilogue_is_vectors(emitter *e, const tile_plan *p) {
    const stmt_list *list = &p->contract->epilogue;
    if (statements_cost(e, list) > (double)MOST_OPERATIONS)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const stmt *s = list->items[i];
        bool contiguous = false;
        if ((s->kind != STMT_LET && s->kind != STMT_STORE) || !is_vector(e, p, s->value))
            return false;
        if (s->kind == STMT_LET)
            continue;
        const expr *offset = expr_offset(e->arena, type_of(e, s->buffer), s->index);
        if (type_of(e, s->buffer)->dtype != s->value->dtype ||
            !steps_with_columns(e, p, offset, &contiguous) || !contiguous)
            return false;
    }
    return true;
}

/* ---- NAME_end ------------------------------------------------------------------------------ */

axis_list told_axes(const tile_plan *p) {
    axis_list told = p->outer;
    for (int i = 0; i < p->across.count; i++)
        told.items[told.count++] = p->across.items[i];
    return told;
}

static bool list_reads(const expr *x, int buffer) {
    if (x->kind == EXPR_LOAD && x->buffer == buffer)
        return true;
    for (int i = 0; i < x->argument_count; i++)
        if (list_reads(x->arguments[i], buffer))
            return true;
    return false;
}

static bool epilogue_touches(const tile_plan *p, int buffer) {
    const stmt_list *list = &p->contract->epilogue;
    for (uint32_t i = 0; i < list->count; i++)
        if ((list->items[i]->kind == STMT_STORE && list->items[i]->buffer == buffer) ||
            list_reads(list->items[i]->value, buffer))
            return true;
    return false;
}

const char *end_parameters(emitter *e, const tile_plan *p, bool one_row) {
    text t;
    text_init(&t, e->arena);
    for (int i = 0; i < e->kernel->argument_count; i++)
        if (epilogue_touches(p, i))
            text_printf(&t, "%s%s *%s, ",
                        e->kernel->buffers.items[i].access == BUFFER_IN ? "const " : "",
                        storage_type_name(type_of(e, i)->dtype), e->buffers[i]);
    text_printf(&t, "i64 B, i64 %s, ", name_of(e, p->step));
    if (p->inner && one_row)
        text_printf(&t, "i64 %s, ", name_of(e, p->inner));
    text_printf(&t, "i64 %s", name_of(e, p->columns));
    axis_list told = told_axes(p);
    for (int i = 0; i < told.count; i++)
        text_printf(&t, ", i64 %s", name_of(e, told.items[i]));
    return t.data;
}

const char *end_arguments(emitter *e, const tile_plan *p, const char *step, const char *inner,
                          const char *column) {
    text t;
    text_init(&t, e->arena);
    for (int i = 0; i < e->kernel->argument_count; i++)
        if (epilogue_touches(p, i))
            text_printf(&t, "%s, ", e->buffers[i]);
    text_printf(&t, "B, %s, ", step);
    if (p->inner && inner)
        text_printf(&t, "%s, ", inner);
    text_append(&t, column);
    axis_list told = told_axes(p);
    for (int i = 0; i < told.count; i++)
        text_printf(&t, ", %s", name_of(e, told.items[i]));
    return t.data;
}

/* Prints leaves that are not vectors by themselves. */
static bool print_vector_leaf(expression_printer *printer, const expr *x) {
    emitter *e = printer->user;
    const tile_plan *p = e->vector_plan;
    const char *suffix = dtype_suffix(p->dtype);
    bool contiguous = false;
    if (x->kind == EXPR_CONSTANT) {
        text_printf(printer->out, "cn_splat_%s(", suffix);
        print_number(printer->out, x->dtype, x->number, x->integer);
        text_append(printer->out, ")");
        return true;
    }
    if (x->kind != EXPR_LOAD)
        return false;
    const expr *offset = expr_offset(e->arena, type_of(e, x->buffer), x->index);
    steps_with_columns(e, p, offset, &contiguous);
    const char *load = x->dtype == CN_BOOL ? "load_mask" : contiguous ? "load" : "splat";
    const char *function = arena_format(e->arena, "cn_%s_%s", load, suffix);
    use_function(e, function);
    text_printf(printer->out, contiguous ? "%s(%s + " : "%s(%s[", function, e->buffers[x->buffer]);
    print_index(printer, offset, 0);
    text_append(printer->out, contiguous ? ")" : "])");
    return true;
}

static void emit_vector_statement(emitter *e, const tile_plan *p, const stmt *s) {
    const char *suffix = dtype_suffix(p->dtype), *words = expr_words(e, s->value);
    if (s->kind == STMT_STORE) {
        const char *store = s->value->dtype == CN_BOOL ? "store_mask" : "store";
        const char *function = arena_format(e->arena, "cn_%s_%s", store, suffix);
        use_function(e, function);
        line(e, "%s(%s + %s, %s);", function, e->buffers[s->buffer], offset_text(e, s), words);
        return;
    }
    const char *kind = s->variable->dtype == CN_BOOL ? "mask_of" : "vector";
    use_function(e, arena_format(e->arena, "cn_%s_%s", kind, suffix));
    line(e, "const cn_%s_%s %s = %s;", kind, suffix, name_of(e, s->variable), words);
}

void emit_end_function(emitter *e, const tile_plan *p) {
    const stmt_list *list = &p->contract->epilogue;
    begin_function(e);
    expression_printer saved = e->printer;
    e->printer.style = &style_vector;
    e->printer.leaf = print_vector_leaf;
    e->vector_plan = p;
    for (uint32_t i = 0; i < list->count; i++)
        emit_vector_statement(e, p, list->items[i]);
    e->printer = saved;
    end_function(e, arena_format(e->arena, "ALWAYS_INLINE void %s%s_end(cn_vector_%s %s, %s)",
                                 e->name, p->suffix, dtype_suffix(p->dtype),
                                 name_of(e, p->contract->result), end_parameters(e, p, true)));
}

/* ---- NAME_finish --------------------------------------------------------------------------- */

static void emit_columns_of_row(emitter *e, const tile_plan *p, const char *width) {
    const draw_range columns = {.axis = p->columns,
                                .low = "column",
                                .count = width,
                                .most = panel_width(p),
                                .given = p->contract->result};
    const stmt_list body = emit_draws(e, &p->contract->epilogue, &columns);
    line(e, "INDEPENDENT");
    open_block(e, "for (i64 lane = 0; lane < %s; lane++) {", width);
    if (p->columns->id < e->kernel->variable_count)
        line(e, "const i64 %s = column + lane;", name_of(e, p->columns));
    line(e, "const %s %s = row[lane];", value_type_name(p->dtype), name_of(e, p->contract->result));
    emit_statements(e, &body);
    close_block(e);
}

/* Whole panels have a loop of known length where that is worth a second loop. */
static void emit_row(emitter *e, const tile_plan *p) {
    const char *width = arena_format(e->arena, "%lld", (long long)panel_width(p));
    dim columns = extent_of(e, p->columns);
    bool all_whole = !columns.symbolic && columns.count % panel_width(p) == 0;
    bool none_whole = p->in_registers || (!columns.symbolic && columns.count < panel_width(p));
    if (all_whole || none_whole) {
        emit_columns_of_row(e, p, all_whole ? width : "width");
        return;
    }
    open_block(e, "if (width == %s) {", width);
    emit_columns_of_row(e, p, width);
    e->indent--;
    open_block(e, "} else {");
    emit_columns_of_row(e, p, "width");
    close_block(e);
}

void emit_finish_function(emitter *e, const tile_plan *p) {
    const char *element = value_type_name(p->dtype), *step = name_of(e, p->step);
    begin_function(e);
    open_block(e, "for (i64 %s = low; %s < low + size; %s++) {", step, step, step);
    if (p->inner)
        open_axis(e, p->inner);
    line(e, "const %s *row = tile;", element);
    line(e, "tile += %lld;", (long long)p->result_stride);
    emit_row(e, p);
    if (p->inner)
        close_block(e);
    close_block(e);
    text head;
    text_init(&head, e->arena);
    text_printf(&head,
                "static void %s%s_finish(void *const *buffers, i64 B, const %s *tile, i64 low, ",
                e->name, p->suffix, element);
    text_append(&head, "i64 size, i64 column, i64 width");
    axis_list told = told_axes(p);
    for (int i = 0; i < told.count; i++)
        text_printf(&head, ", i64 %s", name_of(e, told.items[i]));
    text_append(&head, ")");
    end_function(e, head.data);
}
