import SmartStore
import StoreIO
import StoreTestSupport

// One file at several times, a copy that went its own way, and a stranger: where misplaced images come from.

/// The files of one history.
struct DamageHistory {
    /// The newest state, closed.
    let closed: DamageOracle
    /// The newest state as a crash leaves it, with a log; the states before its last commit are right too where the
    /// last batch was torn.
    let crashed: DamageOracle
    /// The same file earlier: closed, and once as a crash left it.
    let older: DiskContent
    let olderCrashed: DiskContent
    /// A copy of `older` that was opened and written on its own: same file, same versions, other content.
    let clone: DiskContent
    let cloneCrashed: DiskContent
    /// Another store under the same raw key, and one that is not even related.
    let foreign: DiskContent

    var formatVersion: Int { Int(closed.content[8..<9][0]) }

    init(isSealed: Bool, seed: UInt64) throws {
        let key: EncryptionKey = isSealed ? FuzzBase.key : .none
        let first = try Self.create(key, seed: mixedSeed(seed, 1))
        olderCrashed = first.crashed
        older = first.closed
        let newer = try Self.goOn(older, key, seed: mixedSeed(seed, 2), word: "newer")
        let copy = try Self.goOn(older, key, seed: mixedSeed(seed, 3), word: "clone")
        closed = try DamageOracle(newer.closed, key: key)
        var oracle = try DamageOracle(newer.crashed, key: key)
        oracle.alternatives = [DamageContent.read(newer.beforeLast, key: key).content]
        crashed = oracle
        clone = copy.closed
        cloneCrashed = copy.crashed
        foreign = try Self.create(key, seed: mixedSeed(seed, 4)).closed
    }

    private static func create(_ key: EncryptionKey, seed: UInt64) throws -> (crashed: DiskContent, closed: DiskContent)
    {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create(
            FuzzBase.name, in: disk, key: key, creation: creation, options: FuzzBase.options(seed: seed))
        try FuzzBase.fill(store)
        for round in 0..<3 { try commit(store, round, word: "first") }
        let crashed = try content(disk)
        try store.close()
        return (crashed, try content(disk))
    }

    private static func goOn(
        _ start: DiskContent, _ key: EncryptionKey, seed: UInt64, word: String
    ) throws -> (beforeLast: DiskContent, crashed: DiskContent, closed: DiskContent) {
        let disk = SimulatedDisk(contents: [FuzzBase.name: start])
        disk.stopRecording()
        let store = try Store.open(FuzzBase.name, in: disk, key: key, options: FuzzBase.options(seed: seed))
        for round in 0..<4 { try commit(store, round, word: word) }
        try store.checkpoint()
        for round in 4..<8 { try commit(store, round, word: word) }
        let beforeLast = try content(disk)
        try commit(store, 8, word: word)
        let crashed = try content(disk)
        try store.close()
        return (beforeLast, crashed, try content(disk))
    }

    private static func content(_ disk: SimulatedDisk) throws -> DiskContent {
        guard let content = disk.diskContent(of: FuzzBase.name) else { throw FuzzBase.FuzzBaseError.notMade }
        return content
    }

    /// The same pages change in every history: only the words differ.
    private static func commit(_ store: Store, _ round: Int, word: String) throws {
        try store.writeSync { transaction in
            let notes = transaction.collection("n")
            for number in 0..<6 {
                let id = Int32((round * 5 + number * 7) % 36)
                _ = try notes.replace(.int32(id), with: FuzzBase.note(id, text: "\(word) \(round)"), upsert: true)
            }
            let table = transaction.collection("t")
            for number in stride(from: round, to: 60, by: 9) as StrideTo<Int> {
                let pad = String(repeating: "\(word.prefix(3))", count: 50)
                _ = try table.replace(.int32(Int32(number)), with: ["_id": .int32(Int32(number)), "pad": .string(pad)])
            }
            try transaction.cache.set("key \(round % 8)", Array(word.utf8))
            try transaction.audit.record(actor: word, action: "round", target: "\(round)")
        }
    }
}
