/* Rows of CSV files (RFC 4180), plain or gzip; quoting is libcsv's.
 *
 *     name,"a cell, with ""quotes"" and
 *     two lines",3.5
 *
 * Spaces around cells that are not quoted, empty lines and a byte order mark are left out.
 */
#ifndef CORNU_RUNTIME_IO_CSV_H
#define CORNU_RUNTIME_IO_CSV_H

#include <stdint.h>

#include "base/arena.h"

typedef struct csv_cell {
    const char *text; /* NUL-terminated */
    size_t length;
} csv_cell;

typedef struct csv_row {
    const csv_cell *cells;
    size_t count;
    int64_t line; /* where it begins, from 1 */
} csv_row;

/* What is done with a row, whose cells last until the next; false, after diag_fail, stops. */
typedef bool (*csv_take)(void *user, const csv_row *row, diagnostics *d);

/* All rows of a file in order. False with a message that names file and line. Running out of
 * memory in `take` unwinds from here. */
bool csv_scan(const char *path, char separator, memory *m, csv_take take, void *user,
              diagnostics *d);
/* The same of a line that no file holds: "a,\"b,c\""; here `take` must not unwind. */
bool csv_scan_text(const char *text, size_t length, memory *m, csv_take take, void *user,
                   diagnostics *d);

#endif
