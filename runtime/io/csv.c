/* Reading CSV.
 *
 * libcsv is fed line by line, so that the number of the line is known whenever it hands over a
 * cell. Cells of a row are gathered in one buffer; a row is handed on when it ends. Rows have caps,
 * so a file without line ends costs no more than another.
 */
#include "runtime/io/csv.h"

#include <csv.h>
#include <string.h>

#include "runtime/io/stream.h"

enum { MOST_CELLS = 1 << 16, MOST_ROW_BYTES = 4 << 20 };
enum { PIECE_BYTES = 1 << 16, LIBRARY_BLOCK = 1 << 14 };

/* libcsv's state between rows; it has no name for it in its header. */
enum { BETWEEN_ROWS = 0 };

typedef struct scan {
    struct csv_parser parser;
    const char *path;
    memory *memory;
    diagnostics *diag;
    csv_take take;
    void *user;
    csv_cell *cells; /* `text` is an offset until the row ends */
    char *bytes;
    size_t cell_count, cell_room, length, room;
    int64_t line, row_line;
    bool stopped;
} scan;

static void stop(scan *s, cn_status status, const char *words) {
    if (!s->stopped)
        diag_fail(s->diag, status, "\"%s\", line %lld: %s", s->path, (long long)s->line, words);
    s->stopped = true;
}

/* ---- Rows -------------------------------------------------------------------------------- */

static void *grown(scan *s, void *block, size_t used, size_t old, size_t wanted) {
    void *more = memory_take(s->memory, wanted, 64);
    if (more == NULL) {
        stop(s, CN_ERROR_OUT_OF_MEMORY, "no memory for the row");
        return NULL;
    }
    if (used > 0)
        memcpy(more, block, used);
    if (block != NULL)
        memory_give(s->memory, block, old);
    return more;
}

static bool reserve(scan *s, size_t bytes) {
    if (s->cell_count == MOST_CELLS || s->length + bytes > MOST_ROW_BYTES) {
        stop(s, CN_ERROR_FORMAT,
             "the row is longer than 65536 cells or 4 MiB; is a quote missing?");
        return false;
    }
    if (s->cell_count == s->cell_room) {
        size_t room = s->cell_room == 0 ? 64 : s->cell_room * 2, each = sizeof *s->cells;
        void *more = grown(s, s->cells, s->cell_count * each, s->cell_room * each, room * each);
        if (more == NULL)
            return false;
        s->cells = more;
        s->cell_room = room;
    }
    if (s->length + bytes > s->room) {
        size_t room = s->room == 0 ? 4096 : s->room * 2;
        while (room < s->length + bytes)
            room *= 2;
        void *more = grown(s, s->bytes, s->length, s->room, room);
        if (more == NULL)
            return false;
        s->bytes = more;
        s->room = room;
    }
    return true;
}

static void take_cell(void *text, size_t length, void *user) {
    scan *s = user;
    if (s->stopped || !reserve(s, length + 1))
        return;
    if (length > 0 && memchr(text, 0, length) != NULL)
        stop(s, CN_ERROR_FORMAT, "a NUL in a cell; is it a file of text?");
    if (length > 0)
        memcpy(s->bytes + s->length, text, length);
    s->bytes[s->length + length] = 0;
    s->cells[s->cell_count++] = (csv_cell){.length = length};
    s->length += length + 1;
}

static void take_row(int terminator, void *user) {
    scan *s = user;
    (void)terminator;
    const char *at = s->bytes;
    for (size_t i = 0; i < s->cell_count && !s->stopped; i++) {
        s->cells[i].text = at;
        at += s->cells[i].length + 1;
    }
    csv_row row = {s->cells, s->cell_count, s->row_line};
    if (!s->stopped && s->cell_count > 0)
        s->stopped = !s->take(s->user, &row, s->diag);
    s->cell_count = 0;
    s->length = 0;
}

/* ---- Feeding ------------------------------------------------------------------------------ */

static void feed(scan *s, const char *bytes, size_t length) {
    if (s->parser.pstate == BETWEEN_ROWS)
        s->row_line = s->line;
    size_t done = csv_parse(&s->parser, bytes, length, take_cell, take_row, s);
    if (done == length)
        return;
    if (csv_error(&s->parser) == CSV_EPARSE)
        stop(s, CN_ERROR_FORMAT,
             "a quote inside of a cell; cells with quotes are quoted, and "
             "quotes in them are doubled");
    else
        stop(s, CN_ERROR_OUT_OF_MEMORY, "no memory for the cell");
}

static void feed_lines(scan *s, const char *bytes, size_t length) {
    while (length > 0 && !s->stopped) {
        const char *end = memchr(bytes, '\n', length);
        size_t line = end == NULL ? length : (size_t)(end - bytes) + 1;
        feed(s, bytes, line);
        s->line += end != NULL;
        bytes += line;
        length -= line;
        if (s->parser.entry_size > MOST_ROW_BYTES)
            stop(s, CN_ERROR_FORMAT, "a cell is longer than 4 MiB; is a quote missing?");
    }
}

static bool feed_file(scan *s, stream *file) {
    char piece[PIECE_BYTES];
    size_t got = PIECE_BYTES;
    bool first = true;
    while (got == PIECE_BYTES && !s->stopped) {
        if (!stream_read(file, piece, sizeof piece, &got, s->diag))
            return false;
        size_t mark = first && got >= 3 && memcmp(piece, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        feed_lines(s, piece + mark, got - mark);
        first = false;
    }
    return true;
}

static void finish(scan *s) {
    if (!s->stopped && csv_fini(&s->parser, take_cell, take_row, s) != 0)
        stop(s, CN_ERROR_FORMAT, "the file ends inside of a quoted cell");
}

static void begin(scan *s, char separator) {
    csv_init(&s->parser, CSV_STRICT | CSV_STRICT_FINI); /* fails without a parser only */
    csv_set_delim(&s->parser, (unsigned char)separator);
    csv_set_blk_size(&s->parser, LIBRARY_BLOCK);
    s->line = s->row_line = 1;
}

/* Memory may run out in `take`: what libcsv and zlib hold is given back then too. */
static bool guarded(scan *s, stream *file) {
    diag_recovery point;
    if (DIAG_RECOVER(s->diag, &point))
        return false;
    bool ok = feed_file(s, file);
    if (ok)
        finish(s);
    diag_pop_recovery(s->diag, &point);
    return ok;
}

static void end(scan *s) {
    csv_free(&s->parser);
    if (s->cells != NULL)
        memory_give(s->memory, s->cells, s->cell_room * sizeof *s->cells);
    if (s->bytes != NULL)
        memory_give(s->memory, s->bytes, s->room);
}

bool csv_scan(const char *path, char separator, memory *m, csv_take take, void *user,
              diagnostics *d) {
    stream file;
    scan s = {.path = path, .memory = m, .diag = d, .take = take, .user = user};
    if (!stream_open(&file, path, d))
        return false;
    begin(&s, separator);
    bool ok = guarded(&s, &file);
    end(&s);
    stream_close(&file);
    return ok && !s.stopped;
}

bool csv_scan_text(const char *text, size_t length, memory *m, csv_take take, void *user,
                   diagnostics *d) {
    scan s = {.path = text, .memory = m, .diag = d, .take = take, .user = user};
    begin(&s, ',');
    feed_lines(&s, text, length); /* `take` of a line does not unwind */
    finish(&s);
    end(&s);
    return !s.stopped;
}
