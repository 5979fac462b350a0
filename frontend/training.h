/* What compile.c, programs.c, function.c, updates.c and layer_updates.c share. */
#ifndef CORNU_FRONTEND_TRAINING_H
#define CORNU_FRONTEND_TRAINING_H

#include "frontend/frontend.h"

typedef VEC(uint32_t) id_list;

/* The loss and updates of a training or evaluation step, recorded at first need. */
training_variant *training_variant_get(cn_model *m, bool weighted);

/* The new value that a set has for a variable; NULL when it has none. */
const update *updates_find(const cn_updates *u, const variable *v);
/* Adds an update, or replaces the one the variable has. */
void updates_replace(cn_updates *u, variable *v, value new_value);

/* Whether a call was made inside of `outer`, or is it. */
bool call_within(const cn_context *c, uint32_t call, uint32_t outer);
/* The calls that took part in computing these values, in the order the program made them. */
id_list calls_behind(cn_context *c, const value *results, uint32_t count);
/* Adds what these calls, made in this order, leave in the state of layers that are not frozen (by
 * layer id; NULL = as layers are now). A state that has a new value in u keeps that one. */
void layer_updates_add(cn_updates *u, const id_list *calls, const bool *frozen);

#endif
