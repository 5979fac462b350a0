/* Random words of a loop, drawn ahead of it. */
#ifndef CORNU_CODEGEN_CPU_EMIT_RANDOM_H
#define CORNU_CODEGEN_CPU_EMIT_RANDOM_H

#include "codegen/cpu/emit.h"

/* The loop low <= axis < low + count. */
typedef struct draw_range {
    const loop_variable *axis;
    const char *low, *count;    /* names or numbers */
    int64_t most;               /* of count */
    const loop_variable *given; /* what each iteration has besides the axis, or NULL */
} draw_range;

/* Whether the body has words to draw ahead. */
bool has_draws(emitter *e, const stmt_list *body, const draw_range *r);
/* Draws them and returns what is left for the body of the loop. */
stmt_list emit_draws(emitter *e, const stmt_list *body, const draw_range *r);

#endif
