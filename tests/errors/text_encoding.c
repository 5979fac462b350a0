// expect: text_encoding.c:12: dataset_text: "text_encoding.txt", byte 4: this is no UTF-8
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    FILE *file = fopen("text_encoding.txt", "w");
    if (file == NULL)
        return 1;
    fputs("caf\xc3 au lait\n", file);
    fclose(file);
    cn_dataset *d = cn_dataset_text(c, "text_encoding.txt", .sequence_length = 4);
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    remove("text_encoding.txt");
    return s == CN_OK;
}
