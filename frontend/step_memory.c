/* cn_step_memory: what a training step will need, from its plan. */
#include "base/size.h"
#include "frontend/frontend.h"

static bool step_memory(cn_model *m, int64_t batch, size_t *bytes) {
    cn_context *c = m->context;
    cn_dtype dtypes[2 * CN_MAX_LIST];
    executable_memory plan;
    if (m->training == NULL)
        return diag_fail(&c->diag, CN_ERROR_NOT_COMPILED,
                         "step_memory: model \"%s\" is not compiled; call cn_compile first",
                         m->name);
    model_usual_dtypes(m, PROGRAM_TRAIN, dtypes);
    training_program *p = model_get_program(m, PROGRAM_TRAIN, dtypes, false);
    if (p == NULL)
        return false;
    const executable *x = p->function->executable;
    bool known = batch > 0 && x->operations->memory(x, batch, &plan) &&
                 size_add(plan.workspace_bytes, plan.state_bytes, bytes) &&
                 size_add(*bytes, plan.io_bytes, bytes);
    return known ||
           diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                     "step_memory: nothing can be planned for a batch of %lld", (long long)batch);
}

cn_status cn_step_memory(cn_model *m, int64_t batch_size, size_t *bytes) {
    if (m == NULL || m->context == NULL || bytes == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (!model_acquire(m, (cn_source){"", 0, 0}, "step_memory"))
        return c->diag.status;
    CONTEXT_ENTER(c, (model_release(m), c->diag.status));
    bool ok = step_memory(m, batch_size, bytes);
    CONTEXT_LEAVE(c);
    model_release(m);
    return ok ? CN_OK : c->diag.status;
}
