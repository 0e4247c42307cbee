import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import TreeStore

// The store of a salvage trial before it is damaged: made by random commits, remembered in plain dictionaries.

/// A store in bytes, and everything it ever held.
final class SalvageOriginal {
    let key: EncryptionKey
    let options: StoreOptions
    let pageSize = 4096
    private(set) var bytes: [UInt8] = []
    /// By `_id`, which no two collections share.
    private(set) var documents: [String: Document] = [:]
    private(set) var history: [String: [Document]] = [:]
    private(set) var audit: [UInt64: AuditEntry] = [:]

    init(random: SeededRandomSource) throws {
        key = random.next() % 2 == 0 ? .raw([UInt8](repeating: 6, count: 32)) : .none
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 4 << 20
        options.logByteLimit = 1 << 20
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: random.next())
        self.options = options
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = pageSize
        var store = try Store.create("s", in: disk, key: key, creation: creation, options: options)
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "notes", field: "v", dimension: 8, metric: .cosine, storage: .float32)
        }
        for commit in 0..<Int(10 + random.next() % 25) {
            try store.writeSync { (tx) throws in try change(tx, commit, random) }
            switch random.next() % 8 {
            case 0: try store.checkpoint()
            case 1:
                try store.close()
                store = try Store.open("s", in: disk, key: key, options: options)
            default: break
            }
        }
        try store.readSync { (tx) throws in
            for entry in try tx.audit.entries(limit: .max) { audit[entry.sequence] = entry }
        }
        // Closed, or as a crash would leave it.
        if random.next() % 2 == 0 { try store.close() }
        bytes = disk.content(of: "s") ?? []
        try? store.close()
    }

    private func change(_ tx: WriteTransaction, _ commit: Int, _ random: SeededRandomSource) throws {
        for _ in 0..<random.next() % 30 {
            let number = random.next() % 300
            let name = ["notes", "logs", "dropped"][Int(number % 3)]
            let id = "\(name)-\(number)"
            let collection = tx.collection(name)
            if documents[id] != nil, random.next() % 4 == 0 {
                try collection.delete(.string(id))
                documents[id] = nil
                continue
            }
            var document: Document = [
                "_id": .string(id), "commit": .int32(Int32(commit)), "n": .int64(Int64(bitPattern: random.next())),
            ]
            let byteCount = [20, 300, 2000, 9000][Int(random.next() % 4)]
            document.append("bytes", .binary(BSONBinary(subtype: 0, bytes: try random.bytes(byteCount))))
            if name == "notes" {
                document.append("v", .array((0..<8).map { _ in .double(Double(random.next() % 100) + 1) }))
            }
            if documents[id] == nil {
                try collection.insert(document)
            } else {
                try collection.replace(.string(id), with: document)
            }
            documents[id] = document
            history[id, default: []].append(document)
        }
        if random.next() % 20 == 0 {
            try tx.dropCollection("dropped")
            documents = documents.filter { !$0.key.hasPrefix("dropped") }
        }
        for part in 0..<random.next() % 6 {
            try tx.audit.record(
                actor: "a\(commit)", action: "act", target: "\(part)",
                details: ["n": .binary(BSONBinary(subtype: 0, bytes: try random.bytes(Int(random.next() % 400))))])
        }
        try tx.cache.set("k\(random.next() % 20)", [1, 2, 3])
    }
}

/// Where an image lies, and whether in the log.
struct ImagePlace {
    let range: Range<Int>
    let isLogged: Bool
}

/// Which bytes each document and audit entry of the undamaged file depends on.
struct ImagePlaces {
    private(set) var documents: [String: [ImagePlace]] = [:]
    private(set) var audit: [UInt64: [ImagePlace]] = [:]
    /// Everything outside home pages in use: where frames of the log may be.
    private(set) var log: [Range<Int>] = []
    /// Pages that are worth damaging: catalog and inner nodes.
    private(set) var nodes: [Range<Int>] = []

    init(_ original: SalvageOriginal) throws {
        let disk = SimulatedDisk(files: ["s": original.bytes])
        disk.stopRecording()
        let key: StoreKey =
            if case .raw(let bytes) = original.key { .raw(SecretKey(copying: bytes.span.bytes)) } else { .none }
        guard
            let view = try SalvageView.open(
                "s", in: disk, key: key, random: SeededRandomSource(seed: 1), progress: { _ in true })
        else { return }
        defer { view.close() }
        guard view.damaged.isEmpty, view.logIsWhole else {
            throw StoreError.auditBroken(sequence: 0, reason: "damaged")
        }
        let size = original.pageSize
        func place(_ page: SalvagedPage) -> ImagePlace {
            let start = Int(page.offset)
            return ImagePlace(range: start..<start + size, isLogged: start != Int(page.id.number) * size)
        }
        var homes: Set<Int> = []
        for page in view.pages {
            if !place(page).isLogged { homes.insert(Int(page.id.number)) }
            guard let scrap = NodeScrap(header: page.header) else { continue }
            if !scrap.isLeaf || scrap.tag.value < 16 { nodes.append(place(page).range) }
            guard scrap.isLeaf, let leaf = try? LeafScrap(page.id, in: view) else { continue }
            for index in 0..<leaf.count {
                view.lentPages = []
                guard let value = try? leaf.value(index) else { continue }
                let places = [place(page)] + view.lentPages.compactMap { view.salvaged($0) }.map(place)
                if let document = try? Document(bson: value), let id = document["_id"]?.string,
                    original.documents[id] == document
                {
                    self.documents[id] = places
                } else if scrap.tag.value == 2, case let sequence = BigEndian.load(leaf.key(index)), sequence > 0 {
                    audit[sequence] = places
                }
            }
        }
        nodes.sort { $0.lowerBound < $1.lowerBound }
        for page in 2..<max(3, original.bytes.count / size) where !homes.contains(page) && (page - 2) % 252 > 2 {
            log.append(page * size..<(page + 1) * size)
        }
    }
}

/// Damage to a file, and where it was done.
struct FileDamage: CustomStringConvertible {
    private(set) var bytes: [UInt8]
    private let pageSize: Int
    private var places: [Range<Int>] = []
    private var words: [String] = []

    init(_ bytes: [UInt8], pageSize: Int) {
        self.bytes = bytes
        self.pageSize = pageSize
    }

    var description: String { words.joined(separator: ", ") }

    /// Whether any byte of a range was changed or cut off.
    func touches(_ range: Range<Int>) -> Bool {
        range.upperBound > bytes.count || places.contains { $0.overlaps(range) }
    }

    /// One to three kinds of damage. In half of the cases the log goes first: what it still holds of pages that were taken
    /// home long ago would make up for most damage.
    mutating func draw(_ random: SeededRandomSource, places known: ImagePlaces) {
        if random.next() % 2 == 0 { wipeFrames() }
        for _ in 0..<1 + random.next() % 3 { drawOne(random, known) }
    }

    private mutating func wipeFrames() {
        words.append("no frames")
        for offset in stride(from: 0, to: bytes.count - 4, by: 64)
        where bytes[offset..<offset + 4].elementsEqual("SSLF".utf8) {
            bytes[offset] = 0
            places.append(offset..<offset + 1)
        }
    }

    private mutating func drawOne(_ random: SeededRandomSource, _ known: ImagePlaces) {
        let pages = max(1, bytes.count / pageSize)
        func page() -> Int { Int(random.next() % UInt64(pages)) }
        switch random.next() % 9 {
        case 0:
            words.append("bits")
            for _ in 0..<1 + random.next() % 30 {
                let position = Int(random.next() % UInt64(bytes.count))
                bytes[position] ^= UInt8(1 << (random.next() % 8))
                places.append(position..<position + 1)
            }
        case 1: for _ in 0..<1 + random.next() % 4 { fill(page() * pageSize, pageSize, "zeros") { 0 } }
        case 2:
            for _ in 0..<1 + random.next() % 4 {
                fill(page() * pageSize, pageSize, "garbage") { UInt8(truncatingIfNeeded: random.next()) }
            }
        case 3:
            let count = bytes.count - Int(random.next() % UInt64(max(1, bytes.count / 3)))
            bytes.removeLast(bytes.count - count)
            words.append("cut to \(count)")
        case 4: fill(Int(random.next() % 2) * pageSize, 4096, "slot") { 0xAA }
        case 5:
            // Both bodies: only the plain parts are left.
            for slot in 0..<2 { fill(slot * pageSize + 256, 3840, "body") { UInt8(truncatingIfNeeded: random.next()) } }
        case 6: fill(Int(2 + random.next() % 3) * pageSize, pageSize, "map") { 0xAA }
        default:
            guard !known.nodes.isEmpty else { return }
            for _ in 0..<1 + random.next() % 2 {
                let node = known.nodes[Int(random.next() % UInt64(known.nodes.count))]
                fill(node.lowerBound, pageSize, "node") { 0x55 }
            }
        }
    }

    private mutating func fill(_ start: Int, _ count: Int, _ word: String, _ byte: () -> UInt8) {
        let end = min(start + count, bytes.count)
        guard start < end else { return }
        for index in start..<end { bytes[index] = byte() }
        places.append(start..<end)
        words.append("\(word) at \(start)")
    }
}
