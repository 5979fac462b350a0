/* Fuzzing the reader of CSV: rows come in order (two in a line when a CR stands alone), and cells
 * end where they say. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#include "runtime/io/csv.h"
#include "runtime/io/decimal.h"

static bool check_row(void *user, const csv_row *row, diagnostics *d) {
    int64_t *line = user;
    double x;
    require(diag_ok(d) && row->line >= *line && row->count > 0);
    *line = row->line;
    for (size_t i = 0; i < row->count; i++) {
        require(row->cells[i].text[row->cells[i].length] == 0);
        if (decimal_parse(row->cells[i].text, row->cells[i].length, &x))
            require(isfinite(x));
    }
    return true;
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    int64_t line = 0;
    bool ok = csv_scan(fuzz_file(bytes, length), ',', arena_memory(a), check_row, &line, d);
    require_verdict(d, ok);
}
