// expect: csv_column.c:12: dataset_csv: "csv_column.csv" has no column "kind"; it has 2: size, price
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    FILE *file = fopen("csv_column.csv", "w");
    if (file == NULL)
        return 1;
    fputs("size,price\n1,9.5\n", file);
    fclose(file);
    cn_dataset *d = cn_dataset_csv(c, "csv_column.csv", .targets = {"kind"});
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    remove("csv_column.csv");
    return s == CN_OK;
}
