/* Diagnostics: first failure wins, and the way out of deep code when memory is gone.
 *
 * A message is formatted straight into the caller's `diagnostics`: reporting that memory ran
 * out must not need memory. Unwinding pops its recovery point before it jumps, so a failure
 * in the code that cleans up reaches the next outer point, never the same one again.
 */
#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void diag_init(diagnostics *d) {
    memset(d, 0, sizeof *d);
}

void diag_clear(diagnostics *d) {
    d->status = CN_OK;
    d->message[0] = '\0';
}

bool diag_ok(const diagnostics *d) {
    return d->status == CN_OK;
}

/* Messages quote files and names of files: what a terminal would obey becomes '?'. */
static void hide_controls(char *words) {
    for (; *words != 0; words++)
        if (((unsigned char)*words < ' ' && *words != '\n' && *words != '\t') || *words == 127)
            *words = '?';
}

/* vsnprintf that marks a text that was cut, survives a format that cannot be converted, and lets no
 * control byte through. */
static void format_bounded(char *out, size_t bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void format_bounded(char *out, size_t bytes, const char *format, va_list arguments) {
    int length = vsnprintf(out, bytes, format, arguments);
    if (length < 0)
        out[0] = '\0';
    else if ((size_t)length >= bytes)
        memcpy(out + bytes - 4, "...", 4);
    hide_controls(out);
}

bool diag_fail_list(diagnostics *d, cn_status status, const char *format, va_list arguments) {
    if (d->status != CN_OK)
        return false;
    d->status = status == CN_OK ? CN_ERROR_INTERNAL : status;
    format_bounded(d->message, sizeof d->message, format, arguments);
    return false;
}

bool diag_fail(diagnostics *d, cn_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(d, status, format, arguments);
    va_end(arguments);
    return false;
}

void diag_prefix(diagnostics *d, const char *format, ...) {
    if (d->status == CN_OK)
        return;
    char prefix[512];
    va_list arguments;
    va_start(arguments, format);
    format_bounded(prefix, sizeof prefix, format, arguments);
    va_end(arguments);

    size_t shift = strlen(prefix), length = strlen(d->message);
    size_t room = sizeof d->message - 1 - shift;
    bool cut = length > room;
    if (cut)
        length = room;
    memmove(d->message + shift, d->message, length);
    memcpy(d->message, prefix, shift);
    d->message[shift + length] = '\0';
    if (cut)
        memcpy(d->message + sizeof d->message - 4, "...", 4);
}

void diag_warn(diagnostics *d, const char *format, ...) {
    if (d->writer == NULL)
        return;
    static const char start[] = "warning: ";
    char line[1024];
    memcpy(line, start, sizeof start);
    va_list arguments;
    va_start(arguments, format);
    format_bounded(line + sizeof start - 1, sizeof line - sizeof start, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    line[length++] = '\n';
    d->writer(d->writer_user, line, length);
}

_Noreturn void diag_unwind(diagnostics *d, cn_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(d, status, format, arguments);
    va_end(arguments);
    diag_recovery *point = d->recovery;
    if (point == NULL)
        abort(); /* a public entry without DIAG_RECOVER: going on would corrupt memory */
    d->recovery = point->outer;
    longjmp(point->target, 1);
}

void diag_push_recovery(diagnostics *d, diag_recovery *point) {
    point->outer = d->recovery;
    d->recovery = point;
}

void diag_pop_recovery(diagnostics *d, diag_recovery *point) {
    d->recovery = point->outer;
}
