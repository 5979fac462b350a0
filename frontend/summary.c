/* cn_summary: Keras' table of a model's layers, to the character.
 *
 * Keras lets `rich` draw it. What rich does with a table of a given width is this: columns get
 * their share of the line, two cells of padding, and together lose what the frame takes (three
 * cells each, the one before the last four); cells are wrapped between words, and a word that is
 * too long ends in "…". The graph's own columns appear when the model is no chain of layers.
 */
#include <stdio.h>
#include <string.h>

#include "base/platform.h"
#include "frontend/model.h"

enum { MOST_COLUMNS = 5 };
typedef enum alignment { LEFT, RIGHT, CENTER } alignment;

typedef struct column {
    const char *title;
    alignment alignment;
    size_t width; /* of the text in it */
} column;

typedef struct table {
    cn_model *m;
    const cn_summary_options *o;
    arena *a;
    text out;
    bool chain;
    column columns[MOST_COLUMNS];
    int count;
} table;

/* ---- is it a chain? --------------------------------------------------------------------- */

static uint32_t outer_call_of(const cn_context *c, uint32_t id) {
    uint32_t call = c->call_of_node.items[id];
    while (c->calls.items[call].parent != 0)
        call = c->calls.items[call].parent;
    return call;
}

/* Every call but the first takes what the one before it made, and no layer is called twice. */
static bool is_chain(const cn_model *m) {
    const cn_context *c = m->context;
    if (m->sequential)
        return true;
    if (m->inputs.count != 1 || m->calls.count != m->layers.count)
        return false;
    for (uint32_t i = 0; i < m->calls.count; i++) {
        const layer_call *call = &c->calls.items[m->calls.items[i]];
        if (i == 0 ? call->input_count != 0 : call->input_count != 1)
            return false;
        if (i > 0 && outer_call_of(c, call->inputs[0].node) != m->calls.items[i - 1])
            return false;
    }
    return true;
}

/* ---- fields of a row -------------------------------------------------------------------- */

static void add_number(text *out, size_t n) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%zu", n);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_append(out, ",");
        text_append_n(out, &digits[i], 1);
    }
}

static void add_shape(text *out, const type *t) {
    text_append(out, "(");
    for (int i = 0; i < t->rank; i++) {
        text_append(out, i > 0 ? ", " : "");
        if (t->dims[i].symbolic)
            text_append(out, "None");
        else
            text_printf(out, "%lld", (long long)t->dims[i].count);
    }
    text_append(out, t->rank == 1 ? ",)" : ")");
}

/* The output of its last call; of several outputs, a list. */
static const char *shape_field(const table *t, const cn_layer *l) {
    text out;
    text_init(&out, t->a);
    const cn_context *c = l->context;
    uint32_t last = 0;
    for (uint32_t i = 0; i < l->calls.count; i++)
        if (c->calls.items[l->calls.items[i]].parent == 0 || last == 0)
            last = l->calls.items[i];
    if (last == 0)
        return "?";
    const layer_call *call = &c->calls.items[last];
    text_append(&out, call->output_count > 1 ? "[" : "");
    for (uint32_t i = 0; i < call->output_count; i++) {
        text_append(&out, i > 0 ? ", " : "");
        add_shape(&out, tensor_type(call->outputs[i]));
    }
    text_append(&out, call->output_count > 1 ? "]" : "");
    return out.data;
}

/* Which call of its layer, of those that are not inside of a nested model. */
static uint32_t ordinal_of(const cn_context *c, uint32_t id) {
    const cn_layer *l = c->calls.items[id].layer;
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->calls.count && l->calls.items[i] != id; i++)
        n += c->calls.items[l->calls.items[i]].parent == 0;
    return n;
}

/* `tower[0][0]`; an op between layers stands for what it takes. */
static void add_source(const table *t, uint32_t from, text *out) {
    const cn_context *c = t->m->context;
    uint32_t id = outer_call_of(c, from);
    if (id == 0) {
        const node *n = graph_node(c->record, from);
        for (uint32_t i = 0; i < n->operand_count; i++)
            add_source(t, n->operands[i].node, out);
        return;
    }
    const layer_call *call = &c->calls.items[id];
    uint32_t which = 0;
    while (which + 1 < call->output_count && call->outputs[which].node != from)
        which++;
    text_printf(out, "%s%s[%u][%u]", out->length > 0 ? ", " : "", cn_layer_name(call->layer),
                ordinal_of(c, id), which);
}

static const char *connection_field(const table *t, const cn_layer *l) {
    text out;
    text_init(&out, t->a);
    for (uint32_t i = 0; i < t->m->calls.count; i++) {
        const layer_call *call = &t->m->context->calls.items[t->m->calls.items[i]];
        for (uint32_t k = 0; call->layer == l && k < call->input_count; k++)
            add_source(t, call->inputs[k].node, &out);
    }
    return out.length > 0 ? out.data : "-";
}

static const char *trainable_field(const cn_layer *l) {
    bool has = l->weights.count > 0 || (l->model != NULL && l->model->weights.count > 0);
    return !has ? "-" : l->frozen ? "N" : "Y";
}

/* ---- cells ------------------------------------------------------------------------------ */

/* Bytes of the character at s, and its width: everything but ASCII is one cell wide. */
static size_t character_bytes(const char *s) {
    size_t n = 1;
    while (((unsigned char)s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static size_t cells_of(const char *s, size_t bytes) {
    size_t cells = 0;
    for (size_t i = 0; i < bytes; i += character_bytes(s + i))
        cells++;
    return cells;
}

typedef struct piece {
    const char *words;
    size_t bytes;
} piece;
typedef VEC(piece) piece_list;

/* The end of the word that begins at s, blanks before and after it included; *last is where its
 * letters end. */
static size_t word_end(const char *s, size_t *last) {
    size_t i = strspn(s, " ");
    i += strcspn(s + i, " ");
    *last = i;
    return i + strspn(s + i, " ");
}

static piece trimmed(const char *s, size_t bytes) {
    while (bytes > 0 && s[bytes - 1] == ' ')
        bytes--;
    return (piece){s, bytes};
}

static piece_list wrap(arena *a, const char *s, size_t width) {
    piece_list lines = {0};
    size_t begin = 0, at = 0, used = 0;
    while (s[at] != 0) {
        size_t letters, whole = word_end(s + at, &letters);
        if (used + cells_of(s + at, letters) > width && at > begin) {
            vec_push(a, &lines, trimmed(s + begin, at - begin));
            begin = at;
            used = 0;
        }
        used += cells_of(s + at, whole);
        at += whole;
    }
    vec_push(a, &lines, trimmed(s + begin, at - begin));
    return lines;
}

static void add_blanks(text *out, size_t n) {
    for (size_t i = 0; i < n; i++)
        text_append(out, " ");
}

static void add_cell(text *out, const column *c, piece p) {
    size_t cells = cells_of(p.words, p.bytes), bytes = p.bytes;
    bool cut = cells > c->width;
    if (cut) {
        bytes = 0;
        for (cells = 1; cells < c->width; cells++)
            bytes += character_bytes(p.words + bytes);
    }
    size_t room = c->width - cells;
    size_t before = c->alignment == RIGHT ? room : c->alignment == CENTER ? room / 2 : 0;
    add_blanks(out, 1 + before);
    text_append_n(out, p.words, bytes);
    text_append(out, cut ? "…" : "");
    add_blanks(out, room - before + 1);
}

static void add_row(table *t, const char *const *fields, const char *bar) {
    piece_list cells[MOST_COLUMNS];
    uint32_t height = 1;
    for (int i = 0; i < t->count; i++) {
        cells[i] = wrap(t->a, fields[i], t->columns[i].width);
        if (cells[i].count > height)
            height = cells[i].count;
    }
    for (uint32_t row = 0; row < height; row++) {
        for (int i = 0; i < t->count; i++) {
            text_append(&t->out, bar);
            add_cell(&t->out, &t->columns[i],
                     row < cells[i].count ? cells[i].items[row] : (piece){"", 0});
        }
        text_printf(&t->out, "%s\n", bar);
    }
}

static void add_rule(table *t, const char *left, const char *line, const char *cross,
                     const char *right) {
    for (int i = 0; i < t->count; i++) {
        text_append(&t->out, i == 0 ? left : cross);
        for (size_t k = 0; k < t->columns[i].width + 2; k++)
            text_append(&t->out, line);
    }
    text_printf(&t->out, "%s\n", right);
}

/* ---- the table -------------------------------------------------------------------------- */

static bool lay_out(table *t) {
    const double chain[] = {0.45, 0.80, 1.0}, graph_shares[] = {0.3, 0.56, 0.74, 1.0};
    const double *shares = t->chain ? chain : graph_shares;
    const bool trainable = t->o->show_trainable;
    t->count = (t->chain ? 3 : 4) + trainable;
    int line = (t->chain ? 88 : 108) + (trainable ? 12 : 0), screen = terminal_columns();
    if (screen > 0 && screen - 4 < line)
        line = screen - 4;
    if (t->o->line_length > 0)
        line = t->o->line_length;
    const column titles[] = {{"Layer (type)", LEFT, 0},
                             {"Output Shape", LEFT, 0},
                             {"Param #", RIGHT, 0},
                             {"Connected to", LEFT, 0}};
    int begin = 0;
    for (int i = 0; i < t->count; i++) {
        bool last = trainable && i == t->count - 1;
        double share = last ? 1.0 : trainable ? shares[i] * 0.90 : shares[i];
        int width = (int)(share * line) - begin;
        begin += width;
        t->columns[i] = last ? (column){"Trainable", CENTER, 0} : titles[i];
        width -= i == t->count - 2 ? 4 : 3;
        if (width < 1)
            return diag_fail(&t->m->context->diag, CN_ERROR_INVALID_ARGUMENT,
                             "summary: .line_length = %d is too narrow", line);
        t->columns[i].width = (size_t)width;
    }
    return true;
}

static void add_layer(table *t, const cn_layer *l, int level) {
    text name, parameters;
    text_init(&name, t->a);
    text_init(&parameters, t->a);
    for (int i = 0; i < level; i++)
        text_append(&name, "   ");
    text_printf(&name, "%s%s (%s)", level > 0 ? "└ " : "", cn_layer_name(l), l->class_name);
    add_number(&parameters, layer_parameters(l));
    const char *fields[MOST_COLUMNS] = {name.data, shape_field(t, l), parameters.data};
    int n = 3;
    if (!t->chain)
        fields[n++] = level > 0 ? "-" : connection_field(t, l);
    if (t->o->show_trainable)
        fields[n++] = trainable_field(l);
    add_row(t, fields, "│");
}

static void add_layers(table *t, const cn_model *m, int level, bool *first) {
    for (uint32_t i = 0; i < m->layers.count; i++) {
        const cn_layer *l = m->layers.items[i];
        if (m->sequential && l->class == &input_class)
            continue;
        if (!*first)
            add_rule(t, "├", "─", "┼", "┤");
        *first = false;
        add_layer(t, l, level);
        if (t->o->expand_nested && l->model != NULL)
            add_layers(t, l->model, level + 1, first);
    }
}

static void add_table(table *t) {
    const char *titles[MOST_COLUMNS];
    bool first = true;
    for (int i = 0; i < t->count; i++)
        titles[i] = t->columns[i].title;
    text_printf(&t->out, "Model: \"%s\"\n", t->m->name);
    add_rule(t, "┏", "━", "┳", "┓");
    add_row(t, titles, "┃");
    add_rule(t, "┡", "━", "╇", "┩");
    add_layers(t, t->m, 0, &first);
    add_rule(t, "└", "─", "┴", "┘");
}

/* ---- what it amounts to ----------------------------------------------------------------- */

typedef struct amount {
    size_t count, bytes;
} amount;

static void count_variable(amount *x, const variable *v) {
    if (v == NULL)
        return;
    x->count += (size_t)type_count(&v->type, 0);
    x->bytes += (size_t)type_bytes(&v->type, 0);
}

static amount count_weights(const cn_model *m, bool trainable) {
    amount x = {0};
    for (uint32_t i = 0; i < m->weights.count; i++) {
        const variable *v = m->weights.items[i];
        if ((v->trainable && !v->layer->frozen) == trainable)
            count_variable(&x, v);
    }
    return x;
}

/* Keras makes the optimizer's variables at the first step; so they count from then on. */
static amount count_optimizer(const cn_model *m) {
    amount x = {0};
    const cn_optimizer *o = m->training == NULL ? NULL : m->training->optimizer;
    if (o == NULL || o->iteration == NULL || o->iteration->data == NULL)
        return x;
    count_variable(&x, o->iteration);
    count_variable(&x, o->learning_rate);
    for (uint32_t i = 0; i < o->slots.count; i++)
        count_variable(&x, o->slots.items[i]);
    return x;
}

static void add_amount(text *out, const char *what, amount x) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    double size = (double)x.bytes;
    int unit = 0;
    for (; size >= 1024 && unit < 5; unit++)
        size /= 1024;
    text_printf(out, " %s params: ", what);
    add_number(out, x.count);
    text_printf(out, " (%.2f %s)\n", size, units[unit]);
}

static void add_amounts(table *t) {
    amount learns = count_weights(t->m, true), rests = count_weights(t->m, false);
    amount optimizer = count_optimizer(t->m);
    amount total = {learns.count + rests.count + optimizer.count,
                    learns.bytes + rests.bytes + optimizer.bytes};
    add_amount(&t->out, "Total", total);
    add_amount(&t->out, "Trainable", learns);
    add_amount(&t->out, "Non-trainable", rests);
    if (optimizer.count > 0)
        add_amount(&t->out, "Optimizer", optimizer);
}

static bool summarize(cn_model *m, const cn_summary_options *o, arena *a) {
    table t = {.m = m, .o = o, .a = a, .chain = is_chain(m)};
    text_init(&t.out, a);
    if (!lay_out(&t))
        return false;
    add_table(&t);
    add_amounts(&t);
    context_write(m->context, t.out.data, t.out.length);
    return true;
}

cn_status cn_summary_at(cn_source where, const cn_summary_options *options) {
    cn_summary_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_model *m = o.model;
    if (m == NULL || m->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (m->poison)
        context_fail(c, where, CN_ERROR_GRAPH, "summary: the model could not be built");
    if (!diag_ok(&c->diag))
        return c->diag.status;
    arena *a = arena_new(c->memory, &c->diag);
    if (a == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "summary: out of memory");
    CONTEXT_ENTER(c, (arena_free(a), c->diag.status));
    bool ok = a != NULL && summarize(m, &o, a);
    CONTEXT_LEAVE(c);
    arena_free(a);
    return ok ? CN_OK : c->diag.status;
}
