/* The graph IR: data model and table of contents of this folder.
 *
 * A graph is a function: typed inputs, nodes in topological order, named outputs. A node
 * applies an op to values; a value is (node, result). A region is a graph too, isolated: what
 * it uses from outside are explicit operands of the node that owns it.
 *
 *   graph.c       building, values, types            attributes.c  field tables and what is
 *   print.c       text form .cnir; formats.h: others               generic over them
 *   parse.c       and back                           rewrite.c     copying with replacement
 *   verify.c      what must hold between passes      interpret.c   reference semantics
 *   registry.c    the list of ops                    ops/          one file per op family
 *   composite.c   composites and their gradients     build.h       node builders by op name
 *   loop.h        the loop IR that groups lower to   lower.h       from an op to loops
 *
 * Invariants (ir/verify.c checks them): every operand is defined before its user; nodes[0] is
 * unused, so {0, 0} is "no value"; inputs are the first nodes; types are what the op infers;
 * no implicit broadcast or promotion; attributes are the struct the op declares.
 */
#ifndef CORNU_IR_IR_H
#define CORNU_IR_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/shape.h"
#include "base/vec.h"

typedef struct graph graph;
typedef struct node node;
typedef struct op_def op_def;

typedef struct value {
    uint32_t node;   /* index into graph.nodes; 0 = no value */
    uint32_t result; /* which of the node's results */
} value;

#define NO_VALUE ((value){0, 0})
static inline bool value_is_none(value v) { return v.node == 0; }
static inline bool value_equal(value a, value b) {
    return a.node == b.node && a.result == b.result;
}

/* Where in the user's program a node comes from; survives the text form as a comment, never
 * enters hashing or comparison. */
typedef struct location {
    const char *file;  /* interned or static; NULL = unknown */
    int line;
    const char *layer; /* name of the layer that made it; NULL = none */
} location;

struct node {
    const op_def *op;
    uint32_t operand_count, result_count, region_count;
    value *operands;
    type *types;       /* result_count of them */
    void *attributes;  /* the struct of op->attributes; NULL when the op has none */
    graph **regions;
    location location;
};

typedef enum input_role {
    INPUT_DATA,     /* a batch, a mask, a scalar the caller passes at every run */
    INPUT_STATE,    /* lives between runs: parameter, slot, statistic, counter, key */
} input_role;

typedef struct graph_input {
    value value;
    const char *name;  /* "image", "conv2d/kernel"; unique within a function; NULL in regions */
    input_role role;
    bool donated;      /* state whose buffer one output may overwrite */
} graph_input;

typedef struct graph_output {
    value value;
    const char *name;  /* NULL in regions */
    int32_t into;      /* index of the donated input it overwrites; -1 = none */
} graph_output;

struct graph {
    arena *arena;
    const char *name;
    VEC(node) nodes;               /* items[0] unused */
    VEC(graph_input) inputs;
    VEC(graph_output) outputs;
    VEC(const char *) guards;      /* assumptions that bound B ("batch = 32: ..."); printed */
    int64_t bound_batch;           /* 0 = B is symbolic; else what the guards bound it to */
    location location;             /* given to nodes that are added; builders set it */
};

/* ---- graph.c ------------------------------------------------------------------------- */

graph *graph_new(arena *a, const char *name);
value graph_add_input(graph *g, const char *name, type t, input_role role, bool donated);
void graph_add_output(graph *g, value v, const char *name, int32_t into);

/* What a new node is made of; arrays are copied, missing parts are zero. */
typedef struct node_spec {
    const op_def *op;
    const value *operands;
    uint32_t operand_count;
    const void *attributes;
    graph *const *regions;
    uint32_t region_count;
} node_spec;

/* Adds a node, infers its types. On a type error the diagnostics get the op's message and the
 * result is NO_VALUE; NO_VALUE among the operands gives NO_VALUE silently. */
value graph_add(graph *g, const node_spec *spec);
static inline value value_result(value v, uint32_t result) { return (value){v.node, result}; }

static inline const node *graph_node(const graph *g, uint32_t id) { return &g->nodes.items[id]; }
static inline const node *value_node(const graph *g, value v) { return &g->nodes.items[v.node]; }
static inline const type *value_type(const graph *g, value v) {
    return &g->nodes.items[v.node].types[v.result];
}
static inline const type *operand_type(const graph *g, const node *n, uint32_t i) {
    return value_type(g, n->operands[i]);
}
/* Number of uses of each node's results, outputs included: array over nodes, in `a`. */
uint32_t *graph_count_uses(const graph *g, arena *a);
/* Which nodes some output needs: array over nodes, in `a`. */
bool *graph_live_nodes(const graph *g, arena *a);
/* Structural hash and equality (ops, attributes, types, operands; no names, no locations). */
uint64_t graph_hash(const graph *g);
bool graph_equal(const graph *a, const graph *b);
/* The same of one node; operands compare as values of one graph. */
uint64_t node_hash(const node *n, uint64_t seed);
bool node_equal(const node *a, const node *b);

/* ---- attributes.c -------------------------------------------------------------------- */

typedef enum field_kind {
    FIELD_INTEGER, /* int64_t                                       k=3            */
    FIELD_BOOL,    /* bool                                          keep=true      */
    FIELD_DIM,     /* dim                                           size=7*B       */
    FIELD_FLOAT,   /* double, compared and printed by its bits      rate=0.5       */
    FIELD_ENUM,    /* int, an index into field.names                kind=max       */
    FIELD_DTYPE,   /* cn_dtype                                      to=f32         */
    FIELD_STRING,  /* const char *, never NULL                      name="softmax" */
    FIELD_INTEGERS,/* integer_list                                  axes=[0,2]     */
    FIELD_DIMS,    /* dim_list                                      shape=[B,10]   */
    FIELD_BYTES,   /* byte_string; printed as numbers of the result dtype, value=[0.5,1] */
    FIELD_RESULT_DTYPE, /* cn_dtype and dim_list which the type of result 0 states: not printed, */
    FIELD_RESULT_SHAPE, /* the parser takes them from there */
} field_kind;

typedef struct integer_list { int count; int64_t items[MAX_RANK]; } integer_list;
typedef struct dim_list { int count; dim items[MAX_RANK]; } dim_list;
typedef struct byte_string { size_t length; const void *bytes; } byte_string;

typedef struct attribute_field {
    const char *name;
    field_kind kind;
    size_t offset;             /* offsetof in the attribute struct */
    const char *const *names;  /* FIELD_ENUM: NULL-terminated spellings */
} attribute_field;

typedef struct attribute_schema {
    size_t size;
    const attribute_field *fields; /* ends with name == NULL */
} attribute_schema;

bool attributes_equal(const attribute_schema *s, const void *a, const void *b);
uint64_t attributes_hash(const attribute_schema *s, const void *a);
void *attributes_copy(const attribute_schema *s, const void *a, arena *to);
/* ` {padding=[1,1], groups=2}`; fields equal to zero are left out, all zero prints nothing. */
void attributes_print(const attribute_schema *s, const void *a, cn_dtype bytes_as, text *out);
/* One field: whether it is left out, and its value. */
bool attribute_is_default(const attribute_field *f, const void *a);
void attribute_print(const attribute_field *f, const void *a, cn_dtype bytes_as, text *out);

/* ---- print.c, parse.c, verify.c -------------------------------------------------------- */

/* First line "cornu-ir 1", then `func @name(...) { ... }`. parse(print(g)) prints the same. */
void graph_print(const graph *g, text *out);
/* NULL with line, column and what was expected in the diagnostics of `a`. `source` need not be
 * NUL-terminated. */
graph *graph_parse(arena *a, const char *source, size_t length);
/* Checks every invariant above, regions included; false with a message that names the node. */
bool graph_verify(const graph *g, diagnostics *d);

/* ---- rewrite.c: the one way passes change a graph -------------------------------------- */

/* A pass makes a new graph from an old one: nodes that some output needs are visited in order
 * and copied, unless the rule replaces them. Dead nodes vanish, numbering is dense again. */
typedef struct rewriter {
    const graph *from;
    graph *to;
    value **map;   /* map[node][result]: the value in `to`; NO_VALUE before it is visited */
    void *user;
} rewriter;

/* Return true after filling `results` (values in r->to) to replace the node; false copies it.
 * `operands` are the node's operands in r->to. */
typedef bool (*rewrite_rule)(rewriter *r, const node *n, const value *operands, value *results);
graph *graph_rewrite(const graph *g, arena *a, rewrite_rule rule, void *user);
/* Copies the nodes of region `g` into `to` with its inputs bound to `arguments`; fills
 * `results` with what its outputs became. Used to expand composites and groups. */
void graph_inline(const graph *g, graph *to, const value *arguments, value *results);
/* A copy of one node (regions shared, they are immutable once owned) with other operands. */
value graph_copy_node(graph *to, const node *n, const value *operands);

/* ---- registry: what an op is ------------------------------------------------------------ */

typedef enum op_trait {
    OP_LEAF = 1 << 0,         /* no operands: input, const, iota, ... */
    OP_POINTWISE = 1 << 1,    /* result[i] depends on operands at the same i only */
    OP_COMMUTATIVE = 1 << 2,  /* binary, operands may be exchanged */
    OP_CHEAP = 1 << 3,        /* about four flops or fewer, no transcendental: may be duplicated */
    OP_INDEX = 1 << 4,        /* result[i] is operand 0 at f(i) (or padding): movement, gather */
    OP_REDUCTION = 1 << 5,    /* a fold over some axes */
    OP_CONTRACTION = 1 << 6,  /* sum of products of two operands: dot_general, conv */
    OP_WINDOW = 1 << 7,       /* a small static fold per element */
    OP_OPAQUE = 1 << 8,       /* own loop nest, fused with nothing: scatter, scan, sort */
    OP_RANDOM = 1 << 9,       /* pure, but never merged across different streams */
    OP_TRANSIENT = 1 << 10,   /* must be gone before fusion: gradient, composite, flag */
    OP_NO_GRADIENT = 1 << 11, /* differentiates to nothing, on purpose: compare, floor, iota */
    OP_BARRIER = 1 << 12,     /* gradient stops or fusion stops here */
    OP_REGION = 1 << 13,      /* owns one: composite, scan, group */
} op_trait;

struct interpreter;
struct tensor;
struct lowering;
struct expr;
struct loop_contract;
struct gradient_context;
struct scalar_rule;

struct op_def {
    const char *name;
    const char *summary;    /* one sentence, for docs */
    int operand_count;      /* -1: any number */
    uint32_t traits;
    const attribute_schema *attributes;

    /* Number of results; NULL = one. */
    uint32_t (*count_results)(const node *n);
    /* Fills n->result_count types from the operands' types, attributes and regions; on a user's
     * mistake diag_fail with the op's name, both shapes, and the cure. */
    bool (*infer)(const graph *g, const node *n, type *results, diagnostics *d);
    /* Reverse mode: adds to the operands' gradients. NULL needs OP_NO_GRADIENT or OP_TRANSIENT. */
    void (*vjp)(struct gradient_context *cx, const node *n);
    /* Reference semantics on dense tensors of dual numbers (ir/interpret.h). */
    void (*interpret)(struct interpreter *it, const node *n, struct tensor *const *operands,
                      struct tensor **results);
    /* OP_POINTWISE: what it computes per element (ir/ops/pointwise.h); NULL when the attributes
     * choose (compare, bit) or types do (select, cast). */
    const struct scalar_rule *scalar;
    /* Lowering (ir/lower.h). `element`: the scalar at an index, pulled from the operands.
     * `contract`: the structured form of an OP_CONTRACTION. `nest`: statements that store the
     * results of an OP_OPAQUE op. */
    const struct expr *(*element)(struct lowering *l, const node *n, uint32_t result,
                                  const struct expr *const *index);
    bool (*contract)(struct lowering *l, const node *n, struct loop_contract *out);
    void (*nest)(struct lowering *l, const node *n);
    /* Floating-point operations for one run at batch size `batch`. NULL = one per element. */
    double (*cost)(const graph *g, const node *n, int64_t batch);
};

/* All ops, NULL-terminated, in the order of the documentation. */
extern const op_def *const op_registry[];
const op_def *op_find(const char *name, size_t length);
static inline bool node_has(const node *n, uint32_t traits) {
    return (n->op->traits & traits) != 0;
}

/* ---- gradients: what a vjp rule may call (implemented by passes/autodiff.c) ---------------- */

/* What of_region is asked: copy `region` into graph `to` with its inputs bound to `arguments`,
 * and differentiate the copy there. Given dy[o] for each output o (NO_VALUE: none arrived), it
 * fills outputs[o], and for each i with wanted[i] the gradient dx[i] of argument i (NO_VALUE:
 * none arrives). */
typedef struct region_gradient {
    const graph *region;
    graph *to;
    const value *arguments;
    const bool *wanted;
    const value *dy;
    value *outputs, *dx;
} region_gradient;

typedef struct gradient_context gradient_context;
struct gradient_context {
    graph *g;                  /* nodes are added here; forward values keep their ids */
    void *state;               /* of the autodiff pass */
    uint32_t node;             /* id of the node whose rule runs */
    /* The gradient that reached result `r` of node `n`; NO_VALUE when none did. */
    value (*of_result)(gradient_context *cx, const node *n, uint32_t r);
    /* Whether operand i needs a gradient at all (a vjp may skip the work). */
    bool (*needs)(gradient_context *cx, const node *n, uint32_t i);
    /* Adds `dx` (type of operand i) to operand i's gradient. */
    void (*add)(gradient_context *cx, const node *n, uint32_t i, value dx);
    /* For ops that own regions: scan, and composites without a rule of their own. */
    void (*of_region)(gradient_context *cx, const region_gradient *what);
};

#endif
