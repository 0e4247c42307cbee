import Foundation
import SmartStore
import StoreIO
import StoreTestSupport

/// The committed files of every format version. Each holds `GoldenContent`.
enum GoldenFile: String, CaseIterable, Sendable {
    /// Encrypted under a raw key.
    case raw = "v1-raw.store"
    /// Not encrypted.
    case plain = "v1-plain.store"
    /// Encrypted under a passphrase, with a cheap scrypt.
    case passphrase = "v1-passphrase.store"
    /// Encrypted under the raw key and never closed: two commits are in the log only, and a third was cut off.
    case crashed = "v1-crashed.store"
    /// The same four, in format version 2.
    case raw2 = "v2-raw.store"
    case plain2 = "v2-plain.store"
    case passphrase2 = "v2-passphrase.store"
    case crashed2 = "v2-crashed.store"

    /// Whether the file was never closed.
    var isCrashed: Bool { self == .crashed || self == .crashed2 }
    var isPlain: Bool { self == .plain || self == .plain2 }
    var hasPassphrase: Bool { self == .passphrase || self == .passphrase2 }
    /// The files of format 1.
    static let first: [GoldenFile] = [.raw, .plain, .passphrase, .crashed]
    var formatVersion: UInt8 { rawValue.hasPrefix("v1") ? 1 : 2 }

    var key: EncryptionKey {
        switch self {
        case .raw, .crashed, .raw2, .crashed2: .raw((0..<32).map { UInt8($0) })
        case .plain, .plain2: .none
        case .passphrase, .passphrase2: .passphrase("correct horse battery staple")
        }
    }

    /// The audit chain's newest hash, which depends on the file's key and id.
    var auditHead: String {
        switch self {
        case .raw: "c1a5f7a12f564f826b2ef03a418646bc9d8d6f076d13808133ff51020ca52d34"
        case .plain: "34776adb35350d09701ae92e77178d0ec19640fa36ad0151a0e2e2aa7b3c46e7"
        case .passphrase: "39e15aaa528511f6513947cbbf1453800001183f96e25731465130e75cca9840"
        case .crashed: "e1795e89b4350d6473175203d83f61590122e0939ff056c1397d566983df0774"
        case .raw2: "2314cb37ca3800957c78fa223667c15d621fce7c5ec550d53149c18d8a885c60"
        case .plain2: "33431369b92c295476e6a81d9a36105801db9e7b40a78fa377d4268d8e649632"
        case .passphrase2: "bb8019588481ee3c0d2691cc708f0b910a6ec84f990720fc11e70e947036c012"
        case .crashed2: "aab143180cd9782c8c7a76c85b5c295dbd103ef65540308eee2f3df63d49727c"
        }
    }

    /// The committed bytes.
    func bytes() throws -> [UInt8] {
        let url = Bundle.module.bundleURL.appending(path: "Golden").appending(path: rawValue)
        return [UInt8](try Data(contentsOf: url))
    }

    /// A disk with a copy of the file.
    func disk() throws -> SimulatedDisk { SimulatedDisk(files: [rawValue: try bytes()]) }

    func open(on disk: SimulatedDisk, readOnly: Bool = false, seed: UInt64 = 1000) throws -> Store {
        var options = Self.options(seed: seed, at: GoldenContent.now)
        options.isReadOnly = readOnly
        return try Store.open(rawValue, in: disk, key: key, options: options)
    }

    static func options(seed: UInt64, at time: Int64) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.logByteLimit = 1 << 20
        options.time = ManualTimeSource(milliseconds: time)
        options.random = SeededRandomSource(seed: seed)
        return options
    }
}
