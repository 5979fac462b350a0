/* The saved state of a training run (cn_save_state), and what of it waits for the next fit. */
#ifndef CORNU_FRONTEND_STATE_H
#define CORNU_FRONTEND_STATE_H

#include "frontend/callback.h"

/* Gives what a loaded state has of callbacks to those of this fit, by place and kind, after
 * train_begin, and forgets it; warns of what nobody takes. */
void state_give_callbacks(cn_model *m);
void state_forget(cn_model *m);

#endif
