/* Runs a fuzz target on files, where there is no libFuzzer: replay FILE... */
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>

#include "base/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        uint8_t *bytes;
        size_t length;
        diagnostics d;
        diag_init(&d);
        fprintf(stderr, "%s\n", argv[i]); /* the last one is the defect's */
        if (!file_read_all(argv[i], &d, &bytes, &length)) {
            fprintf(stderr, "%s\n", d.message);
            return 1;
        }
        LLVMFuzzerTestOneInput(bytes, length);
        free(bytes);
    }
    return argc < 2;
}
