/* A kernel to C: names, functions, statements.
 *
 * The top-level statements of a kernel are cut into stages. A loop nest or a contraction is a
 * stage of its own with tasks to share out; scalar statements between them are one task, and
 * those that define what a later statement uses are repeated in its stage. Stages that touch
 * none of each other's results run as one, so that a group of independent updates is a single
 * launch.
 */
#include "codegen/cpu/emit.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/size.h"
#include "codegen/cpu/sink.h"

enum { OWN_AXES = 32, LONGEST_LINE = 100 };

/* ---- text ---------------------------------------------------------------------------------- */

static void print_line(emitter *e, const char *format, va_list arguments) {
    text_indent(e->out, e->indent);
    text_printf_list(e->out, format, arguments);
    text_append(e->out, "\n");
}

void line(emitter *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(e, format, arguments);
    va_end(arguments);
}

void open_block(emitter *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(e, format, arguments);
    va_end(arguments);
    e->indent++;
}

void close_block(emitter *e) {
    e->indent--;
    line(e, "}");
}

static text *printer_redirect(emitter *e, text *to) {
    text *before = e->printer.out;
    text_init(to, e->arena);
    text_append(to, "");
    e->printer.out = to;
    return before;
}

const char *expr_words(emitter *e, const expr *x) {
    text t;
    text *before = printer_redirect(e, &t);
    print_expression(&e->printer, x, 0);
    e->printer.out = before;
    return t.data;
}

const char *dim_text(emitter *e, dim d) {
    text t;
    text_init(&t, e->arena);
    print_dim(&t, d, LEVEL_UNARY);
    return t.data;
}

const char *index_words(emitter *e, const expr *x) {
    text t;
    text *before = printer_redirect(e, &t);
    print_index(&e->printer, x, 0);
    e->printer.out = before;
    return t.data;
}

const char *offset_text(emitter *e, const stmt *store) {
    const type *of = &e->kernel->buffers.items[store->buffer].type;
    return index_words(e, expr_offset(e->arena, of, store->index));
}

static bool is_one(const char *words) {
    return strcmp(words, "1") == 0;
}

const char *product_text(emitter *e, const char *a, const char *b) {
    if (is_one(a) || is_one(b))
        return is_one(a) ? b : a;
    return arena_format(e->arena, "%s * %s", a, b);
}

const char *quotient_text(emitter *e, const char *a, const char *b) {
    return is_one(b) ? a : arena_format(e->arena, "%s / %s", a, b);
}

const char *remainder_text(emitter *e, const char *a, const char *b) {
    return is_one(b) ? "0" : arena_format(e->arena, "%s %% %s", a, b);
}

/* ---- names --------------------------------------------------------------------------------- */

static const char *identifier(emitter *e, const char *hint, int id) {
    text t;
    text_init(&t, e->arena);
    text_identifier(&t, hint && *hint ? hint : "v");
    bool taken;
    map_put_text(&e->taken, t.data, &taken);
    if (!taken && !isdigit((unsigned char)*t.data))
        return t.data;
    const char *name =
        arena_format(e->arena, "%s_%d", isdigit((unsigned char)*t.data) ? "v" : t.data, id);
    map_put_text(&e->taken, name, &taken);
    return taken ? identifier(e, name, id) : name;
}

const char *fresh_name(emitter *e, const char *base) {
    bool taken;
    map_put_text(&e->taken, base, &taken);
    for (int i = 2; taken; i++) {
        const char *name = arena_format(e->arena, "%s%d", base, i);
        map_put_text(&e->taken, name, &taken);
        if (!taken)
            return name;
    }
    return base;
}

loop_variable *new_axis(emitter *e, const char *hint, dim extent) {
    assert(e->variable_count < e->kernel->variable_count + OWN_AXES);
    loop_variable *v = ARENA_NEW(e->arena, loop_variable);
    *v = (loop_variable){.id = e->variable_count++,
                         .hint = hint,
                         .dtype = CN_I64,
                         .extent = extent,
                         .is_axis = true};
    e->names[v->id] = fresh_name(e, hint);
    e->extents[v->id] = extent;
    return v;
}

static void name_variable(emitter *e, const loop_variable *v) {
    if (v->is_axis)
        e->extents[v->id] = v->extent;
    bool always_zero = v->is_axis && dim_is(v->extent, 1);
    e->names[v->id] = always_zero ? NULL : identifier(e, v->hint, v->id);
}

static void name_contract(emitter *e, const loop_contract *c);

static void name_variables(emitter *e, const stmt_list *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        const stmt *s = list->items[i];
        if (s->variable)
            name_variable(e, s->variable);
        for (uint32_t k = 0; k < s->axes.count; k++)
            name_variable(e, s->axes.items[k]);
        if (s->contract)
            name_contract(e, s->contract);
        name_variables(e, &s->body);
    }
}

static void name_contract(emitter *e, const loop_contract *c) {
    for (uint32_t i = 0; i < c->parallel.count; i++)
        name_variable(e, c->parallel.items[i]);
    for (uint32_t i = 0; i < c->reduction.count; i++)
        name_variable(e, c->reduction.items[i]);
    name_variable(e, c->result);
    name_variables(e, &c->left_lets);
    name_variables(e, &c->right_lets);
    name_variables(e, &c->epilogue);
}

static void name_buffers(emitter *e) {
    static const char *const prefixes[] = {
        [BUFFER_IN] = "in", [BUFFER_OUT] = "out", [BUFFER_IN_OUT] = "io", [BUFFER_LOCAL] = "row"};
    uint32_t count = e->kernel->buffers.count;
    e->buffers = ARENA_ARRAY(e->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        e->buffers[i] = fresh_name(
            e, arena_format(e->arena, "%s%u", prefixes[e->kernel->buffers.items[i].access], i));
}

/* ---- what the expression printer asks ------------------------------------------------------ */

static const char *variable_name(expression_printer *p, const loop_variable *v) {
    return name_of(p->user, v);
}

static const char *buffer_name(expression_printer *p, int buffer) {
    const emitter *e = p->user;
    return e->buffers[buffer];
}

static const type *buffer_type(expression_printer *p, int buffer) {
    const emitter *e = p->user;
    return &e->kernel->buffers.items[buffer].type;
}

static bool function_used(expression_printer *p, const char *name) {
    emitter *e = p->user;
    return prelude_use(&e->result->functions, name);
}

void use_function(emitter *e, const char *name) {
    prelude_use(&e->result->functions, name);
}

/* ---- functions ----------------------------------------------------------------------------- */

void begin_stage(emitter *e) {
    e->out = ARENA_NEW(e->arena, text);
    text_init(e->out, e->arena);
    text_append(e->out, "");
    e->indent = 1;
}

void begin_function(emitter *e) {
    begin_stage(e);
}

/* Whether `word` stands in C text as a word. */
static bool mentions(const char *source, const char *word) {
    size_t length = strlen(word);
    for (const char *at = strstr(source, word); at; at = strstr(at + 1, word)) {
        bool before = at > source && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool after = isalnum((unsigned char)at[length]) || at[length] == '_';
        if (!before && !after)
            return true;
    }
    return false;
}

/* A LOCAL buffer lies in the thread's scratch; returns where the next one may begin. */
static size_t declare_local(const emitter *e, uint32_t i, size_t offset, bool used, text *out) {
    const loop_buffer *b = &e->kernel->buffers.items[i];
    const char *element = storage_type_name(b->type.dtype);
    if (used)
        text_printf(out, "    %s *%s = (%s *)((char *)scratch + %zu);\n", element, e->buffers[i],
                    element, offset);
    return offset + size_align((size_t)type_bytes(&b->type, 1), 64);
}

static size_t declare_buffers(const emitter *e, const char *body, text *out) {
    size_t offset = 0;
    for (uint32_t i = 0; i < e->kernel->buffers.count; i++) {
        const loop_buffer *b = &e->kernel->buffers.items[i];
        bool used = mentions(body, e->buffers[i]);
        if (b->access == BUFFER_LOCAL) {
            offset = declare_local(e, i, offset, used, out);
        } else if (used) {
            text_printf(out, "    %s%s *%s = __builtin_assume_aligned(buffers[%u], 64);\n",
                        b->access == BUFFER_IN ? "const " : "", storage_type_name(b->type.dtype),
                        e->buffers[i], i);
        }
    }
    return offset;
}

/* Words that break behind a comma where the line would be longer than 100 columns. */
static void append_wrapped(text *out, const char *words, const char *margin) {
    size_t column = 0;
    while (*words) {
        size_t length = strcspn(words, ",") + (strchr(words, ',') != NULL);
        if (column > 0 && column + length > LONGEST_LINE) {
            text_printf(out, "\n%s", margin);
            column = strlen(margin);
            length -= *words == ' ';
            words += *words == ' ';
        }
        text_append_n(out, words, length);
        column += length;
        words += length;
    }
}

static void print_head(emitter *e, const char *head) {
    append_wrapped(&e->functions, arena_format(e->arena, "%s {", head), "        ");
    text_append(&e->functions, "\n");
}

static void print_count(emitter *e, const char *name, const char *what, const char *value) {
    text_printf(&e->functions, "HIDDEN i64 %s_%s(i64 B) {\n", name, what);
    if (!mentions(value, "B"))
        text_append(&e->functions, "    (void)B;\n");
    text_printf(&e->functions, "    return %s;\n}\n\n", value);
}

static void print_unused(emitter *e, const text *body, const text *declarations) {
    static const char *const parameters[] = {"buffers", "B", "begin", "end", "scratch"};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (!mentions(body->data, parameters[i]) && !mentions(declarations->data, parameters[i]))
            text_printf(&e->functions, "    (void)%s;\n", parameters[i]);
}

const char *buffer_declarations(emitter *e, const char *body) {
    text declarations;
    text_init(&declarations, e->arena);
    text_append(&declarations, "");
    declare_buffers(e, body, &declarations);
    return declarations.data;
}

void end_function(emitter *e, const char *head) {
    const char *body = e->out->data;
    const char *declarations = mentions(head, "buffers") ? buffer_declarations(e, body) : "";
    print_head(e, head);
    if (mentions(head, "buffers") && !mentions(declarations, "buffers"))
        text_append(&e->functions, "    (void)buffers;\n");
    static const char *const parameters[] = {"B", "column", "width"};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (mentions(head, parameters[i]) && !mentions(body, parameters[i]))
            text_printf(&e->functions, "    (void)%s;\n", parameters[i]);
    text_append(&e->functions, declarations);
    text_append(&e->functions, body);
    text_append(&e->functions, "}\n\n");
}

void end_stage(emitter *e, const char *suffix, const char *tasks) {
    const char *name = arena_format(e->arena, "%s%s", e->name, suffix);
    text declarations;
    text_init(&declarations, e->arena);
    text_append(&declarations, "");
    declare_buffers(e, e->out->data, &declarations);
    print_count(e, name, "tasks", tasks);
    print_head(e, arena_format(e->arena,
                               "HIDDEN void %s(void *const *buffers, i64 B, i64 begin, "
                               "i64 end, void *scratch)",
                               name));
    print_unused(e, e->out, &declarations);
    text_append(&e->functions, declarations.data);
    text_append(&e->functions, e->out->data);
    text_append(&e->functions, "}\n\n");
    vec_push(e->arena, &e->result->stages, name);
}

const char *claim_workspace(emitter *e, const char *bytes) {
    const char *room = arena_format(e->arena, "(%s + 63) / 64 * 64", bytes);
    const char *base =
        arena_format(e->arena, "((char *)buffers[%d]%s%s)", e->kernel->argument_count,
                     e->workspace ? " + " : "", e->workspace ? e->workspace : "");
    e->workspace = e->workspace ? arena_format(e->arena, "%s + %s", e->workspace, room) : room;
    return base;
}

void claim_scratch(emitter *e, const char *bytes) {
    e->scratch = e->scratch ? arena_format(e->arena, "(%s > %s ? %s : %s)", e->scratch, bytes,
                                           e->scratch, bytes)
                            : bytes;
}

/* ---- statements ---------------------------------------------------------------------------- */

static void emit_store(emitter *e, const stmt *s) {
    cn_dtype stored = e->kernel->buffers.items[s->buffer].type.dtype;
    const char *value = expr_words(e, s->value);
    if (stored == CN_BF16 || stored == CN_F16) {
        const char *name = arena_format(e->arena, "cn_cast_f32_%s", dtype_name(stored));
        use_function(e, name);
        value = arena_format(e->arena, "%s(%s)", name, value);
    }
    line(e, "%s[%s] = %s;", e->buffers[s->buffer], offset_text(e, s), value);
}

void emit_statement(emitter *e, const stmt *s) {
    if (s->kind == STMT_LOOP) {
        emit_inner_nest(e, s);
    } else if (s->kind == STMT_LET) {
        line(e, "const %s %s = %s;", value_type_name(s->variable->dtype), name_of(e, s->variable),
             expr_words(e, s->value));
    } else if (s->kind == STMT_STORE) {
        emit_store(e, s);
    } else if (s->kind == STMT_REDUCE) {
        emit_reduce(e, s);
    }
}

void emit_statements(emitter *e, const stmt_list *list) {
    for (uint32_t i = 0; i < list->count; i++)
        emit_statement(e, list->items[i]);
}

/* ---- stages -------------------------------------------------------------------------------- */

/* Whether the kernel's scalar results are used by its loops: then all of it is one task. */
static bool scalars_feed_loops(const kernel *k) {
    for (uint32_t i = 0; i < k->body.count; i++) {
        const stmt *s = k->body.items[i];
        if (s->kind != STMT_REDUCE && s->kind != STMT_LET)
            continue;
        for (uint32_t j = i + 1; j < k->body.count; j++) {
            stmt_kind kind = k->body.items[j]->kind;
            if ((kind == STMT_LOOP || kind == STMT_CONTRACT) &&
                statement_uses(k->body.items[j], s->variable))
                return true;
        }
    }
    return false;
}

const char *stage_suffix(emitter *e) {
    uint32_t count = e->result->stages.count;
    return count == 0 ? "" : arena_format(e->arena, "_stage%u", count + 1);
}

/* All statements by whoever gets the only task. */
static void emit_single_task(emitter *e, const stmt_list *list) {
    axis_list none = {0};
    if (emit_split(e, &none, list))
        return;
    begin_stage(e);
    emit_statements(e, list);
    end_stage(e, stage_suffix(e), "1");
}

/* ---- accesses of stages -------------------------------------------------------------------- */

static uint64_t bit_of(int buffer) {
    return UINT64_C(1) << (buffer < 63 ? buffer : 63);
}

static void add_reads(const expr *x, stage_access *access) {
    for (int i = 0; i < x->argument_count; i++)
        add_reads(x->arguments[i], access);
    if (x->kind != EXPR_LOAD)
        return;
    access->reads |= bit_of(x->buffer);
    for (int i = 0; i < x->rank; i++)
        add_reads(x->index[i], access);
    if (x->guard) {
        add_reads(x->guard, access);
        add_reads(x->otherwise, access);
    }
}

static void add_accesses(const stmt_list *list, stage_access *access);

static void add_statement(const stmt *s, stage_access *access) {
    if (s->value)
        add_reads(s->value, access);
    for (int i = 0; s->kind == STMT_STORE && i < s->rank; i++)
        add_reads(s->index[i], access);
    if (s->kind == STMT_STORE)
        access->writes |= bit_of(s->buffer);
    add_accesses(&s->body, access);
    if (!s->contract)
        return;
    add_reads(s->contract->left, access);
    add_reads(s->contract->right, access);
    add_accesses(&s->contract->left_lets, access);
    add_accesses(&s->contract->right_lets, access);
    add_accesses(&s->contract->epilogue, access);
}

static void add_accesses(const stmt_list *list, stage_access *access) {
    for (uint32_t i = 0; i < list->count; i++)
        add_statement(list->items[i], access);
}

/* The stages that one piece of the kernel became: they hand results on through the workspace, so
 * they follow each other. */
static void note_accesses(emitter *e, stage_access access) {
    bool several = e->result->stages.count > e->accesses.count + 1;
    if (several)
        access.writes |= bit_of(e->kernel->argument_count);
    while (e->accesses.count < e->result->stages.count)
        vec_push(e->arena, &e->accesses, access);
}

/* ---- stages that run as one ---------------------------------------------------------------- */

/* A stage whose tasks are those of the stages first <= s < end, one after the other. */
static const char *emit_union(emitter *e, uint32_t first, uint32_t end) {
    const char *name = arena_format(e->arena, "%s_from%u", e->name, first + 1);
    text run, tasks, sum;
    text_init(&run, e->arena);
    text_init(&tasks, e->arena);
    text_init(&sum, e->arena);
    for (uint32_t s = first; s < end; s++) {
        const char *stage = e->result->stages.items[s], *comma = s > first ? ", " : "";
        text_printf(&run, "%s%s", comma, stage);
        text_printf(&tasks, "%s%s_tasks", comma, stage);
        text_printf(&sum, "%s%s_tasks(B)", s > first ? " + " : "", stage);
    }
    e->out = ARENA_NEW(e->arena, text);
    text_init(e->out, e->arena);
    e->indent = 1;
    line(e, "static void (*const run[])(void *const *, i64, i64, i64, void *) = {%s};", run.data);
    line(e, "static i64 (*const count[])(i64) = {%s};", tasks.data);
    open_block(e, "for (int s = 0; s < %u; s++) {", end - first);
    line(e, "const i64 tasks = count[s](B), low = begin < 0 ? 0 : begin, high = end < tasks ? end "
            ": tasks;");
    line(e, "if (low < high) run[s](buffers, B, low, high, scratch);");
    line(e, "begin -= tasks;");
    line(e, "end -= tasks;");
    close_block(e);
    print_count(e, name, "tasks", sum.data);
    print_head(e, arena_format(e->arena,
                               "HIDDEN void %s(void *const *buffers, i64 B, i64 begin, "
                               "i64 end, void *scratch)",
                               name));
    text_append(&e->functions, e->out->data);
    text_append(&e->functions, "}\n\n");
    return name;
}

static bool disturb(stage_access x, stage_access y) {
    return (x.writes & (y.reads | y.writes)) != 0 || (x.reads & y.writes) != 0;
}

/* Neighbouring stages that leave each other's data alone become one: a launch less each, and
 * small updates share the threads. */
static void join_stages(emitter *e) {
    name_list joined = {0};
    uint32_t count = e->result->stages.count;
    for (uint32_t first = 0, end; first < count; first = end) {
        bool free = true;
        for (end = first + 1; end < count && free; end += free)
            for (uint32_t s = first; s < end; s++)
                free = free && !disturb(e->accesses.items[s], e->accesses.items[end]);
        const char *name =
            end - first > 1 ? emit_union(e, first, end) : e->result->stages.items[first];
        vec_push(e->arena, &joined, name);
    }
    e->result->stages = joined;
}

/* ---- the body ------------------------------------------------------------------------------ */

static void emit_scalars(emitter *e, stmt_list *scalars) {
    stage_access access = {0};
    if (scalars->count == 0)
        return;
    emit_single_task(e, scalars);
    add_accesses(scalars, &access);
    note_accesses(e, access);
    *scalars = (stmt_list){0};
}

static void emit_stages(emitter *e) {
    const stmt_list *body = &e->kernel->body;
    stmt_list scalars = {0};
    for (uint32_t i = 0; i < body->count; i++) {
        stmt *s = body->items[i];
        stage_access access = {0};
        if (s->kind != STMT_CONTRACT && (s->kind != STMT_LOOP || !s->parallel)) {
            vec_push(e->arena, &scalars, s);
            continue;
        }
        emit_scalars(e, &scalars);
        if (s->kind == STMT_CONTRACT)
            emit_contract(e, s);
        else
            emit_nest(e, s);
        add_statement(s, &access);
        note_accesses(e, access);
    }
    emit_scalars(e, &scalars);
    join_stages(e);
}

/* ---- kernels ------------------------------------------------------------------------------- */

/* Keeps what a dump says about a kernel from ending its comment. */
static const char *comment_text(const char *words, arena *a) {
    char *copy = arena_string(a, words);
    for (char *c = copy; *c; c++)
        if (*c == '*' && c[1] == '/')
            *c = '+';
    return copy;
}

static void print_header(emitter *e, text *out) {
    const char *summary = e->kernel->summary ? e->kernel->summary : "";
    append_wrapped(out,
                   arena_format(e->arena, "/* %s: %s", e->name, comment_text(summary, e->arena)),
                   " *     ");
    for (uint32_t i = 0; i < e->kernel->buffers.count; i++) {
        text_printf(out, "%s%s: ", i % 4 ? "  " : "\n * ", e->buffers[i]);
        text_type(out, &e->kernel->buffers.items[i].type);
    }
    text_append(out, " */\n");
}

static emitter *emitter_new(const kernel *k, const char *name, const isa_level *isa, arena *a) {
    emitter *e = ARENA_NEW(a, emitter);
    e->arena = a;
    e->kernel = k;
    e->variable_count = k->variable_count;
    e->isa = isa;
    e->name = arena_string(a, name);
    e->result = ARENA_NEW(a, cpu_kernel);
    e->result->name = e->name;
    prelude_init(&e->result->functions, a);
    map_init(&e->taken, a);
    text_init(&e->functions, a);
    e->names = ARENA_ARRAY(a, const char *, k->variable_count + OWN_AXES);
    e->extents = ARENA_ARRAY(a, dim, k->variable_count + OWN_AXES);
    e->printer = (expression_printer){.style = &style_c,
                                      .arena = a,
                                      .user = e,
                                      .variable = variable_name,
                                      .buffer = buffer_name,
                                      .buffer_type = buffer_type,
                                      .function = function_used};
    return e;
}

static void reserve_names(emitter *e) {
    static const char *const reserved[] = {
        "B",      "begin", "end",   "scratch", "buffers", "i64",     "task",  "tile",
        "low",    "high",  "block", "blocks",  "width",   "all",     "first", "size",
        "column", "left",  "right", "to",      "packed",  "partial", "point", "panel",
        "square", "steps", "into",  "from",    "lane",    "a",       "b",     "x"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        fresh_name(e, reserved[i]);
}

cpu_kernel *emit_kernel(const kernel *k, const char *name, const isa_level *isa, arena *a) {
    k = sink_scalars(k, a);
    emitter *e = emitter_new(k, name, isa, a);
    reserve_names(e);
    name_buffers(e);
    name_variables(e, &k->body);
    if (scalars_feed_loops(k))
        emit_single_task(e, &k->body);
    else
        emit_stages(e);
    text unused;
    text_init(&unused, a);
    size_t locals = declare_buffers(e, "", &unused);
    if (locals)
        claim_scratch(e, arena_format(a, "%zu", locals));
    e->result->scratch = e->scratch;
    e->result->workspace = e->workspace;
    text out;
    text_init(&out, a);
    print_header(e, &out);
    text_append(&out, e->functions.data);
    e->result->text = out.data;
    return e->result;
}
