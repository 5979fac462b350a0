/* One pass over the tree. A pattern's `$1`..`$3` are the operands, printed one level stronger on
 * the right side, so that a chain of additions keeps its order without parentheses. */
#include "codegen/print_expr.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define SUM(text) \
    { text, LEVEL_SUM }
#define PRODUCT(text) \
    { text, LEVEL_PRODUCT }
#define COMPARE(text)                                   \
    {                                                   \
        {text, LEVEL_COMPARE}, {text, LEVEL_COMPARE}, { \
            text, LEVEL_COMPARE                         \
        }                                               \
    }
#define BITS(text)                       \
    {                                    \
        {NULL, 0}, {text, LEVEL_BITS}, { \
            text, LEVEL_BITS             \
        }                                \
    }
#define SELECT \
    { "$1 ? $2 : $3", LEVEL_CONDITIONAL }

const expression_style style_c = {
    .formats = {
        [SCALAR_NEG] = {{"-$1", LEVEL_UNARY}},
        [SCALAR_NOT] = {{NULL, 0}, {"~$1", LEVEL_UNARY}, {"!$1", LEVEL_UNARY}},
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
        [SCALAR_XOR] = BITS("$1 ^ $2"),
        [SCALAR_SELECT] = {SELECT, SELECT, SELECT},
    }};

static const char *const value_names[CN_DTYPE_COUNT] = {
    [CN_F32] = "float",          [CN_F64] = "double",     [CN_BF16] = "float",
    [CN_F16] = "float",          [CN_I64] = "i64",        [CN_I32] = "int",
    [CN_U32] = "unsigned",       [CN_I8] = "signed char", [CN_U8] = "unsigned char",
    [CN_BOOL] = "unsigned char",
};

static bool is_half(cn_dtype d) {
    return d == CN_BF16 || d == CN_F16;
}

const char *value_type_name(cn_dtype d) {
    return value_names[d];
}

const char *storage_type_name(cn_dtype d) {
    return is_half(d) ? "unsigned short" : value_names[d];
}

const char *dtype_suffix(cn_dtype d) {
    if (d == CN_BOOL)
        return "u8";
    return dtype_name(is_half(d) ? CN_F32 : d);
}

static operand_class class_of(cn_dtype d) {
    if (d == CN_BOOL)
        return CLASS_BOOL;
    return dtype_is_float(d) ? CLASS_FLOAT : CLASS_INTEGER;
}

static void print_open(expression_printer *p, int level, int wanted) {
    if (level < wanted)
        text_append(p->out, "(");
}

static void print_close(expression_printer *p, int level, int wanted) {
    if (level < wanted)
        text_append(p->out, ")");
}

/* ---- numbers, extents, addresses ----------------------------------------------------------- */

static void print_float(text *out, cn_dtype dtype, double number) {
    bool narrow = dtype != CN_F64;
    if (isnan(number)) {
        text_append(out, narrow ? "__builtin_nanf(\"\")" : "__builtin_nan(\"\")");
    } else if (isinf(number)) {
        text_printf(out, "%s__builtin_inf%s()", number < 0 ? "-" : "", narrow ? "f" : "");
    } else {
        size_t start = out->length;
        text_float(out, number, narrow);
        if (!strpbrk(out->data + start, ".e"))
            text_append(out, ".0");
        if (narrow)
            text_append(out, "f");
    }
}

static void print_integer(text *out, cn_dtype dtype, int64_t integer) {
    if (dtype == CN_U32)
        text_printf(out, "%lluu", (unsigned long long)(uint32_t)integer);
    else if (integer == INT64_MIN)
        text_append(out, "(-9223372036854775807ll - 1)");
    else if (dtype == CN_I32 && integer == INT32_MIN)
        text_append(out, "(-2147483647 - 1)");
    else
        text_printf(out, "%lld%s", (long long)integer,
                    integer > INT32_MAX || integer < -INT32_MAX ? "ll" : "");
}

void print_number(text *out, cn_dtype dtype, double number, int64_t integer) {
    if (dtype_is_float(dtype))
        print_float(out, dtype, number);
    else
        print_integer(out, dtype, integer);
}

/* constant + batch * B */
typedef struct factor {
    int64_t constant, batch;
} factor;

static factor factor_of(dim d) {
    return d.symbolic ? (factor){0, d.count} : (factor){d.count, 0};
}

static void print_factor(text *out, factor f, int level) {
    if (f.batch == 0) {
        text_printf(out, "%lld", (long long)f.constant);
        return;
    }
    bool product = f.constant == 0 && f.batch != 1, sum = f.constant != 0;
    bool parentheses = (product && level > LEVEL_PRODUCT) || (sum && level > LEVEL_SUM);
    if (parentheses)
        text_append(out, "(");
    if (f.constant)
        text_printf(out, "%lld + ", (long long)f.constant);
    if (f.batch != 1)
        text_printf(out, "%lld * ", (long long)f.batch);
    text_append(out, "B");
    if (parentheses)
        text_append(out, ")");
}

void print_dim(text *out, dim d, int level) {
    print_factor(out, factor_of(d), level);
}

static bool vanishes(expression_printer *p, const linear_term *term) {
    if (term->coefficient.count == 0)
        return true;
    return term->atom->kind == EXPR_VARIABLE && !p->variable(p, term->atom->variable);
}

static void print_term(expression_printer *p, const linear_term *term, bool first) {
    dim k = term->coefficient;
    bool negative = k.count < 0;
    if (negative)
        k.count = -k.count;
    if (first)
        text_append(p->out, negative ? "-" : "");
    else
        text_append(p->out, negative ? " - " : " + ");
    bool alone = dim_is(k, 1);
    print_expression(p, term->atom, negative && first ? LEVEL_UNARY : LEVEL_PRODUCT + !alone);
    if (alone)
        return;
    text_append(p->out, " * ");
    print_factor(p->out, factor_of(k), LEVEL_UNARY);
}

static void print_constant_term(expression_printer *p, const linear *l, bool first) {
    if (l->constant == 0 && l->batch == 0 && !first)
        return;
    if (!first && l->batch == 0 && l->constant < 0) {
        text_printf(p->out, " - %lld", -(long long)l->constant);
        return;
    }
    if (!first)
        text_append(p->out, " + ");
    print_factor(p->out, (factor){l->constant, l->batch}, first ? LEVEL_SUM : LEVEL_PRODUCT);
}

/* How strongly what print_sum prints binds. */
static int level_of_sum(expression_printer *p, const linear *l) {
    int count = l->constant != 0 || l->batch != 0;
    const linear_term *last = NULL;
    for (int i = 0; i < l->count; i++) {
        if (vanishes(p, &l->terms[i]))
            continue;
        last = &l->terms[i];
        count++;
    }
    if (count > 1)
        return LEVEL_SUM;
    if (!last)
        return l->batch > 1 ? LEVEL_PRODUCT : l->constant < 0 ? LEVEL_UNARY : LEVEL_PRIMARY;
    bool name = last->atom->kind == EXPR_VARIABLE;
    return name && dim_is(last->coefficient, 1) ? LEVEL_PRIMARY : LEVEL_PRODUCT;
}

static void print_sum(expression_printer *p, const linear *l, int level) {
    int own = level_of_sum(p, l);
    print_open(p, own, level);
    bool first = true;
    for (int i = 0; i < l->count; i++) {
        if (vanishes(p, &l->terms[i]))
            continue;
        print_term(p, &l->terms[i], first);
        first = false;
    }
    print_constant_term(p, l, first);
    print_close(p, own, level);
}

/* Index arithmetic never overflows and divides by extents only, so C's own operators serve. It is
 * what is made of axes, extents and constants; numbers that were loaded or cast are data. */
static const scalar_format index_formats[SCALAR_COUNT] = {
    [SCALAR_NEG] = {"-$1", LEVEL_UNARY},       [SCALAR_ADD] = {"$1 + $2", LEVEL_SUM},
    [SCALAR_SUB] = {"$1 - $2", LEVEL_SUM},     [SCALAR_MUL] = {"$1 * $2", LEVEL_PRODUCT},
    [SCALAR_DIV] = {"$1 / $2", LEVEL_PRODUCT}, [SCALAR_REM] = {"$1 % $2", LEVEL_PRODUCT},
};

static bool is_index(const expr *e) {
    if (e->dtype != CN_I64 || e->kind == EXPR_LOAD)
        return false;
    if (e->kind == EXPR_VARIABLE)
        return e->variable->is_axis;
    if (e->kind == EXPR_SCALAR && !index_formats[e->scalar].pattern)
        return false;
    for (int i = 0; i < e->argument_count; i++)
        if (!is_index(e->arguments[i]))
            return false;
    return true;
}

static void print_pattern(expression_printer *p, const expr *e, const scalar_format *f, int level);

void print_index(expression_printer *p, const expr *e, int level) {
    linear l;
    if (linear_of(e, &l) && !(l.count == 1 && l.terms[0].atom == e))
        print_sum(p, &l, level);
    else if (e->kind == EXPR_SCALAR && is_index(e))
        print_pattern(p, e, &index_formats[e->scalar], level);
    else
        print_expression(p, e, level);
}

/* ---- loads --------------------------------------------------------------------------------- */

void print_element(expression_printer *p, int buffer, const expr *offset) {
    cn_dtype dtype = p->buffer_type(p, buffer)->dtype;
    if (is_half(dtype)) {
        const char *name = arena_format(p->arena, "cn_cast_%s_f32", dtype_name(dtype));
        p->function(p, name);
        text_printf(p->out, "%s(", name);
    }
    text_printf(p->out, "%s[", p->buffer(p, buffer));
    print_index(p, offset, 0);
    text_append(p->out, is_half(dtype) ? "])" : "]");
}

static void print_load(expression_printer *p, const expr *e, int level) {
    const expr *offset = expr_offset(p->arena, p->buffer_type(p, e->buffer), e->index);
    if (!e->guard) {
        print_element(p, e->buffer, offset);
        return;
    }
    print_open(p, LEVEL_CONDITIONAL, level);
    print_expression(p, e->guard, LEVEL_CONDITION);
    text_append(p->out, " ? ");
    print_element(p, e->buffer, offset);
    text_append(p->out, " : ");
    print_expression(p, e->otherwise, LEVEL_CONDITIONAL + 1);
    print_close(p, LEVEL_CONDITIONAL, level);
}

/* ---- operations ---------------------------------------------------------------------------- */

static void print_arguments(expression_printer *p, const expr *e) {
    for (int i = 0; i < e->argument_count; i++) {
        if (i)
            text_append(p->out, ", ");
        print_expression(p, e->arguments[i], 0);
    }
}

static void print_call(expression_printer *p, const expr *e) {
    const char *name = arena_format(p->arena, "cn_%s_%s", scalar_table[e->scalar].name,
                                    dtype_suffix(e->arguments[0]->dtype));
    p->function(p, name);
    text_printf(p->out, "%s(", name);
    print_arguments(p, e);
    text_append(p->out, ")");
}

/* What stands at $1: operands of equal level may follow on the left only, and operators that C
 * readers cannot rank (bits, comparisons, ?:) take nothing weaker than a sum bare. */
static int operand_level(const scalar_format *f, int operand) {
    if (f->level == LEVEL_PRIMARY)
        return 0;
    if (f->level == LEVEL_BITS || f->level == LEVEL_COMPARE)
        return LEVEL_SUM;
    if (f->level == LEVEL_CONDITIONAL)
        return operand == 0 ? LEVEL_CONDITION : LEVEL_CONDITIONAL + 1;
    return operand == 0 ? f->level : f->level + 1;
}

/* Tells of the function that a pattern like "cn_max_$t($1, $2)" calls. */
static void note_function(expression_printer *p, const expr *e, const char *pattern) {
    size_t length = strcspn(pattern, "$(");
    bool typed = pattern[length] == '$';
    p->function(p, arena_format(p->arena, "%.*s%s", (int)length, pattern,
                                typed ? dtype_suffix(e->dtype) : ""));
}

static void print_pattern(expression_printer *p, const expr *e, const scalar_format *f, int level) {
    if (f->level == LEVEL_PRIMARY)
        note_function(p, e, f->pattern);
    print_open(p, f->level, level);
    for (const char *c = f->pattern; *c; c++) {
        if (*c != '$') {
            text_append_n(p->out, c, 1);
            continue;
        }
        if (*++c == 't') {
            text_append(p->out, dtype_suffix(e->dtype));
            continue;
        }
        int operand = *c - '1';
        print_expression(p, e->arguments[operand], operand_level(f, operand));
    }
    print_close(p, f->level, level);
}

/* The value of a 16-bit float, rounded from `from`. */
static void print_half_cast(expression_printer *p, const expr *x, cn_dtype to) {
    bool exact = dtype_is_float(x->dtype) && x->dtype != CN_F64;
    const char *round =
        arena_format(p->arena, "cn_round_%s%s", exact ? "" : "f64_", dtype_name(to));
    p->function(p, round);
    text_printf(p->out, exact ? "%s(" : "%s((double)", round);
    print_expression(p, x, exact ? 0 : LEVEL_UNARY);
    text_append(p->out, ")");
}

static void print_cast(expression_printer *p, const expr *e, int level) {
    const expr *x = e->arguments[0];
    const char *from = dtype_suffix(x->dtype), *to = dtype_suffix(e->dtype);
    if (is_half(e->dtype)) {
        if (x->dtype == e->dtype)
            print_expression(p, x, level);
        else
            print_half_cast(p, x, e->dtype);
        return;
    }
    if (e->dtype == CN_BOOL) {
        print_open(p, LEVEL_COMPARE, level);
        print_expression(p, x, LEVEL_SUM);
        text_append(p->out, " != 0");
        print_close(p, LEVEL_COMPARE, level);
        return;
    }
    if (strcmp(from, to) == 0 && x->dtype != CN_BOOL) {
        print_expression(p, x, level);
        return;
    }
    const char *name = arena_format(p->arena, "cn_cast_%s_%s", from, to);
    bool call = p->function(p, name);
    print_open(p, call ? LEVEL_PRIMARY : LEVEL_UNARY, level);
    text_printf(p->out, call ? "%s(" : "(%s)", call ? name : value_type_name(e->dtype));
    print_expression(p, x, call ? 0 : LEVEL_UNARY);
    text_append(p->out, call ? ")" : "");
    print_close(p, call ? LEVEL_PRIMARY : LEVEL_UNARY, level);
}

/* Between floats and integers through the bit pattern, between integers C's conversion. */
static void print_bitcast(expression_printer *p, const expr *e) {
    const expr *x = e->arguments[0];
    bool from_float = dtype_is_float(x->dtype), to_float = dtype_is_float(e->dtype);
    text_printf(p->out, "(%s)", value_type_name(e->dtype));
    if (from_float != to_float) {
        cn_dtype f = from_float ? x->dtype : e->dtype;
        const char *name =
            arena_format(p->arena, "cn_%s_%s", from_float ? "bits" : "from_bits", dtype_suffix(f));
        p->function(p, name);
        text_printf(p->out, "%s(", name);
        print_expression(p, x, 0);
        text_append(p->out, ")");
        return;
    }
    print_expression(p, x, LEVEL_UNARY);
}

static bool must_round(const expr *e) {
    return is_half(e->dtype) && e->scalar != SCALAR_SELECT;
}

static void print_scalar(expression_printer *p, const expr *e, int level) {
    const scalar_format *f = &p->style->formats[e->scalar][class_of(e->arguments[0]->dtype)];
    if (must_round(e)) {
        const char *name = arena_format(p->arena, "cn_round_%s", dtype_name(e->dtype));
        p->function(p, name);
        text_printf(p->out, "%s(", name);
        level = 0;
    }
    if (f->pattern)
        print_pattern(p, e, f, level);
    else
        print_call(p, e);
    if (must_round(e))
        text_append(p->out, ")");
}

void print_expression(expression_printer *p, const expr *e, int level) {
    if (p->leaf && p->leaf(p, e))
        return;
    if (e->kind == EXPR_LOAD) {
        print_load(p, e, level);
    } else if (e->kind == EXPR_SCALAR && is_index(e)) {
        print_index(p, e, level);
    } else if (e->kind == EXPR_CONSTANT) {
        bool negative = dtype_is_float(e->dtype) ? signbit(e->number) != 0 : e->integer < 0;
        print_open(p, negative ? LEVEL_UNARY : LEVEL_PRIMARY, level);
        print_number(p->out, e->dtype, e->number, e->integer);
        print_close(p, negative ? LEVEL_UNARY : LEVEL_PRIMARY, level);
    } else if (e->kind == EXPR_VARIABLE) {
        const char *name = p->variable(p, e->variable);
        text_append(p->out, name ? name : "0");
    } else if (e->kind == EXPR_EXTENT) {
        print_dim(p->out, e->extent, level);
    } else if (e->scalar == SCALAR_CAST) {
        print_cast(p, e, level);
    } else if (e->scalar == SCALAR_BITCAST) {
        print_bitcast(p, e);
    } else {
        print_scalar(p, e, level);
    }
}
