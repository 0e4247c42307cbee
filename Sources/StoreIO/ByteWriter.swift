// Little-endian writing of fields, the counterpart of `ByteReader`.

/// Collects fields in order into a byte string.
package struct ByteWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// An empty writer with room for `capacity` bytes before it must grow.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// The number of bytes written so far.
    package var count: Int { bytes.count }

    // Appends 1, 2, 4 or 8 bytes, little endian, or bytes as they are.
    package mutating func append(u8 value: UInt8) { bytes.append(value) }
    package mutating func append(u16 value: UInt16) { appendInteger(value) }
    package mutating func append(u32 value: UInt32) { appendInteger(value) }
    package mutating func append(u64 value: UInt64) { appendInteger(value) }
    package mutating func append(bytes more: [UInt8]) { bytes.append(contentsOf: more) }
    package mutating func append(bytes more: RawSpan) { bytes.append(contentsOf: [UInt8](copying: more)) }
    package mutating func append(digest: Digest32) { bytes.append(contentsOf: digest.bytes) }

    /// Appends zeros until there are `size` bytes; does nothing when there are that many already.
    package mutating func pad(to size: Int) {
        if size > bytes.count { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
    }

    private mutating func appendInteger<T: FixedWidthInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }
}
