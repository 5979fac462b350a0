/* The oracle table: the pointwise rows, made from a short list, and what runs over all rows. */
#include "ir/op_cases.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- pointwise rows ---------------------------------------------------------------------- */

/* A pointwise op with the domain of each operand for floats. Integers run over SMALL, EXTREME. */
typedef struct pointwise_row {
    const op_def *op;
    const void *attributes;
    const char *suffix;
    int operand_count;
    value_domain domains[3];
    bool floats, integers, bools;
} pointwise_row;

#define COMPARE(k) &op_compare, &(const compare_attributes){COMPARE_##k}, "/" #k
#define BIT(k) &op_bit, &(const bit_attributes){BIT_##k}, "/" #k

static const pointwise_row pointwise_rows[] = {
    {&op_neg, NULL, "", 1, {REAL}, true, true, false},
    {&op_abs, NULL, "", 1, {REAL}, true, true, false},
    {&op_sign, NULL, "", 1, {REAL}, true, true, false},
    {&op_floor, NULL, "", 1, {REAL}, true, false, false},
    {&op_round, NULL, "", 1, {REAL}, true, false, false},
    {&op_exp, NULL, "", 1, {REAL}, true, false, false},
    {&op_expm1, NULL, "", 1, {REAL}, true, false, false},
    {&op_log, NULL, "", 1, {POSITIVE}, true, false, false},
    {&op_log1p, NULL, "", 1, {UNIT}, true, false, false},
    {&op_sqrt, NULL, "", 1, {POSITIVE}, true, false, false},
    {&op_rsqrt, NULL, "", 1, {POSITIVE}, true, false, false},
    {&op_sin, NULL, "", 1, {REAL}, true, false, false},
    {&op_cos, NULL, "", 1, {REAL}, true, false, false},
    {&op_tanh, NULL, "", 1, {REAL}, true, false, false},
    {&op_sigmoid, NULL, "", 1, {REAL}, true, false, false},
    {&op_erf, NULL, "", 1, {REAL}, true, false, false},
    {&op_not, NULL, "", 1, {SMALL}, false, true, true},
    {&op_add, NULL, "", 2, {REAL, REAL}, true, true, false},
    {&op_sub, NULL, "", 2, {REAL, REAL}, true, true, false},
    {&op_mul, NULL, "", 2, {REAL, REAL}, true, true, false},
    {&op_div, NULL, "", 2, {REAL, NONZERO}, true, true, false},
    {&op_rem, NULL, "", 2, {REAL, NONZERO}, true, true, false},
    {&op_pow, NULL, "", 2, {POSITIVE, REAL}, true, true, false},
    {&op_max, NULL, "", 2, {REAL, REAL}, true, true, false},
    {&op_min, NULL, "", 2, {REAL, REAL}, true, true, false},
    {COMPARE(EQ), 2, {TIED, TIED}, true, true, true},
    {COMPARE(NE), 2, {TIED, TIED}, true, true, true},
    {COMPARE(LT), 2, {TIED, TIED}, true, true, true},
    {COMPARE(LE), 2, {TIED, TIED}, true, true, true},
    {COMPARE(GT), 2, {TIED, TIED}, true, true, true},
    {COMPARE(GE), 2, {TIED, TIED}, true, true, true},
    {BIT(AND), 2, {SMALL, SMALL}, false, true, true},
    {BIT(OR), 2, {SMALL, SMALL}, false, true, true},
    {BIT(XOR), 2, {SMALL, SMALL}, false, true, true},
    {BIT(SHIFT_LEFT), 2, {SMALL, SMALL}, false, true, false},
    {BIT(SHIFT_RIGHT), 2, {SMALL, SMALL}, false, true, false},
    {&op_stop_gradient, NULL, "", 1, {REAL}, true, true, true},
    {&op_barrier, NULL, "", 1, {REAL}, true, true, true},
};

enum { MAX_CASES = 4096 };

static op_case cases[MAX_CASES];
static int case_total;

static void add_case(op_case c) {
    assert(case_total < MAX_CASES);
    while (c.input_count < MAX_CASE_INPUTS && c.inputs[c.input_count].type != NULL)
        c.input_count++;
    cases[case_total++] = c;
}

/* Texts of the generated cases: kept for the life of the program, like the table itself. */
static const char *keep(const char *words) {
    static char pool[1 << 17];
    static size_t used;
    size_t length = strlen(words) + 1;
    assert(used + length <= sizeof pool);
    char *kept = memcpy(pool + used, words, length);
    used += length;
    return kept;
}

static void add_pointwise(const pointwise_row *row, cn_dtype dtype, const char *shape,
                          const value_domain *domains, const char *what) {
    char words[96];
    op_case c = {.op = row->op, .attributes = row->attributes};
    snprintf(words, sizeof words, "%s%s/%s%s%s", row->op->name, row->suffix, dtype_name(dtype),
             shape, what);
    c.name = keep(words);
    snprintf(words, sizeof words, "%s%s", dtype_name(dtype), shape);
    const char *same = keep(words);
    for (int k = 0; k < row->operand_count; k++)
        c.inputs[k] = (case_input){.type = same, .domain = domains[k]};
    add_case(c);
}

static void add_pointwise_cases(const pointwise_row *row) {
    static const char *const shapes[] = {"[]", "[1]", "[7]", "[B,3]", "[2,1,5]", "[0,4]", "[67]"};
    static const value_domain special[] = {SPECIAL, SPECIAL}, tied[] = {TIED, TIED};
    static const value_domain small[] = {SMALL, SMALL}, extreme[] = {EXTREME, EXTREME};
    static const cn_dtype integers[] = {CN_I64, CN_I32, CN_U32, CN_I8, CN_U8};
    for (size_t i = 0; row->floats && i < sizeof shapes / sizeof *shapes; i++)
        add_pointwise(row, CN_F32, shapes[i], row->domains, "");
    if (row->floats) {
        add_pointwise(row, CN_F32, "[B,33]", special, "/special");
        add_pointwise(row, CN_F32, "[5,4]", tied, "/tied");
        add_pointwise(row, CN_F64, "[B,3]", row->domains, "");
        add_pointwise(row, CN_F64, "[99]", special, "/special");
        add_pointwise(row, CN_BF16, "[2,7]", row->domains, "");
        add_pointwise(row, CN_F16, "[2,7]", row->domains, "");
    }
    for (size_t i = 0; row->integers && i < sizeof integers / sizeof *integers; i++) {
        add_pointwise(row, integers[i], "[B,9]", small, "");
        add_pointwise(row, integers[i], "[41]", extreme, "/extreme");
    }
    if (row->bools)
        add_pointwise(row, CN_BOOL, "[B,5]", small, "");
}

/* Every pair of types. */
static void add_casts(void) {
    static cast_attributes to_type[CN_DTYPE_COUNT];
    for (int from = CN_F32; from < CN_DTYPE_COUNT; from++)
        for (int to = CN_F32; to < CN_DTYPE_COUNT; to++) {
            cn_dtype f = (cn_dtype)from, t = (cn_dtype)to;
            bool is_float = dtype_is_float(f), same_width = dtype_bytes(f) == dtype_bytes(t);
            pointwise_row row = {&op_cast, &to_type[to], "",   1, {is_float ? REAL : SMALL},
                                 false,    false,        false};
            char suffix[16];
            snprintf(suffix, sizeof suffix, "/%s", dtype_name(t));
            row.suffix = suffix;
            to_type[to].to = t;
            add_pointwise(&row, f, "[B,5]", row.domains, "");
            add_pointwise(&row, f, "[67]", &(value_domain){is_float ? SPECIAL : EXTREME},
                          "/limits");
            row.op = &op_bitcast;
            if (same_width && dtype_bytes(f) != 2 && f != CN_BOOL && t != CN_BOOL)
                add_pointwise(&row, f, "[B,5]", &(value_domain){is_float ? SPECIAL : EXTREME}, "");
        }
}

static void make_cases(void) {
    for (size_t i = 0; i < sizeof pointwise_rows / sizeof *pointwise_rows; i++)
        add_pointwise_cases(&pointwise_rows[i]);
    add_casts();
    for (const op_case *row = op_case_rows; row->op != NULL; row++)
        add_case(*row);
}

int op_case_count(void) {
    if (case_total == 0)
        make_cases();
    return case_total;
}

const op_case *op_case_at(int i) {
    assert(i >= 0 && i < op_case_count());
    return &cases[i];
}

/* ---- types and graphs -------------------------------------------------------------------- */

type op_case_input_type(const op_case *c, int k) {
    const char *words = c->inputs[k].type, *bracket = strchr(words, '[');
    type t = {.rank = 0};
    bool known = bracket != NULL && dtype_parse(words, (size_t)(bracket - words), &t.dtype);
    assert(known);
    (void)known;
    for (const char *p = bracket + 1; *p != ']'; p += *p == ',') {
        char *end;
        int64_t count = *p == 'B' ? 1 : strtoll(p, &end, 10);
        if (*p != 'B')
            p = end;
        p += *p == '*';
        t.dims[t.rank++] = *p == 'B' ? dim_batch(count) : dim_of(count);
        p += *p == 'B';
    }
    return t;
}

graph *op_case_graph(const op_case *c, arena *a) {
    graph *g = graph_new(a, "case");
    value inputs[MAX_CASE_INPUTS];
    for (int k = 0; k < c->input_count; k++) {
        const char *name = arena_format(a, "x%d", k);
        inputs[k] = graph_add_input(g, name, op_case_input_type(c, k), INPUT_DATA, false);
    }
    value v = graph_add(g, &(node_spec){.op = c->op,
                                        .operands = inputs,
                                        .operand_count = (uint32_t)c->input_count,
                                        .attributes = c->attributes});
    if (value_is_none(v))
        return NULL;
    for (uint32_t r = 0; r < value_node(g, v)->result_count; r++)
        graph_add_output(g, value_result(v, r), arena_format(a, "y%u", r), -1);
    return g;
}

bool op_case_is_smooth(const op_case *c) {
    if (c->op == &op_floor || c->op == &op_round || c->op == &op_sign || c->op == &op_stop_gradient)
        return false;
    for (int k = 0; k < c->input_count; k++) {
        bool is_float = dtype_is_float(op_case_input_type(c, k).dtype);
        if (is_float && (c->inputs[k].domain == TIED || c->inputs[k].domain == STEPS ||
                         c->inputs[k].domain == SPECIAL))
            return false;
    }
    return c->input_count > 0;
}

/* ---- values ------------------------------------------------------------------------------ */

static uint64_t next_random(uint64_t *seed) { /* splitmix64 */
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static const double special_values[] = {
    0.0,    -0.0,  1.0,    -1.0,   INFINITY,     -INFINITY,     NAN,          1e-45, 1e-38,
    -1e-39, 3e38,  -3e38,  88.5,   -104.0,       0.5,           -0.5,         1.5,   2.5,
    -2.5,   255.0, -129.0, 32768., 2147483648.0, -2147483649.0, 4294967296.0, 1e19,  -1e19,
    65504., 0.1,   -0.7,   3.0,    7.25,         -33.0};

/* Slot s of n cells that tile (0, 1), a little off the middle and never the same in two inputs. */
static double cell(int64_t s, int64_t n, int k) {
    return ((double)s + 0.4 + 0.07 * k) / (double)n;
}

static double float_value(value_domain domain, double u, uint64_t random, int64_t i,
                          int64_t stride) {
    switch (domain) {
    case POSITIVE:
        return 0.25 + 2 * u;
    case UNIT:
        return 1.8 * u - 0.9;
    case NONZERO:
        return u < 0.5 ? -0.5 - 4 * u : 0.5 + 4 * (u - 0.5);
    case TIED:
        return (double)(random % 3) - 1;
    case STEPS:
        return (double)(random % 3);
    case SPECIAL: {
        int64_t count = (int64_t)(sizeof special_values / sizeof *special_values);
        return special_values[i / stride % count];
    }
    default:
        return 4 * u - 2;
    }
}

static int64_t integer_value(const case_input *input, cn_dtype dtype, uint64_t random) {
    bool is_signed = dtype == CN_I64 || dtype == CN_I32 || dtype == CN_I8;
    int bits = 8 * dtype_bytes(dtype);
    int64_t most = (int64_t)(~UINT64_C(0) >> (64 - bits + (is_signed ? 1 : 0)));
    const int64_t extremes[] = {0, 1,       is_signed ? -1 : most, most, is_signed ? -most - 1 : 2,
                                7, most - 1};
    if (dtype == CN_BOOL)
        return (int64_t)(random & 1);
    switch (input->domain) {
    case EXTREME:
        return extremes[random % 7];
    case INDEX:
        return (int64_t)(random % (uint64_t)input->limit);
    case WILD:
        if ((random >> 8) % 4 != 0)
            return (int64_t)(random % (uint64_t)input->limit);
        return is_signed && random % 2 == 0 ? -1 - (int64_t)(random % 5)
                                            : input->limit + (int64_t)(random % 2);
    case RAW:
        return (int64_t)random;
    default:
        return (int64_t)(random % 9) - (is_signed ? 4 : 0);
    }
}

/* A random order of 0..count-1. */
static int64_t *shuffled(int64_t count, uint64_t *seed, arena *a) {
    int64_t *order = ARENA_ARRAY(a, int64_t, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)(next_random(seed) % (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

void *op_case_input(const op_case *c, int k, int64_t batch, uint64_t seed, arena *a) {
    const case_input *input = &c->inputs[k];
    type t = op_case_input_type(c, k);
    int64_t count = type_count(&t, batch), size = dtype_bytes(t.dtype), stride = 1;
    if (count == 0)
        return NULL;
    seed = seed * 16 + (uint64_t)k;
    int64_t *order = shuffled(count, &seed, a);
    char *bytes = arena_alloc_array(a, (size_t)count, (size_t)size);
    for (int j = 0; j < k; j++) /* pairs of special values: every one with every other */
        stride *= (int64_t)(sizeof special_values / sizeof *special_values);
    for (int64_t i = 0; i < count; i++) {
        uint64_t random = next_random(&seed) >> 7;
        number x = {.i = 0};
        if (dtype_is_float(t.dtype))
            x.f = float_value(input->domain, cell(order[i], count, k), random, i, stride);
        else
            x.i = integer_value(input, t.dtype, random);
        number_to_bytes(t.dtype, x, bytes + i * size);
    }
    return bytes;
}

bool op_case_interpret(interpreter *it, const op_case *c, uint64_t seed, op_case_run *run) {
    run->graph = op_case_graph(c, it->arena);
    if (run->graph == NULL)
        return false;
    run->inputs = ARENA_ARRAY(it->arena, tensor *, c->input_count);
    run->outputs = ARENA_ARRAY(it->arena, tensor *, run->graph->outputs.count);
    for (int k = 0; k < c->input_count; k++) {
        type t = op_case_input_type(c, k);
        run->inputs[k] = tensor_new(it, &t);
        void *bytes = op_case_input(c, k, it->batch, seed, it->arena);
        if (bytes != NULL)
            tensor_from_bytes(run->inputs[k], bytes);
    }
    return interpret_graph(it, run->graph, run->inputs, run->outputs);
}
