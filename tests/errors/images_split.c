// expect: images_split.c:7: dataset_image_folder: .validation_split and .subset go together
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_dataset *d = cn_dataset_image_folder(c, "pets", .validation_split = 0.2);
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
