// The only door to the disk: a file and a folder, as narrow as the engine allows.
//
// Everything above speaks to these two protocols, so that a simulated disk can stand behind them in the
// trials. What an implementation must keep:
//
// 1. A read or a write is whole or throws; there are no short results.
// 2. What `resize` grew reads as zeros and has its blocks, so a later write inside it cannot meet a full disk.
// 3. After `sync` returns, every write and resize that returned before it began survives power loss.
// 4. A name made, renamed or removed survives power loss only after the directory's `sync`.

/// An open file, addressed by byte offset. Thread safe: reads and writes may run concurrently.
///
/// Concurrent operations on overlapping bytes, one of them a write, have no defined order.
package protocol StoreFile: AnyObject, Sendable {
    /// Fills all of `bytes` from `offset`, or throws (`endOfFile` when the file is too short).
    func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault)

    /// Writes all of `bytes` at `offset`, or throws; after a throw any part of them may have been written.
    func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault)

    /// The file's size in bytes.
    func size() throws(FileFault) -> UInt64

    /// Makes the file exactly `byteCount` bytes long. Growing allocates the blocks and reads as zeros;
    /// shrinking drops the rest. When growing throws, the size is what it was, as far as the system allows.
    func resize(to byteCount: UInt64) throws(FileFault)

    /// Makes all that was written so far, and the size, survive power loss. A throw says nothing about which
    /// bytes did: do not call again in the hope of success.
    func sync() throws(FileFault)

    /// Lets the disk write what is dirty in a range, and waits for it, so that a later sync has less to do. It promises
    /// nothing: only `sync` does. A throw means what one of `sync` means.
    func writeBack(_ range: Range<UInt64>) throws(FileFault)

    /// What names the running system since it was started: bytes read under another name came from the disk, not from
    /// memory that an earlier write left. nil where the system does not say.
    var bootIdentity: [UInt8]? { get }

    /// Releases the lock and the handle. Later calls throw `closed`. Closing twice does nothing.
    func close()
}

extension StoreFile {
    package var bootIdentity: [UInt8]? { nil }
    package func writeBack(_ range: Range<UInt64>) throws(FileFault) {}
}

/// What a handle may do.
package enum FileAccess: Sendable {
    /// Reads only, beside other readers.
    case readOnly
    /// Reads and writes, alone.
    case readWrite
}

/// A folder: opens, creates, renames, removes and syncs names in it. A name is one path component.
package protocol StoreDirectory: Sendable {
    /// Opens an existing file and locks it: shared to read, exclusive to write.
    ///
    /// Waits at most `lockWait` for the lock (zero: asks once), then throws `locked`. Checks after locking that
    /// the name still means the same file, otherwise throws `replaced`.
    func open(_ name: String, access: FileAccess, lockWait: Duration) throws(FileFault) -> any StoreFile

    /// Creates an empty file that did not exist (`alreadyExists`), for its owner only, locked exclusively.
    func create(_ name: String) throws(FileFault) -> any StoreFile

    /// Renames a file. With `replacing` an existing target is replaced in one step; without, an existing target
    /// throws `alreadyExists` and nothing changes.
    func rename(_ old: String, to new: String, replacing: Bool) throws(FileFault)

    /// Removes a name; the file lives on while it is open.
    func remove(_ name: String) throws(FileFault)

    /// Whether the name exists, as a file of any kind.
    func exists(_ name: String) throws(FileFault) -> Bool

    /// All names in the folder, without `.` and `..`, in ascending order.
    func names() throws(FileFault) -> [String]

    /// Makes created, renamed and removed names survive power loss.
    func sync() throws(FileFault)
}
