import StoreIO

// What a crash leaves: everything that was synced, and any part of what was not.
//
// A draw says of every unsynced operation whether and how it reached the disk, and in which order. Draws come from a
// seed, can be narrowed until only what a failure needs is left, and tell when they give the same image as another.
//
// Any sector that is being written may hold garbage after a crash, also one that is written with the very bytes it holds.
// Only after a failed sync and a reopening without a restart recovery rewrites frames in place; trials of that ask for
// `sparesRewrites`.

/// How unsynced operations fare at a crash.
package enum CrashDamage: Int, CaseIterable, Sendable {
    /// None of them reached the disk.
    case dropped
    /// All of them did.
    case kept
    /// Only the newest one did: a device may write in any order.
    case newestOnly
    /// All but one of them did.
    case oneMissing
    /// Any subset, in any order, each whole.
    case reordered
    /// Any subset, in any order, each whole, cut at a 512-byte or a 4-KiB border, or with sectors missing.
    case torn
    /// As torn, and sectors that were being written hold garbage.
    case garbage
    /// Sizes and names only: content that was to come reads as zeros.
    case sizesOnly
}

/// What became of one unsynced operation.
package struct CrashedOperation: Sendable, Hashable {
    package enum Form: Sendable, Hashable {
        case whole
        /// Sectors (of so many bytes) below a border.
        case head(border: Int, sector: Int)
        /// Sectors from a border on.
        case tail(border: Int, sector: Int)
        /// All but so many bytes from a sector's border on.
        case hole(border: Int, byteCount: Int)
        /// Each sector or not, by a seed.
        case scattered(seed: UInt64, sector: Int)
        /// Each sector, or garbage in its place, or what was there.
        case garbage(seed: UInt64)
        /// The size that it gives the file, and none of its bytes.
        case sizeOnly
    }

    /// Which of the unsynced operations.
    package var index: Int
    package var form: Form
}

/// The files that a crash left.
package struct CrashImage: Sendable {
    package var files: [String: DiskContent]
    package var draw: [CrashedOperation]
    /// Two images of one recording with the same identity are the same.
    package var identity: Int
}

/// Replays recorded operations and hands out the images that a crash at each point may leave.
package struct CrashImages {
    private enum NameChange {
        case set(String, Int)
        case remove(String)
        case move(from: String, to: String, Int)
    }

    private enum Pending {
        case content(DiskOperation)
        /// Its sync failed: it may be on the disk, and nothing later makes it certain.
        case doubtful(DiskOperation)
        case name(NameChange)

        var operation: DiskOperation? {
            switch self {
            case .content(let operation), .doubtful(let operation): operation
            case .name: nil
            }
        }
    }

    private var durable: [DiskContent] = []
    private var names: [String: Int] = [:]
    /// Names as the running program sees them.
    private var liveNames: [String: Int] = [:]
    private var pending: [Pending] = []
    /// Rises with everything that became durable.
    private var generation = 0

    /// Whether a sector that is rewritten with the bytes it holds keeps them whatever happens.
    package var sparesRewrites = false

    package init(base: [String: DiskContent] = [:]) {
        for (name, content) in base.sorted(by: { $0.key < $1.key }) {
            names[name] = durable.count
            durable.append(content)
        }
        liveNames = names
    }

    package var pendingCount: Int { pending.count }

    // MARK: Running

    /// The next operation of the running program.
    package mutating func advance(_ operation: DiskOperation) {
        switch operation {
        case .write, .resize: pending.append(.content(operation))
        case .sync(let file): settle(file)
        case .failedSync(let file):
            // Content may be lost for good. A size stands in the inode, which the next successful sync writes whole.
            pending = pending.map { item in
                guard case .content(.write(let written, let offset, let bytes)) = item, written == file else {
                    return item
                }
                return .doubtful(.write(file: written, offset: offset, bytes: bytes))
            }
        case .create(let name, let file):
            while durable.count <= file { durable.append(DiskContent()) }
            liveNames[name] = file
            pending.append(.name(.set(name, file)))
        case .rename(let old, let new):
            guard let file = liveNames.removeValue(forKey: old) else { return }
            liveNames[new] = file
            pending.append(.name(.move(from: old, to: new, file)))
        case .remove(let name):
            liveNames[name] = nil
            pending.append(.name(.remove(name)))
        case .syncNames:
            generation += 1
            pending.removeAll { if case .name = $0 { true } else { false } }
            names = liveNames
        case .note, .attempt, .mark: break
        }
    }

    private mutating func settle(_ file: Int) {
        generation += 1
        var left: [Pending] = []
        var settled: [Range<UInt64>] = []
        for item in pending {
            if case .content(let operation) = item, operation.file == file {
                Self.apply(operation, .whole, to: &durable)
                if case .write(_, let offset, let bytes) = operation {
                    settled.append(offset..<offset + UInt64(bytes.count))
                }
            } else {
                left.append(item)
            }
        }
        // What was written over is certain now, whatever became of the doubtful write below it.
        pending = left.filter { item in
            guard case .doubtful(.write(let other, let offset, let bytes)) = item, other == file else { return true }
            let range = offset..<offset + UInt64(bytes.count)
            return !settled.contains { $0.overlaps(range) }
        }
    }

    // MARK: Crashing

    /// How operations fare in a crash here, drawn from a seed.
    package func draw(_ damage: CrashDamage, seed: UInt64) -> [CrashedOperation] {
        let all = pending.indices.map { CrashedOperation(index: $0, form: .whole) }
        let random = SeededRandomSource(seed: seed)
        switch damage {
        case .dropped: return []
        case .kept: return all
        case .newestOnly: return all.suffix(1)
        case .oneMissing:
            guard !all.isEmpty else { return [] }
            let missing = Int(random.next() % UInt64(all.count))
            return all.filter { $0.index != missing }
        case .sizesOnly:
            return all.map { operation in
                if case .name = pending[operation.index] { return operation }
                return CrashedOperation(index: operation.index, form: .sizeOnly)
            }
        case .reordered, .torn, .garbage:
            // One crash in four keeps most of what was under way, one in four little of it.
            let share = [2, 4, 4, 7][Int(random.next() % 4)]
            var generator = random
            return all.shuffled(using: &generator).filter { _ in random.next() % 8 < share }.map { operation in
                guard damage != .reordered, case .write(_, _, let bytes) = pending[operation.index].operation else {
                    return operation
                }
                return CrashedOperation(
                    index: operation.index, form: Self.form(damage, byteCount: bytes.count, random: random))
            }
        }
    }

    private static func form(
        _ damage: CrashDamage, byteCount: Int, random: SeededRandomSource
    ) -> CrashedOperation.Form {
        let sector = random.next() % 2 == 0 ? 512 : 4096
        let border = Int(random.next() % UInt64(byteCount / sector + 2))
        if damage == .garbage, random.next() % 2 == 0 { return .garbage(seed: random.next()) }
        switch random.next() % 7 {
        case 5, 6:
            let start = Int(random.next() % UInt64(byteCount / 512 + 1))
            return .hole(border: start, byteCount: random.next() % 2 == 0 ? 4096 : 512 * Int(random.next() % 8 + 1))
        case 0: return .head(border: border, sector: sector)
        case 1: return .tail(border: border, sector: sector)
        case 2: return .scattered(seed: random.next(), sector: sector)
        case 3: return .sizeOnly
        default: return .whole
        }
    }

    /// The files after a crash here. Names that were moved or removed come out in the order of their calls.
    package func image(_ draw: [CrashedOperation]) -> CrashImage {
        var contents = durable
        var names = names
        for operation in draw {
            if let content = pending[operation.index].operation {
                Self.apply(content, operation.form, to: &contents, sparing: sparesRewrites)
            }
        }
        for operation in draw.sorted(by: { $0.index < $1.index }) {
            guard case .name(let change) = pending[operation.index] else { continue }
            switch change {
            case .set(let name, let file): names[name] = file
            case .remove(let name): names[name] = nil
            case .move(let old, let new, let file):
                if names[old] == file { names[old] = nil }
                names[new] = file
            }
        }
        var hasher = Hasher()
        hasher.combine(generation)
        hasher.combine(draw)
        return CrashImage(files: names.mapValues { contents[$0] }, draw: draw, identity: hasher.finalize())
    }

    private static func apply(
        _ operation: DiskOperation, _ form: CrashedOperation.Form, to contents: inout [DiskContent],
        sparing: Bool = false
    ) {
        switch operation {
        case .resize(let file, let byteCount): contents[file].resize(to: Int(byteCount))
        case .write(let file, let offset, let bytes):
            let start = Int(offset)
            if form == .whole { return contents[file].write(bytes, at: start) }
            let end = start + bytes.count
            if contents[file].count < end { contents[file].resize(to: end) }
            let (sector, choose) = choice(form)
            var position = start
            var index = 0
            while position < end {
                let next = min(end, (position / sector + 1) * sector)
                let range = position - start..<next - start
                switch choose(index) {
                case .new: contents[file].write(bytes, range, at: position)
                case .garbage(let seed):
                    // A sector that is written with the bytes it holds keeps them, when asked for: see the top.
                    if sparing, contents[file][position..<next] == Array(bytes[range]) { break }
                    let random = SeededRandomSource(seed: seed)
                    contents[file].write(range.map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: position)
                case .old: break
                }
                position = next
                index += 1
            }
        default: break
        }
    }

    private enum SectorState { case new, old, garbage(UInt64) }

    private static func choice(_ form: CrashedOperation.Form) -> (sector: Int, (Int) -> SectorState) {
        switch form {
        case .whole: return (4096, { _ in .new })
        case .sizeOnly: return (4096, { _ in .old })
        case .head(let border, let sector): return (sector, { $0 < border ? .new : .old })
        case .tail(let border, let sector): return (sector, { $0 >= border ? .new : .old })
        case .hole(let border, let byteCount):
            return (512, { $0 >= border && $0 < border + byteCount / 512 ? .old : .new })
        case .scattered(let seed, let sector):
            let random = SeededRandomSource(seed: seed)
            return (sector, { _ in random.next() % 2 == 0 ? .new : .old })
        case .garbage(let seed):
            let random = SeededRandomSource(seed: seed)
            return (
                512,
                { _ in
                    let draw = random.next()
                    return draw % 8 == 0 ? .garbage(draw) : draw % 3 == 0 ? .old : .new
                }
            )
        }
    }

    /// What an unsynced operation is, for a report.
    package func describe(_ operation: CrashedOperation) -> String {
        switch pending[operation.index] {
        case .content(let content): "\(content.summary) (\(operation.form))"
        case .doubtful(let content): "\(content.summary), sync failed (\(operation.form))"
        case .name(let change): "\(change)"
        }
    }
}

extension DiskOperation {
    var file: Int? {
        switch self {
        case .write(let file, _, _), .resize(let file, _), .sync(let file), .failedSync(let file): file
        default: nil
        }
    }

    /// In a few words.
    package var summary: String {
        switch self {
        case .write(_, let offset, let bytes): "write \(bytes.count) at \(offset)"
        case .resize(_, let byteCount): "resize to \(byteCount)"
        case .sync: "sync"
        case .failedSync: "failed sync"
        default: "\(self)"
        }
    }
}
