// renameat2 of Linux, which the C headers hide behind a feature macro (Glibc) or lack (older Musl).
#ifndef STOREIO_RENAME_SHIM_H
#define STOREIO_RENAME_SHIM_H

#if defined(__linux__)
#include <sys/syscall.h>

// Declared here because its header hides it too.
extern long syscall(long number, ...);

// Renames within one directory unless the target exists (EEXIST). Returns 0, or -1 with errno set.
static inline int storeio_rename_without_replacing(int directory, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, directory, from, directory, to, 1u /* RENAME_NOREPLACE */);
}
#endif

#endif
