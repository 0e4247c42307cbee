package import StoreIO

// Seals: what an epoch of the audit log leaves behind.
//
//   key e+1  = HKDF-SHA-256(key e, salt: file id, info: "smartstore audit ratchet")
//   tag e    = HMAC-SHA-256(key e, epoch ‖ size ‖ root ‖ head ‖ time ‖ file id), numbers of 8 bytes, big endian
//
// 1. There is exactly one seal for each epoch that ended, also for one without entries: so a seal that is gone is seen,
//    and a forger cannot leave out an epoch to get at a later key's place.
// 2. The key of an epoch is gone once the epoch has ended, and no later key leads back to it: who takes the file, its
//    key and today's epoch key cannot make yesterday's seals. The first key, kept elsewhere, makes them all again.
// 3. HKDF uses the key as a message of HMAC, the tag uses it as HMAC's key, so the two uses tell nothing of each other.

/// The seal of one epoch.
package struct AuditSeal: Sendable, Equatable {
    /// Bytes of a stored seal.
    package static let byteCount = 112

    /// The epoch, from 0.
    package var epoch: UInt64
    /// Entries of the log when it ended.
    package var size: UInt64
    /// The root of the tree of these entries.
    package var root: Digest32
    /// The hash of the newest of them.
    package var head: Digest32
    /// When it was sealed, in milliseconds.
    package var time: Int64
    /// The authentication code.
    package var tag: Digest32

    /// Seals an epoch.
    package init(
        epoch: UInt64, size: UInt64, root: Digest32, head: Digest32, time: Int64, key: SecretKey, fileID: [UInt8]
    ) {
        (self.epoch, self.size, self.root, self.head, self.time) = (epoch, size, root, head, time)
        tag = .zero
        tag = expectedTag(key: key, fileID: fileID)
    }

    /// Reads a stored seal; nil for bytes that are none.
    package init?(epoch: UInt64, stored: [UInt8]) {
        guard stored.count == Self.byteCount else { return nil }
        self.epoch = epoch
        size = BigEndian.load(stored[0..<8])
        root = Digest32(bytes: Array(stored[8..<40]))
        head = Digest32(bytes: Array(stored[40..<72]))
        time = Int64(bitPattern: BigEndian.load(stored[72..<80]))
        tag = Digest32(bytes: Array(stored[80..<112]))
    }

    /// The bytes that are stored under the epoch's number.
    package var stored: [UInt8] { content + tag.bytes }

    private var content: [UInt8] {
        BigEndian.bytes(size) + root.bytes + head.bytes + BigEndian.bytes(UInt64(bitPattern: time))
    }

    /// The tag that the epoch's key gives.
    package func expectedTag(key: SecretKey, fileID: [UInt8]) -> Digest32 {
        Hashing.hmacSHA256(key: key, (BigEndian.bytes(epoch) + content + fileID).span.bytes)
    }

    /// Whether the epoch's key made it.
    package func isMade(by key: SecretKey, fileID: [UInt8]) -> Bool {
        Hashing.equal(tag.bytes.span.bytes, expectedTag(key: key, fileID: fileID).bytes.span.bytes)
    }
}

/// The one-way step from an epoch's key to the next one's.
package enum AuditRatchet {
    package static func next(after key: SecretKey, fileID: [UInt8]) throws(CryptoFault) -> SecretKey {
        try KeyDerivation.hkdfSHA256(
            key: key, salt: fileID.span.bytes, info: Array("smartstore audit ratchet".utf8).span.bytes)
    }
}
