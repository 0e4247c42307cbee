// The platform calls, with their differences between Glibc, Musl and Darwin. Nothing else in the package
// calls the system directly.
//
// Every function makes one system call (or the few that amount to one on the other platform), repeats it when a
// signal interrupted it, and throws the bare error number. What a number means is decided by the callers, with
// the help of `FileFault.init(_:errno:)` below.

import Synchronization

#if canImport(Glibc)
import CLinuxCalls
import Glibc
#elseif canImport(Musl)
import CLinuxCalls
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An error number of the system.
struct SystemError: Error, Equatable {
    let number: Int32

    static var current: SystemError { SystemError(number: errno) }
    static let invalidArgument = SystemError(number: EINVAL)
    static let ioError = SystemError(number: EIO)

    /// Another holder has a lock that conflicts.
    var isLockConflict: Bool { number == EAGAIN || number == EACCES || number == EWOULDBLOCK }
    /// The call, or this use of it, is unknown to the kernel or to the file system.
    var isUnsupported: Bool {
        number == ENOSYS || number == EINVAL || number == ENOTSUP || number == EOPNOTSUPP
    }
    var isNotFound: Bool { number == ENOENT }
    var isAccessDenied: Bool { number == EACCES || number == EPERM }
}

extension FileFault {
    /// The fault for the error number that `operation` met.
    package init(_ operation: FileOperation, errno number: Int32) {
        switch number {
        case ENOSPC, EDQUOT: self = .diskFull
        case EROFS: self = .readOnly
        case ENOENT: self = .notFound
        case EEXIST: self = .alreadyExists
        default: self = .failed(operation, errno: number)
        }
    }

    init(_ operation: FileOperation, _ error: SystemError) { self.init(operation, errno: error.number) }
}

/// What the system says about a file.
struct FileStatus {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let isRegular: Bool

    func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }

    fileprivate init(_ info: stat) {
        device = UInt64(truncatingIfNeeded: info.st_dev)
        inode = UInt64(truncatingIfNeeded: info.st_ino)
        size = Int64(info.st_size)
        isRegular = (info.st_mode & S_IFMT) == S_IFREG
    }
}

/// Namespace of the system calls.
enum Platform {
    /// A variable of the process's environment.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// The system's name for the time since it was started, as text.
    static func bootIdentity() -> String? {
        var text = [UInt8](repeating: 0, count: 64)
        #if canImport(Darwin)
        var count = text.count
        guard sysctlbyname("kern.bootsessionuuid", &text, &count, nil, 0) == 0 else { return nil }
        #else
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "re") else { return nil }
        defer { fclose(file) }
        let count = fread(&text, 1, text.count, file)
        guard count > 0 else { return nil }
        #endif
        return String(decoding: text[..<count].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The folder that relative paths start from.
    static var currentDirectory: Int32 { AT_FDCWD }

    enum OpenMode {
        case read
        case readWrite
        case createExclusively
        case directory
    }

    private static func retrying(_ call: () -> Int32) throws(SystemError) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw .current }
        }
    }

    // MARK: Descriptors

    /// Opens `name` under `directory`, closed on exec, never as descriptor 0, 1 or 2: a stray print to a standard
    /// stream that happened to be closed must not land in a store.
    static func open(_ name: String, in directory: Int32, _ mode: OpenMode) throws(SystemError) -> Int32 {
        var flags = O_CLOEXEC | O_NOCTTY
        switch mode {
        case .read: flags |= O_RDONLY | O_NONBLOCK  // a pipe must not make us wait for its writer
        case .readWrite: flags |= O_RDWR | O_NONBLOCK
        case .createExclusively: flags |= O_RDWR | O_CREAT | O_EXCL
        case .directory: flags |= O_RDONLY | O_DIRECTORY
        }
        let descriptor = try retrying { openat(directory, name, flags, 0o600) }
        if descriptor > 2 { return descriptor }
        defer { close(descriptor) }
        return try retrying { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
    }

    /// Closes a descriptor. The result is ignored on purpose: the descriptor is gone whatever it says, and data
    /// that matters was synced before.
    static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #elseif canImport(Darwin)
        _ = Darwin.close(descriptor)
        #endif
    }

    static func status(_ descriptor: Int32) throws(SystemError) -> FileStatus {
        var info = stat()
        _ = try retrying { fstat(descriptor, &info) }
        return FileStatus(info)
    }

    static func status(_ name: String, in directory: Int32) throws(SystemError) -> FileStatus {
        var info = stat()
        _ = try retrying { fstatat(directory, name, &info, 0) }
        return FileStatus(info)
    }

    // MARK: Bytes

    /// Reads up to the buffer's size; 0 at the end of the file.
    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(SystemError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw .current }
        }
    }

    /// Writes up to the buffer's size.
    static func write(
        _ descriptor: Int32, from buffer: UnsafeRawBufferPointer, at offset: Int64
    ) throws(SystemError) -> Int {
        while true {
            let count = pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw .current }
        }
    }

    static func truncate(_ descriptor: Int32, to size: Int64) throws(SystemError) {
        _ = try retrying { ftruncate(descriptor, off_t(size)) }
    }

    /// Extends the file from `size` to `newSize` with blocks allocated. Throws an error for which `isUnsupported`
    /// holds where the file system cannot do it; the file may then have any size between the two.
    static func allocate(_ descriptor: Int32, from size: Int64, to newSize: Int64) throws(SystemError) {
        #if canImport(Darwin)
        var request = fstore_t(
            fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
            fst_length: off_t(newSize - size), fst_bytesalloc: 0)
        _ = try retrying { fcntl(descriptor, F_PREALLOCATE, &request) }
        try truncate(descriptor, to: newSize)
        #else
        _ = try retrying { storeio_allocate(descriptor, off_t(size), off_t(newSize - size)) }
        #endif
    }

    /// How many bytes an ordinary user may still allocate on the file's device.
    static func freeSpace(_ descriptor: Int32) throws(SystemError) -> UInt64 {
        var info = statvfs()
        _ = try retrying { fstatvfs(descriptor, &info) }
        let (bytes, overflows) = UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize))
        return overflows ? .max : bytes
    }

    /// Makes content and size durable. Not repeated after an interruption: what a second, successful call would
    /// prove about the first is not something to rely on.
    static func syncData(_ descriptor: Int32) throws(SystemError) {
        #if canImport(Darwin)
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        guard SystemError.current.isUnsupported else { throw .current }
        guard fsync(descriptor) == 0 else { throw .current }
        #else
        guard fdatasync(descriptor) == 0 else { throw .current }
        #endif
    }

    /// Writes what is dirty in a range, where the system can be asked to, and waits for it.
    static func writeBack(_ descriptor: Int32, from offset: Int64, count: Int64) throws(SystemError) {
        #if os(Linux)
        guard storeio_write_back(descriptor, off_t(offset), off_t(count)) != 0 else { return }
        // A file system or a sandbox that does not know it: the sync does it all.
        if !SystemError.current.isUnsupported { throw .current }
        #endif
    }

    // MARK: Locks

    /// Asks once for a lock on the whole file that belongs to the open file, not to the process: POSIX record
    /// locks would vanish at any `close` of the same file anywhere in the process.
    static func lock(_ descriptor: Int32, exclusively: Bool) throws(SystemError) {
        #if canImport(Darwin)
        _ = try retrying { flock(descriptor, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) }
        #else
        try setOpenFileLock(descriptor, type: exclusively ? F_WRLCK : F_RDLCK)
        #endif
    }

    /// Gives the lock back at once, even while a forked child still has the open file.
    static func unlock(_ descriptor: Int32) throws(SystemError) {
        #if canImport(Darwin)
        _ = try retrying { flock(descriptor, LOCK_UN) }
        #else
        try setOpenFileLock(descriptor, type: F_UNLCK)
        #endif
    }

    #if !canImport(Darwin)
    private static let openFileSetLock: Int32 = 37  // F_OFD_SETLK, hidden behind a feature macro

    private static func setOpenFileLock(_ descriptor: Int32, type: Int32) throws(SystemError) {
        var request = flock()  // offset 0, length 0: the whole file, however long it grows
        request.l_type = Int16(truncatingIfNeeded: type)
        request.l_whence = Int16(truncatingIfNeeded: SEEK_SET)
        _ = try retrying { fcntl(descriptor, openFileSetLock, &request) }
    }
    #endif

    // MARK: Names

    static func rename(_ old: String, to new: String, in directory: Int32) throws(SystemError) {
        _ = try retrying { renameat(directory, old, directory, new) }
    }

    /// Renames unless the target exists (EEXIST).
    static func renameWithoutReplacing(_ old: String, to new: String, in directory: Int32) throws(SystemError) {
        do throws(SystemError) {
            #if canImport(Darwin)
            _ = try retrying { renameatx_np(directory, old, directory, new, UInt32(RENAME_EXCL)) }
            #else
            _ = try retrying { storeio_rename_without_replacing(directory, old, new) }
            #endif
            return
        } catch {
            guard error.isUnsupported else { throw error }
        }
        // A second name fails where one exists; a crash in between leaves both names for the same file.
        _ = try retrying { linkat(directory, old, directory, new, 0) }
        try unlink(old, in: directory)
    }

    static func unlink(_ name: String, in directory: Int32) throws(SystemError) {
        _ = try retrying { unlinkat(directory, name, 0) }
    }

    /// Makes names durable. A file system that cannot sync a directory says EINVAL; it keeps its names some other
    /// way, and refusing it would help no one.
    static func syncDirectory(_ directory: Int32) throws(SystemError) {
        #if canImport(Darwin)
        if fcntl(directory, F_FULLFSYNC) == 0 { return }
        #endif
        if fsync(directory) == 0 || errno == EINVAL { return }
        throw .current
    }

    static func names(in directory: Int32) throws(SystemError) -> [String] {
        let descriptor = try open(".", in: directory, .directory)
        guard let stream = fdopendir(descriptor) else {
            let error = SystemError.current
            close(descriptor)
            throw error
        }
        defer { closedir(stream) }
        guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .current }
                return names
            }
            let start = UnsafeRawPointer(entry) + nameOffset
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if name != "." && name != ".." { names.append(name) }
        }
    }

    // MARK: Time

    static func wallClockMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    static func sleep(nanoseconds: UInt64) {
        var time = timespec()
        time.tv_sec = .init(nanoseconds / 1_000_000_000)
        time.tv_nsec = .init(nanoseconds % 1_000_000_000)
        nanosleep(&time, nil)
    }

    // MARK: Secret memory

    /// Maps fresh zeroed pages of their own, so that advice about them touches nothing else.
    static func mapPages(atLeast byteCount: Int) -> UnsafeMutableRawBufferPointer? {
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let size = (byteCount + pageSize - 1) / pageSize * pageSize
        guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { return nil }
        return UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    static func unmapPages(_ pages: UnsafeMutableRawBufferPointer) {
        if let start = pages.baseAddress { munmap(start, pages.count) }
    }

    /// Keeps pages out of swap, core dumps and forked children. Returns whether the system agreed to the first;
    /// it has a small budget for locked memory, and a refusal is no reason to stop.
    static func protectSecretPages(_ pages: UnsafeMutableRawBufferPointer) -> Bool {
        guard let start = pages.baseAddress else { return false }
        #if !canImport(Darwin)
        let doNotDump: Int32 = 16  // MADV_DONTDUMP
        let wipeOnFork: Int32 = 18  // MADV_WIPEONFORK
        _ = madvise(start, pages.count, doNotDump)
        _ = madvise(start, pages.count, wipeOnFork)
        #endif
        return mlock(start, pages.count) == 0
    }
}

/// Tells a forked child from its parent without a system call per check.
enum ForkGuard {
    private static let forksSeen = Atomic<UInt64>(0)
    private static let isRegistered: Bool = {
        _ = forksSeen.load(ordering: .relaxed)  // initialised now, not in a child
        return pthread_atfork(nil, nil, { ForkGuard.forksSeen.add(1, ordering: .relaxed) }) == 0
    }()

    /// A number that stays the same for the life of this process and differs in its children.
    static func processMark() -> UInt64 {
        isRegistered ? forksSeen.load(ordering: .relaxed) : UInt64(truncatingIfNeeded: getpid())
    }
}
