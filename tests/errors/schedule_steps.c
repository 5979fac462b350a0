// expect: cosine_decay: decay_steps is 0; it is positive
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_adam(c, .schedule = cn_cosine_decay(c, 1e-3, 0, 0, 0, 0));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
