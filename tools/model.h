/* What model.c tells besides verb.h. */
#ifndef CORNU_TOOLS_MODEL_H
#define CORNU_TOOLS_MODEL_H

#include "tools/verb.h"

/* The C compiler that models are made by, or why there is none, as one line. */
bool model_compiler_describe(char *line, size_t size);

#endif
