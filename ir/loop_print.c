/* The text form of kernels, for dumps, remarks and tests.
 *
 *     kernel @softmax_Bx10 (in %0: f32[B,10], out %1: f32[B,10]) {
 *         parallel i0 < B {
 *             reduce m1 : f32 = max i2 < 10 {
 *                 %0[i0, i2]
 *             }
 *             ...
 *
 * Indices print as arithmetic (i0*28 + i1), values as calls (add(t0, 1)), so that the two
 * kinds of expression look different. A variable prints as its hint and its id.
 */
#include <string.h>

#include "ir/loop.h"

static void print_variable(text *out, const loop_variable *v) {
    text_printf(out, "%s%d", v->hint == NULL ? "t" : v->hint, v->id);
}

static void print_expr(text *out, const expr *x);

static void print_list(text *out, const expr *const *list, int count) {
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text_append(out, ", ");
        print_expr(out, list[i]);
    }
}

static void print_load(text *out, const expr *x) {
    text_printf(out, "%%%d[", x->buffer);
    print_list(out, x->index, x->rank);
    text_append(out, "]");
    if (x->guard != NULL) {
        text_append(out, " if ");
        print_expr(out, x->guard);
        text_append(out, " else ");
        print_expr(out, x->otherwise);
    }
}

/* The sign of index arithmetic; NULL for what prints as a call. */
static const char *infix(const expr *x) {
    if (x->dtype != CN_I64 && !(x->dtype == CN_BOOL && x->argument_count == 2))
        return NULL;
    switch (x->scalar) {
    case SCALAR_ADD:
        return " + ";
    case SCALAR_SUB:
        return " - ";
    case SCALAR_MUL:
        return "*";
    case SCALAR_DIV:
        return "/";
    case SCALAR_REM:
        return "%";
    case SCALAR_LT:
        return " < ";
    case SCALAR_LE:
        return " <= ";
    case SCALAR_GT:
        return " > ";
    case SCALAR_GE:
        return " >= ";
    case SCALAR_EQ:
        return " == ";
    case SCALAR_NE:
        return " != ";
    case SCALAR_AND:
        return x->dtype == CN_BOOL ? " && " : NULL;
    case SCALAR_OR:
        return x->dtype == CN_BOOL ? " || " : NULL;
    default:
        return NULL;
    }
}

/* Sums chain without parentheses; anything else inside a product gets them. */
static void print_operand(text *out, const expr *x, const expr *parent, bool first) {
    bool sums = parent->scalar == SCALAR_ADD || (parent->scalar == SCALAR_SUB && first);
    bool atom = x->kind != EXPR_SCALAR || infix(x) == NULL;
    bool plain = atom || (sums && x->dtype == CN_I64) ||
                 (x->scalar == SCALAR_MUL && parent->dtype == CN_I64 &&
                  parent->scalar != SCALAR_DIV && parent->scalar != SCALAR_REM);
    if (!plain)
        text_append(out, "(");
    print_expr(out, x);
    if (!plain)
        text_append(out, ")");
}

static void print_scalar(text *out, const expr *x) {
    const char *sign = infix(x);
    if (sign != NULL) {
        print_operand(out, x->arguments[0], x, true);
        text_append(out, sign);
        print_operand(out, x->arguments[1], x, false);
        return;
    }
    text_append(out, scalar_table[x->scalar].name);
    if (x->scalar == SCALAR_CAST || x->scalar == SCALAR_BITCAST)
        text_printf(out, "<%s>", dtype_name(x->dtype));
    text_append(out, "(");
    print_list(out, x->arguments, x->argument_count);
    text_append(out, ")");
}

static void print_expr(text *out, const expr *x) {
    switch (x->kind) {
    case EXPR_CONSTANT:
        if (dtype_is_float(x->dtype))
            text_float(out, x->number, x->dtype != CN_F64);
        else
            text_printf(out, "%lld", (long long)x->integer);
        break;
    case EXPR_VARIABLE:
        print_variable(out, x->variable);
        break;
    case EXPR_EXTENT:
        text_dim(out, x->extent);
        break;
    case EXPR_LOAD:
        print_load(out, x);
        break;
    case EXPR_SCALAR:
        print_scalar(out, x);
        break;
    }
}

static void print_axes(text *out, loop_variable *const *axes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? ", " : " ");
        print_variable(out, axes[i]);
        text_append(out, " < ");
        text_dim(out, axes[i]->extent);
    }
}

static void print_body(text *out, const stmt_list *body, int depth);

static void print_let(text *out, const stmt *s) {
    text_append(out, "let ");
    print_variable(out, s->variable);
    text_printf(out, " : %s = ", dtype_name(s->variable->dtype));
    print_expr(out, s->value);
    text_append(out, "\n");
}

static void print_store(text *out, const stmt *s) {
    text_printf(out, "%%%d[", s->buffer);
    print_list(out, s->index, s->rank);
    text_append(out, "] = ");
    print_expr(out, s->value);
    text_append(out, "\n");
}

static void print_loop(text *out, const stmt *s, int depth) {
    text_append(out, s->parallel ? "parallel" : "for");
    print_axes(out, &s->variable, 1);
    text_append(out, " {\n");
    print_body(out, &s->body, depth + 1);
    text_indent(out, depth);
    text_append(out, "}\n");
}

/* Statements, then the expression they lead to. */
static void print_block(text *out, const stmt_list *lets, const expr *value, int depth) {
    text_append(out, " {\n");
    print_body(out, lets, depth + 1);
    text_indent(out, depth + 1);
    print_expr(out, value);
    text_append(out, "\n");
    text_indent(out, depth);
    text_append(out, "}\n");
}

static void print_reduce(text *out, const stmt *s, int depth) {
    static const char *const folds[] = {"sum", "prod", "max", "min", "and", "or"};
    text_append(out, "reduce ");
    print_variable(out, s->variable);
    text_printf(out, " : %s = %s", dtype_name(s->variable->dtype), folds[s->fold]);
    print_axes(out, s->axes.items, s->axes.count);
    print_block(out, &s->body, s->value, depth);
}

static void print_contract(text *out, const loop_contract *c, int depth) {
    text_append(out, "contract ");
    print_variable(out, c->result);
    text_printf(out, " : %s over", dtype_name(c->accumulator));
    print_axes(out, c->parallel.items, c->parallel.count);
    text_append(out, "; sum");
    print_axes(out, c->reduction.items, c->reduction.count);
    text_append(out, " {\n");
    text_indent(out, depth + 1);
    text_append(out, "left");
    print_block(out, &c->left_lets, c->left, depth + 1);
    text_indent(out, depth + 1);
    text_append(out, "right");
    print_block(out, &c->right_lets, c->right, depth + 1);
    print_body(out, &c->epilogue, depth + 1);
    text_indent(out, depth);
    text_append(out, "}\n");
}

static void print_body(text *out, const stmt_list *body, int depth) {
    for (uint32_t i = 0; i < body->count; i++) {
        const stmt *s = body->items[i];
        text_indent(out, depth);
        switch (s->kind) {
        case STMT_LOOP:
            print_loop(out, s, depth);
            break;
        case STMT_LET:
            print_let(out, s);
            break;
        case STMT_STORE:
            print_store(out, s);
            break;
        case STMT_REDUCE:
            print_reduce(out, s, depth);
            break;
        case STMT_CONTRACT:
            print_contract(out, s->contract, depth);
            break;
        }
    }
}

static void print_buffers(text *out, const kernel *k, int from, int to) {
    static const char *const access[] = {"in", "out", "inout", "local"};
    for (int i = from; i < to; i++) {
        const loop_buffer *b = &k->buffers.items[i];
        text_printf(out, "%s%s %%%d: ", i > from ? ", " : "", access[b->access], i);
        text_type(out, &b->type);
    }
}

void kernel_print(const kernel *k, text *out) {
    if (k->summary != NULL)
        text_printf(out, "# %s\n", k->summary);
    text_printf(out, "kernel @%s (", k->name);
    print_buffers(out, k, 0, k->argument_count);
    text_append(out, ") {\n");
    if ((int)k->buffers.count > k->argument_count) {
        text_indent(out, 1);
        print_buffers(out, k, k->argument_count, (int)k->buffers.count);
        text_append(out, "\n");
    }
    print_body(out, &k->body, 1);
    text_append(out, "}\n");
}
