/* Reading text.
 *
 * A decoder takes bytes one at a time, so characters may lie across two pieces of the file. The
 * table of well-formed sequences is Unicode's (The Unicode Standard, table 3-7): only the second
 * byte has ranges of its own.
 */
#include "runtime/io/text_file.h"

#include <string.h>

#include "runtime/io/stream.h"

enum { PIECE_BYTES = 1 << 16 };

typedef struct decoder {
    uint32_t point;
    int missing;         /* bytes of the character still to come */
    uint8_t least, most; /* what the next one may be */
} decoder;

typedef struct scan {
    text_take_point take;
    void *user;
    diagnostics *diag;
    decoder decoder;
    uint64_t offset; /* of the next byte */
    stream file;
} scan;

size_t text_encode(uint32_t point, char out[4]) {
    if (point < 0x80)
        return out[0] = (char)point, 1;
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(leads[more] | point);
    return more + 1;
}

/* ---- UTF-8 ------------------------------------------------------------------------------- */

static bool begin_character(decoder *x, uint8_t byte) {
    x->least = 0x80;
    x->most = 0xbf;
    x->missing = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    x->point = byte < 0x80 ? byte : byte & (0x3fu >> x->missing);
    if (byte == 0xe0)
        x->least = 0xa0;
    if (byte == 0xed)
        x->most = 0x9f; /* surrogates */
    if (byte == 0xf0)
        x->least = 0x90;
    if (byte == 0xf4)
        x->most = 0x8f;
    return byte < 0x80 || (byte >= 0xc2 && byte <= 0xf4);
}

static bool continue_character(decoder *x, uint8_t byte) {
    bool ok = byte >= x->least && byte <= x->most;
    x->point = x->point << 6 | (byte & 0x3f);
    x->missing--;
    x->least = 0x80;
    x->most = 0xbf;
    return ok;
}

static bool fail_offset(const scan *s, const char *words) {
    return diag_fail(s->diag, CN_ERROR_FORMAT, "\"%s\", byte %llu: %s", s->file.path,
                     (unsigned long long)s->offset, words);
}

static bool take_byte(scan *s, uint8_t byte) {
    decoder *x = &s->decoder;
    bool ok = x->missing == 0 ? begin_character(x, byte) : continue_character(x, byte);
    if (!ok)
        return fail_offset(s, "this is no UTF-8");
    s->offset++;
    bool mark = x->point == 0xfeff && s->offset == 3;
    return x->missing > 0 || mark || s->take(s->user, x->point, s->diag);
}

static bool read_all(scan *s) {
    uint8_t piece[PIECE_BYTES];
    size_t got = PIECE_BYTES;
    while (got == PIECE_BYTES) {
        if (!stream_read(&s->file, piece, sizeof piece, &got, s->diag))
            return false;
        for (size_t i = 0; i < got; i++)
            if (!take_byte(s, piece[i]))
                return false;
    }
    return s->decoder.missing == 0 || fail_offset(s, "the file ends inside of a character");
}

static bool read_guarded(scan *s) {
    diag_recovery point;
    if (DIAG_RECOVER(s->diag, &point))
        return false;
    bool ok = read_all(s);
    diag_pop_recovery(s->diag, &point);
    return ok;
}

bool text_scan_points(const char *path, text_take_point take, void *user, diagnostics *d) {
    scan s = {.take = take, .user = user, .diag = d};
    if (!stream_open(&s.file, path, d))
        return false;
    bool ok = read_guarded(&s);
    stream_close(&s.file);
    return ok;
}

/* ---- Words ------------------------------------------------------------------------------- */

typedef struct words {
    text_take_word take;
    void *user;
    const char *path;
    bool as_written;
    size_t length;
    char word[MOST_WORD_BYTES + 4];
} words;

static bool is_space(uint32_t point) {
    return point == ' ' || (point >= '\t' && point <= '\r');
}

static bool is_punctuation(uint32_t p) {
    return (p > ' ' && p < '0') || (p > '9' && p < 'A') || (p > 'Z' && p < 'a') ||
           (p > 'z' && p < 0x7f);
}

static bool end_word(words *w, diagnostics *d) {
    size_t length = w->length;
    w->length = 0;
    return length == 0 || w->take(w->user, w->word, length, d);
}

static bool take_point(void *user, uint32_t point, diagnostics *d) {
    words *w = user;
    if (is_space(point))
        return end_word(w, d);
    if (!w->as_written && is_punctuation(point))
        return true;
    if (!w->as_written && point >= 'A' && point <= 'Z')
        point += 'a' - 'A';
    if (w->length > MOST_WORD_BYTES - 4)
        return diag_fail(d, CN_ERROR_FORMAT, "\"%s\": a word longer than %d bytes: \"%.40s...\"",
                         w->path, MOST_WORD_BYTES, w->word);
    w->length += text_encode(point, w->word + w->length);
    return true;
}

bool text_scan_words(const char *path, bool as_written, text_take_word take, void *user,
                     diagnostics *d) {
    words w = {.take = take, .user = user, .path = path, .as_written = as_written};
    if (!text_scan_points(path, take_point, &w, d))
        return false;
    diag_recovery point;
    if (DIAG_RECOVER(d, &point))
        return false;
    bool ok = end_word(&w, d);
    diag_pop_recovery(d, &point);
    return ok;
}
