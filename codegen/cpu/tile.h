/* Register tiles of `contract`: what planning, staging and printing share.
 *
 * A contraction is seen as a matrix product. `right` is the operand that owns the last parallel
 * axis, the columns, along which vectors lie; `left` owns the rows, whose elements are broadcast;
 * axes of both are outer. A tile keeps rows x columns of results in registers for the whole
 * reduction, so each is one ascending chain of fused multiply-adds.
 *
 *     for every task: outer axes, a chunk of rows
 *         bring the left operand to constant steps          (tile_pack.c, tile_window.c)
 *         for every panel of columns, for every tile of rows
 *             tile()     the chains                                       (tile_kernel.c)
 *             finish()   the epilogue, on results still in cache
 *
 * An operand is read in place when it is a bare array whose addresses step evenly; a padded
 * window over an array is copied into scratch with its padding; anything else is evaluated into
 * a packed array. Sums over many positions into few results (filter gradients), and products with
 * large matrices, are split: tasks are fixed blocks of the outermost reduction axis, their partial
 * results are combined in pairs.
 */
#ifndef CORNU_CODEGEN_CPU_TILE_H
#define CORNU_CODEGEN_CPU_TILE_H

#include "codegen/cpu/emit.h"

typedef enum operand_mode { OPERAND_DIRECT, OPERAND_STAGED, OPERAND_PACKED } operand_mode;

typedef struct axis_step {
    const loop_variable *axis;
    dim step; /* elements; of DIRECT operands it may be negative or a multiple of B */
} axis_step;

typedef struct step_list {
    int count;
    axis_step items[2 * MAX_RANK];
} step_list;

/* One dim of a staged window: index = base + s, 0 <= s < size. */
typedef struct window_dim {
    const expr *index;      /* as it stands in the operand */
    const expr *base;       /* inner axes at their start; the cut axis stays */
    int64_t size, cut_step; /* size for all of the cut; index steps per step of it */
    int64_t stride;         /* in the scratch array */
    loop_variable *s;
} window_dim;

typedef struct tile_operand {
    const expr *value; /* lets substituted when STAGED */
    const stmt_list *lets;
    operand_mode mode;
    const expr *offset; /* DIRECT: of the load */
    step_list steps;
    step_list bare_steps; /* of the array itself, also when it is packed; with offset */
    axis_list inside;     /* STAGED, PACKED: what the scratch array spans */
    int window_count;     /* STAGED */
    window_dim window[MAX_RANK];
    int64_t elements, origin; /* STAGED: of the scratch array; where its axes are all 0 */
    bool rows_fastest;        /* PACKED left: rows are neighbours, not steps of the reduction */
} tile_operand;

/* Numbers of steps that tiles are made for, largest first. */
typedef struct tile_sizes {
    int count;
    int items[4];
} tile_sizes;

/* The axes that one axis stands for after joining, as they were. */
typedef struct joined_axis {
    axis_list parts;
} joined_axis;

typedef struct tile_plan {
    const loop_contract *contract;
    tile_operand left, right;
    axis_list outer;       /* points that tasks share out */
    axis_list right_outer; /* those of `outer` that the right operand uses */
    axis_list across;      /* row axes looped over inside a task, around the tiles */
    axis_list rows;        /* all row axes inside a task, in order */
    axis_list reduction;   /* ascending, last fastest */
    loop_variable *columns;
    loop_variable *chunk;        /* a task has low <= chunk < high; NULL when split */
    loop_variable *step, *inner; /* a tile is `size` steps times all of inner (may be NULL) */
    int64_t chunk_size, inner_size;
    tile_sizes sizes;
    int lanes, vectors; /* elements of a vector, vectors of a full panel */
    cn_dtype dtype;
    bool panels_inside; /* a task does all panels of its rows */
    bool split;
    int64_t block;         /* split: steps of reduction.items[0] per task */
    int64_t result_stride; /* between rows of results where tiles write them */
    bool in_registers;     /* the epilogue is applied to vectors, not to a tile in memory */
    loop_variable *cut;    /* the left operand's array spans low <= cut < high: the chunk's axis, */
    int64_t cut_size;      /* or when split the outermost of the reduction; at most so many */
    const char *packed, *partials; /* addresses in the workspace, texts; NULL = none */
    const char *suffix;            /* of this contraction's functions: a kernel may have several */
    joined_axis *joined;           /* by variable id */
    const char **names;            /* by variable id, before joining */
    dim *extents;
} tile_plan;

/* tile_plan.c. False when no register tile fits the contraction. */
bool plan_tiles(emitter *e, const loop_contract *c, tile_plan *p);
dim step_of(const tile_operand *o, const loop_variable *axis);
static inline int64_t panel_width(const tile_plan *p) {
    return p->lanes * p->vectors;
}
static inline bool packs_in_task(const tile_plan *p) {
    return p->right.mode == OPERAND_PACKED && !p->panels_inside && !p->split;
}
bool operand_uses(const expr *value, const stmt_list *lets, const loop_variable *v);

/* tile_window.c: padded windows over arrays. False when the operand is none. */
bool find_window(emitter *e, tile_operand *o, const axis_list *inside);
/* Sizes and steps, once the chunk is chosen. */
void measure_window(tile_operand *o, const loop_variable *cut, int64_t cut_size);
void emit_window(emitter *e, const tile_plan *p);

/* tile_pack.c: operands evaluated into arrays. */
void emit_packed_left(emitter *e, const tile_plan *p);
void emit_right_stage(emitter *e, const tile_plan *p);
void emit_right_panel(emitter *e, const tile_plan *p);
const char *panel_elements(emitter *e, const tile_plan *p);
const char *right_bytes(emitter *e, const tile_plan *p);
/* Address of the packed panel that begins with this column. */
const char *right_panel(emitter *e, const tile_plan *p, const char *column);

/* tile_kernel.c: the functions around registers, and calls of them. */
typedef struct panel {
    int vectors;
    bool whole;                 /* all elements of the vectors are columns */
    const char *column, *width; /* texts: first column, columns that exist */
} panel;
void emit_tile_functions(emitter *e, const tile_plan *p);
void emit_tile_call(emitter *e, const tile_plan *p, const panel *at, int size);

/* tile_epilogue.c: what is done with a tile's results. */
bool epilogue_is_vectors(emitter *e, const tile_plan *p);
/* NAME_end, on one vector of results; NAME_finish, on a tile in memory. */
void emit_end_function(emitter *e, const tile_plan *p);
void emit_finish_function(emitter *e, const tile_plan *p);
/* Parameters of NAME_end after its vector (`one_row`), or of a tile function that calls it, which
 * has no value of the inner axis; and arguments for them (texts; `inner` may be NULL). */
const char *end_parameters(emitter *e, const tile_plan *p, bool one_row);
const char *end_arguments(emitter *e, const tile_plan *p, const char *step, const char *inner,
                          const char *column);
/* The axes whose values an epilogue must be told. */
axis_list told_axes(const tile_plan *p);

#endif
