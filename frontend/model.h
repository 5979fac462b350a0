/* How a model is walked and repeated (model.c): steps, and what other files of the frontend ask. */
#ifndef CORNU_FRONTEND_MODEL_H
#define CORNU_FRONTEND_MODEL_H

#include "frontend/frontend.h"

#define STEP_OP (UINT64_C(1) << 32) /* STEP_OP | node: an op between layers; else a call index */

typedef struct walk_step {
    uint64_t id;
    uint32_t next;  /* operands already entered by the walk */
    uint32_t depth; /* Keras': the longest distance to an output, or more (measure_depths) */
    uint32_t met;   /* when the sweep up from the outputs met it, from 1 */
    bool is_input;  /* one of the model's inputs: the walk ends here */
    bool listed;
} walk_step;

/* All layers of a model in the order that counts for names and weights. */
typedef struct layer_order {
    cn_layer *const *layers;
    uint32_t count;
} layer_order;
/* `order`: NULL = by depth. */
cn_model *model_build(cn_source where, const cn_model_options *options, bool sequential,
                      const layer_order *order);
/* What callers without a context get. */
cn_model *orphan_model(void);
/* Whether an optimizer moves it: trainable, and its layer is not frozen. */
bool variable_learns(const variable *v);
/* Of its weights, those of a nested model's layers included. */
size_t layer_parameters(const cn_layer *l);

#endif
