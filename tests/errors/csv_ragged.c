// expect: csv_ragged.c:12: dataset_csv: "csv_ragged.csv", line 3: 2 cells, the header has 3
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    FILE *file = fopen("csv_ragged.csv", "w");
    if (file == NULL)
        return 1;
    fputs("length,width,kind\n1,2,a\n3,4\n", file);
    fclose(file);
    cn_dataset *d = cn_dataset_csv(c, "csv_ragged.csv", .targets = {"kind"});
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    remove("csv_ragged.csv");
    return s == CN_OK;
}
