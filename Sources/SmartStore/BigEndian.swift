/// Numbers as keys: big-endian bytes sort as the numbers do.
package enum BigEndian {
    package static func bytes(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }

    /// Reads up to eight bytes.
    package static func load(_ bytes: some Swift.Collection<UInt8>) -> UInt64 {
        bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
