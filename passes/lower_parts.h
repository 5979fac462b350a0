/* Parts of lowering: what passes/lower.c, lower_contract.c and lower_parts.c share. */
#ifndef CORNU_PASSES_LOWER_PARTS_H
#define CORNU_PASSES_LOWER_PARTS_H

#include "ir/lower_state.h"
#include "passes/iteration.h"

/* Within one iteration all values are pulled before the first is stored. */
typedef struct pending_store {
    uint32_t output; /* of the region */
    const expr *index[MAX_RANK];
    const expr *value;
} pending_store;

void pull_output(lowering *l, pending_store *p);
void store_all(lowering *l, const pending_store *stores, uint32_t count);

/* lower_contract.c: the contraction of a group with its epilogue. */
bool lower_contraction(lowering *l, iteration *it, diagnostics *d);

/* The index of a tensor of type `to` at the point where one of type `from` has `index`: the same
 * extents in the same order, apart from dims of 1. */
void spread_index(lowering *l, const type *from, const expr *const *index, const type *to,
                  const expr **out);
/* The index of value `to` at the point where `from` has `index`, by their loop classes. */
void map_index(lowering *l, iteration *it, value from, const expr *const *index, value to,
               const expr **out);

/* Whether a node of a group's region is a copy that costs nothing: a view or leaf. */
bool is_free_in_region(iteration *it, uint32_t id);
/* Gives a local buffer to each value of a row group that several passes over the row need. */
void choose_locals(lowering *l, iteration *it);
/* The first node that has a nest; NULL when there is none. */
const node *find_nest(const lowering *l);

/* Results that the group's attributes place over an operand: their buffer becomes the
 * operand's, which is read and written; the result's own argument stays, unused. */
void apply_in_place(kernel *k, const node *group);

#endif
