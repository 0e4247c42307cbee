import StoreIO
import Synchronization

// The keys of one open file, and how page keys come from them.
//
// 1. Each opening for writing is a writer epoch with a random 128-bit prefix. The epoch's key is
//    HKDF-SHA-256(data key, salt: file id, info: "smartstore page" ‖ prefix), its nonces count from 0.
// 2. Nothing of this is persisted as a counter, so a restored, copied or forked file cannot repeat a (key, nonce) pair.
// 3. After 2³² seals the epoch ends and a new prefix is drawn.
// 4. An unencrypted file uses the same fields with a public key: the tag is then a 128-bit checksum bound to identity.

/// The random 128 bits that name a writer epoch.
struct EpochPrefix: Hashable, Sendable {
    var low: UInt64
    var high: UInt64

    static func random(_ source: any RandomSource) throws(CryptoFault) -> EpochPrefix {
        var bytes = [UInt8](repeating: 0, count: 16)
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        try source.fill(&raw)
        return EpochPrefix(low: bytes.loadUInt64(at: 0), high: bytes.loadUInt64(at: 8))
    }
}

/// The key and nonce counter of a writer epoch.
final class SealingEpoch: Sendable {
    let prefix: EpochPrefix
    let keyNumber: UInt32
    let cipher: PageCipher
    private let counter = Atomic<UInt64>(0)

    /// NIST's bound for one key with 96-bit nonces is 2³² seals.
    static let sealLimit: UInt64 = 1 << 32

    init(prefix: EpochPrefix, keyNumber: UInt32, cipher: PageCipher) {
        self.prefix = prefix
        self.keyNumber = keyNumber
        self.cipher = cipher
    }

    /// The next nonce counter, with the data key's number in the upper half; nil when the epoch is used up.
    func nextCounter() -> UInt64? {
        let value = counter.wrappingAdd(1, ordering: .relaxed).oldValue
        return value < Self.sealLimit ? value | UInt64(keyNumber) << 32 : nil
    }
}

/// Data keys by number, the writer's epoch, and a bounded cache of derived epoch keys for reading.
final class KeyRing: Sendable {
    let isEncrypted: Bool
    private let fileID: [UInt8]
    private let random: any RandomSource
    private let state: Mutex<State>

    private struct State {
        var dataKeys: [UInt32: SecretKey]
        var currentKey: UInt32
        var epoch: SealingEpoch?
        var ciphers: [EpochName: PageCipher] = [:]
        var order: [EpochName] = []
    }

    private struct EpochName: Hashable {
        var prefix: EpochPrefix
        var key: UInt32
    }

    /// Derived keys kept for reading; a file written in more openings than this derives a key now and then.
    private static let cacheLimit = 256

    init(encrypted dataKeys: [UInt32: SecretKey], current: UInt32, fileID: [UInt8], random: any RandomSource) {
        precondition(dataKeys[current] != nil)
        isEncrypted = true
        self.fileID = fileID
        self.random = random
        state = Mutex(State(dataKeys: dataKeys, currentKey: current))
    }

    /// A ring without secrets, for unencrypted files.
    init(unencryptedFileID fileID: [UInt8], random: any RandomSource) {
        isEncrypted = false
        self.fileID = fileID
        self.random = random
        let publicKey = SecretKey(copying: [UInt8](repeating: 0, count: 32).span.bytes)
        state = Mutex(State(dataKeys: [0: publicKey], currentKey: 0))
    }

    /// The epoch that seals now; made at the first use.
    func sealingEpoch() throws(PageFault) -> SealingEpoch {
        try mappingCrypto { () throws(CryptoFault) in
            try state.withLock { state throws(CryptoFault) in
                if let epoch = state.epoch { return epoch }
                let prefix = Defence.freshEpoch.isOn ? try .random(random) : EpochPrefix(low: 0, high: 0)
                let name = EpochName(prefix: prefix, key: state.currentKey)
                let epoch = SealingEpoch(
                    prefix: prefix, keyNumber: state.currentKey, cipher: try cipher(for: name, in: &state))
                state.epoch = epoch
                return epoch
            }
        }
    }

    /// Ends an epoch that has used up its nonces.
    func retire(_ epoch: SealingEpoch) {
        state.withLock { if $0.epoch === epoch { $0.epoch = nil } }
    }

    // MARK: Changing data keys

    /// The number of the key that seals from now on.
    var currentKey: UInt32 { state.withLock { $0.currentKey } }

    /// Keys that only open, until a rotation is done.
    var previousKeys: [UInt32] { state.withLock { state in state.dataKeys.keys.filter { $0 != state.currentKey } } }

    /// Adds a key; nothing is sealed under it yet.
    func add(_ dataKey: SecretKey, number: UInt32) { state.withLock { $0.dataKeys[number] = dataKey } }

    /// From now on seals go under `number`.
    func use(_ number: UInt32) {
        state.withLock { state in
            state.currentKey = number
            state.epoch = nil
        }
    }

    /// Forgets a key and every key derived from it.
    func drop(_ number: UInt32) {
        state.withLock { state in
            state.dataKeys[number] = nil
            state.order.removeAll { $0.key == number }
            state.ciphers = state.ciphers.filter { $0.key.key != number }
        }
    }

    /// Lends each data key to be wrapped anew.
    func dataKey(_ number: UInt32) -> SecretKey? { state.withLock { $0.dataKeys[number] } }

    /// The cipher that opens what was sealed under `prefix`; nil for a data key this file does not have.
    func cipher(prefix: EpochPrefix, keyNumber: UInt32) throws(PageFault) -> PageCipher? {
        try mappingCrypto { () throws(CryptoFault) in
            try state.withLock { state throws(CryptoFault) in
                let name = EpochName(prefix: isEncrypted ? prefix : EpochPrefix(low: 0, high: 0), key: keyNumber)
                if let cipher = state.ciphers[name] { return cipher }
                guard state.dataKeys[keyNumber] != nil else { return nil }
                return try cipher(for: name, in: &state)
            }
        }
    }

    private func cipher(for name: EpochName, in state: inout State) throws(CryptoFault) -> PageCipher {
        guard let dataKey = state.dataKeys[name.key] else { throw .invalidParameters("data key \(name.key)") }
        let cipher: PageCipher
        if isEncrypted {
            var info = Array("smartstore page".utf8)
            info += withLittleEndian(name.prefix.low) + withLittleEndian(name.prefix.high)
            let salt = fileID
            let key = try KeyDerivation.hkdfSHA256(key: dataKey, salt: salt.span.bytes, info: info.span.bytes)
            cipher = try PageCipher(key: key, mode: .sealing)
        } else {
            cipher = try PageCipher(key: dataKey, mode: .checksumOnly)
        }
        if state.order.count >= Self.cacheLimit { state.ciphers[state.order.removeFirst()] = nil }
        state.ciphers[name] = cipher
        state.order.append(name)
        return cipher
    }

    /// A key for another purpose of the layers above (the audit chain), from the current data key or a named one.
    func derivedKey(purpose: String, keyNumber: UInt32? = nil) throws(PageFault) -> SecretKey {
        try mappingCrypto { () throws(CryptoFault) in
            try state.withLock { state throws(CryptoFault) in
                let number = keyNumber ?? state.currentKey
                guard let dataKey = state.dataKeys[number] else { throw .invalidParameters("data key \(number)") }
                let info = Array("smartstore \(purpose)".utf8)
                let salt = fileID
                return try KeyDerivation.hkdfSHA256(key: dataKey, salt: salt.span.bytes, info: info.span.bytes)
            }
        }
    }
}

func withLittleEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}
