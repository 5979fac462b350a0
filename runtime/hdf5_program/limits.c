/* What a defect of libhdf5 could do here: nothing but compute for a while.
 *
 * The file that is read may be made by anybody, and libhdf5 was not written for such files. So
 * before it sees one, this process gives up what it does not need: other files, other processes,
 * privileges, memory beyond a few times the file, and all calls of the kernel but those for memory
 * and for the descriptors it has. A call that is not on the list fails as if it were forbidden. A
 * kernel without such filters leaves the other limits. The parent has taken care of the rest: the
 * environment, descriptors, processor time, and what happens if this process ends badly.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "runtime/hdf5_program/program.h"

#define FREE_MEMORY ((rlim_t)256 << 20)

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE
static const uint32_t allowed[] = {
    SYS_read,   SYS_write,         SYS_pread64, SYS_lseek,     SYS_fstat,      SYS_ftruncate,
    SYS_close,  SYS_mmap,          SYS_munmap,  SYS_mremap,    SYS_madvise,    SYS_brk,
    SYS_futex,  SYS_getpid,        SYS_gettid,  SYS_getrandom, SYS_exit_group, SYS_rt_sigreturn,
    SYS_tgkill, SYS_rt_sigprocmask}; /* the last ones are abort's */
enum { ALLOWED = sizeof allowed / sizeof *allowed, BEFORE = 4 };

static struct sock_filter load(size_t offset) {
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter answer(uint32_t verdict) {
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
}

/* A jump by so many steps where it is so, else to the next step. */
static struct sock_filter jump_if(uint32_t equal, unsigned steps) {
    return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, equal, (uint8_t)steps, 0);
}

static void filter_calls(void) {
    struct sock_filter steps[BEFORE + ALLOWED + 2];
    unsigned n = 0;
    steps[n++] = load(offsetof(struct seccomp_data, arch));
    steps[n++] = jump_if(ARCHITECTURE, 1);
    steps[n++] = answer(SECCOMP_RET_KILL_PROCESS); /* numbers mean other calls there */
    steps[n++] = load(offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < ALLOWED; i++)
        steps[n++] = jump_if(allowed[i], ALLOWED - i);
    steps[n++] = answer(SECCOMP_RET_ERRNO | EPERM);
    steps[n++] = answer(SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {(unsigned short)n, steps};
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
#else
static void filter_calls(void) {}
#endif

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
    filter_calls();
}
