// Raw deflate (RFC 1951): no header, no checksum; what is stored is authenticated anyway.
//
// What must hold: inflating writes exactly as many bytes as the caller allows, whatever the input says, and an input
// that cannot possibly give so many is refused before memory is asked for.

import CZlib
import Synchronization

/// Compression of byte strings. Thread safe.
package enum Deflate {
    /// Compresses `bytes` at `level` (1 fastest to 9 smallest). Nil unless the result has fewer than `limit` bytes.
    package static func compress(_ bytes: RawSpan, level: Int = 1, limit: Int) -> [UInt8]? {
        precondition((1...9).contains(level), "deflate levels are 1 to 9")
        guard limit > 1, bytes.byteCount <= Int(UInt32.max) else { return nil }
        guard let stream = deflaters.take(level) ?? Deflater(level: level) else { return nil }
        defer { deflaters.put(stream) }
        // One byte more than may be used: zlib reports the end only while there is room left.
        let room = min(limit, stream.bound(for: bytes.byteCount) + 1)
        var isComplete = false
        let result = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = bytes.withUnsafeBytes { stream.compress($0, into: buffer) } ?? 0
            isComplete = count > 0
        }
        return isComplete ? result : nil
    }

    /// The `count` bytes that `bytes` stands for. Throws `inflateFailed` when it stands for anything else.
    package static func inflate(_ bytes: RawSpan, exactly count: Int) throws(CryptoFault) -> [UInt8] {
        // The format gains at most 1,032 to 1: 258 bytes from two bits.
        let (most, overflows) = bytes.byteCount.multipliedReportingOverflow(by: 1_032)
        guard count >= 0, count <= Int(UInt32.max), overflows || count <= most else { throw .inflateFailed }
        guard bytes.byteCount <= Int(UInt32.max) else { throw .inflateFailed }
        var isExact = false
        let result = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialised in
            isExact = bytes.withUnsafeBytes { inflate($0, into: buffer, exactly: count) }
            initialised = isExact ? count : 0
        }
        guard isExact else { throw .inflateFailed }
        return result
    }

    private static func inflate(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>, exactly count: Int
    ) -> Bool {
        var stream = z_stream()
        guard storeio_inflate_begin_raw(&stream) == Z_OK else { return false }
        defer { inflateEnd(&stream) }
        stream.next_in = .init(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(count)
        let result = CZlib.inflate(&stream, Z_FINISH)
        return result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0
    }

    static func crc32(_ bytes: RawSpan) -> UInt32 {
        bytes.withUnsafeBytes {
            UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count))
        }
    }

    private static let deflaters = DeflaterPool()
}

/// A compressor that serves many calls: its 256 KiB of tables cost as much to set up as a page to compress.
///
/// Unchecked Sendable: whoever took it from the pool is its only user.
private final class Deflater: @unchecked Sendable {
    let level: Int
    private let stream: UnsafeMutablePointer<z_stream>  // zlib remembers its address: it must not move

    init?(level: Int) {
        self.level = level
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard storeio_deflate_begin_raw(stream, Int32(level)) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The most that `count` bytes can become.
    func bound(for count: Int) -> Int { Int(min(deflateBound(stream, UInt(count)), UInt(UInt32.max - 1))) }

    /// The number of bytes written, or nil when the output does not hold them and one more.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>) -> Int? {
        guard deflateReset(stream) == Z_OK else { return nil }
        stream.pointee.next_in = .init(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let result = deflate(stream, Z_FINISH)
        let written = output.count - Int(stream.pointee.avail_out)
        stream.pointee.next_in = nil
        stream.pointee.next_out = nil
        return result == Z_STREAM_END && written < output.count ? written : nil
    }
}

/// Idle compressors, a few of them.
private final class DeflaterPool: Sendable {
    private static let capacity = 4
    private let idle = Mutex<[Deflater]>([])

    func take(_ level: Int) -> Deflater? {
        idle.withLock {
            guard let index = $0.lastIndex(where: { $0.level == level }) else { return nil }
            return $0.remove(at: index)
        }
    }

    func put(_ deflater: Deflater) {
        idle.withLock { if $0.count < Self.capacity { $0.append(deflater) } }
    }
}
