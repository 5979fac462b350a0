/* From a loop kernel to C: what the parts of the emitter share.
 *
 *   emit.c         a kernel: stages, functions, statements    tile.c  register tiles of `contract`
 *   emit_nest.c    parallel loops: merging, tasks, maps        prelude.c  what the text stands on
 *   emit_reduce.c  folds: lanes, columns, split over tasks
 *
 * A kernel becomes one or more stages, run one after the other; each is a function over a range
 * of independent tasks and a function that counts them:
 *
 *     void NAME(void *const *buffers, i64 B, i64 begin, i64 end, void *scratch);
 *     i64 NAME_tasks(i64 B);
 *
 * buffers are the kernel's arguments in order, then its workspace: memory of one launch, through
 * which stages hand on partial results. scratch belongs to the thread that runs the tasks.
 * How many tasks there are depends on extents only, and no result depends on who runs them.
 */
#ifndef CORNU_CODEGEN_CPU_EMIT_H
#define CORNU_CODEGEN_CPU_EMIT_H

#include "codegen/cpu/isa.h"
#include "codegen/cpu/prelude.h"
#include "codegen/print_expr.h"
#include "ir/loop_scalar.h"

typedef VEC(const char *) name_list;

typedef struct cpu_kernel {
    const char *name;
    const char *text;   /* all functions of the kernel */
    name_list stages;   /* their names */
    const char *scratch, *workspace; /* bytes per thread and launch, over B; NULL = none */
    prelude functions;  /* that the text calls */
} cpu_kernel;

/* The C text of a verified kernel under this name. Deterministic. */
cpu_kernel *emit_kernel(const kernel *k, const char *name, const isa_level *isa, arena *a);

/* ---- inside the emitter -------------------------------------------------------------------- */

/* Which buffers a stage touches, as bits; the workspace is the one behind the arguments. */
typedef struct stage_access {
    uint64_t reads, writes;
} stage_access;

typedef struct emitter {
    arena *arena;
    const kernel *kernel;
    const char *name; /* of its functions */
    const isa_level *isa;
    cpu_kernel *result;
    expression_printer printer;
    text *out; /* body of the function being written */
    int indent;
    const char **names;              /* of variables, by id; NULL = merged away: always zero */
    dim *extents;                    /* of axes, by id: larger than the variable's after merging */
    const char **buffers;            /* names */
    map taken;                       /* identifiers in use */
    int variable_count;              /* the kernel\'s and the emitter\'s own */
    text functions;                  /* finished ones */
    const char *scratch, *workspace; /* bytes, expressions over B; NULL = none */
    VEC(stage_access) accesses;      /* of the stages of the result */
    const struct tile_plan *vector_plan; /* while an epilogue is printed as vectors */
} emitter;

void line(emitter *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void open_block(emitter *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void close_block(emitter *e);
/* A printed expression, dim or product, for use inside a line. */
const char *expr_words(emitter *e, const expr *x);
const char *dim_text(emitter *e, dim d);
const char *index_words(emitter *e, const expr *x);
/* a * b, a / b and a % b of texts that are factors; what 1 makes trivial is left out. */
const char *product_text(emitter *e, const char *a, const char *b);
const char *quotient_text(emitter *e, const char *a, const char *b);
const char *remainder_text(emitter *e, const char *a, const char *b);
const char *offset_text(emitter *e, const stmt *store);
/* An identifier like `base` that nothing else in the kernel has. */
const char *fresh_name(emitter *e, const char *base);
/* An axis of the emitter's own. */
loop_variable *new_axis(emitter *e, const char *hint, dim extent);
/* C text of a buffer's declarations as far as `body` mentions them. */
const char *buffer_declarations(emitter *e, const char *body);
static inline const char *name_of(const emitter *e, const loop_variable *v) {
    return e->names[v->id];
}
static inline dim extent_of(const emitter *e, const loop_variable *v) {
    return e->extents[v->id];
}
void use_function(emitter *e, const char *name);

/* Begins a stage's body; end_stage makes a function of it and one that yields `tasks`, an
 * expression over B. */
void begin_stage(emitter *e);
void end_stage(emitter *e, const char *suffix, const char *tasks);
const char *stage_suffix(emitter *e); /* of the next stage */
/* Room of its own in the launch's workspace, or at the start of the thread's scratch; `bytes` is
 * an expression over B. The workspace's address is what the first call returns, a text. */
const char *claim_workspace(emitter *e, const char *bytes);
void claim_scratch(emitter *e, const char *bytes);
/* A function that stages call; `head` is all before its body. */
void begin_function(emitter *e);
void end_function(emitter *e, const char *head);

/* emit.c: statements in order, one element at a time. */
void emit_statements(emitter *e, const stmt_list *list);
void emit_statement(emitter *e, const stmt *s);

/* emit_nest.c */
typedef struct axis_list {
    int count;
    loop_variable *items[2 * MAX_RANK];
} axis_list;

/* Whether all indices in `body` and `value` (may be NULL) step through two axes as one. */
bool axes_join(emitter *e, const loop_variable *outer, const loop_variable *inner,
               const stmt_list *body, const expr *value);
/* Joins neighbouring axes that every address steps through as one. */
void merge_axes(emitter *e, axis_list *axes, const stmt_list *body, const expr *value);
dim axes_product(const emitter *e, const axis_list *axes);
/* Operations of one execution of the statements, roughly. */
double statements_cost(const emitter *e, const stmt_list *list);
double expr_cost(const expr *x);
bool contains(const stmt_list *list, stmt_kind kind);
/* `for` over an axis; the caller closes it. */
void open_axis(emitter *e, const loop_variable *axis);
/* The loop over a task's share of the points of `axes`, `per_task` of them; the caller closes
 * what it opened. Returns the number of tasks as text. */
const char *open_rows(emitter *e, const axis_list *axes, int64_t per_task);
/* Declares the axes' values from the number of their point, a text. */
void split_row(emitter *e, const axis_list *axes, const char *row);
/* Rows of this many operations each that make a task. */
int64_t tasks_rows(double cost);
/* A stage for a nest of parallel loops. */
void emit_nest(emitter *e, const stmt *nest);
/* A stage without tasks, for results without elements. */
void emit_nothing(emitter *e);
void emit_inner_nest(emitter *e, const stmt *nest);

/* emit_reduce.c */
void emit_reduce(emitter *e, const stmt *s);
/* Whether the folds of `body` are better vectorised over `axis` than over their own axes. */
bool prefers_columns(emitter *e, const loop_variable *axis, const stmt_list *body);
/* The body for axis values low <= axis < high (texts), folds kept in arrays. */
void emit_columns(emitter *e, const loop_variable *axis, const char *low, const char *high,
                  const stmt_list *body);
enum { COLUMN_TILE = 256 };
/* Two stages, partial folds and their combination, when there are too few results to share out;
 * false when that does not apply. */
bool emit_split(emitter *e, axis_list *axes, const stmt_list *body);
/* `x = x (fold) y;` */
void fold_line(emitter *e, const stmt *reduce, const char *x, const char *y);
const char *fold_start(emitter *e, const stmt *reduce);

/* tile.c, tile_plain.c */
void emit_contract(emitter *e, const stmt *s);
void emit_plain_contract(emitter *e, const loop_contract *c);

#endif
