// Files as this target needs them: read at a place, or written from begin to end and seen by others only when whole.
// Unsafe code: the system reads into and writes from buffers whose sizes it is told.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file open for reading. For one thread at a time, but for ``read(at:into:)``.
final class PlainFile: Sendable {
    let path: String
    let byteCount: Int
    private let descriptor: Int32

    init(reading path: String) throws(VectorError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PlainFile.fault(path, "open") }
        self.path = path
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            let error = PlainFile.fault(path, "measure")
            close(descriptor)
            throw error
        }
        byteCount = Int(end)
    }

    deinit { close(descriptor) }

    /// Fills the whole buffer.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(VectorError) {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw PlainFile.fault(path, "read") }
            guard count > 0 else { throw VectorError(.file(path: path, reason: "it ends too early")) }
            done += count
        }
    }

    /// Some bytes.
    func read(at offset: Int, count: Int) throws(VectorError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw VectorError(.file(path: path, reason: "it ends too early"))
        }
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: VectorError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(VectorError) { try read(at: offset, into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    fileprivate static func fault(_ path: String, _ verb: String) -> VectorError {
        VectorError(.file(path: path, reason: "the system refused to \(verb) it (errno \(errno))"))
    }
}

/// A file that is written under another name beside its own, and gets its own, synced, when it is finished. Given up, it
/// leaves what was there before. For one thread at a time.
final class NewFile {
    let path: String
    private(set) var byteCount = 0
    private let temporaryPath: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    private static let bufferByteCount = 1 << 20

    init(_ path: String) throws(VectorError) {
        var number = SystemRandomNumberGenerator()
        self.path = path
        temporaryPath = "\(path).partial-\(String(UInt32.random(in: 0...UInt32.max, using: &number), radix: 16))"
        descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw PlainFile.fault(path, "create") }
        buffer.reserveCapacity(Self.bufferByteCount)
    }

    deinit { giveUp() }

    func append(_ bytes: UnsafeRawBufferPointer) throws(VectorError) {
        buffer.append(contentsOf: bytes)
        byteCount += bytes.count
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    func append(_ bytes: [UInt8]) throws(VectorError) {
        buffer += bytes
        byteCount += bytes.count
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    /// Puts other bytes in the place of some that were appended.
    func replace(at offset: Int, with bytes: [UInt8]) throws(VectorError) {
        try flush()
        try write(bytes, at: offset)
    }

    /// Makes the file durable and gives it its name.
    func finish() throws(VectorError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw PlainFile.fault(path, "sync") }
        guard rename(temporaryPath, path) == 0 else { throw PlainFile.fault(path, "rename") }
        isOpen = false
        close(descriptor)
        // The name is durable when its folder is.
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = open(folder, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { throw PlainFile.fault(path, "sync the folder of") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw PlainFile.fault(path, "sync the folder of") }
    }

    /// Removes what was written.
    func giveUp() {
        guard isOpen else { return }
        isOpen = false
        close(descriptor)
        unlink(temporaryPath)
    }

    private func flush() throws(VectorError) {
        try write(buffer, at: byteCount - buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: [UInt8], at offset: Int) throws(VectorError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(offset + done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw PlainFile.fault(path, "write") }
            done += count
        }
    }
}
