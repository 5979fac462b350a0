/* The one thread pool: persistent workers, and a caller who claims work too.
 *
 * A job is `count` tasks, dealt out in equal shares; caller and workers claim pieces of their own
 * share, then of the others'. The caller never waits for a sleeping worker: when no one has come
 * it does all tasks itself. Workers spin about a millisecond after work and then sleep on a
 * futex. Rebuilt after fork.
 *
 * Invariant: which thread runs a task never matters to the result.
 */
#ifndef CORNU_RUNTIME_POOL_H
#define CORNU_RUNTIME_POOL_H

#include <stdint.h>

typedef struct pool pool;
typedef void (*pool_task)(void *user, int64_t begin, int64_t end);

/* threads counts the caller: 1 = no workers; 0 = one per processor. Process-wide and shared:
 * pools of equal size are one. NULL when out of memory. */
pool *pool_get(int threads);
void pool_release(pool *p);
int pool_threads(const pool *p);
/* Runs task(user, begin, end) over [0, count), pieces of at least `grain` tasks; returns when
 * all are done. Nested calls run on the caller. */
void pool_run(pool *p, pool_task task, void *user, int64_t count, int64_t grain);

#endif
