// expect: optimizer_rate_twice.c:8: sgd: .learning_rate and .schedule are both given; give one
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    const cn_schedule *decay = cn_exponential_decay(c, 0.1, 1000, 0.96, false);
    cn_sgd(c, 0.1, .schedule = decay);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
