/* Fuzzing the reader of texts: what is decoded is what is encoded, words have no white space. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "runtime/io/text_file.h"

typedef struct seen {
    const uint8_t *bytes; /* NULL: gzip */
    size_t length, at;
} seen;

static bool check_point(void *user, uint32_t point, diagnostics *d) {
    seen *s = user;
    char encoded[4];
    size_t count = text_encode(point, encoded);
    require(diag_ok(d) && point <= MOST_CODE_POINT);
    if (s->bytes == NULL)
        return true;
    require(count <= s->length - s->at && memcmp(s->bytes + s->at, encoded, count) == 0);
    s->at += count;
    return true;
}

static bool check_word(void *user, const char *word, size_t length, diagnostics *d) {
    (void)user;
    require(diag_ok(d) && length > 0 && length <= MOST_WORD_BYTES);
    for (size_t i = 0; i < length; i++)
        require(strchr(" \t\n\v\f\r", word[i]) == NULL || word[i] == 0);
    return true;
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    const char *path = fuzz_file(bytes, length);
    bool gzip = length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    bool mark = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    seen s = {gzip ? NULL : bytes, length, mark ? 3 : 0};
    bool ok = text_scan_points(path, check_point, &s, d);
    require_verdict(d, ok);
    require(!ok || gzip || s.at == length);
    diag_clear(d);
    ok = text_scan_words(path, false, check_word, NULL, d);
    require_verdict(d, ok);
}
