/* What a defect of libhdf5 could do here: nothing but compute for a while.
 *
 * The file that is read may be made by anybody, and libhdf5 was not written for such files. So
 * before it sees one, this process gives up what it does not need: other files, other processes,
 * privileges, memory beyond a few times the file. The parent has taken care of the rest: its
 * environment, descriptors, processor time, and what happens if this process ends badly.
 */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include <sys/resource.h>

#include "runtime/hdf5_program/program.h"

#define FREE_MEMORY ((rlim_t)256 << 20)

static void limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    setrlimit((__rlimit_resource_t)resource, &both);
}

void limit_rights(uint64_t file_bytes) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 0); /* those that are open stay so */
    limit(RLIMIT_AS, FREE_MEMORY + 2 * (rlim_t)file_bytes);
}
