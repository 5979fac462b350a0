// expect: out of memory: 
// expect:  bytes asked for, 
// expect:  in use, 
// expect:  at the most
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c =
        cn_context_new(&(cn_context_options){.backend = "ref", .memory_limit = 1 << 20});
    cn_model *m = cn_sequential(c, {4096}, {cn_dense(c, 4096)});
    if (cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR) == CN_ERROR_OUT_OF_MEMORY)
        puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
