/* Text files, UTF-8, plain or gzip, as code points and as words. */
#ifndef CORNU_RUNTIME_IO_TEXT_FILE_H
#define CORNU_RUNTIME_IO_TEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { MOST_CODE_POINT = 0x10ffff, MOST_WORD_BYTES = 1 << 12 };

/* False, after diag_fail, stops; running out of memory in it unwinds from the scan. */
typedef bool (*text_take_point)(void *user, uint32_t point, diagnostics *d);
typedef bool (*text_take_word)(void *user, const char *word, size_t length, diagnostics *d);

/* Every code point of a file but a byte order mark at its beginning. What is no UTF-8 (overlong
 * forms and surrogates too) is refused with its offset. */
bool text_scan_points(const char *path, text_take_point take, void *user, diagnostics *d);
/* Every word: what stands between white space; in lower case and without punctuation unless
 * `as_written`, both of ASCII only, as Keras' lower_and_strip_punctuation. */
bool text_scan_words(const char *path, bool as_written, text_take_word take, void *user,
                     diagnostics *d);
/* The UTF-8 of a code point; returns its length, 1 to 4. */
size_t text_encode(uint32_t point, char out[4]);

#endif
