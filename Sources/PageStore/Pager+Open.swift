package import StoreIO
import Synchronization

// Creating, opening and closing a file.

/// What a new file is made with.
package struct CreateOptions: Sendable {
    package var pageSize = PagerLimits.defaultPageSize
    package var derivation = KeyDerivationParameters.standard
    /// 1 makes a file as earlier releases did: for tests of what they left.
    package var formatVersion = SuperblockLayout.formatVersion

    package init() {}
}

extension Pager {
    static let temporarySuffix = ".smartstore-new"

    // MARK: Create

    /// Makes a new file: written beside its place, synced, then renamed, so that a crash leaves all of it or nothing.
    package static func create(
        _ name: String, in directory: any StoreDirectory, key: StoreKey, creation: CreateOptions = CreateOptions(),
        options: PagerOptions = PagerOptions()
    ) throws(PageFault) -> Pager {
        guard PagerLimits.pageSizes.contains(creation.pageSize) else {
            throw .unsupportedParameters("page size \(creation.pageSize)")
        }
        try creation.derivation.validate()
        let temporary = Defence.createBeside.isOn ? name + temporarySuffix : name
        let file: any StoreFile
        do throws(FileFault) {
            if try directory.exists(name) { throw FileFault.alreadyExists }
            try removeLeftover(temporary, in: directory)
            file = try directory.create(temporary)
        } catch { throw PageFault(error) }
        do throws(PageFault) {
            let pager = try initialise(file, key: key, creation: creation, options: options)
            do throws(FileFault) {
                if temporary != name { try directory.rename(temporary, to: name, replacing: false) }
                if Defence.syncFolder.isOn { try directory.sync() }
            } catch { throw PageFault(error) }
            return pager
        } catch {
            file.close()
            // The first error is the one that matters.
            do throws(FileFault) { try directory.remove(temporary) } catch {}
            throw error
        }
    }

    /// A file that a crashed creation left behind; one that another process is writing is locked and stays.
    static func removeLeftover(_ name: String, in directory: any StoreDirectory) throws(FileFault) {
        guard try directory.exists(name) else { return }
        let leftover = try directory.open(name, access: .readWrite, lockWait: .zero)
        try directory.remove(name)
        leftover.close()
    }

    private static func initialise(
        _ file: any StoreFile, key: StoreKey, creation: CreateOptions, options: PagerOptions
    ) throws(PageFault) -> Pager {
        let random = options.random
        var identity = FileIdentity(
            formatVersion: creation.formatVersion, pageSize: creation.pageSize, fileID: try randomBytes(16, random),
            isEncrypted: true,
            derivation: .none, salt: try randomBytes(32, random), keys: [])
        switch key {
        case .none: identity.isEncrypted = false
        case .raw: break
        case .passphrase: identity.derivation = creation.derivation
        }
        let keys: OpenedKeys
        if identity.isEncrypted {
            let user = try identity.userKeys(from: key)
            let dataKey = try mappingCrypto { () throws(CryptoFault) in try SecretKey(random: random) }
            identity.keys = [
                try identity.wrap(dataKey, number: 1, state: .current, under: user, random: random)
            ]
            keys = OpenedKeys(
                ring: KeyRing(encrypted: [1: dataKey], current: 1, fileID: identity.fileID, random: random),
                user: user)
        } else {
            keys = OpenedKeys(ring: KeyRing(unencryptedFileID: identity.fileID, random: random), user: nil)
        }
        let codec = PageCodec(pageSize: identity.pageSize, fileID: identity.fileID, ring: keys.ring)
        let geometry = SpaceGeometry(
            payloadByteCount: codec.payloadByteCount, formatVersion: identity.formatVersion)

        // The first block's map, written home directly as the file's first commit.
        let version: CommitSequence = 1
        let reserved = Int(geometry.reservedEnd(ofBlock: 0))
        let maps = (0..<3).map { level in
            let frame = PageFrame(id: PageID(UInt64(2 + level)), byteCount: codec.payloadByteCount)
            frame.initialiseSpacePage(level: UInt8(level))
            return frame
        }
        for index in 0..<reserved { geometry.setState(.used, index, of: maps[0]) }
        geometry.setDirectoryEntry(version: version, free: 0, 0, of: maps[1])
        geometry.setDirectoryEntry(version: version, free: 0, 0, of: maps[2])
        var record = CheckpointRecord()
        record.state.sequence = version
        record.state.pageCount = UInt64(reserved)
        record.state.time = options.time.now()
        record.created = record.state.time
        record.isClean = true
        let image = IOBuffer(byteCount: identity.pageSize)
        let byteCount = UInt64(reserved * identity.pageSize)
        try mappingFile { () throws(FileFault) in try file.resize(to: byteCount) }
        for (level, map) in maps.enumerated() {
            let tag = try codec.seal(map, version: version, into: image, at: 0)
            if level < 2 { geometry.setTag(tag.low, 0, of: maps[level + 1]) }
            record.spaceRoots[0] = ImageName(version: version, tag: geometry.namesTags ? tag.low : nil)
            try mappingFile { () throws(FileFault) in
                try image.withBytes(0..<identity.pageSize) { bytes throws(FileFault) in
                    try file.write(bytes, at: map.id.number * UInt64(identity.pageSize))
                }
            }
        }
        for index in 0..<2 {
            let superblock = Superblock(identity: identity, slotSequence: UInt64(index + 1), record: record)
            let bytes = try superblock.encode(with: codec, headerKey: keys.user?.headerKey)
            try mappingFile { () throws(FileFault) in
                try file.write(bytes.span.bytes, at: UInt64(index * identity.pageSize))
            }
        }
        try mappingFile { () throws(FileFault) in try file.sync() }
        let newest = Superblock(identity: identity, slotSequence: 2, record: record)
        return Pager(
            file: file, options: options, keys: keys,
            slots: SlotState(newest: newest, newestIndex: 1, otherTail: 0, user: keys.user),
            recovered: RecoveredLog(
                state: record.state, extents: LogExtents(geometry: LogGeometry(pageSize: UInt64(identity.pageSize))),
                end: 0, endTag: .zero, durableThrough: 0),
            fileSize: byteCount)
    }

    static func randomBytes(_ count: Int, _ random: any RandomSource) throws(PageFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try mappingCrypto { () throws(CryptoFault) in
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            try random.fill(&raw)
        }
        return bytes
    }

    // MARK: Open

    /// Opens a file and recovers it. Reads the slots and the log, nothing else.
    package static func open(
        _ name: String, in directory: any StoreDirectory, key: StoreKey, options: PagerOptions = PagerOptions()
    ) throws(PageFault) -> Pager {
        let file: any StoreFile
        do throws(FileFault) {
            file = try directory.open(
                name, access: options.isReadOnly ? .readOnly : .readWrite, lockWait: options.lockWait)
        } catch { throw PageFault(error) }
        do throws(PageFault) {
            let pager = try open(file, options: options) { identity throws(PageFault) in
                try identity.openKeys(with: key, random: options.random)
            }
            // No slot was written since the file was made: its maker may have been stopped before the name was certain.
            if !options.isReadOnly, pager.slots.newest.slotSequence <= 2, Defence.syncFolder.isOn {
                try mappingFile { () throws(FileFault) in try directory.sync() }
            }
            return pager
        } catch {
            file.close()
            throw error
        }
    }

    /// Opens a file that is there already; `keys` opens what a slot names.
    static func open(
        _ file: any StoreFile, options: PagerOptions, keys openKeys: (FileIdentity) throws(PageFault) -> OpenedKeys
    ) throws(PageFault) -> Pager {
        let fileSize = try mappingFile { () throws(FileFault) in try file.size() }
        let found = try readSlots(file, fileSize: fileSize)
        var keyCache: [FileIdentity: OpenedKeys] = [:]
        var opened: [(block: Superblock, keys: OpenedKeys, index: Int)] = []
        var fault: PageFault?
        for (slot, index) in found.sorted(by: { $0.slot.slotSequence > $1.slot.slotSequence }) {
            do throws(PageFault) {
                let keys: OpenedKeys
                if let known = keyCache[slot.identity] {
                    keys = known
                } else {
                    keys = try openKeys(slot.identity)
                    keyCache[slot.identity] = keys
                }
                if let block = try Superblock.open(slot, with: keys) { opened.append((block, keys, index)) }
            } catch { fault = fault ?? error }
        }
        guard let newest = opened.first else { throw fault ?? .corruptSuperblock }
        let other = opened.dropFirst().first { $0.block.identity.fileID == newest.block.identity.fileID }
        let identity = newest.block.identity
        let record = newest.block.record
        let expected = record.state.pageCount.multipliedReportingOverflow(by: UInt64(identity.pageSize))
        guard !expected.overflow, expected.partialValue <= fileSize else {
            throw .truncated(expected: expected.overflow ? .max : expected.partialValue, found: fileSize)
        }
        let codec = PageCodec(pageSize: identity.pageSize, fileID: identity.fileID, ring: newest.keys.ring)
        let recovery = LogRecovery(file: file, fileSize: fileSize, codec: codec, record: record)
        let needed = min(record.logTail, other?.block.record.logTail ?? record.logTail)
        let recovered = try recovery.run(neededFrom: needed)
        guard recovered.state.pageCount <= fileSize / UInt64(identity.pageSize) else {
            throw .truncated(expected: recovered.state.pageCount * UInt64(identity.pageSize), found: fileSize)
        }
        let pager = Pager(
            file: file, options: options, keys: newest.keys,
            slots: SlotState(
                newest: newest.block, newestIndex: newest.index, otherTail: other?.block.record.logTail,
                user: newest.keys.user, seen: found.map(\.slot.slotSequence).max() ?? 0),
            recovered: recovered, fileSize: fileSize)
        for logged in recovered.versions {
            pager.cache.addVersion(
                logged.page, sequence: logged.version, image: logged.image, frame: nil, oldest: 0)
        }
        if !options.isReadOnly {
            if Defence.rewriteOnRecovery.isOn, !recovered.extents.live.isEmpty,
                !(record.isClean && recovered.end == record.logTail)
            {
                let boot = file.bootIdentity
                let isRestarted = boot != nil && record.boot.contains { $0 != 0 } && boot != record.boot
                try pager.makeCertain(recovered, slot: newest.index, isRestarted: isRestarted)
            }
            try pager.dropReusedExtents()
            // A change of keys that a crash cut off: the slots do not open alike. What was opened now is what holds.
            if found.count > opened.count || other.map({ $0.block.identity != identity }) ?? false {
                try pager.withSlots { () throws(PageFault) in try pager.writeSlot(pager.slots.newest.record) }
            }
        }
        return pager
    }

    /// Reading a frame does not prove that it is on the disk: after a failed sync the kernel may hold it clean in
    /// memory. What recovery stands on is written again and synced before it is used. When the system was restarted
    /// since, what was read came from the disk: then a sync is enough, and nothing that is certain is put at risk.
    private func makeCertain(_ recovered: RecoveredLog, slot: Int, isRestarted: Bool) throws(PageFault) {
        if isRestarted { return try mappingFile { () throws(FileFault) in try file.sync() } }
        var buffer = [UInt8](repeating: 0, count: SuperblockLayout.byteCount)
        func rewrite(_ range: Range<UInt64>) throws(FileFault) {
            buffer = [UInt8](repeating: 0, count: Int(range.upperBound - range.lowerBound))
            var span = buffer.mutableSpan
            var raw = span.mutableBytes
            try file.read(into: &raw, at: range.lowerBound)
            try file.write(buffer.span.bytes, at: range.lowerBound)
        }
        do throws(FileFault) {
            for range in recovered.doubtful { try rewrite(range) }
            let start = UInt64(slot * pageSize)
            try rewrite(start..<start + UInt64(SuperblockLayout.byteCount))
            try file.sync()
        } catch { throw PageFault(error) }
    }

    /// A spare extent that a later, replayed commit has handed back is the log's no more.
    private func dropReusedExtents() throws(PageFault) {
        let spares = writer.log.extents.removeSpares()
        for extent in spares {
            let block = geometry.block(of: extent.firstPage)
            if extent.firstPage < writer.latest.pageCount {
                if extent.pageCount >= geometry.entriesPerPage {
                    if try expectedOrLogged(geometry.spacePage(ofBlock: block)) { continue }
                } else {
                    let map = try frame(geometry.spacePage(ofBlock: block), atMost: .max)
                    if geometry.state(Int(extent.firstPage % geometry.entriesPerPage), of: map) != .outside { continue }
                }
            } else if writer.log.extents.pageEnd < extent.firstPage {
                // Beyond the data area and every live extent: cut off by a close that did not finish.
                continue
            }
            writer.log.extents.addSpare(extent)
        }
    }

    private func expectedOrLogged(_ id: PageID) throws(PageFault) -> Bool {
        if case .log = cache.locate(id.number, atMost: .max) { return true }
        return try recordedImage(of: id).version != 0
    }

    /// Finds the valid slots; the second one's place depends on the page size, which a damaged first one cannot tell.
    private static func readSlots(
        _ file: any StoreFile, fileSize: UInt64
    ) throws(PageFault) -> [(slot: UnopenedSlot, index: Int)] {
        var found: [(slot: UnopenedSlot, index: Int)] = []
        var sawMagic = false
        var newer: UInt32?
        var unsupported: String?
        func look(at offset: UInt64, index: Int, pageSize: Int?) throws(PageFault) {
            guard offset + UInt64(SuperblockLayout.byteCount) <= fileSize else { return }
            var bytes = [UInt8](repeating: 0, count: SuperblockLayout.byteCount)
            do throws(FileFault) {
                var span = bytes.mutableSpan
                var raw = span.mutableBytes
                try file.read(into: &raw, at: offset)
            } catch { throw PageFault(error) }
            switch Superblock.read(bytes) {
            case .valid(let slot):
                if let pageSize, slot.identity.pageSize != pageSize { return }
                found.append((slot, index))
            case .damaged: sawMagic = true
            case .foreign: break
            case .newer(let version): newer = version
            case .unsupported(let what): unsupported = what
            }
        }
        try look(at: 0, index: 0, pageSize: nil)
        if let first = found.first {
            try look(at: UInt64(first.slot.identity.pageSize), index: 1, pageSize: first.slot.identity.pageSize)
        } else {
            for pageSize in PagerLimits.pageSizes.sorted() where found.isEmpty {
                try look(at: UInt64(pageSize), index: 1, pageSize: pageSize)
            }
        }
        if let newer { throw .newerFormat(found: newer, supported: SuperblockLayout.formatVersion) }
        if found.isEmpty {
            if let unsupported { throw .unsupportedParameters(unsupported) }
            throw sawMagic ? .corruptSuperblock : .notAStore
        }
        return found
    }
}
