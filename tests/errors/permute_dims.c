// expect: permute_dims.c:8: permute: .dims is missing; {2, 1} exchanges the two axes after the
// expect: batch
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_permute(c, {0, 2, 1});
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
