/* Helpers are kept as text, in the form in which they are read in generated files.
 *
 * Folds define the bits of every reduction, so they leave a compiler no choice: 128 bytes of
 * lanes whatever the register width, lane l taking elements l, l + lanes, ...; then lanes
 * combined pairwise; and block results combined as a binary counter does, so that the tree
 * depends on their number only.
 */
#include "codegen/cpu/prelude.h"

#include <stddef.h>
#include <string.h>

#include "codegen/cpu/math/math_text.h"

/* For levels without fused multiply-add. */
static const char without_fma[] =
    "\n/* a * b + c, rounded once: the sum in double, its last bit odd when it is not exact. */\n"
    "__attribute__((unused)) ALWAYS_INLINE float cn_fused_f32(float a, float b, float c) {\n"
    "    const double product = (double)a * (double)b, sum = product + (double)c;\n"
    "    const double part = sum - product;\n"
    "    const double lost = (product - (sum - part)) + ((double)c - part);\n"
    "    unsigned long long bits, odd;\n"
    "    __builtin_memcpy(&bits, &sum, sizeof bits);\n"
    "    odd = (lost > 0 || lost < 0) & ~bits;\n"
    "    bits += (lost > 0) == (sum > 0) ? odd : 0 - odd;\n"
    "    double rounded;\n"
    "    __builtin_memcpy(&rounded, &bits, sizeof rounded);\n"
    "    return (float)rounded;\n"
    "}\n\n"
    "/* a * b + c with what the product and the sum lose. */\n"
    "__attribute__((unused)) ALWAYS_INLINE double cn_fused_f64(double a, double b, double c) {\n"
    "    const double product = a * b, sum = product + c, part = sum - product;\n"
    "    const double wide_a = 134217729.0 * a, wide_b = 134217729.0 * b; /* 2^27 + 1 */\n"
    "    const double a1 = wide_a - (wide_a - a), b1 = wide_b - (wide_b - b);\n"
    "    const double a2 = a - a1, b2 = b - b1;\n"
    "    const double lost = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2;\n"
    "    const double rest = ((product - (sum - part)) + (c - part)) + lost;\n"
    "    return rest > 0 || rest < 0 ? sum + rest : sum; /* not with NaN, by overflow */\n"
    "}\n"
    "#define __builtin_fmaf cn_fused_f32\n"
    "#define __builtin_fma cn_fused_f64\n";

/* What other compilers call the builtins of gcc and clang. */
static const char portable[] =
    "#if (!defined(__GNUC__) && !defined(__clang__)) || defined(__TINYC__)\n"
    "#include <math.h>\n"
    "#include <string.h>\n"
    "#define __attribute__(list)\n"
    "#define __builtin_assume_aligned(address, alignment) (address)\n"
    "#define __builtin_memcpy memcpy\n"
    "#define __builtin_memmove memmove\n"
    "#define __builtin_inff() ((float)INFINITY)\n"
    "#define __builtin_inf() ((double)INFINITY)\n"
    "#define __builtin_nanf(tag) ((float)NAN)\n"
    "#define __builtin_nan(tag) ((double)NAN)\n"
    "#define __builtin_sqrtf sqrtf\n"
    "#define __builtin_sqrt sqrt\n"
    "#define __builtin_floorf floorf\n"
    "#define __builtin_floor floor\n"
    "#define __builtin_rintf rintf\n"
    "#define __builtin_rint rint\n"
    "#define __builtin_fabsf fabsf\n"
    "#define __builtin_fabs fabs\n"
    "#define __builtin_truncf truncf\n"
    "#define __builtin_trunc trunc\n"
    "#define __builtin_copysignf copysignf\n"
    "#define __builtin_copysign copysign\n"
    "#endif\n";

static const char opening[] =
    "typedef long long i64;\n"
    "/* APART: never inlined: its registers are its own and would be shared out again. */\n"
    "#define APART static __attribute__((noinline))\n"
    "#define ALWAYS_INLINE static inline __attribute__((always_inline))\n"
    "/* INDEPENDENT: the iterations of the next loop do not depend on each other.\n"
    " * UNROLL: it has a few iterations, which become straight code. */\n"
    "#if defined(__clang__)\n"
    "#pragma clang diagnostic ignored \"-Wpass-failed\"\n"
    "#define INDEPENDENT _Pragma(\"clang loop vectorize(assume_safety)\")\n"
    "#define UNROLL _Pragma(\"clang loop unroll(full)\")\n"
    "#elif defined(__GNUC__)\n"
    "/* gcc 12 miscompiles guarded loads in short loops with it. */\n"
    "#pragma GCC optimize(\"no-tree-loop-if-convert\")\n"
    "#define INDEPENDENT _Pragma(\"GCC ivdep\")\n"
    "#define UNROLL _Pragma(\"GCC unroll 16\")\n"
    "#else\n"
    "#define INDEPENDENT\n"
    "#define UNROLL\n"
    "#endif\n";

/* The lane types of one element type; MASK is an integer of its size. */
#define LANES(type, suffix, mask)                                                       \
    {                                                                                   \
        "cn_lanes_" suffix,                                                             \
            "typedef " type " cn_lanes_" suffix " __attribute__((vector_size(128)));\n" \
            "typedef " mask " cn_mask_" suffix " __attribute__((vector_size(128)));\n", \
        {                                                                               \
            NULL                                                                        \
        }                                                                               \
    }

/* Vectors: how a fold steps on lanes `all` with elements `x`; a NaN stays (see cn_max_f32). */
#define VECTOR_SUM(suffix) "        all = all + x;\n"
#define VECTOR_PROD(suffix) "        all = all * x;\n"
#define VECTOR_PICK(suffix, comparison)                                                        \
    "        const cn_mask_" suffix " keep = (cn_mask_" suffix ")(all " comparison             \
    " x) | (cn_mask_" suffix ")(all != all);\n"                                                \
    "        all = (cn_lanes_" suffix ")(((cn_mask_" suffix ")all & keep) | ((cn_mask_" suffix \
    ")x & ~keep));\n"
#define VECTOR_MAX(suffix) VECTOR_PICK(suffix, ">")
#define VECTOR_MIN(suffix) VECTOR_PICK(suffix, "<")

#define SCALAR_STEP_SUM(suffix, a, b) a " + " b
#define SCALAR_STEP_PROD(suffix, a, b) a " * " b
#define SCALAR_STEP_MAX(suffix, a, b) "cn_max_" suffix "(" a ", " b ")"
#define SCALAR_STEP_MIN(suffix, a, b) "cn_min_" suffix "(" a ", " b ")"

/* What is left of a fold over n elements from i on, and its lanes' pairwise tree. */
#define FOLD_END(suffix, count, STEP)                                                 \
    "    for (i64 l = 0; i + l < n; l++) lane[l] = " STEP(                            \
        suffix, "lane[l]",                                                            \
        "from[i + l]") ";\n"                                                          \
                       "    for (int width = " count " / 2; width > 0; width /= 2)\n" \
                       "        for (int l = 0; l < width; l++) lane[l] = " STEP(     \
                           suffix, "lane[l]", "lane[l + width]") ";\n"                \
                                                                 "    return lane[0];\n}\n"

#define FOLD_HEAD(fold, type, suffix, count)              \
    "/* The " fold " of x[0..n) in " count " lanes. */\n" \
    "APART " type " cn_fold_" fold "_" suffix "(const " type " *from, i64 n) {\n"

#define FOLD(fold, type, suffix, count, start, VECTOR, STEP, need)                              \
    {                                                                                           \
        "cn_fold_" fold "_" suffix,                                                             \
            FOLD_HEAD(                                                                          \
                fold, type, suffix,                                                             \
                count) "    cn_lanes_" suffix " all = (cn_lanes_" suffix "){0} + " start ";\n"  \
                       "    i64 i = 0;\n"                                                       \
                       "    for (; i + " count " <= n; i += " count ") {\n"                     \
                       "        cn_lanes_" suffix " x;\n"                                       \
                       "        __builtin_memcpy(&x, from + i, sizeof x);\n" VECTOR(            \
                           suffix) "    }\n"                                                    \
                                   "    " type " lane[" count "];\n"                            \
                                   "    __builtin_memcpy(lane, &all, sizeof lane);\n" FOLD_END( \
                                       suffix, count, STEP),                                    \
        {                                                                                       \
            "cn_lanes_" suffix, need                                                            \
        }                                                                                       \
    }

/* The same for compilers without vectors. */
#define PLAIN_FOLD(fold, type, suffix, count, start, STEP, need)                                 \
    {                                                                                            \
        "cn_fold_" fold "_" suffix,                                                              \
            FOLD_HEAD(fold, type, suffix,                                                        \
                      count) "    " type " lane[" count "];\n"                                   \
                             "    i64 i = 0;\n"                                                  \
                             "    for (int l = 0; l < " count "; l++) lane[l] = " start ";\n"    \
                             "    for (; i + " count " <= n; i += " count ")\n"                  \
                             "        for (int l = 0; l < " count "; l++) lane[l] = " STEP(      \
                                 suffix, "lane[l]", "from[i + l]") ";\n" FOLD_END(suffix, count, \
                                                                                  STEP),         \
        {                                                                                        \
            need                                                                                 \
        }                                                                                        \
    }

#define TREE(type, suffix)                                                                        \
    {                                                                                             \
        "cn_tree_" suffix,                                                                        \
            "/* Block results under pairwise combination: level l is made of 2^l blocks and is\n" \
            " * present where bit l of count is set. */\n"                                        \
            "typedef struct cn_tree_" suffix " {\n"                                               \
            "    " type " level[48];\n"                                                           \
            "    i64 count;\n"                                                                    \
            "} cn_tree_" suffix ";\n",                                                            \
        {                                                                                         \
            NULL                                                                                  \
        }                                                                                         \
    }

#define PUSH(fold, type, suffix, start, STEP, need)                                          \
    {"cn_push_" fold "_" suffix,                                                             \
     "APART void cn_push_" fold "_" suffix "(cn_tree_" suffix " *tree, " type " x) {\n"      \
     "    i64 l = 0;\n"                                                                      \
     "    for (; tree->count >> l & 1; l++) x = " STEP(suffix, "tree->level[l]",             \
                                                       "x") ";\n"                            \
                                                            "    tree->level[l] = x;\n"      \
                                                            "    tree->count++;\n"           \
                                                            "}\n",                           \
     {"cn_tree_" suffix, need}},                                                             \
    {                                                                                        \
        "cn_take_" fold "_" suffix,                                                          \
            "APART " type " cn_take_" fold "_" suffix "(const cn_tree_" suffix " *tree) {\n" \
            "    " type " x = " start ";\n"                                                  \
            "    int any = 0;\n"                                                             \
            "    for (i64 l = 0; tree->count >> l; l++) {\n"                                 \
            "        if (!(tree->count >> l & 1)) continue;\n"                               \
            "        x = any ? " STEP(suffix, "tree->level[l]", "x") " : tree->level[l];\n"  \
                                                                     "        any = 1;\n"    \
                                                                     "    }\n"               \
                                                                     "    return x;\n"       \
                                                                     "}\n",                  \
        {                                                                                    \
            "cn_tree_" suffix, need                                                          \
        }                                                                                    \
    }

#define FOLDS(type, suffix, count, zero, one, infinity)                                            \
    FOLD("sum", type, suffix, count, zero, VECTOR_SUM, SCALAR_STEP_SUM, NULL),                     \
        FOLD("prod", type, suffix, count, one, VECTOR_PROD, SCALAR_STEP_PROD, NULL),               \
        FOLD("max", type, suffix, count, "(-" infinity ")", VECTOR_MAX, SCALAR_STEP_MAX,           \
             "cn_max_" suffix),                                                                    \
        FOLD("min", type, suffix, count, infinity, VECTOR_MIN, SCALAR_STEP_MIN, "cn_min_" suffix), \
        PUSH("sum", type, suffix, zero, SCALAR_STEP_SUM, NULL),                                    \
        PUSH("prod", type, suffix, one, SCALAR_STEP_PROD, NULL),                                   \
        PUSH("max", type, suffix, "-" infinity, SCALAR_STEP_MAX, "cn_max_" suffix),                \
        PUSH("min", type, suffix, infinity, SCALAR_STEP_MIN, "cn_min_" suffix)

#define ROUNDS(half)                                                      \
    {"cn_round_" half,                                                    \
     "/* The nearest " half ", as a float. */\n"                          \
     "static inline float cn_round_" half "(float x) {\n"                 \
     "    return cn_cast_" half "_f32(cn_cast_f32_" half "(x));\n"        \
     "}\n",                                                               \
     {"cn_cast_" half "_f32", "cn_cast_f32_" half}},                      \
    {                                                                     \
        "cn_round_f64_" half,                                             \
            "static inline float cn_round_f64_" half "(double x) {\n"     \
            "    return cn_cast_" half "_f32(cn_cast_f64_" half "(x));\n" \
            "}\n",                                                        \
        {                                                                 \
            "cn_cast_" half "_f32", "cn_cast_f64_" half                   \
        }                                                                 \
    }

/* One register of elements. */
#define VECTORS(type, suffix, letter, fma_letter)                                              \
    {"cn_vector_" suffix,                                                                      \
     "typedef " type " cn_vector_" suffix " __attribute__((vector_size(VECTOR_BYTES)));\n",    \
     {NULL}},                                                                                  \
        {                                                                                      \
            "cn_load_" suffix,                                                                 \
            "ALWAYS_INLINE cn_vector_" suffix " cn_load_" suffix "(const " type " *from) {\n"  \
            "    cn_vector_" suffix " x;\n"                                                    \
            "    __builtin_memcpy(&x, from, sizeof x);\n"                                      \
            "    return x;\n"                                                                  \
            "}\n",                                                                             \
            {"cn_vector_" suffix},                                                             \
        },                                                                                     \
        {                                                                                      \
            "cn_store_" suffix,                                                                \
            "ALWAYS_INLINE void cn_store_" suffix "(" type " *to, cn_vector_" suffix " x) {\n" \
            "    __builtin_memcpy(to, &x, sizeof x);\n"                                        \
            "}\n",                                                                             \
            {"cn_vector_" suffix},                                                             \
        },                                                                                     \
        {                                                                                      \
            "cn_splat_" suffix,                                                                \
            "/* x in every element; unlike x + 0, x - 0 is x. */\n"                            \
            "ALWAYS_INLINE cn_vector_" suffix " cn_splat_" suffix "(" type " x) {\n"           \
            "    return x - (cn_vector_" suffix "){0};\n"                                      \
            "}\n",                                                                             \
            {"cn_vector_" suffix},                                                             \
        },                                                                                     \
    {                                                                                          \
        "cn_fma_" suffix,                                                                      \
            "/* a * b + c, rounded once. */\n"                                                 \
            "ALWAYS_INLINE cn_vector_" suffix " cn_fma_" suffix "(cn_vector_" suffix           \
            " a, cn_vector_" suffix " b,\n"                                                    \
            "                                        cn_vector_" suffix " c) {\n"              \
            "#if __has_builtin(__builtin_elementwise_fma)\n"                                   \
            "    return __builtin_elementwise_fma(a, b, c);\n"                                 \
            "#elif VECTOR_BYTES == 64 && __has_builtin(__builtin_ia32_vfmaddp" letter          \
            "512_mask)\n"                                                                      \
            "    return __builtin_ia32_vfmaddp" letter "512_mask(a, b, c, -1, 4);\n"           \
            "#elif VECTOR_BYTES == 32 && __has_builtin(__builtin_ia32_vfmaddp" letter "256)\n" \
            "    return __builtin_ia32_vfmaddp" letter "256(a, b, c);\n"                       \
            "#else\n"                                                                          \
            "    for (unsigned i = 0; i < sizeof a / sizeof a[0]; i++)\n"                      \
            "        c[i] = __builtin_fma" fma_letter "(a[i], b[i], c[i]);\n"                  \
            "    return c;\n"                                                                  \
            "#endif\n"                                                                         \
            "}\n",                                                                             \
            {"cn_vector_" suffix},                                                             \
    }

/* Selections on vectors; max and min as cn_max_f32 and cn_min_f32 have them. */
#define VECTOR_PICKS(name, suffix, comparison)                                                   \
    {                                                                                            \
        "cn_vector_" name "_" suffix,                                                            \
            "ALWAYS_INLINE cn_vector_" suffix " cn_vector_" name "_" suffix "(cn_vector_" suffix \
            " a, cn_vector_" suffix " b) {\n"                                                    \
            "    return cn_vector_select_" suffix "((a " comparison " b) | (a != a), a, b);\n"   \
            "}\n",                                                                               \
            {"cn_vector_select_" suffix},                                                        \
    }

#define VECTOR_SELECTS(suffix, mask, width)                                                     \
    {                                                                                           \
        "cn_mask_of_" suffix,                                                                   \
        "/* All bits of an element set: true. In memory a byte is 0 or 1. */\n"                 \
        "typedef " mask " cn_mask_of_" suffix " __attribute__((vector_size(VECTOR_BYTES)));\n"  \
        "typedef unsigned char cn_bytes_of_" suffix                                             \
        " __attribute__((vector_size(VECTOR_BYTES / " width ")));\n",                           \
        {NULL},                                                                                 \
    },                                                                                          \
        {                                                                                       \
            "cn_load_mask_" suffix,                                                             \
            "ALWAYS_INLINE cn_mask_of_" suffix " cn_load_mask_" suffix                          \
            "(const unsigned char *from) {\n"                                                   \
            "    cn_bytes_of_" suffix " x;\n"                                                   \
            "    __builtin_memcpy(&x, from, sizeof x);\n"                                       \
            "    return __builtin_convertvector(x, cn_mask_of_" suffix ") != 0;\n"              \
            "}\n",                                                                              \
            {"cn_mask_of_" suffix},                                                             \
        },                                                                                      \
        {                                                                                       \
            "cn_store_mask_" suffix,                                                            \
            "ALWAYS_INLINE void cn_store_mask_" suffix "(unsigned char *to, cn_mask_of_" suffix \
            " mask) {\n"                                                                        \
            "    const cn_bytes_of_" suffix                                                     \
            " x = __builtin_convertvector(mask & 1, cn_bytes_of_" suffix ");\n"                 \
            "    __builtin_memcpy(to, &x, sizeof x);\n"                                         \
            "}\n",                                                                              \
            {"cn_mask_of_" suffix},                                                             \
        },                                                                                      \
        {                                                                                       \
            "cn_vector_select_" suffix,                                                         \
            "ALWAYS_INLINE cn_vector_" suffix " cn_vector_select_" suffix "(cn_mask_of_" suffix \
            " mask, cn_vector_" suffix " a, cn_vector_" suffix " b) {\n"                        \
            "    return (cn_vector_" suffix ")(((cn_mask_of_" suffix                            \
            ")a & mask) | ((cn_mask_of_" suffix ")b & ~mask));\n"                               \
            "}\n",                                                                              \
            {"cn_vector_" suffix, "cn_mask_of_" suffix},                                        \
        },                                                                                      \
        VECTOR_PICKS("max", suffix, ">"), VECTOR_PICKS("min", suffix, "<")

enum { MAX_NEEDS = 5 };

typedef struct helper {
    const char *name, *text;      /* no text: printed for the instruction set */
    const char *needs[MAX_NEEDS]; /* NULL-terminated */
} helper;

static const helper helpers[] = {
    {"cn_random_u32",
     "/* Word `element` of the stream: four words to a block of Philox. */\n"
     "static inline unsigned cn_random_u32(unsigned key0, unsigned key1, i64 element, unsigned "
     "step,\n"
     "                                     unsigned stream) {\n"
     "    const unsigned counter[4] = {(unsigned)(element >> 2), (unsigned)(element >> 34), step, "
     "stream};\n"
     "    const unsigned key[2] = {key0, key1};\n"
     "    unsigned word[4];\n"
     "    cn_philox4x32_10(counter, key, word);\n"
     "    const unsigned low = element & 1 ? word[1] : word[0], high = element & 1 ? word[3] : "
     "word[2];\n"
     "    return element & 2 ? high : low;\n"
     "}\n",
     {"cn_philox4x32_10"}},
    {"cn_random_words",
     "/* The words of elements [first, first + count), in whole blocks: the array is up to four\n"
     " * words longer. Returns the first. */\n"
     "static inline const unsigned *cn_random_words(unsigned *to, unsigned key0, unsigned key1,\n"
     "                                              i64 first, i64 count, unsigned step,\n"
     "                                              unsigned stream) {\n"
     "    const unsigned key[2] = {key0, key1};\n"
     "    const i64 low = first >> 2, blocks = ((first + count + 3) >> 2) - low;\n"
     "    INDEPENDENT\n"
     "    for (i64 i = 0; i < blocks; i++) {\n"
     "        const i64 block = low + i;\n"
     "        const unsigned counter[4] = {(unsigned)block, (unsigned)(block >> 32), step, "
     "stream};\n"
     "        cn_philox4x32_10(counter, key, to + 4 * i);\n"
     "    }\n"
     "    return to + (first & 3);\n"
     "}\n",
     {"cn_philox4x32_10"}},
    LANES("float", "f32", "int"),
    LANES("double", "f64", "i64"),
    TREE("float", "f32"),
    TREE("double", "f64"),
    FOLDS("float", "f32", "32", "0.0f", "1.0f", "__builtin_inff()"),
    FOLDS("double", "f64", "16", "0.0", "1.0", "__builtin_inf()"),
    VECTORS("float", "f32", "s", "f"),
    VECTORS("double", "f64", "d", ""),
    VECTOR_SELECTS("f32", "int", "4"),
    VECTOR_SELECTS("f64", "i64", "8"),
    {"cn_transpose_f32", NULL, {"cn_load_f32", "cn_store_f32"}},
    {"cn_transpose_f64", NULL, {"cn_load_f64", "cn_store_f64"}},
    ROUNDS("bf16"),
    ROUNDS("f16"),
};

#define PLAIN_FOLDS(type, suffix, count, zero, one, infinity)                                    \
    PLAIN_FOLD("sum", type, suffix, count, zero, SCALAR_STEP_SUM, NULL),                         \
        PLAIN_FOLD("prod", type, suffix, count, one, SCALAR_STEP_PROD, NULL),                    \
        PLAIN_FOLD("max", type, suffix, count, "-" infinity, SCALAR_STEP_MAX, "cn_max_" suffix), \
        PLAIN_FOLD("min", type, suffix, count, infinity, SCALAR_STEP_MIN, "cn_min_" suffix)

/* What stands in for the helpers above in portable C. */
static const helper plain_helpers[] = {
    PLAIN_FOLDS("float", "f32", "32", "0.0f", "1.0f", "__builtin_inff()"),
    PLAIN_FOLDS("double", "f64", "16", "0.0", "1.0", "__builtin_inf()"),
};

static const helper *find_in(const helper *rows, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static const helper *helper_find(const char *name, bool is_portable) {
    const helper *plain =
        is_portable ? find_in(plain_helpers, sizeof plain_helpers / sizeof *plain_helpers, name)
                    : NULL;
    return plain ? plain : find_in(helpers, sizeof helpers / sizeof *helpers, name);
}

void prelude_init(prelude *p, arena *a) {
    p->arena = a;
    map_init(&p->names, a);
}

bool prelude_use(prelude *p, const char *name) {
    if (map_find_text(&p->names, name))
        return true;
    if (!helper_find(name, false) && !math_find(name))
        return false;
    map_put_text(&p->names, name, NULL);
    return true;
}

void prelude_use_all(prelude *p, const prelude *other) {
    for (uint32_t i = 0; i < other->names.count; i++)
        map_put(&p->names, other->names.entries[i].key, other->names.entries[i].key_bytes, NULL);
}

/* ---- transposition ------------------------------------------------------------------------- */

/* Eklundh's method: for d = 1, 2, 4, ... rows i and i + d exchange the elements in which bit d of
 * the row and the lane differ. */
static void print_exchange(text *out, int lanes, int d, int row, bool low) {
    text_printf(out, "    const cn_vector x%d_%d = __builtin_shufflevector(x%d_%d, x%d_%d", 2 * d,
                low ? row : row + d, d, row, d, row + d);
    for (int l = 0; l < lanes; l++) {
        bool keep = (l & d) == 0;
        int from = low ? (keep ? l : lanes + l - d) : (keep ? l + d : lanes + l);
        text_printf(out, ", %d", from);
    }
    text_append(out, ");\n");
}

static void print_transpose(text *out, const char *name, int vector_bytes) {
    bool narrow = strcmp(name, "cn_transpose_f32") == 0;
    const char *element = narrow ? "float" : "double", *suffix = narrow ? "f32" : "f64";
    int lanes = vector_bytes / (narrow ? 4 : 8);
    text_printf(
        out,
        "/* to[j][i] = from[i][j] for a square of %d; from rows on, zeros. */\n"
        "static void %s(const %s *from, i64 from_stride, i64 rows, %s *to, i64 to_stride) {\n"
        "    typedef cn_vector_%s cn_vector;\n",
        lanes, name, element, element, suffix);
    for (int i = 0; i < lanes; i++)
        text_printf(out,
                    "    const cn_vector x1_%d = %d < rows ? cn_load_%s(from + %d * from_stride) : "
                    "(cn_vector){0};\n",
                    i, i, suffix, i);
    for (int d = 1; d < lanes; d *= 2)
        for (int row = 0; row < lanes; row++)
            if ((row & d) == 0) {
                print_exchange(out, lanes, d, row, true);
                print_exchange(out, lanes, d, row, false);
            }
    for (int i = 0; i < lanes; i++)
        text_printf(out, "    cn_store_%s(to + %d * to_stride, x%d_%d);\n", suffix, i, lanes, i);
    text_append(out, "}\n");
}

/* ---- printing ------------------------------------------------------------------------------ */

static void print_function(map *done, const char *name, const isa_level *isa, text *out) {
    bool found;
    map_put_text(done, name, &found);
    if (found)
        return;
    const helper *h = helper_find(name, isa->is_portable);
    const math_function *m = h ? NULL : math_find(name);
    const char *const *needs = h ? h->needs : m->needs;
    for (; *needs; needs++)
        print_function(done, *needs, isa, out);
    text_append(out, "\n");
    if (h && !h->text)
        print_transpose(out, name, isa->vector_bytes);
    else
        text_append(out, h ? h->text : m->text);
}

void prelude_print(const prelude *p, const isa_level *isa, const char *linkage, text *out) {
    text_append(out, isa->is_portable ? portable : "");
    text_append(out, opening);
    text_append(out, isa->has_fma ? "" : without_fma);
    text_printf(out, "#define HIDDEN %s\n", linkage);
    text_printf(out, "#define VECTOR_BYTES %d\n", isa->vector_bytes);
    map done;
    map_init(&done, p->arena);
    for (uint32_t i = 0; i < p->names.count; i++) {
        const map_entry *entry = &p->names.entries[i];
        print_function(&done, arena_string_n(p->arena, entry->key, entry->key_bytes), isa, out);
    }
}
