/* Linux: memory with a descriptor (memfd), which crosses into another process without a copy.
 *
 * A hole in such a file takes no memory, so a length that somebody has only declared costs
 * nothing. Seals are the kernel's promise that length and bytes stay as they are; they want that
 * nobody has the file mapped for writing, so sealing maps it anew, for reading.
 *
 * Invariant: bytes is NULL when and only when nothing is mapped; an empty one has no mapping.
 */
#define _GNU_SOURCE
#include "base/platform.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool map_bytes(shared_bytes *b, int protection) {
    if (b->length == 0)
        return true;
    void *p = mmap(NULL, b->length, protection, MAP_SHARED, b->descriptor, 0);
    b->bytes = p == MAP_FAILED ? NULL : p;
    return b->bytes != NULL;
}

static void unmap_bytes(shared_bytes *b) {
    if (b->bytes != NULL)
        munmap(b->bytes, b->length);
    b->bytes = NULL;
}

bool shared_bytes_new(size_t length, shared_bytes *out) {
    *out = (shared_bytes){.length = length};
    out->descriptor = memfd_create("cornu", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (out->descriptor >= 0 && ftruncate(out->descriptor, (off_t)length) == 0 &&
        map_bytes(out, PROT_READ | PROT_WRITE))
        return true;
    shared_bytes_free(out);
    return false;
}

bool shared_bytes_map(shared_bytes *b) {
    struct stat facts;
    unmap_bytes(b);
    if (fstat(b->descriptor, &facts) != 0)
        return false;
    b->length = (size_t)facts.st_size;
    return map_bytes(b, PROT_READ | PROT_WRITE);
}

bool shared_bytes_seal(shared_bytes *b) {
    unmap_bytes(b);
    return fcntl(b->descriptor, F_ADD_SEALS,
                 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
           map_bytes(b, PROT_READ);
}

void shared_bytes_free(shared_bytes *b) {
    unmap_bytes(b);
    if (b->descriptor >= 0)
        close(b->descriptor);
    *b = (shared_bytes){.descriptor = -1};
}
