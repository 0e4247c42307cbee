import PageStore
package import SmartStore
import StoreIO
import Synchronization

// The stores that fuzz targets damage: small, of every segment, the same bytes every time.

/// Base stores, made once a process.
package enum FuzzBase {
    /// How a base store is sealed, and how it was left.
    package enum Kind: Int, CaseIterable, Sendable {
        case plainClosed, plainCrashed, sealedClosed, sealedCrashed

        package var isSealed: Bool { self == .sealedClosed || self == .sealedCrashed }
        package var isCrashed: Bool { self == .plainCrashed || self == .sealedCrashed }
        package var key: EncryptionKey { isSealed ? FuzzBase.key : .none }
    }

    package static let rawKey = [UInt8](repeating: 9, count: 32)
    package static let key = EncryptionKey.raw(rawKey)
    package static let name = "s"

    /// Options that replay exactly and hold memory down.
    package static func options(seed: UInt64 = 1, isReadOnly: Bool = false) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.isReadOnly = isReadOnly
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.vectorByteLimit = 4 << 20
        options.cacheSegmentByteLimit = 1 << 20
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    /// The options of the page layer by itself.
    static func pagerOptions(seed: UInt64 = 1, isReadOnly: Bool = false) -> PagerOptions {
        var options = PagerOptions()
        options.isReadOnly = isReadOnly
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.checkpointsInBackground = false
        options.time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    static func storeKey(_ isSealed: Bool) -> StoreKey {
        isSealed ? .raw(SecretKey(copying: rawKey.span.bytes)) : .none
    }

    /// The bytes of a base store.
    package static func file(_ kind: Kind) throws -> [UInt8] { try known(kind).file }

    /// Its pages that carry something: used data pages and the map's.
    static func pages(_ kind: Kind) throws -> [UInt64] { try known(kind).pages }

    private struct Made {
        var file: [UInt8]
        var pages: [UInt64]
    }

    private static let made = Mutex<[Kind: Made]>([:])

    private static func known(_ kind: Kind) throws -> Made {
        try made.withLock { made in
            if let found = made[kind] { return found }
            let file = try make(kind)
            let disk = SimulatedDisk(files: [name: file])
            disk.stopRecording()
            let pager = try Pager.open(name, in: disk, key: storeKey(kind.isSealed), options: pagerOptions())
            let transaction = try pager.beginTransaction()
            let used = try transaction.usedDataPages()
            transaction.rollBack()
            let result = Made(file: file, pages: [2, 3, 4] + used)
            made[kind] = result
            return result
        }
    }

    private static func make(_ kind: Kind) throws -> [UInt8] {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create(name, in: disk, key: kind.key, creation: creation, options: options(seed: 40))
        try fill(store)
        if kind.isCrashed {
            try store.checkpoint()
            for round in 0..<6 as Range<Int32> {
                try store.writeSync { transaction in
                    let notes = transaction.collection("n")
                    try notes.insert(note(100 + round))
                    _ = try notes.replace(.int32(round), with: note(round, text: "changed \(round)"))
                    _ = try notes.delete(.int32(20 + round))
                    try transaction.cache.set("round", [UInt8(round)])
                    try transaction.audit.record(actor: "base", action: "round", target: "n")
                }
            }
            guard let file = disk.content(of: name) else { throw FuzzBaseError.notMade }
            try store.close()
            return file
        }
        try store.close()
        guard let file = disk.content(of: name) else { throw FuzzBaseError.notMade }
        return file
    }

    /// The smallest store that has a document: few enough bytes to be changed one by one.
    static func tiny() throws -> [UInt8] {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create(name, in: disk, key: .none, creation: creation, options: options(seed: 42))
        try store.writeSync { _ = try $0.collection("n").insert(["_id": 1, "text": "tiny"]) }
        try store.close()
        guard let file = disk.content(of: name) else { throw FuzzBaseError.notMade }
        return file
    }

    package enum FuzzBaseError: Error { case notMade }

    /// Documents with vectors, short and chained values, a tree of two levels, cache entries, audit entries.
    package static func fill(_ store: Store) throws {
        try store.writeSync { transaction in
            try transaction.createVectorIndex(on: "n", field: "v", dimension: 4, storage: .float32, connectivity: 4)
            let notes = transaction.collection("n")
            for number in 0..<40 as Range<Int32> { try notes.insert(note(number)) }
            let random = SeededRandomSource(seed: 8)
            try notes.insert(["_id": "chain", "bytes": .binary(BSONBinary(subtype: 0, bytes: try random.bytes(6000)))])
            try notes.insert(["_id": "deflated", "text": .string(String(repeating: "the same ", count: 500))])
            let longID = String(repeating: "long ", count: 12)
            try notes.insert(["_id": .string(longID), "v": Vector([1, 2, 3, 4]).value])
            let table = transaction.collection("t")
            for number in 0..<60 as Range<Int32> {
                try table.insert(["_id": .int32(number), "pad": .string(String(repeating: "\(number) ", count: 60))])
            }
            for number in 0..<8 {
                try transaction.cache.set(
                    "key \(number)", [UInt8](repeating: UInt8(number), count: 20),
                    ttl: number % 2 == 0 ? .seconds(60) : nil)
                try transaction.audit.record(
                    actor: "base", action: "fill", target: "\(number)", details: ["n": .int32(Int32(number))])
            }
        }
        try store.linkVectors()
        _ = try store.writeSync { try $0.collection("n").delete(39) }
    }

    package static func note(_ number: Int32, text: String = "note") -> Document {
        [
            "_id": .int32(number), "text": .string("\(text) \(number)"), "a": [.int32(number), ["b": .null]],
            "v": Vector((0..<4).map { Float(Int(number) * 7 % (11 + $0) - 5) + 0.5 }).value,
        ]
    }

    /// A small store for commands, in memory.
    static func commandStore() -> Store {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = 4096
        do {
            let store = try Store.create(name, in: disk, key: .none, creation: creation, options: options(seed: 41))
            try store.writeSync { transaction in
                try transaction.createVectorIndex(on: "a", field: "v", dimension: 3, connectivity: 4)
                for number in 0..<6 as Range<Int32> {
                    try transaction.collection("a").insert([
                        "_id": .int32(number), "x": [.int32(number), ["y": 1]], "b": .document(["c": .int32(number)]),
                        "v": Vector([1, Float(number), 0.5]).value,
                    ])
                }
            }
            return store
        } catch {
            // Nothing of this depends on the input: the engine does not even make a store.
            preconditionFailure("no store for commands: \(error)")
        }
    }
}
