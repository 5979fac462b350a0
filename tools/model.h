/* What model.c tells besides verb.h. */
#ifndef CORNU_TOOLS_MODEL_H
#define CORNU_TOOLS_MODEL_H

#include "tools/verb.h"

/* Whether a MODEL of this name is a file of Keras', not a C source. */
bool model_is_file(const char *path);
/* To a .keras file, with all that it is compiled with. */
cn_status model_save(cn_model *m, const char *path);
/* Whether a name ends so, and has something before it. */
bool ends_in(const char *path, const char *end);

#endif
