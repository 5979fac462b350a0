// expect: csv_number.c:12: dataset_csv: "csv_number.csv", line 3, column 2 "price": "12,50" is no number
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    FILE *file = fopen("csv_number.csv", "w");
    if (file == NULL)
        return 1;
    fputs("size,price\n1,9.5\n2,\"12,50\"\n", file);
    fclose(file);
    cn_dataset *d = cn_dataset_csv(c, "csv_number.csv", .targets = {"price"});
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    remove("csv_number.csv");
    return s == CN_OK;
}
