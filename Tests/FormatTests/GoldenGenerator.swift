import Foundation
import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import Synchronization
import Testing

// Makes the golden files. They are made once: the test below writes only what is missing, and only when the environment
// says SMARTSTORE_WRITE_GOLDEN=1.

enum GoldenGenerator {
    /// A file's bytes. The same for every run as long as the engine writes the same.
    static func make(_ file: GoldenFile) throws -> [UInt8] {
        let seed = UInt64(1 + GoldenFile.allCases.firstIndex(of: file)!)
        let disk = SimulatedDisk()
        disk.stopRecording()
        // Small files: the log's room is at hand, but no room is kept for later growth.
        disk.setByteLimit(UInt64(file.byteLimit))
        try firstSession(file, on: disk, seed: seed)
        if file.hasPassages {
            // Without the free pages that many vectors left behind.
            let options = GoldenFile.options(seed: seed + 50, at: GoldenContent.created)
            _ = try Store.compact(FilePlace(file.rawValue, in: disk), key: file.key, options: options)
        }
        let store = try Store.open(
            file.rawValue, in: disk, key: file.key,
            options: GoldenFile.options(seed: seed + 100, at: GoldenContent.now))
        try secondSession(file, store)
        guard file.isCrashed else {
            try store.close()
            return try #require(disk.content(of: file.rawValue))
        }
        let (before, after) = file.hasPapers ? try halfMade(file, store, on: disk) : try lost(file, store, on: disk)
        // The tail is torn: the last frame's image lacks its end. Dropping the store without a close is the crash.
        var torn = after
        // Room that was made for later is zeros.
        let differing = try #require(torn.indices.last { after[$0] != ($0 < before.count ? before[$0] : 0) })
        for index in differing - 1500...differing { torn[index] = index < before.count ? before[index] : 0 }
        return torn
    }

    /// The file before and after a commit, of which the crash leaves a part.
    private static func lost(
        _ file: GoldenFile, _ store: Store, on disk: SimulatedDisk
    ) throws -> (before: [UInt8], after: [UInt8]) {
        let before = try #require(disk.content(of: file.rawValue))
        try store.writeSync { (tx) throws in
            try tx.collection("notes").insert(["_id": 999, "lost": true])
            try tx.cache.set("lost", [1])
        }
        return (before, try #require(disk.content(of: file.rawValue)))
    }

    /// The same, in the midst of the making of an index, some of whose documents have changed meanwhile.
    private static func halfMade(
        _ file: GoldenFile, _ store: Store, on disk: SimulatedDisk
    ) throws -> (before: [UInt8], after: [UInt8]) {
        let caught = Mutex<Result<(before: [UInt8], after: [UInt8]), any Error>?>(nil)
        _ = try? store.createIndex(on: "papers", GoldenPapers.unfinished) { progress in
            guard progress.phase == .loading else { return true }
            let result = Result {
                try changePapersLate(store)
                return try lost(file, store, on: disk)
            }
            caught.withLock { $0 = result }
            return false
        }
        return try #require(caught.withLock { $0 }).get()
    }

    private static func firstSession(_ file: GoldenFile, on disk: SimulatedDisk, seed: UInt64) throws {
        var creation = CreationOptions()
        creation.pageSize = 4096
        creation.keyStretching = .scrypt(logN: 10, r: 8, p: 1)
        let store = try Store.create(
            file.rawValue, in: disk, key: file.key, creation: creation,
            options: GoldenFile.options(seed: seed, at: GoldenContent.created))
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(
                on: "notes", field: "v", dimension: GoldenContent.dimension, connectivity: 4, buildBreadth: 128)
            let notes = tx.collection("notes")
            for number in 0..<40 { try notes.insert(GoldenContent.note(number)) }
            for document in [
                GoldenContent.longNote, GoldenContent.plainChain, GoldenContent.deflated, GoldenContent.deflatedChain,
            ] { try notes.insert(document) }
            for text in GoldenContent.types { try tx.collection("types").insert(Document(json: text)) }
            try tx.collection("scratch").insert(["_id": 1])
            try tx.cache.set("greeting", Array("hello".utf8))
            try tx.cache.set("embedding:1", [0, 1, 2, 253, 254, 255], ttl: .seconds(86_400))
            try tx.cache.set("gone", [9], ttl: .seconds(1))
            try tx.cache.increment("visits", by: 5)
            for act in GoldenContent.acts[..<3] { try record(act, in: tx) }
            // Leaves free pages, which the links take when they are saved.
            try notes.insert([
                "_id": "passing", "bytes": .binary(BSONBinary(subtype: 0, bytes: GoldenContent.noise(20_000))),
            ])
            try notes.delete("passing")
        }
        if file.hasPassages { try makePassages(store) }
        if file.hasPapers { try makePapers(store) }
        try store.linkVectors()
        try store.close()
    }

    private static func makePassages(_ store: Store) throws {
        func insert(_ numbers: Range<Int>) throws {
            try store.writeSync { (tx) throws in
                for number in numbers { try tx.collection("passages").insert(GoldenPassages.passage(number)) }
            }
            try store.linkVectors()
        }
        try store.writeSync { (tx) throws in
            for index in GoldenPassages.indexes {
                try tx.createVectorIndex(
                    on: "passages", field: index.field, dimension: index.dimension, metric: index.metric,
                    storage: index.storage, codes: index.codes, connectivity: 4, buildBreadth: 64)
            }
        }
        try insert(GoldenPassages.first)
        try store.writeSync { (tx) throws in
            for number in GoldenPassages.removed { try tx.collection("passages").delete(.int32(Int32(number))) }
        }
        // Takes the dead out of the graph.
        try store.linkVectors()
        try insert(GoldenPassages.second)
    }

    private static func insertPapers(_ numbers: Range<Int>, _ store: Store) throws {
        try store.writeSync { (tx) throws in
            for number in numbers { try tx.collection("papers").insert(GoldenPapers.paper(number)) }
        }
    }

    private static func makePapers(_ store: Store) throws {
        try insertPapers(GoldenPapers.first, store)
        for (place, index) in GoldenPapers.indexes.enumerated() {
            // In one transaction, and beside writers.
            if place % 2 == 0 {
                try store.writeSync { try $0.createIndex(on: "papers", index) }
            } else {
                try store.createIndex(on: "papers", index)
            }
        }
        try insertPapers(GoldenPapers.second, store)
    }

    private static func changePapers(_ store: Store) throws {
        try store.writeSync { (tx) throws in
            let papers = tx.collection("papers")
            for number in GoldenPapers.removed { try papers.delete(GoldenPapers.id(number)) }
            for (number, version) in GoldenPapers.replaced.sorted(by: { $0.key < $1.key }) {
                try papers.replace(GoldenPapers.id(number), with: GoldenPapers.paper(number, version: version))
            }
        }
        try insertPapers(GoldenPapers.inserted, store)
    }

    private static func changePapersLate(_ store: Store) throws {
        try store.writeSync { (tx) throws in
            let papers = tx.collection("papers")
            try papers.delete(GoldenPapers.id(GoldenPapers.removedLate))
            for (number, version) in GoldenPapers.replacedLate.sorted(by: { $0.key < $1.key }) {
                try papers.replace(GoldenPapers.id(number), with: GoldenPapers.paper(number, version: version))
            }
            try papers.insert(GoldenPapers.paper(GoldenPapers.insertedLate))
        }
    }

    private static func changePassages(_ store: Store) throws {
        try store.writeSync { (tx) throws in
            let passages = tx.collection("passages")
            for number in GoldenPassages.removedLater { try passages.delete(.int32(Int32(number))) }
            for number in GoldenPassages.insertedLater { try passages.insert(GoldenPassages.passage(number)) }
            for (number, seed) in GoldenPassages.replaced.sorted(by: { $0.key < $1.key }) {
                try passages.replace(.int32(Int32(number)), with: GoldenPassages.passage(number, vector: seed))
            }
        }
    }

    private static func secondSession(_ file: GoldenFile, _ store: Store) throws {
        try store.writeSync { (tx) throws in
            let notes = tx.collection("notes")
            _ = try notes.update(["_id": ["$lt": 5]], ["$set": ["starred": true]], multi: true)
            try notes.delete(10)
            try notes.delete(11)
            try notes.replace(12, with: GoldenContent.note(12, vector: 112))
            try record(GoldenContent.acts[3], in: tx)
        }
        if file.isCrashed { try store.checkpoint() }
        if file.hasPassages { try changePassages(store) }
        if file.hasPapers {
            try changePapers(store)
            if !file.isCrashed { try changePapersLate(store) }
        }
        try store.writeSync { (tx) throws in
            for number in 100..<103 { try tx.collection("notes").insert(GoldenContent.note(number)) }
            try tx.cache.set("answer", Array("42".utf8))
            try tx.cache.increment("visits")
            try record(GoldenContent.acts[4], in: tx)
        }
        try store.writeSync { (tx) throws in
            try tx.dropCollection("scratch")
            try record(GoldenContent.acts[5], in: tx)
        }
    }

    private static func record(_ act: GoldenContent.Act, in tx: WriteTransaction) throws {
        try tx.audit.record(
            actor: act.actor, action: act.action, target: act.target, outcome: act.outcome, details: act.details)
    }
}

@Suite("Golden generator")
struct GoldenGeneratorTests {
    private static var isAsked: Bool { ProcessInfo.processInfo.environment["SMARTSTORE_WRITE_GOLDEN"] == "1" }

    @Test("missing golden files are written when the environment asks for it", .enabled(if: isAsked))
    func writes() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in GoldenFile.allCases {
            let url = folder.appending(path: file.rawValue)
            guard !FileManager.default.fileExists(atPath: url.path) else { continue }
            try Data(GoldenGenerator.make(file)).write(to: url)
        }
    }

    @Test("a file made today holds the same content and is as small", arguments: GoldenFile.allCases)
    func makesTheSame(file: GoldenFile) throws {
        let bytes = try GoldenGenerator.make(file)
        #expect(bytes.count <= file.byteLimit)
        let store = try file.open(on: SimulatedDisk(files: [file.rawValue: bytes]))
        try GoldenComparison.expectContent(of: store, file)
        #expect(try store.check().findings == [])
        try store.close()
    }
}
