// What can go wrong at the door to the disk, as one small error.
//
// The conditions a caller acts upon have their own case; any other errno keeps its number together with
// the operation that met it. The mapping from errno lives in Platform.swift, its only home.

/// The kind of system call that failed.
package enum FileOperation: String, Sendable {
    case open
    case read
    case write
    case resize
    case sync
    case lock
    case rename
    case unlink
    case list
    case syncDirectory
    case close
    case size
}

/// An error of the file system, or of the rules this engine adds to it (locking, identity, fork).
package enum FileFault: Error, Equatable, Sendable {
    /// Any errno without a case of its own.
    case failed(FileOperation, errno: Int32)
    /// No space left on the device, or the quota is used up (ENOSPC, EDQUOT).
    case diskFull
    /// The medium, the file's mode or the handle does not allow writing (EROFS; EACCES or EPERM on opening to write).
    case readOnly
    /// No such file or directory (ENOENT).
    case notFound
    /// The name is taken (EEXIST).
    case alreadyExists
    /// Another opener, in this or another process, holds a lock that conflicts.
    case locked
    /// The path no longer names the file that was locked.
    case replaced
    /// The handle was made before a fork and is used in the child.
    case forked
    /// The file ended before the bytes asked for: how many were asked for, and how many there were.
    case endOfFile(expected: Int, found: Int)
    /// The handle was closed.
    case closed
}
