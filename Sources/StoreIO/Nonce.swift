// The two small values that travel with a sealed page.

/// A nonce of 96 bits: `high`, then `low`, each as little-endian bytes. Never used twice with one key.
package struct Nonce: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt32

    package init(high: UInt64, low: UInt32) {
        self.high = high
        self.low = low
    }
}

/// An authentication tag of 128 bits: `low` holds bytes 0–7, `high` bytes 8–15, each little endian.
package struct Tag: Hashable, Sendable {
    package var low: UInt64
    package var high: UInt64

    /// All bits zero; for fields not yet filled.
    package static let zero = Tag(low: 0, high: 0)

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}
