package import StoreIO

// A damaged file as far as it can be told what its pages were.
//
// For each page the best image is chosen, and how sure that is:
//
// 1. What recovery finds in a sound log is current. So is an image that the space map names.
// 2. Where the map's page is lost, the newest authentic image is taken: it may be older than what was there, or belong to
//    a page that was freed. Where frames of the log are lost, any page may have had a newer image among them.
// 3. An image older than the one that the map names is known to be outdated, and is lent only on request.
// 4. The file is opened for reading and never written.

/// How sure it is that an image is what the page was.
package enum ImageStanding: Int, Comparable, Sendable {
    case current = 0
    case possiblyOutdated = 1
    case outdated = 2

    package static func < (left: ImageStanding, right: ImageStanding) -> Bool { left.rawValue < right.rawValue }
}

/// The best image of a page.
package struct SalvagedPage: Sendable {
    package let id: PageID
    package let version: CommitSequence
    package fileprivate(set) var standing: ImageStanding
    /// The first 16 bytes of its payload.
    package let header: (UInt64, UInt64)
    /// Where the image is in the file; of a version that the log has as changes, where these are.
    package var offset: UInt64 { image.offset }
    fileprivate let image: ScannedImage
}

/// Reads what authenticates in a damaged file.
package final class SalvageView: PageView, @unchecked Sendable {
    // Unchecked: used by the one thread that salvages.
    package let fileID: [UInt8]
    package let isEncrypted: Bool
    /// Superblock slots that authenticated.
    package let readableSlots: Int
    /// Whether the log was whole, so that it is known which commit was the last.
    package private(set) var logIsWhole = false
    /// Pages looked at.
    package private(set) var pageCount: UInt64 = 0
    /// Pages in use without an image that could be theirs, ascending; map pages among them.
    package private(set) var damaged: [UInt64] = []
    /// Outdated images are lent too.
    package var lendsOutdated = false
    /// The least sure image lent since this was set.
    package var worst = ImageStanding.current
    /// Versions of the images lent since this was set.
    package var lentVersions: Set<CommitSequence> = []

    /// Pages lent since this was set.
    package var lentPages: Set<PageID> = []

    private let file: any StoreFile
    private var scan: PageScan
    private var best: [UInt64: SalvagedPage] = [:]
    private var found = CommitState()
    /// Whether any page may have been the log's.
    private var hasRoomForLog = false
    private let buffer: IOBuffer
    /// The last few pages lent: chains and nodes are read more than once.
    private var recent: [PageFrame] = []

    /// Opens a file for reading, whatever its state, and reads all of it.
    /// - Returns: nil when `progress` stopped it.
    package static func open(
        _ name: String, in directory: any StoreDirectory, key: StoreKey, lockWait: Duration = .zero,
        random: any RandomSource, progress: (Double) -> Bool
    ) throws(PageFault) -> SalvageView? {
        let file: any StoreFile
        do throws(FileFault) { file = try directory.open(name, access: .readOnly, lockWait: lockWait) } catch {
            throw PageFault(error)
        }
        do throws(PageFault) {
            let size = try mappingFile { () throws(FileFault) in try file.size() }
            let keys = try SalvageKeys(file, fileSize: size, key: key, random: random)
            let view = SalvageView(file, fileSize: size, keys: keys)
            guard try view.load(keys: keys, fileSize: size, progress: progress) else {
                file.close()
                return nil
            }
            return view
        } catch {
            file.close()
            throw error
        }
    }

    private init(_ file: any StoreFile, fileSize: UInt64, keys: SalvageKeys) {
        self.file = file
        let codec = PageCodec(pageSize: keys.identity.pageSize, fileID: keys.identity.fileID, ring: keys.keys.ring)
        scan = PageScan(file, fileSize: fileSize, codec: codec)
        buffer = IOBuffer(byteCount: codec.pageSize)
        fileID = keys.identity.fileID
        isEncrypted = keys.identity.isEncrypted
        readableSlots = keys.slots.count
        super.init(payloadByteCount: codec.payloadByteCount, formatVersion: keys.identity.formatVersion)
    }

    /// Lets go of the file.
    package func close() { file.close() }

    // MARK: Choosing

    private func load(
        keys: SalvageKeys, fileSize: UInt64, progress: (Double) -> Bool
    ) throws(PageFault) -> Bool {
        let isDone = try scan.run { done, total in progress(total == 0 ? 1 : Double(done) / Double(total)) }
        guard isDone else { return false }
        let codec = PageCodec(pageSize: keys.identity.pageSize, fileID: fileID, ring: keys.keys.ring)
        var logged: [UInt64: PageVersion] = [:]
        // A log that was cut short looks like one that ends there; but nothing goes home before it is durable in the log.
        if let recovered = Self.recover(file, fileSize: fileSize, codec: codec, slots: keys.slots),
            scan.newestHome <= recovered.state.sequence
        {
            logIsWhole = true
            found = recovered.state
            for version in recovered.versions { logged[version.page] = version }
        } else {
            found = keys.slots.first?.record.state ?? CommitState()
            if let newest = scan.newestState, newest.sequence > found.sequence { found = newest }
        }
        choose(logged, roots: logIsWhole ? keys.slots.first?.record.spaceRoots ?? [] : [])
        if !logIsWhole {
            // Without slots nothing says how long the log is; but a file without room for one has none.
            logIsWhole = keys.slots.isEmpty && !hasRoomForLog && scan.newestState == nil
        }
        if !logIsWhole {
            for (page, image) in best where image.standing == .current {
                best[page]?.standing = .possiblyOutdated
            }
        }
        return true
    }

    private static func recover(
        _ file: any StoreFile, fileSize: UInt64, codec: PageCodec, slots: [Superblock]
    ) -> RecoveredLog? {
        guard let newest = slots.first?.record else { return nil }
        let needed = slots.map(\.record.logTail).min() ?? newest.logTail
        // A slot that names more than the file has is of a longer file, whose log may have been cut off as well.
        return try? LogRecovery(file: file, fileSize: fileSize, codec: codec, record: newest).run(neededFrom: needed)
    }

    private func choose(_ logged: [UInt64: PageVersion], roots: [ImageName]) {
        let geometry = SpaceGeometry(payloadByteCount: payloadByteCount, formatVersion: formatVersion)
        // Never beyond what was scanned by more than the last block: a claim of the file may be anything.
        let blocks = geometry.block(of: max(scan.pageCount, 1) - 1)
        pageCount = max(scan.pageCount, min(found.pageCount, (blocks + 1) * geometry.entriesPerPage))
        for block in 0...blocks {
            let first = block * geometry.entriesPerPage
            let mapID = geometry.spacePage(ofBlock: block)
            let map = mapPage(ofBlock: block, geometry, logged: logged, roots: roots)
            if map == nil { hasRoomForLog = true }
            if map == nil, mapID.number < pageCount, block == 0 || scan.images[mapID.number] != nil || isData(first) {
                damaged.append(mapID.number)
            }
            for page in first..<min(first + geometry.entriesPerPage, max(pageCount, first)) {
                guard geometry.place(of: page) == .data else { continue }
                let index = Int(page - first)
                choose(
                    page, logged: logged[page], state: map.flatMap { geometry.state(index, of: $0) },
                    named: map.map { geometry.image(index, of: $0, level: 0) })
            }
        }
        damaged.sort()
    }

    /// Whether a block without a map page holds data rather than one extent of the log.
    private func isData(_ first: UInt64) -> Bool {
        (first..<first + 16).contains { scan.images[$0]?.contains { $0.position == nil } ?? false }
    }

    /// The space page of a block, unless it is lost. An older one than the newest would make pages that were used since pass
    /// for free ones: so it is the one that the log or the map above names, or at least the one at its home.
    private func mapPage(
        ofBlock block: UInt64, _ geometry: SpaceGeometry, logged: [UInt64: PageVersion], roots: [ImageName]
    ) -> PageFrame? {
        func frame(_ id: PageID, level: UInt64, named: () -> ImageName?) -> PageFrame? {
            if let image = logged[id.number].flatMap({ scan.image(id.number, logged: $0) }) {
                return mapFrame(id, image, level: level)
            }
            if let image = named().flatMap({ scan.image(id.number, named: $0) }) {
                return mapFrame(id, image, level: level)
            }
            guard let home = scan.images[id.number]?.first(where: { $0.position == nil }) else { return nil }
            let newest = scan.newest(id.number) ?? home
            return mapFrame(id, newest.version > home.version ? newest : home, level: level)
        }
        return frame(geometry.spacePage(ofBlock: block), level: 0) {
            let directory = frame(geometry.directory(ofBlock: block), level: 1) {
                let top = geometry.topIndex(ofBlock: block)
                let directory = frame(geometry.topDirectory(ofBlock: block), level: 2) {
                    top < roots.count ? roots[top] : nil
                }
                let index = Int(block / geometry.entriesPerPage % geometry.entriesPerPage)
                return directory.map { geometry.image(index, of: $0, level: 2) }
            }
            return directory.map { geometry.image(Int(block % geometry.entriesPerPage), of: $0, level: 1) }
        }
    }

    private func mapFrame(_ id: PageID, _ image: ScannedImage, level: UInt64) -> PageFrame? {
        guard let frame = try? scan.open(id.number, image, with: buffer), frame.kind == SpaceGeometry.kind,
            frame.loadUInt64(at: 0) >> 8 & 0xFF == level
        else { return nil }
        return frame
    }

    private func choose(_ page: UInt64, logged: PageVersion?, state: SpaceState?, named: ImageName?) {
        func take(_ image: ScannedImage, _ standing: ImageStanding) {
            best[page] = SalvagedPage(
                id: PageID(page), version: image.version, standing: standing, header: image.header, image: image)
        }
        if let named {
            // The map is there.
            if state != .used, state != .free { hasRoomForLog = true }
            guard state == .used else {
                // Where the last commit is not known, the map may be of an earlier one, and the page was used since.
                if !logIsWhole, let newest = scan.newest(page), newest.version > named.version {
                    take(newest, .possiblyOutdated)
                }
                return
            }
            if let logged, let image = scan.image(page, logged: logged) { return take(image, .current) }
            let newest = scan.newest(page)
            if let newest, newest.version > named.version { return take(newest, .possiblyOutdated) }
            if let image = scan.image(page, named: named) { return take(image, logged == nil ? .current : .outdated) }
            damaged.append(page)
            if let newest { take(newest, .outdated) }
        } else if let logged, let image = scan.image(page, logged: logged) {
            // The newest of its page for sure; whether the page was freed since, the map would have said.
            take(image, .possiblyOutdated)
        } else if let newest = scan.newest(page) {
            take(newest, .possiblyOutdated)
        }
    }

    // MARK: Reading

    package override var state: CommitState { found }

    /// Every page that has an image, in no order.
    package var pages: some Sequence<SalvagedPage> { best.values }

    /// What was found of a page.
    package func salvaged(_ id: PageID) -> SalvagedPage? { best[id.number] }

    /// Whether a page may be lent.
    package func isLent(_ page: SalvagedPage) -> Bool { page.standing != .outdated || lendsOutdated }

    package override func page(_ id: PageID) throws(PageFault) -> PageFrame {
        guard let found = best[id.number], isLent(found) else { throw .corruptPage(id) }
        worst = max(worst, found.standing)
        lentVersions.insert(found.version)
        lentPages.insert(id)
        if let frame = recent.first(where: { $0.id == id }) { return frame }
        let frame = try scan.open(id.number, found.image, with: buffer)
        if recent.count == 64 { recent.removeFirst() }
        recent.append(frame)
        return frame
    }

    package override func pageUncached(_ id: PageID) throws(PageFault) -> PageFrame { try page(id) }
}

extension PageScan {
    /// The image of a frame that recovery counted.
    fileprivate func image(_ page: UInt64, logged: PageVersion) -> ScannedImage? {
        images[page]?.first { $0.offset == logged.image.offset && $0.part == Int(logged.image.part) }
    }
}
