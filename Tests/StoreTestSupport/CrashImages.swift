import StoreIO

// What a crash leaves: everything that was synced, and any part of what was not.

/// How unsynced operations fare at a crash.
package enum CrashDamage: CaseIterable, Sendable {
    /// None of them reached the disk.
    case dropped
    /// All of them did.
    case kept
    /// Only the newest one did: a device may write in any order.
    case newestOnly
    /// Any subset, in any order, each whole.
    case reordered
    /// Any subset, in any order, each whole, cut at a 512-byte border, or with sectors missing or garbage.
    case torn
}

/// Replays recorded operations and hands out the images that a crash at each point may leave.
package struct CrashImages {
    private var durable: [[UInt8]] = []
    private var names: [String: Int] = [:]
    private var pending: [DiskOperation] = []
    private var random: SeededRandomSource

    package init(seed: UInt64, base: [String: [UInt8]] = [:]) {
        random = SeededRandomSource(seed: seed)
        for (name, bytes) in base.sorted(by: { $0.key < $1.key }) {
            names[name] = durable.count
            durable.append(bytes)
        }
    }

    /// The next operation of the running program. Names count as durable at once here.
    package mutating func advance(_ operation: DiskOperation) {
        switch operation {
        case .write, .resize: pending.append(operation)
        case .sync(let synced):
            var left: [DiskOperation] = []
            for operation in pending {
                switch operation {
                case .write(let file, _, _) where file == synced: apply(operation, to: &durable)
                case .resize(let file, _) where file == synced: apply(operation, to: &durable)
                default: left.append(operation)
                }
            }
            pending = left
        case .create(let name, let file):
            while durable.count <= file { durable.append([]) }
            names[name] = file
        case .rename(let old, let new):
            names[new] = names.removeValue(forKey: old)
        case .remove(let name): names[name] = nil
        case .syncNames, .note: break
        }
    }

    package var pendingCount: Int { pending.count }

    /// The files after a crash here.
    package mutating func image(_ damage: CrashDamage) -> [String: [UInt8]] {
        var contents = durable
        switch damage {
        case .dropped: break
        case .newestOnly: if let newest = pending.last { apply(newest, to: &contents) }
        case .kept: for operation in pending { apply(operation, to: &contents) }
        case .reordered, .torn:
            // A file system may persist a size before or after content, and content in any order.
            for operation in pending.shuffled(using: &random) where random.next() % 3 != 0 {
                damage == .torn ? applyTorn(operation, to: &contents) : apply(operation, to: &contents)
            }
        }
        var files: [String: [UInt8]] = [:]
        for (name, file) in names { files[name] = contents[file] }
        return files
    }

    private func apply(_ operation: DiskOperation, to contents: inout [[UInt8]]) {
        switch operation {
        case .write(let file, let offset, let bytes):
            let end = Int(offset) + bytes.count
            if contents[file].count < end { SimulatedFile.resize(&contents[file], to: end) }
            contents[file].replaceSubrange(Int(offset)..<end, with: bytes)
        case .resize(let file, let byteCount): SimulatedFile.resize(&contents[file], to: Int(byteCount))
        default: break
        }
    }

    private mutating func applyTorn(_ operation: DiskOperation, to contents: inout [[UInt8]]) {
        guard case .write(let file, let offset, let bytes) = operation, random.next() % 3 != 0 else {
            return apply(operation, to: &contents)
        }
        let sector = 512
        var start = Int(offset)
        let end = start + bytes.count
        if contents[file].count < end { SimulatedFile.resize(&contents[file], to: end) }
        let style = random.next() % 3
        let cut = Int(random.next() % UInt64(bytes.count / sector + 1))
        var index = 0
        while start < end {
            let next = min(end, (start / sector + 1) * sector)
            let keep: Bool
            switch style {
            case 0: keep = index < cut
            case 1: keep = index >= cut
            default: keep = random.next() % 2 == 0
            }
            if keep {
                let from = start - Int(offset)
                contents[file].replaceSubrange(start..<next, with: bytes[from..<from + next - start])
            } else if random.next() % 16 == 0 {
                for position in start..<next { contents[file][position] = UInt8(truncatingIfNeeded: random.next()) }
            }
            start = next
            index += 1
        }
    }
}
