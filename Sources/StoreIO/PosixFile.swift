// A real file: positioned reads and writes on one descriptor, with a lock that ends with it.
//
// What must hold:
//
// 1. The descriptor is used only between `begin` and `end`. `close` marks the file closed and whoever leaves last
//    closes the descriptor, so a number the system has given to another file is never written to.
// 2. In a forked child every call throws `forked`: the child shares the parent's lock without having asked for it.
// 3. Nothing here retries a failed write or sync.

import Synchronization

/// A file of the operating system, opened and locked by `PosixDirectory`.
package final class PosixFile: StoreFile {
    private let descriptor: Int32
    private let access: FileAccess
    private let processMark: UInt64
    /// Calls under way, and the mark that says no more may begin.
    private let users = Atomic<UInt64>(0)
    private let descriptorIsClosed = Atomic<Bool>(false)
    /// Held while the size changes, so that two growths do not undo one another.
    private let resizing = Mutex<Void>(())

    private static let closedMark: UInt64 = 1 << 63

    /// Takes over an open, locked descriptor.
    init(descriptor: Int32, access: FileAccess) {
        self.descriptor = descriptor
        self.access = access
        processMark = ForkGuard.processMark()
    }

    deinit { close() }

    package func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault) {
        let count = bytes.byteCount
        let start = try checkedOffset(offset, count: count, .read)
        try begin()
        defer { end() }
        try bytes.withUnsafeMutableBytes { (buffer) throws(FileFault) in
            var done = 0
            while done < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let got: Int
                do throws(SystemError) {
                    got = try Platform.read(descriptor, into: rest, at: start + Int64(done))
                } catch {
                    throw FileFault(.read, error)
                }
                if got == 0 { throw .endOfFile(expected: count, found: done) }
                done += got
            }
        }
    }

    package func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) {
        let count = bytes.byteCount
        let start = try checkedOffset(offset, count: count, .write)
        try beginWriting()
        defer { end() }
        try bytes.withUnsafeBytes { (buffer) throws(FileFault) in
            try writeAll(buffer, at: start, .write)
        }
    }

    package func size() throws(FileFault) -> UInt64 {
        try begin()
        defer { end() }
        return UInt64(try currentSize(.size))
    }

    package func resize(to byteCount: UInt64) throws(FileFault) {
        let newSize = try checkedOffset(byteCount, count: 0, .resize)
        try beginWriting()
        defer { end() }
        try resizing.withLock { (_) throws(FileFault) in
            let oldSize = try currentSize(.resize)
            if newSize > oldSize {
                try grow(from: oldSize, to: newSize)
            } else if newSize < oldSize {
                try truncate(to: newSize)
            }
        }
    }

    package func sync() throws(FileFault) {
        try begin()
        defer { end() }
        do throws(SystemError) {
            try Platform.syncData(descriptor)
        } catch {
            throw FileFault(.sync, error)
        }
    }

    package func writeBack(_ range: Range<UInt64>) throws(FileFault) {
        let start = try checkedOffset(range.lowerBound, count: range.count, .sync)
        try begin()
        defer { end() }
        do throws(SystemError) {
            try Platform.writeBack(descriptor, from: start, count: Int64(range.count))
        } catch {
            throw FileFault(.sync, error)
        }
    }

    package var bootIdentity: [UInt8]? { BootIdentity.bytes }

    package func close() {
        let before = users.bitwiseOr(Self.closedMark, ordering: .acquiringAndReleasing).oldValue
        if before == 0 { closeDescriptor() }
    }

    // MARK: Entering and leaving

    private func begin() throws(FileFault) {
        guard ForkGuard.processMark() == processMark else { throw .forked }
        let before = users.add(1, ordering: .acquiring).oldValue
        if before & Self.closedMark != 0 {
            end()
            throw .closed
        }
    }

    private func beginWriting() throws(FileFault) {
        try begin()
        if access == .readOnly {
            end()
            throw .readOnly
        }
    }

    private func end() {
        let after = users.subtract(1, ordering: .acquiringAndReleasing).newValue
        if after == Self.closedMark { closeDescriptor() }
    }

    private func closeDescriptor() {
        guard !descriptorIsClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // A child that merely shares the lock must not give it away; the parent must not leave it to a child.
        if ForkGuard.processMark() == processMark { try? Platform.unlock(descriptor) }
        Platform.close(descriptor)
    }

    // MARK: Details

    /// The offset as the system wants it; refuses a range that no file can have.
    private func checkedOffset(
        _ offset: UInt64, count: Int, _ operation: FileOperation
    ) throws(FileFault) -> Int64 {
        guard let start = Int64(exactly: offset), !start.addingReportingOverflow(Int64(count)).overflow else {
            throw FileFault(operation, .invalidArgument)
        }
        return start
    }

    private func writeAll(
        _ buffer: UnsafeRawBufferPointer, at start: Int64, _ operation: FileOperation
    ) throws(FileFault) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
            do throws(SystemError) {
                let put = try Platform.write(descriptor, from: rest, at: start + Int64(done))
                if put == 0 { throw SystemError.ioError }
                done += put
            } catch {
                throw FileFault(operation, error)
            }
        }
    }

    private func currentSize(_ operation: FileOperation) throws(FileFault) -> Int64 {
        do throws(SystemError) {
            return try Platform.status(descriptor).size
        } catch {
            throw FileFault(operation, error)
        }
    }

    private func truncate(to size: Int64) throws(FileFault) {
        do throws(SystemError) {
            try Platform.truncate(descriptor, to: size)
        } catch {
            throw FileFault(.resize, error)
        }
    }

    private func grow(from oldSize: Int64, to newSize: Int64) throws(FileFault) {
        do throws(FileFault) {
            do throws(SystemError) {
                try Platform.allocate(descriptor, from: oldSize, to: newSize)
            } catch {
                guard error.isUnsupported else { throw FileFault(.resize, error) }
                try writeZeros(from: oldSize, to: newSize)
            }
        } catch {
            try? truncate(to: oldSize)  // a growth that failed half way must not look like one that worked
            throw error
        }
    }

    /// Allocates by writing, for file systems that know no other way. Looks at the free space first, so as not to fill
    /// the device to its last byte only to find that it does not do.
    private func writeZeros(from oldSize: Int64, to newSize: Int64) throws(FileFault) {
        let free: UInt64
        do throws(SystemError) {
            free = try Platform.freeSpace(descriptor)
        } catch {
            throw FileFault(.resize, error)
        }
        if UInt64(newSize - oldSize) > free { throw .diskFull }
        let zeros = [UInt8](repeating: 0, count: Int(min(newSize - oldSize, 1 << 20)))
        var position = oldSize
        while position < newSize {
            let count = Int(min(newSize - position, Int64(zeros.count)))
            try zeros.span.bytes.withUnsafeBytes { (buffer) throws(FileFault) in
                try writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: position, .resize)
            }
            position += Int64(count)
        }
    }
}
