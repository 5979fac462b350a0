/* The two parts of a profile: what runs (profile.c), and the network it comes from. */
#ifndef CORNU_FRONTEND_PROFILE_H
#define CORNU_FRONTEND_PROFILE_H

#include "frontend/frontend.h"

/* profile_layers.c: fills the rows of layers, in `a`. */
void profile_layers(const cn_model *m, arena *a, cn_profile *out);

#endif
