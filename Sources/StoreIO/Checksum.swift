// Checksums against accident, not against intent.

/// Checksums of byte strings.
package enum Checksum {
    /// The CRC-32 of gzip and zip (polynomial 0x04C11DB7, reflected). About 4 GB/s.
    package static func crc32(_ bytes: RawSpan) -> UInt32 { Deflate.crc32(bytes) }
}
