import StoreIO

// Getting at the keys of a damaged file.
//
// 1. A slot that authenticates says everything. One that does not may still have its plain part: what it says of the keys
//    proves itself, since only the right key unwraps them under the right file id and salt.
// 2. Where page size or cipher are in doubt, they are tried: the right ones are those under which a page authenticates.
// 3. Costs are held against their ceilings before anything is derived; each set of costs and salt is derived once.

/// What opens the pages of a damaged file.
struct SalvageKeys {
    var identity: FileIdentity
    var keys: OpenedKeys
    /// Slots that authenticate, the newest first.
    var slots: [Superblock] = []
    /// Slots that are damaged or gone.
    var lostSlots = 2

    /// - Throws: `notAStore`, `keyRequired`, `notEncrypted`, `wrongKey`, `newerFormat`, `corruptSuperblock` when neither
    ///   slot's plain part leads to a page.
    init(_ file: any StoreFile, fileSize: UInt64, key: StoreKey, random: any RandomSource) throws(PageFault) {
        var candidates: [(identity: FileIdentity, slot: UnopenedSlot?)] = []
        var fault: PageFault?
        var sawMagic = false
        for offset in [0] + PagerLimits.pageSizes.sorted() {
            guard let bytes = try Self.slot(of: file, at: UInt64(offset), fileSize: fileSize) else { continue }
            let hasMagic = Array(bytes[..<8]) == SuperblockLayout.magic
            sawMagic = sawMagic || hasMagic
            switch Superblock.read(bytes) {
            case .valid(let slot): candidates.append((slot.identity, slot))
            case .newer(let version):
                throw .newerFormat(found: version, supported: SuperblockLayout.formatVersion)
            case .damaged, .foreign, .unsupported:
                for identity in Self.guesses(bytes) { candidates.append((identity, nil)) }
            }
        }
        // Sound slots first; guesses only where nothing better leads anywhere.
        candidates.sort { ($0.slot?.slotSequence ?? 0) > ($1.slot?.slotSequence ?? 0) }
        var derived: [Derivation: UserKeys] = [:]
        var found: (identity: FileIdentity, keys: OpenedKeys)?
        var slots: [Superblock] = []
        for (identity, slot) in candidates where slot != nil || found == nil {
            do throws(PageFault) {
                let keys = try Self.open(identity, with: key, random: random, derived: &derived)
                if let slot {
                    guard let block = try Superblock.open(slot, with: keys) else { throw .corruptSuperblock }
                    slots.append(block)
                } else {
                    guard try Self.opensPage(of: file, fileSize: fileSize, identity, keys) else { continue }
                }
                if found == nil { found = (identity, keys) }
            } catch {
                // What a sound slot says about the key counts more than what a guess comes to.
                if slot != nil || fault == nil { fault = error }
            }
        }
        guard let found else {
            // A damaged body under the right key leaves the plain part, which is as good as a guess.
            for (identity, slot) in candidates where slot != nil {
                guard let keys = try? Self.open(identity, with: key, random: random, derived: &derived) else {
                    continue
                }
                self.identity = identity
                self.keys = keys
                return
            }
            throw sawMagic ? fault ?? .corruptSuperblock : .notAStore
        }
        identity = found.identity
        keys = found.keys
        self.slots = slots.filter { $0.identity.fileID == found.identity.fileID }
        lostSlots = max(0, 2 - self.slots.count)
    }

    private struct Derivation: Hashable {
        var parameters: KeyDerivationParameters
        var salt: [UInt8]
        var fileID: [UInt8]
    }

    private static func slot(
        of file: any StoreFile, at offset: UInt64, fileSize: UInt64
    ) throws(PageFault) -> [UInt8]? {
        guard offset + UInt64(SuperblockLayout.byteCount) <= fileSize else { return nil }
        var bytes = [UInt8](repeating: 0, count: SuperblockLayout.byteCount)
        do throws(FileFault) {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            try file.read(into: &raw, at: offset)
        } catch { throw PageFault(error) }
        return bytes
    }

    /// What a damaged slot may have said. Fields that no key vouches for (format, page size, cipher) are varied; the
    /// stored value comes first.
    private static func guesses(_ bytes: [UInt8]) -> [FileIdentity] {
        // A slot of zeros, or one that some other page lies over, is not worth deriving keys for.
        guard bytes[16..<88].contains(where: { $0 != 0 }) else { return [] }
        var bytes = bytes
        let cipher = bytes[32]
        let hasKey = (0..<SuperblockLayout.keyEntryCount).contains {
            (1...2).contains(
                bytes.loadUInt32(at: SuperblockLayout.keysOffset + $0 * SuperblockLayout.keyEntryByteCount + 4))
        }
        guard cipher <= 1 || hasKey else { return [] }
        bytes[32] = hasKey ? 1 : 0
        let stored = (version: bytes.loadUInt32(at: 8), pageSize: Int(bytes.loadUInt32(at: 12)))
        let versions = [stored.version] + [2, 1].filter { $0 != stored.version }
        let sizes = [stored.pageSize] + PagerLimits.pageSizes.sorted().filter { $0 != stored.pageSize }
        var found: [FileIdentity] = []
        for version in versions where (1...SuperblockLayout.formatVersion).contains(version) {
            for size in sizes where PagerLimits.pageSizes.contains(size) {
                bytes.store(UInt32(size), at: 12)
                if case .identity(let identity) = Superblock.plainPart(bytes, version: version),
                    identity.isEncrypted == !identity.keys.isEmpty
                {
                    found.append(identity)
                }
            }
            // The format decides nothing about a page's seal: one guess of it is enough.
            break
        }
        return found
    }

    /// As `openKeys`, with each derivation made once.
    private static func open(
        _ identity: FileIdentity, with key: StoreKey, random: any RandomSource, derived: inout [Derivation: UserKeys]
    ) throws(PageFault) -> OpenedKeys {
        guard identity.isEncrypted else { return try identity.openKeys(with: key, random: random) }
        if case .none = key { throw .keyRequired }
        let name = Derivation(parameters: identity.derivation, salt: identity.salt, fileID: identity.fileID)
        let user: UserKeys
        if let known = derived[name] {
            user = known
        } else {
            user = try identity.userKeys(from: key)
            derived[name] = user
        }
        var dataKeys: [UInt32: SecretKey] = [:]
        for wrapped in identity.keys {
            // One entry of two may be damaged.
            if let dataKey = try? identity.unwrap(wrapped, under: user) { dataKeys[wrapped.number] = dataKey }
        }
        guard let current = dataKeys.keys.max() else { throw .wrongKey }
        return OpenedKeys(
            ring: KeyRing(encrypted: dataKeys, current: current, fileID: identity.fileID, random: random), user: user)
    }

    /// Whether any of the file's pages authenticates: what is behind the slots, then a sample of the rest.
    private static func opensPage(
        of file: any StoreFile, fileSize: UInt64, _ identity: FileIdentity, _ keys: OpenedKeys
    ) throws(PageFault) -> Bool {
        let codec = PageCodec(pageSize: identity.pageSize, fileID: identity.fileID, ring: keys.ring)
        let pages = fileSize / UInt64(identity.pageSize)
        guard pages > 2 else { return false }
        let image = IOBuffer(byteCount: identity.pageSize)
        let step = max(1, pages / 256)
        var tried: UInt64 = 2
        while tried < pages {
            do throws(FileFault) {
                try image.withMutableBytes(0..<identity.pageSize) { bytes throws(FileFault) in
                    try file.read(into: &bytes, at: tried * UInt64(identity.pageSize))
                }
            } catch { throw PageFault(error) }
            if try codec.open(PageID(tried), from: image, at: 0) != nil { return true }
            tried += tried < 66 ? 1 : step
        }
        return false
    }
}
