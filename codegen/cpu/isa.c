/* The table of levels, and what the running machine supports.
 *
 * A level of x86-64 is a set of bits of CPUID that must all be set (x86-64 psABI, "Micro-
 * Architecture Levels"), and the register state that the system must save across task switches,
 * read from XCR0: a processor with AVX under a system that does not save its registers must not
 * run AVX code. __builtin_cpu_supports knows level names only in compilers newer than ours.
 */
#include "codegen/cpu/isa.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define X86_TRIPLE "x86_64-unknown-linux-gnu"

/* Without a stated preference compilers use half of the registers' width at v4, a rule made for
 * processors of 2017 that lowered their clock. */
#define WIDE_VECTORS "-mprefer-vector-width=512"

static const isa_level levels[] = {
    {
        .name = "x86-64-v2",
        .triple = X86_TRIPLE,
        .cpu = "x86-64-v2",
        .processor = 2,
        .driver_flags = {"-march=x86-64-v2"},
        .vector_bytes = 16,
        .vector_registers = 16,
    },
    {
        .name = "x86-64-v3",
        .triple = X86_TRIPLE,
        .cpu = "x86-64-v3",
        .processor = 3,
        .driver_flags = {"-march=x86-64-v3"},
        .vector_bytes = 32,
        .vector_registers = 16,
        .has_fma = true,
    },
    {
        .name = "x86-64-v4",
        .triple = X86_TRIPLE,
        .cpu = "x86-64-v4",
        .processor = 4,
        .driver_flags = {"-march=x86-64-v4", WIDE_VECTORS},
        .cc1_flags = {WIDE_VECTORS},
        .vector_bytes = 64,
        .vector_registers = 32,
        .has_fma = true,
    },
    {
        .name = "armv8-a",
        .triple = "aarch64-unknown-linux-gnu",
        .cpu = "generic",
        .driver_flags = {"-march=armv8-a"},
        .cc1_flags = {"-target-feature", "+neon"},
        .vector_bytes = 16,
        .vector_registers = 32,
        .has_fma = true,
    },
    {
        .name = "portable",
        .triple = X86_TRIPLE,
        .cpu = "x86-64-v2",
        .vector_bytes = 16,
        .vector_registers = 16,
        .is_portable = true,
    },
};

enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

int isa_count(void) {
    return LEVEL_COUNT;
}

const isa_level *isa_at(int index) {
    return index >= 0 && index < LEVEL_COUNT ? &levels[index] : NULL;
}

#if defined(__x86_64__)

#include <cpuid.h>

/* Bits of one level on top of the level below. */
typedef struct cpuid_bits {
    uint32_t leaf1_ecx, leaf7_ebx, extended_ecx, saved_state;
} cpuid_bits;

#define BIT(n) (UINT32_C(1) << (n))

static const cpuid_bits required[] = {
    {
        /* SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF */
        .leaf1_ecx = BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23),
        .extended_ecx = BIT(0),
    },
    {
        /* FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT; SSE and AVX state */
        .leaf1_ecx = BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29),
        .leaf7_ebx = BIT(3) | BIT(5) | BIT(8),
        .extended_ecx = BIT(5),
        .saved_state = BIT(1) | BIT(2),
    },
    {
        /* AVX-512 F, DQ, CD, BW, VL; mask registers, upper halves, upper sixteen registers */
        .leaf7_ebx = BIT(16) | BIT(17) | BIT(28) | BIT(30) | BIT(31),
        .saved_state = BIT(5) | BIT(6) | BIT(7),
    },
};

static uint32_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static cpuid_bits machine_bits(void) {
    cpuid_bits bits = {0};
    uint32_t a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d))
        bits.leaf1_ecx = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        bits.leaf7_ebx = b;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        bits.extended_ecx = c;
    if (bits.leaf1_ecx & BIT(27))
        bits.saved_state = read_xcr0();
    return bits;
}

static bool has_bits(const cpuid_bits *machine, const cpuid_bits *level) {
    return (level->leaf1_ecx & ~machine->leaf1_ecx) == 0 &&
           (level->leaf7_ebx & ~machine->leaf7_ebx) == 0 &&
           (level->extended_ecx & ~machine->extended_ecx) == 0 &&
           (level->saved_state & ~machine->saved_state) == 0;
}

const isa_level *isa_host(void) {
    cpuid_bits machine = machine_bits();
    const isa_level *best = NULL;
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (!has_bits(&machine, &required[i]))
            break;
        best = &levels[i];
    }
    return best;
}

#elif defined(__aarch64__)

const isa_level *isa_host(void) {
    return isa_find("armv8-a");
}

#else

const isa_level *isa_host(void) {
    return NULL;
}

#endif

const isa_level *isa_find(const char *name) {
    if (strcmp(name, "host") == 0)
        return isa_host();
    for (int i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(levels[i].name, name) == 0)
            return &levels[i];
    }
    return NULL;
}

bool isa_runs_here(const isa_level *level) {
    const isa_level *host = isa_host();
    return host && (level <= host || level->is_portable) &&
           strcmp(level->triple, host->triple) == 0;
}
