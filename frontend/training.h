/* What compile.c, programs.c and updates.c share. */
#ifndef CORNU_FRONTEND_TRAINING_H
#define CORNU_FRONTEND_TRAINING_H

#include "frontend/frontend.h"

typedef VEC(uint32_t) id_list;

/* The loss and updates of a training or evaluation step, recorded at first need. */
training_variant *training_variant_get(cn_model *m, bool weighted);
/* Adds an update, or replaces the one the variable has (a layer applied twice keeps its last). */
void updates_replace(cn_updates *u, variable *v, value new_value);

#endif
