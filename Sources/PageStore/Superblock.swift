package import StoreIO

// Encoding, choosing and opening superblock slots.

/// What the user gives to open or create a file.
package enum StoreKey: Sendable {
    case none
    case raw(SecretKey)
    case passphrase(SecretBytes)
}

/// The keys of a file, opened.
struct OpenedKeys: Sendable {
    let ring: KeyRing
    /// From the key that the user gave; nil for an unencrypted file.
    let user: UserKeys?
}

/// What comes from the key that the user gave: changes with the passphrase.
struct UserKeys: Sendable {
    /// Authenticates slots.
    let headerKey: SecretKey
    /// Wraps data keys.
    let wrapKey: SecretKey
}

/// A slot whose hash is right: its plain part can be trusted not to be damaged, and nothing more.
struct UnopenedSlot: Sendable {
    let bytes: [UInt8]
    let identity: FileIdentity
    let slotSequence: UInt64
}

/// A slot that authenticated.
struct Superblock: Sendable {
    var identity: FileIdentity
    var slotSequence: UInt64
    var record: CheckpointRecord
}

enum SlotReading {
    case valid(UnopenedSlot)
    case damaged
    case foreign
    case newer(UInt32)
    case unsupported(String)
}

extension Superblock {
    /// Reads the plain part of a slot's first 4,096 bytes.
    static func read(_ bytes: [UInt8]) -> SlotReading {
        guard bytes.count == SuperblockLayout.byteCount, Array(bytes[..<8]) == SuperblockLayout.magic else {
            return .foreign
        }
        let hash = Hashing.sha256(bytes.span.bytes.extracting(0..<SuperblockLayout.hashOffset))
        guard hash.bytes == Array(bytes[SuperblockLayout.hashOffset...]) else { return .damaged }
        let version = bytes.loadUInt32(at: 8)
        guard version > 0 else { return .unsupported("format version 0") }
        guard version <= SuperblockLayout.formatVersion else { return .newer(version) }
        switch plainPart(bytes, version: version) {
        case .unsupported(let what): return .unsupported(what)
        case .identity(let identity):
            return .valid(UnopenedSlot(bytes: bytes, identity: identity, slotSequence: bytes.loadUInt64(at: 80)))
        }
    }

    /// What a slot's plain part says of the file; bytes that no hash vouches for give what they give.
    enum PlainPart {
        case identity(FileIdentity)
        case unsupported(String)
    }

    /// Reads the plain part of a slot, whatever its hash says.
    static func plainPart(_ bytes: [UInt8], version: UInt32) -> PlainPart {
        let pageSize = Int(bytes.loadUInt32(at: 12))
        guard PagerLimits.pageSizes.contains(pageSize) else { return .unsupported("page size \(pageSize)") }
        guard bytes[32] <= 1 else { return .unsupported("cipher \(bytes[32])") }
        let costs = (bytes.loadUInt32(at: 36), bytes.loadUInt32(at: 40), bytes.loadUInt32(at: 44))
        let derivation: KeyDerivationParameters
        switch bytes[33] {
        case 0: derivation = .none
        case 1: derivation = .scrypt(logN: costs.0, r: costs.1, p: costs.2)
        case 2: derivation = .pbkdf2SHA256(iterations: costs.0)
        default: return .unsupported("key derivation \(bytes[33])")
        }
        var keys: [WrappedKey] = []
        for index in 0..<SuperblockLayout.keyEntryCount {
            let offset = SuperblockLayout.keysOffset + index * SuperblockLayout.keyEntryByteCount
            guard let state = WrappedKey.State(rawValue: bytes.loadUInt32(at: offset + 4)) else { continue }
            keys.append(
                WrappedKey(
                    number: bytes.loadUInt32(at: offset), state: state, nonceHigh: bytes.loadUInt64(at: offset + 8),
                    nonceLow: bytes.loadUInt32(at: offset + 16), sealed: Array(bytes[offset + 20..<offset + 52]),
                    tag: Tag(low: bytes.loadUInt64(at: offset + 52), high: bytes.loadUInt64(at: offset + 60))))
        }
        let identity = FileIdentity(
            formatVersion: version, pageSize: pageSize, fileID: Array(bytes[16..<32]), isEncrypted: bytes[32] == 1,
            derivation: derivation,
            salt: Array(bytes[48..<80]), keys: keys)
        return .identity(identity)
    }

    /// The plain part, which the key wrap and the body's seal authenticate.
    private static func clearPart(_ identity: FileIdentity, slotSequence: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SuperblockLayout.clearByteCount)
        bytes.replace(at: 0, with: SuperblockLayout.magic)
        bytes.store(identity.formatVersion, at: 8)
        bytes.store(UInt32(identity.pageSize), at: 12)
        bytes.replace(at: 16, with: identity.fileID)
        bytes[32] = identity.isEncrypted ? 1 : 0
        switch identity.derivation {
        case .none: break
        case .scrypt(let logN, let r, let p):
            bytes[33] = 1
            bytes.store(logN, at: 36)
            bytes.store(r, at: 40)
            bytes.store(p, at: 44)
        case .pbkdf2SHA256(let iterations):
            bytes[33] = 2
            bytes.store(iterations, at: 36)
        }
        bytes.replace(at: 48, with: identity.salt)
        bytes.store(slotSequence, at: 80)
        for (index, key) in identity.keys.enumerated() {
            let offset = SuperblockLayout.keysOffset + index * SuperblockLayout.keyEntryByteCount
            bytes.store(key.number, at: offset)
            bytes.store(key.state.rawValue, at: offset + 4)
            bytes.store(key.nonceHigh, at: offset + 8)
            bytes.store(key.nonceLow, at: offset + 16)
            bytes.replace(at: offset + 20, with: key.sealed)
            bytes.store(key.tag.low, at: offset + 52)
            bytes.store(key.tag.high, at: offset + 60)
        }
        return bytes
    }

    /// The slot's 4,096 bytes.
    func encode(with codec: PageCodec, headerKey: SecretKey?) throws(PageFault) -> [UInt8] {
        var bytes = Self.clearPart(identity, slotSequence: slotSequence)
        let (epoch, counter) = try codec.nextNonce()
        bytes.store(epoch.prefix.low, at: 232)
        bytes.store(epoch.prefix.high, at: 240)
        bytes.store(counter, at: 248)
        let (sealed, tag) = try codec.sealRecord(
            kind: .superblock, epoch: epoch, counter: counter, clear: bytes,
            record: record.encode(formatVersion: identity.formatVersion))
        bytes += sealed
        bytes += withLittleEndian(tag.low) + withLittleEndian(tag.high)
        if let headerKey {
            bytes += Hashing.hmacSHA256(key: headerKey, bytes.span.bytes).bytes
        } else {
            bytes += [UInt8](repeating: 0, count: 32)
        }
        bytes += [UInt8](repeating: 0, count: SuperblockLayout.hashOffset - bytes.count)
        bytes += Hashing.sha256(bytes.span.bytes).bytes
        return bytes
    }

    /// Authenticates a slot. `wrongKey` when its hash is right and its HMAC is not.
    static func open(_ slot: UnopenedSlot, with keys: OpenedKeys) throws(PageFault) -> Superblock? {
        let bytes = slot.bytes
        if let headerKey = keys.user?.headerKey {
            let mac = Hashing.hmacSHA256(
                key: headerKey, bytes.span.bytes.extracting(0..<SuperblockLayout.macOffset)
            ).bytes
            let stored = Array(bytes[SuperblockLayout.macOffset..<SuperblockLayout.macOffset + 32])
            guard Hashing.equal(mac.span.bytes, stored.span.bytes) else { throw .wrongKey }
        }
        let codec = PageCodec(pageSize: slot.identity.pageSize, fileID: slot.identity.fileID, ring: keys.ring)
        let body = try codec.openRecord(
            kind: .superblock,
            prefix: EpochPrefix(low: bytes.loadUInt64(at: 232), high: bytes.loadUInt64(at: 240)),
            counter: bytes.loadUInt64(at: 248), clear: Array(bytes[..<SuperblockLayout.clearByteCount]),
            sealed: Array(bytes[SuperblockLayout.clearByteCount..<SuperblockLayout.bodyTagOffset]),
            tag: Tag(
                low: bytes.loadUInt64(at: SuperblockLayout.bodyTagOffset),
                high: bytes.loadUInt64(at: SuperblockLayout.bodyTagOffset + 8)))
        guard let body, let record = CheckpointRecord(decoding: body, formatVersion: slot.identity.formatVersion) else {
            return nil
        }
        // Beyond what a file can have written; and the next one must have a number.
        guard slot.slotSequence < 1 << 60 else { return nil }
        return Superblock(identity: slot.identity, slotSequence: slot.slotSequence, record: record)
    }
}

// Key wrapping.
extension FileIdentity {
    /// The key-encryption key: derived from the passphrase, or the raw key itself.
    func keyEncryptionKey(for key: StoreKey) throws(PageFault) -> SecretKey {
        try derivation.validate()
        switch (key, derivation) {
        case (.none, _): throw .keyRequired
        case (.raw(let key), .none): return key
        case (.passphrase(let passphrase), .scrypt(let logN, let r, let p)):
            return try mappingCrypto { () throws(CryptoFault) in
                try passphrase.withBytes { bytes throws(CryptoFault) in
                    try KeyDerivation.scrypt(
                        passphrase: bytes, salt: salt.span.bytes, logN: Int(logN), r: Int(r), p: Int(p),
                        maxMemory: KeyDerivationParameters.memoryCeiling + (64 << 20))
                }
            }
        case (.passphrase(let passphrase), .pbkdf2SHA256(let iterations)):
            return try mappingCrypto { () throws(CryptoFault) in
                try passphrase.withBytes { bytes throws(CryptoFault) in
                    try KeyDerivation.pbkdf2SHA256(
                        passphrase: bytes, salt: salt.span.bytes, iterations: Int(iterations))
                }
            }
        // A passphrase for a file with a raw key, or the other way round, is simply not its key.
        case (.raw, _), (.passphrase, .none): throw .wrongKey
        }
    }

    private var keySalt: [UInt8] { fileID + salt }

    /// What the key that the user gave opens.
    func userKeys(from key: StoreKey) throws(PageFault) -> UserKeys {
        let keyEncryptionKey = try keyEncryptionKey(for: key)
        return try mappingCrypto { () throws(CryptoFault) in
            UserKeys(
                headerKey: try KeyDerivation.hkdfSHA256(
                    key: keyEncryptionKey, salt: keySalt.span.bytes, info: Array("smartstore header".utf8).span.bytes),
                wrapKey: try KeyDerivation.hkdfSHA256(
                    key: keyEncryptionKey, salt: keySalt.span.bytes, info: Array("smartstore wrap".utf8).span.bytes))
        }
    }

    func wrap(
        _ dataKey: SecretKey, number: UInt32, state: WrappedKey.State, under user: UserKeys,
        random: any RandomSource
    ) throws(PageFault) -> WrappedKey {
        try mappingCrypto { () throws(CryptoFault) in
            let nonce = try EpochPrefix.random(random)
            var sealed = [UInt8](repeating: 0, count: 32)
            let low = UInt32(truncatingIfNeeded: nonce.high)
            let cipher = try PageCipher(key: user.wrapKey, mode: .sealing)
            let clear = fileID + withLittleEndian(UInt64(number))
            let tag = try dataKey.withBytes { bytes throws(CryptoFault) in
                var span = sealed.mutableSpan
                var raw = span.mutableBytes
                return try cipher.seal(
                    nonce: Nonce(high: nonce.low, low: low), authenticating: clear.span.bytes, bytes, into: &raw)
            }
            return WrappedKey(
                number: number, state: state, nonceHigh: nonce.low, nonceLow: low, sealed: sealed, tag: tag)
        }
    }

    func unwrap(_ wrapped: WrappedKey, under user: UserKeys) throws(PageFault) -> SecretKey {
        let clear = fileID + withLittleEndian(UInt64(wrapped.number))
        var bytes = [UInt8](repeating: 0, count: 32)
        do throws(CryptoFault) {
            let cipher = try PageCipher(key: user.wrapKey, mode: .sealing)
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            try cipher.open(
                nonce: Nonce(high: wrapped.nonceHigh, low: wrapped.nonceLow), authenticating: clear.span.bytes,
                wrapped.sealed.span.bytes, tag: wrapped.tag, into: &raw)
        } catch { throw .wrongKey }
        defer { for index in bytes.indices { bytes[index] = 0 } }
        return SecretKey(copying: bytes.span.bytes)
    }

    /// Opens every data key of the file.
    func openKeys(with key: StoreKey, random: any RandomSource) throws(PageFault) -> OpenedKeys {
        guard isEncrypted else {
            if case .none = key {
                return OpenedKeys(ring: KeyRing(unencryptedFileID: fileID, random: random), user: nil)
            }
            throw .notEncrypted
        }
        let user = try userKeys(from: key)
        var dataKeys: [UInt32: SecretKey] = [:]
        guard let current = keys.first(where: { $0.state == .current }) else { throw .corruptSuperblock }
        for wrapped in keys { dataKeys[wrapped.number] = try unwrap(wrapped, under: user) }
        return OpenedKeys(
            ring: KeyRing(encrypted: dataKeys, current: current.number, fileID: fileID, random: random),
            user: user)
    }
}
