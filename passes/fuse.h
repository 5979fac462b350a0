/* What the parts of fusion share: fuse.c chooses the groups, fuse_candidate.c asks whether two
 * may become one, fuse_emit.c writes them as `group` nodes. */
#ifndef CORNU_PASSES_FUSE_H
#define CORNU_PASSES_FUSE_H

#include "base/map.h"
#include "passes/iteration.h"
#include "passes/pass.h"

typedef VEC(uint32_t) node_list;

/* A future kernel: its nodes in topological order, free ones not listed. */
typedef struct fusion_group {
    node_list nodes;
    group_kind kind;
    bool alive;        /* false: it became part of another */
    bool plain;        /* no kernel but a node as it is: a scan. Merges with nothing */
    bool several;      /* a horizontal merge: several domains in one kernel */
    uint32_t position; /* in a topological order of the groups */
    uint32_t changed;  /* when it last grew, by fusion.merges */
} fusion_group;

typedef struct fusion {
    pass_context *cx;
    const graph *graph;
    iteration iteration;
    VEC(fusion_group) groups; /* [0] unused */
    node_list order;          /* groups by position */
    uint32_t *group_of;       /* by node; 0 = free, or in memory already */
    bool *free;               /* duplicated into every group that reads it */
    node_list *users;         /* by node */
    bool *is_output;          /* by node: a result of the graph */
    uint32_t merges;          /* how many there were */
    map refused;              /* pairs of groups: what `merges` was when they were refused */
    uint32_t *seen, now;      /* by node: marks of the current walk */
    uint32_t *seen_group;     /* by group (at most one per node) */
    node_list work, exits;    /* of the current walk */
    /* The candidate that was built last: */
    node_list members; /* free ones too, in topological order */
    node_list outputs; /* members needed outside */
    uint32_t buffers;  /* arguments its kernel would have */
} fusion;

/* Values that live in memory without a kernel: inputs and tables of constants. */
bool fusion_is_source(fusion *f, uint32_t id);
/* Fills members, outputs and buffers for the union of two groups (b may be 0). */
void candidate_build(fusion *f, uint32_t a, uint32_t b);
/* Whether its size is within the target's limits. */
bool candidate_fits(const fusion *f);
/* Whether groups a and b may become one kernel; on true the kind is in f->iteration.kind. */
bool candidate_accept(fusion *f, uint32_t a, uint32_t b, const char **why);
/* The refusal that other merges may lift. */
extern const char refused_as_linked[];
/* Whether a path leads from one group to the other through a third, or, with `direct`, at all. */
bool groups_are_linked(fusion *f, uint32_t a, uint32_t b, bool direct);
/* Makes one group of two that are not linked through a third; the order stays topological. */
void merge_groups(fusion *f, uint32_t into, uint32_t from, group_kind kind);

graph *fusion_emit(fusion *f);

#endif
