// Calls of Linux that the C headers hide behind a feature macro which Swift's modules do not set.
#ifndef STOREIO_LINUX_CALLS_H
#define STOREIO_LINUX_CALLS_H

#if defined(__linux__)
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>

// Declared here because their headers hide them. `syscall` serves for renameat2, which older Musl lacks.
extern long syscall(long number, ...);
extern int fallocate(int descriptor, int mode, off_t offset, off_t count);
extern int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags);

// Renames within one directory unless the target exists (EEXIST). Returns 0, or -1 with errno set.
static inline int storeio_rename_without_replacing(int directory, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, directory, from, directory, to, 1u /* RENAME_NOREPLACE */);
}

// Allocates blocks and extends the file. Unlike posix_fallocate of Glibc it never pretends: a file system that cannot
// do it says so. Returns 0, or -1 with errno set.
static inline int storeio_allocate(int descriptor, off_t offset, off_t count) {
    return fallocate(descriptor, 0, offset, count);
}

// Writes what is dirty in a range and waits for it. An error that it reports is one that the next sync will not report.
// Returns 0, or -1 with errno set.
static inline int storeio_write_back(int descriptor, off_t offset, off_t count) {
    return sync_file_range(descriptor, offset, count, 7u /* WAIT_BEFORE, WRITE, WAIT_AFTER */);
}
#endif

#endif
