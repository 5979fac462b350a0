/* Diagnostics: how a failure travels from where it is found to the caller.
 *
 * A `diagnostics` keeps the FIRST failure (status and message); later ones are consequences
 * and are dropped. Functions that can fail return bool or a pointer and call diag_fail, which
 * returns false so that `return diag_fail(...)` reads well. Running out of memory inside the
 * compiler unwinds to the innermost recovery point instead (see base/arena.h), which the
 * public entry points set with DIAG_RECOVER.
 *
 * Invariant: a message is complete when set: it names the cause, where, and the cure.
 */
#ifndef CORNU_BASE_DIAG_H
#define CORNU_BASE_DIAG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "cornu/status.h"

#define DIAG_MESSAGE_BYTES 4096

/* Where warnings and progress go; the context's writer in the library, a buffer in tests. */
typedef void (*diag_writer)(void *user, const char *text, size_t length);

typedef struct diag_recovery {
    jmp_buf target;
    struct diag_recovery *outer;
} diag_recovery;

typedef struct diagnostics {
    cn_status status;                  /* CN_OK until the first failure */
    char message[DIAG_MESSAGE_BYTES];  /* always NUL-terminated; long texts end in "..." */
    diag_recovery *recovery;           /* innermost recovery point, or NULL */
    diag_writer writer;                /* may be NULL: then warnings are dropped */
    void *writer_user;
} diagnostics;

void diag_init(diagnostics *d);
/* Forgets the failure, keeps the writer. */
void diag_clear(diagnostics *d);
bool diag_ok(const diagnostics *d);

/* Records the first failure; always returns false. */
bool diag_fail(diagnostics *d, cn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool diag_fail_list(diagnostics *d, cn_status status, const char *format, va_list arguments);
/* Puts words before the message of a recorded failure ("while compiling model \"m\": "). */
void diag_prefix(diagnostics *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes one line "warning: ..." through the writer. */
void diag_warn(diagnostics *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Records the failure and jumps to the innermost recovery point; aborts only if a caller
 * inside the library forgot to set one, which is our own bug. */
_Noreturn void diag_unwind(diagnostics *d, cn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void diag_push_recovery(diagnostics *d, diag_recovery *point);
void diag_pop_recovery(diagnostics *d, diag_recovery *point);

/* Usage, in one function:  diag_recovery point;
 *                          if (DIAG_RECOVER(d, &point)) { ...clean up...; return d->status; }
 *                          ... work that may unwind ...
 *                          diag_pop_recovery(d, &point);
 * After unwinding the point is popped already. Locals changed between and read after the jump
 * must be volatile (C11 7.13.2.1). */
#define DIAG_RECOVER(d, point) (diag_push_recovery((d), (point)), setjmp((point)->target) != 0)

#endif
