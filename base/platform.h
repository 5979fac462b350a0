/* Everything that differs between systems: threads, clock, dlopen, files.
 *
 * The one place for `#ifdef` of a platform. Calls return false or NULL on failure and leave
 * the reason as text; they record nothing themselves.
 */
#ifndef CORNU_BASE_PLATFORM_H
#define CORNU_BASE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

double clock_seconds(void); /* monotonic */
int processor_count(void);  /* that this process may use (affinity) */
/* Asks for pages of some MiB in place of 4 KiB, where the kernel has them; a hint. */
void prefer_large_pages(void *block, size_t bytes);
int terminal_columns(void); /* of the terminal that stderr is; 0 when it is none */

typedef struct thread thread;
typedef struct mutex mutex;
typedef struct condition condition;
thread *thread_start(void (*entry)(void *), void *user); /* NULL on failure */
void thread_join(thread *t);
/* The calling thread shall run when others leave a processor idle; a hint. */
void thread_give_way(void);
mutex *mutex_new(void);
void mutex_free(mutex *m);
void mutex_lock(mutex *m);
void mutex_unlock(mutex *m);
condition *condition_new(void);
void condition_free(condition *c);
void condition_wait(condition *c, mutex *m);
void condition_wake_all(condition *c);
/* Sleeps until *address != expected or somebody wakes it (futex). */
void address_wait(const uint32_t *address, uint32_t expected);
void address_wake_all(const uint32_t *address);
void cpu_relax(void);
/* How often this process has been forked from one that asked before: threads of an earlier
 * generation do not exist here. */
uint32_t fork_generation(void);

void *library_open(const char *path, const char **error);
void *library_symbol(void *library, const char *name);
void library_close(void *library);
/* The path (malloc) of a file that comes with Cornu: in the folder of the library that this code
 * is in, or in its folder cornu/. NULL when it lies in neither. */
char *file_beside_library(const char *file);

/* The first bytes of a regular file, as many as it has up to `capacity`; whatever waits, such as a
 * FIFO, is refused. diag_fail names the path. */
bool file_read_head(const char *path, diagnostics *d, uint8_t *bytes, size_t capacity,
                    size_t *count);
/* Whole file into memory taken with malloc; caller frees. diag_fail names the path. */
bool file_read_all(const char *path, diagnostics *d, uint8_t **bytes, size_t *length);
/* The same, and what it was read from, to be given to another process and then closed. */
bool file_read_keep(const char *path, diagnostics *d, uint8_t **bytes, size_t *length,
                    int *descriptor);
/* Makes the folder unless it is there; its parent must exist. */
bool folder_make(const char *path, diagnostics *d);
/* Makes those of the folders above the file `path` that are not there. */
bool folder_make_above(const char *path, diagnostics *d);
/* Temporary file beside `path`, write, fsync, rename, fsync folder: all old or all new. */
typedef struct atomic_file atomic_file;
atomic_file *atomic_file_open(const char *path, diagnostics *d);
bool atomic_file_write(atomic_file *f, const void *bytes, size_t length);
/* Frees f; false leaves the old file intact. */
bool atomic_file_commit(atomic_file *f, diagnostics *d);
void atomic_file_discard(atomic_file *f);


/* Memory that another process can be given, by its descriptor; zeros, taken up when written. Once
 * sealed nobody can change it: not here, nor there. */
typedef struct shared_bytes {
    uint8_t *bytes;
    size_t length;
    int descriptor;
} shared_bytes;
bool shared_bytes_new(size_t length, shared_bytes *out);
bool shared_bytes_map(shared_bytes *b); /* again, as long as its descriptor tells */
bool shared_bytes_seal(shared_bytes *b);
void shared_bytes_free(shared_bytes *b);

#endif
