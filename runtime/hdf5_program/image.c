/* A new HDF5 file in memory that the parent has: libhdf5's file "in core", whose memory is a
 * mapping of the parent's descriptor. Nothing is opened, and nothing is copied.
 *
 * libhdf5 asks for all memory of such a file by callbacks. It has one block at a time, which it
 * makes larger; its end is rounded up, and cut by finish_output.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/hdf5_program/program.h"

enum { INCREMENT = 1 << 16 };

static void *resize(void *block, size_t size, H5FD_file_image_op_t op, void *user) {
    static size_t mapped; /* bytes of the one block */
    (void)op, (void)user;
    if (ftruncate(OUTPUT, (off_t)size) != 0)
        return NULL;
    void *moved = block == NULL ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, OUTPUT, 0)
                                : mremap(block, mapped, size, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        return NULL;
    mapped = size;
    return moved;
}

static void *make(size_t size, H5FD_file_image_op_t op, void *user) {
    return resize(NULL, size, op, user);
}

static void *copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *user) {
    (void)from, (void)size, (void)op, (void)user;
    return to; /* there is no file before */
}

static herr_t keep(void *block, H5FD_file_image_op_t op, void *user) {
    (void)block, (void)op, (void)user;
    return 0;
}

hid_t create_output(void) {
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = make, .image_memcpy = copy, .image_realloc = resize, .image_free = keep};
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    H5Pset_obj_track_times(creation, false);
    if (H5Pset_fapl_core(access, INCREMENT, false) >= 0 &&
        H5Pset_file_image_callbacks(access, &callbacks) >= 0)
        file = H5Fcreate("new", H5F_ACC_TRUNC, creation, access);
    if (file >= 0) { /* closing them forgets why it failed */
        H5Pclose(access);
        H5Pclose(creation);
    }
    return file;
}

/* The superblock tells where the file ends: version 0, which libhdf5 writes unless something newer
 * is asked for, with addresses of 8 bytes. */
bool finish_output(hid_t file) {
    enum { SUPERBLOCK = 48, VERSION = 8, ADDRESS_BYTES = 13, END = 40 };
    uint8_t block[SUPERBLOCK];
    uint64_t end = 0;
    if (H5Fclose(file) < 0 || pread(OUTPUT, block, sizeof block, 0) != sizeof block ||
        block[VERSION] != 0 || block[ADDRESS_BYTES] != 8)
        return false;
    for (size_t i = 8; i-- > 0;)
        end = end << 8 | block[END + i];
    return ftruncate(OUTPUT, (off_t)end) == 0;
}
