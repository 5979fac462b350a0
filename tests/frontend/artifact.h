/* An exported shared object in a test: loaded, and called through what all exports share. */
#ifndef CORNU_TESTS_FRONTEND_ARTIFACT_H
#define CORNU_TESTS_FRONTEND_ARTIFACT_H

#include "test.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "frontend/frontend.h"

enum { MESSAGE = 192 };

/* The structs of any export's header, whose prefix is "net". */
typedef struct net_array {
    void *data;
    int32_t dtype, rank;
    int64_t shape[8];
} net_array;

typedef struct net_session {
    void *workspace;
    size_t workspace_bytes;
    void (*parallel_for)(void *, int64_t, void (*)(void *, int64_t, int64_t, int), void *);
    void *user;
    int32_t workers, reserved;
    char message[MESSAGE];
} net_session;

typedef struct artifact_library {
    void *handle;
    void *context; /* of context_bytes: its message is the last thing in it */
    size_t context_bytes;
    net_session session;
} artifact_library;

/* A function of the library, cast to the type of `target`. */
#define SYMBOL(a, target, name)                      \
    do {                                             \
        void *symbol_ = dlsym((a)->handle, name);    \
        if (symbol_ == NULL)                         \
            fail_msg("%s", dlerror());               \
        memcpy(&(target), &symbol_, sizeof symbol_); \
    } while (0)

static inline const char *context_message(const artifact_library *a) {
    return (const char *)a->context + a->context_bytes - MESSAGE;
}

static inline int init_context(artifact_library *a, int version, uint64_t layout, size_t size) {
    int (*init)(void *, uint32_t, uint64_t, size_t);
    SYMBOL(a, init, "net_init_as");
    return init(a->context, (uint32_t)version, layout, size);
}

static inline uint64_t layout_of(const artifact_library *a) {
    uint64_t (*layout)(void);
    SYMBOL(a, layout, "net_layout");
    return layout();
}

/* Loads net.so of a folder, with a context and a session for one thread. */
static inline void artifact_open(artifact_library *a, const char *folder) {
    char path[128];
    size_t (*context_bytes)(void), (*workspace_bytes)(int);
    *a = (artifact_library){0};
    snprintf(path, sizeof path, "%s/net.so", folder);
    a->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (a->handle == NULL)
        fail_msg("%s", dlerror());
    SYMBOL(a, context_bytes, "net_context_bytes");
    SYMBOL(a, workspace_bytes, "net_workspace_bytes");
    a->context_bytes = context_bytes();
    a->context = calloc(1, a->context_bytes);
    a->session.workspace_bytes = workspace_bytes(1);
    a->session.workspace = aligned_alloc(64, (a->session.workspace_bytes + 63) / 64 * 64);
    assert_int_equal(init_context(a, 1, layout_of(a), a->context_bytes), 0);
}

static inline void artifact_close(artifact_library *a) {
    free(a->session.workspace);
    free(a->context);
    dlclose(a->handle);
}

/* One input, one output. */
static inline int predict(artifact_library *a, const net_array *in, const net_array *out) {
    int (*call)(const void *, net_session *, const net_array *, int, const net_array *, int);
    SYMBOL(a, call, "net_predict_arrays");
    return call(a->context, &a->session, in, 1, out, 1);
}

#endif
