// Chooses the kernel table: once, at the first call, from what the processor can do and what the environment asks for.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

#if defined(__x86_64__)
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

const struct vk_table *vk_table_named(const char *name) {
    if (strcmp(name, "portable") == 0) return &vk_table_portable;
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0 && has_avx2()) return &vk_table_avx2;
    if (strcmp(name, "avx512") == 0 && has_avx512()) return &vk_table_avx512;
#endif
#if defined(__aarch64__)
    if (strcmp(name, "neon") == 0) return &vk_table_neon;
#endif
    return NULL;
}

static const struct vk_table *choose(void) {
    const char *forced = getenv("SMARTSTORE_KERNELS");
    const struct vk_table *table = forced ? vk_table_named(forced) : NULL;
    const char *const preferred[] = {"avx512", "avx2", "neon"};
    for (int i = 0; i < 3 && !table; i++) table = vk_table_named(preferred[i]);
    return table ? table : &vk_table_portable;
}

const struct vk_table *vk_kernels(void) {
    // Two threads that meet here first choose the same table, so no lock is needed.
    static _Atomic(const struct vk_table *) chosen;
    const struct vk_table *table = atomic_load_explicit(&chosen, memory_order_acquire);
    if (!table) {
        table = choose();
        atomic_store_explicit(&chosen, table, memory_order_release);
    }
    return table;
}
