/* What the compiler makes on the way from a graph to a program, as text in several formats.
 *
 * A stage is one such thing: the graph as it came or after a pass, remarks and times of the
 * passes, the memory plan, the loops and the C of the kernels, the list of launches. A format is
 * a row that prints one kind of stage; the first row of a kind is what it is written as when
 * nobody asks for another.
 */
#ifndef CORNU_PASSES_STAGE_H
#define CORNU_PASSES_STAGE_H

#include "base/text.h"
#include "ir/ir.h"

struct memory_plan;

typedef enum stage_kind {
    STAGE_GRAPH,
    STAGE_TIMINGS,
    STAGE_REMARKS,
    STAGE_MEMORY,
    STAGE_LOOPS,
    STAGE_CODE,
    STAGE_LAUNCHES,
    STAGE_REPORT, /* what the compiler of the C did */
    STAGE_KIND_COUNT,
} stage_kind;

/* "graph", "timings", "remarks", "memory", "loops", "c", "launches", "report". */
extern const char *const stage_names[STAGE_KIND_COUNT];

/* A piece of a stage that is text: the loops or the C of one kernel. */
typedef struct stage_part {
    const char *name;
    const char *text;
} stage_part;

typedef struct stage {
    stage_kind kind;
    int position;                   /* GRAPH: how many passes have run */
    const char *name;               /* GRAPH: "frontend", then the last pass */
    bool unchanged;                 /* GRAPH: the pass left it as it was */
    const graph *graph;             /* GRAPH, LAUNCHES */
    const struct memory_plan *plan; /* MEMORY */
    const stage_part *parts;        /* all others */
    uint32_t part_count;
} stage;

typedef struct stage_format {
    const char *name; /* "cnir", "dot", "svg", "json", "c", "text" */
    stage_kind kind;
    void (*print)(const stage *s, text *out);
} stage_format;

/* NULL name: the first format of that kind. NULL when the kind has no such format. */
const stage_format *stage_format_find(stage_kind kind, const char *name);
/* "cnir, dot, svg or json", of one kind. */
const char *stage_format_list(stage_kind kind, arena *a);

#endif
