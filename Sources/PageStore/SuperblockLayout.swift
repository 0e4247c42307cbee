import StoreIO

// The superblock slot: what a file is, how its keys are wrapped, and where a checkpoint left home and log.
//
//    0 magic (8)          8 format version (4)   12 page size (4)     16 file id (16)
//   32 cipher (1)  33 KDF (1)  34 zero (2)       36 KDF costs (3 × 4)  48 salt (32)
//   80 slot sequence (8)
//   88 two wrapped data keys (72 each): number (4) state (4) nonce (12) key (32) tag (16) zero (4)
//  232 epoch prefix (16)  248 counter and key number (8)
//  256 sealed body (3712)   3968 body tag (16)
// 3984 HMAC-SHA-256 under the header key (32), over everything before
// 4016 zero (48)
// 4064 SHA-256 (32), over everything before
//
// Hash wrong: a damaged slot. Hash right, HMAC wrong: the wrong key. Magic, format version and the closing hash keep
// their places in every format version.

enum SuperblockLayout {
    static let byteCount = 4096
    static let magic: [UInt8] = Array("SMARTST\n".utf8)
    /// Written by default; files of every version from 1 on are read and written as they are.
    static let formatVersion: UInt32 = 5
    static let keyEntryCount = 2
    static let keyEntryByteCount = 72
    static let keysOffset = 88
    static let clearByteCount = 256
    static let bodyByteCount = 3712
    static let bodyTagOffset = 3968
    static let macOffset = 3984
    static let hashOffset = 4064

    static let bodyExtentsOffset = 240
    static let extentByteCount = 24
    /// The body's last bytes: the system that wrote the slot, since its start.
    static let bootOffset = bodyByteCount - 16
    /// Extents that fit; their sizes grow, so this is not reached before the file's own limit.
    static let extentLimit = (bootOffset - bodyExtentsOffset) / extentByteCount
    static let spaceRootCount = 8
}

/// How the key-encryption key comes from what the user gives.
package enum KeyDerivationParameters: Hashable, Sendable {
    /// A raw 32-byte key is the key-encryption key itself.
    case none
    /// Memory 128 × 2^logN × r bytes.
    case scrypt(logN: UInt32, r: UInt32, p: UInt32)
    case pbkdf2SHA256(iterations: UInt32)

    /// OWASP's floor: about half a second and 128 MiB.
    package static let standard = KeyDerivationParameters.scrypt(logN: 17, r: 8, p: 1)

    /// Costs from a file have ceilings, so that opening a hostile file is bounded.
    static let memoryCeiling: UInt64 = 1 << 30
    static let iterationCeiling: UInt32 = 10_000_000

    func validate() throws(PageFault) {
        guard Defence.boundedOpen.isOn else { return }
        switch self {
        case .none: break
        case .scrypt(let logN, let r, let p):
            guard (1...30).contains(logN), (1...64).contains(r), (1...16).contains(p),
                128 * (UInt64(1) << UInt64(logN)) * UInt64(r) <= Self.memoryCeiling
            else { throw .unsupportedParameters("scrypt N=2^\(logN), r=\(r), p=\(p)") }
        case .pbkdf2SHA256(let iterations):
            guard iterations >= 1, iterations <= Self.iterationCeiling else {
                throw .unsupportedParameters("PBKDF2 with \(iterations) iterations")
            }
        }
    }
}

/// A data key, encrypted under the key-encryption key.
struct WrappedKey: Hashable, Sendable {
    enum State: UInt32, Sendable {
        case current = 1
        /// Still opens pages while a rotation is under way.
        case previous = 2
    }

    var number: UInt32
    var state: State
    var nonceHigh: UInt64
    var nonceLow: UInt32
    var sealed: [UInt8]
    var tag: Tag
}

/// The plain part: the same in both slots but while keys change.
struct FileIdentity: Hashable, Sendable {
    var formatVersion: UInt32
    var pageSize: Int
    var fileID: [UInt8]
    var isEncrypted: Bool
    var derivation: KeyDerivationParameters
    var salt: [UInt8]
    var keys: [WrappedKey]
}

/// A run of pages that the log owns.
struct LogExtent: Hashable, Sendable {
    var firstPage: UInt64
    var pageCount: UInt64
    /// Position of its first slot; nil for a spare extent.
    var firstPosition: LogPosition?
}

/// The sealed part: one checkpoint.
struct CheckpointRecord: Hashable, Sendable {
    /// The state that the home pages and the log's frames from `logTail` on start from.
    var state = CommitState()
    var logTail: LogPosition = 0
    /// Tag of the frame before `logTail`, which the next one must name.
    var tailTag: Tag = .zero
    var extents: [LogExtent] = []
    /// The writer closed the file; the log ends at `cleanEnd`.
    var isClean = false
    var cleanEnd: LogPosition = 0
    var created: Int64 = 0
    /// The system that wrote this slot, since its start; zeros when it does not say, and in files of format 1.
    var boot = [UInt8](repeating: 0, count: 16)
    /// Images of the space map's top pages.
    var spaceRoots = [ImageName](
        repeating: ImageName(version: 0, tag: nil), count: SuperblockLayout.spaceRootCount)
}

extension CheckpointRecord {
    func encode(formatVersion: UInt32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SuperblockLayout.bodyByteCount)
        bytes.replace(at: 0, with: state.encode())
        bytes.store(logTail, at: 64)
        bytes.store(tailTag.low, at: 72)
        bytes.store(tailTag.high, at: 80)
        bytes.store(UInt32(extents.count), at: 88)
        bytes[92] = isClean ? 1 : 0
        bytes.store(cleanEnd, at: 96)
        bytes.store(UInt64(bitPattern: created), at: 104)
        // Format 1: eight versions; from format 2 on: eight times version and tag.
        let rootByteCount = formatVersion >= 2 ? 16 : 8
        for (index, root) in spaceRoots.enumerated() {
            bytes.store(root.version, at: 112 + rootByteCount * index)
            if formatVersion >= 2 { bytes.store(root.tag ?? 0, at: 120 + rootByteCount * index) }
        }
        if formatVersion >= 2 { bytes.replace(at: SuperblockLayout.bootOffset, with: boot) }
        for (index, extent) in extents.enumerated() {
            let offset = SuperblockLayout.bodyExtentsOffset + index * SuperblockLayout.extentByteCount
            bytes.store(extent.firstPage, at: offset)
            bytes.store(extent.pageCount, at: offset + 8)
            bytes.store(extent.firstPosition ?? .max, at: offset + 16)
        }
        return bytes
    }

    /// nil when the content makes no sense.
    init?(decoding bytes: [UInt8], formatVersion: UInt32) {
        guard bytes.count == SuperblockLayout.bodyByteCount else { return nil }
        state = CommitState(decoding: bytes)
        logTail = bytes.loadUInt64(at: 64)
        tailTag = Tag(low: bytes.loadUInt64(at: 72), high: bytes.loadUInt64(at: 80))
        let count = Int(bytes.loadUInt32(at: 88))
        guard count <= SuperblockLayout.extentLimit else { return nil }
        isClean = bytes[92] != 0
        cleanEnd = bytes.loadUInt64(at: 96)
        created = Int64(bitPattern: bytes.loadUInt64(at: 104))
        spaceRoots = (0..<SuperblockLayout.spaceRootCount).map { index in
            formatVersion >= 2
                ? ImageName(
                    version: bytes.loadUInt64(at: 112 + 16 * index), tag: bytes.loadUInt64(at: 120 + 16 * index))
                : ImageName(version: bytes.loadUInt64(at: 112 + 8 * index), tag: nil)
        }
        if formatVersion >= 2 { boot = Array(bytes[SuperblockLayout.bootOffset...]) }
        guard state.isPlausible, logTail < 1 << 60, cleanEnd < 1 << 60, spaceRoots.allSatisfy({ $0.version < 1 << 46 })
        else {
            return nil
        }
        for index in 0..<count {
            let offset = SuperblockLayout.bodyExtentsOffset + index * SuperblockLayout.extentByteCount
            let position = bytes.loadUInt64(at: offset + 16)
            extents.append(
                LogExtent(
                    firstPage: bytes.loadUInt64(at: offset), pageCount: bytes.loadUInt64(at: offset + 8),
                    firstPosition: position == .max ? nil : position))
        }
    }
}
