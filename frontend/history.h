/* The logs of a fit, epoch by epoch. Own arena: a new fit starts a new one. */
#ifndef CORNU_FRONTEND_HISTORY_H
#define CORNU_FRONTEND_HISTORY_H

#include "frontend/frontend.h"

typedef struct history history;
/* Forgets what was there. */
bool history_begin(cn_model *m);
void history_append(cn_model *m, int64_t epoch, const cn_logs *logs);
void history_free(cn_model *m);

#endif
