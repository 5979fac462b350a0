// expect: dataset_idx: cannot read "/nowhere/images.gz": No such file or directory
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_dataset *d = cn_dataset_idx(c, "/nowhere/images.gz", NULL);
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
