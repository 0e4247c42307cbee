import Foundation
import SmartStore
import StoreIO
import StoreTestSupport

/// The committed files of format version 1. Each holds `GoldenContent`.
enum GoldenFile: String, CaseIterable, Sendable {
    /// Encrypted under a raw key.
    case raw = "v1-raw.store"
    /// Not encrypted.
    case plain = "v1-plain.store"
    /// Encrypted under a passphrase, with a cheap scrypt.
    case passphrase = "v1-passphrase.store"
    /// Encrypted under the raw key and never closed: two commits are in the log only, and a third was cut off.
    case crashed = "v1-crashed.store"

    var key: EncryptionKey {
        switch self {
        case .raw, .crashed: .raw((0..<32).map { UInt8($0) })
        case .plain: .none
        case .passphrase: .passphrase("correct horse battery staple")
        }
    }

    /// The audit chain's newest hash, which depends on the file's key and id.
    var auditHead: String {
        switch self {
        case .raw: ""
        case .plain: ""
        case .passphrase: ""
        case .crashed: ""
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
