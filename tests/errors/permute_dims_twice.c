// expect: permute_dims_twice.c:8: permute: .dims must be the numbers from 1 to 2 in some order;
// expect: the batch is left out
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_permute(c, {2, 2});
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
