/* What weights.c and state.c share: variables to and from safetensors entries. */
#ifndef CORNU_FRONTEND_WEIGHTS_H
#define CORNU_FRONTEND_WEIGHTS_H

#include "frontend/frontend.h"
#include "runtime/io/safetensors.h"

typedef struct named_variable {
    const char *name;
    variable *variable;
} named_variable;
typedef VEC(named_variable) variable_list;

/* The entry of a variable that has data. */
safetensors_entry weights_entry(const char *name, const variable *v);
/* Whether the file has each variable of the list, in its type, and nothing else but names that
 * begin with one of `more` (a list that ends at NULL; NULL = none). Fails with all differences. */
bool weights_agree(cn_context *c, const safetensors *file, const variable_list *list,
                   const char *const *more, arena *scratch);
/* Copies the values, once they agree. */
void weights_take(const safetensors *file, const variable_list *list);
/* A model's weights under their names. */
void weights_list(const cn_model *m, arena *a, variable_list *out);

/* Writes them all to a file, near whose beginning stands the mark. */
#define WEIGHTS_MARK "\"cornu\":\"weights"
bool weights_save(cn_model *m, const char *path, arena *scratch);

/* Whether the file says that it is of this kind ("weights") and version. */
bool weights_check_kind(cn_context *c, const safetensors *file, const char *kind,
                        const char *version);
/* Reads a file and hands it to `take`; messages are of the file. */
bool weights_read_file(cn_model *m, const char *path, arena *scratch,
                       bool (*take)(cn_model *m, const safetensors *file, arena *scratch));
/* The frame of a public call on a model and a file: checks, a scratch arena, recovery. */
cn_status weights_with_file(cn_model *m, const char *path, const char *call,
                            bool (*work)(cn_model *m, const char *path, arena *scratch));

#endif
