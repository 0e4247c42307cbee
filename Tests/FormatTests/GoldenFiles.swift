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
    /// The same four, in format version 3, with `GoldenPassages` too.
    case raw3 = "v3-raw.store"
    case plain3 = "v3-plain.store"
    case passphrase3 = "v3-passphrase.store"
    case crashed3 = "v3-crashed.store"
    /// The same four, in format version 4, with `GoldenPapers` too; an index is half made in the crashed one.
    case raw4 = "v4-raw.store"
    case plain4 = "v4-plain.store"
    case passphrase4 = "v4-passphrase.store"
    case crashed4 = "v4-crashed.store"
    /// The same four, in format version 5; in the log of the crashed one are changes of pages.
    case raw5 = "v5-raw.store"
    case plain5 = "v5-plain.store"
    case passphrase5 = "v5-passphrase.store"
    case crashed5 = "v5-crashed.store"

    /// Whether the file was never closed.
    var isCrashed: Bool { rawValue.hasSuffix("crashed.store") }
    var isPlain: Bool { rawValue.hasSuffix("plain.store") }
    var hasPassphrase: Bool { rawValue.hasSuffix("passphrase.store") }
    /// The files of format 1.
    static let first: [GoldenFile] = [.raw, .plain, .passphrase, .crashed]
    var formatVersion: UInt32 { UInt32(rawValue.dropFirst().prefix { $0 != "-" }) ?? 0 }
    var hasPassages: Bool { formatVersion >= 3 }
    var passages: [Document] { hasPassages ? GoldenPassages.passages : [] }
    var hasPapers: Bool { formatVersion >= 4 }
    func papers() throws -> [Document] { hasPapers ? try GoldenPapers.papers() : [] }
    /// What a file of that kind may take up.
    var byteLimit: Int { hasPassages ? 3 << 20 : 768 << 10 }

    var key: EncryptionKey {
        isPlain ? .none : hasPassphrase ? .passphrase("correct horse battery staple") : .raw((0..<32).map { UInt8($0) })
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
        case .raw3: "3df8b034c5c534940d94f81c762b3abb9c54a73df1d1369ce3b3c914fbbf1b87"
        case .plain3: "b13a0a2014601312ef5f8ddfb13bdabad73b6d97f8ff646792fd2d1654a92a82"
        case .passphrase3: "f94363028a0e9f64ab7c384399d5295c59c42df4ab91a1c183cbc388742cf415"
        case .crashed3: "49aedff06bf3300b6117a807cc6895a1f308db40c9511567794a2e15eb64bb2e"
        case .raw4: "2e1fbee8f5823440c8a97699fea36436270df57a0cc44260e92deb7b1457c121"
        case .plain4: "5c3f224310588c934b4056c4e9e53f1bec5bb005d5065e91d4f330284a2da361"
        case .passphrase4: "30e164ba521aaa2e086c807018cff52afcf44d72b9c3623f36ad06617ddd845c"
        case .crashed4: "cbdefb793f9926711d6b812ac8fdcc6e33a41283012d06dd6ca6034e4e6ef150"
        case .raw5: "f5f31c0964eaab346b2e8f091edd5fff280e43ae240a57ee43ce6da926763ba4"
        case .plain5: "9c9ed136ec3467dc4520ea5618e3d821be81de6780c3a51691f727a36917368d"
        case .passphrase5: "226464bef9b16bedb2603a4e94190a066ba7a7afd48031adccc1903c5baa4088"
        case .crashed5: "6efb7c59d7ac83bff8b397fb177346109d7b1d9e7fad84009fb39476f308f41b"
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
        options.indexBuildPortions = IndexBuildPortions(8)
        options.time = ManualTimeSource(milliseconds: time)
        options.random = SeededRandomSource(seed: seed)
        return options
    }
}
