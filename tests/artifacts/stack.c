/* Predicts on a thread whose stack is filled with a pattern before, and reports how much of it a
 * call used: no more than the header states. Usage: stack [WEIGHTS] */
#define _GNU_SOURCE
#include <pthread.h>

#include "ask.h"

enum { STACK_BYTES = 1 << 20, PATTERN = 0xa5, ALLOWANCE = 512 /* for the frame here */ };

typedef struct asker {
    model_context context;
    model_session session;
    arrays in, out;
    unsigned char *stack;
    size_t used;
} asker;

/* How far down the stack has been written to below this frame. */
static void *ask(void *argument) {
    asker *a = argument;
    unsigned char *here = (unsigned char *)__builtin_frame_address(0);
    memset(a->stack, PATTERN, (size_t)(here - a->stack) - 256);
    check(model_predict_arrays(&a->context, &a->session, a->in.items, a->in.count, a->out.items,
                               a->out.count),
          a->session.message);
    const unsigned char *low = a->stack;
    while (*low == PATTERN)
        low++;
    a->used = (size_t)(here - low);
    return NULL;
}

int main(int argc, char **argv) {
    static asker a;
    int inputs, outputs;
    const model_tensor *takes = model_inputs(&inputs), *gives = model_outputs(&outputs);
    pthread_attr_t attributes;
    pthread_t thread;
    a.session = new_session(1);
    a.in = new_arrays(takes, inputs, MODEL_CAPACITY, 3);
    a.out = new_arrays(gives, outputs, MODEL_CAPACITY, 0);
    a.stack = aligned(STACK_BYTES);
    load(&a.context, argc > 1 ? argv[1] : NULL);
    pthread_attr_init(&attributes);
    if (pthread_attr_setstack(&attributes, a.stack, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, ask, &a) != 0)
        return 1;
    pthread_join(thread, NULL);
    printf("a call used %zu bytes of the stack, of %d\n", a.used, (int)MODEL_STACK_BYTES);
    return a.used <= 256 || a.used > MODEL_STACK_BYTES + ALLOWANCE;
}
