import StoreIO
import StoreTestSupport
import Testing
import TreeStore
import VectorIndex

@testable import SmartStore

// Files of earlier versions open for ever: for reading, for writing, and after a crash.

/// Compares a whole store with `GoldenContent`.
enum GoldenComparison {
    static func expectContent(of store: Store, _ file: GoldenFile) throws {
        try store.readSync { (tx) throws in
            #expect(
                try tx.collections().map(\.name)
                    == ["notes"] + (file.hasPapers ? ["papers"] : []) + (file.hasPassages ? ["passages"] : [])
                    + ["types"])
            #expect(try tx.collection("papers").find() == file.papers())
            #expect(try tx.collection("passages").find() == file.passages)
            #expect(try tx.collection("notes").find() == GoldenContent.notes)
            #expect(try tx.collection("types").find() == GoldenContent.types.map { try Document(json: $0) })
            for document in GoldenContent.notes {
                #expect(try tx.collection("notes").get(#require(document["_id"])) == document)
            }
            try expectVectors(tx)
            if file.hasPassages { try expectPassages(tx) }
            if file.hasPapers { try GoldenIndexComparison.expectIndexes(tx) }
            #expect(try tx.cache.keys() == GoldenContent.cache.map(\.key))
            for (key, value, milliseconds) in GoldenContent.cache {
                #expect(try tx.cache.get(key) == value)
                #expect(try tx.cache.timeToLive(key) == milliseconds.map { .milliseconds($0) } ?? .unlimited)
            }
            try expectAudit(tx)
        }
    }

    /// Every note with a vector is nearest to itself, and all of them are found, through links and by scan.
    private static func expectVectors(_ tx: ReadTransaction) throws {
        let index = try #require(try tx.collections().first?.vectorIndexes.first)
        let indexed = GoldenContent.notes.filter { $0["v"] != nil }
        #expect(index.field == "v")
        #expect(index.dimension == GoldenContent.dimension)
        #expect(index.metric == .cosine)
        #expect(index.storage == .float16)
        #expect(index.connectivity == 4)
        #expect(index.buildBreadth == 128)
        #expect(index.vectorCount == indexed.count)
        for document in indexed {
            let vector = try #require(document["v"].flatMap { try VectorValue($0) }).floats
            for exact in [false, true] {
                let hits = try tx.collection("notes").search(field: "v", vector: vector, k: 100, exact: exact)
                #expect(hits.first?.document == document)
                #expect(abs((hits.first?.score ?? 0) - 1) < 0.001)
                #expect(Set(hits.map(\.id)) == Set(indexed.compactMap { $0["_id"] }))
            }
        }
    }

    /// Passages come through codes and links, by scan, and exactly; with codes of the width that was asked for.
    private static func expectPassages(_ tx: ReadTransaction) throws {
        let info = try #require(try tx.collections().first { $0.name == "passages" })
        let wanted = Set(GoldenPassages.passages.compactMap { $0["_id"] })
        #expect(wanted.count == 306)
        for (found, index) in zip(info.vectorIndexes, GoldenPassages.indexes) {
            #expect(found.field == index.field && found.vectorCount == wanted.count)
            #expect(found.dimension == index.dimension && found.metric == index.metric)
            #expect(found.storage == index.storage && found.connectivity == 4 && found.buildBreadth == 64)
            let reader = tx.collection("passages")
            var lost = 0
            for document in GoldenPassages.passages {
                let vector = try #require(document[index.field].flatMap { try VectorValue($0) }).floats
                let hits = try reader.search(field: index.field, vector: vector, k: 20, rerank: 60)
                let exact = try reader.search(field: index.field, vector: vector, k: 20, exact: true)
                #expect(hits.count == 20 && exact.count == 20)
                lost += Set(exact.map(\.id)).subtracting(hits.map(\.id)).count
                if index.metric != .dot { #expect(exact.first?.document == document) }
            }
            // One bit for each of seven dimensions tells few rows apart.
            #expect(lost * (index.codes == .bits1 ? 8 : 50) < 20 * wanted.count, "\(index.field): \(lost)")
            for exact in [false, true] {
                let all = try reader.search(
                    field: index.field, vector: GoldenPassages.vector(1, index), k: 1000, exact: exact)
                #expect(all.count == wanted.count && Set(all.map(\.id)) == wanted)
            }
        }
    }

    private static func expectAudit(_ tx: ReadTransaction) throws {
        let entries = try tx.audit.entries()
        #expect(entries.count == GoldenContent.acts.count)
        for (entry, act) in zip(entries, GoldenContent.acts) {
            #expect(entry.time.millisecondsSince1970 == act.time)
            #expect(
                [entry.actor, entry.action, entry.target, entry.outcome] == [
                    act.actor, act.action, act.target, act.outcome,
                ])
            #expect(entry.details == act.details)
        }
        #expect(try tx.audit.verify().isIntact)
    }
}

@Suite("Golden files")
struct GoldenFileTests {
    @Test("a golden file opens, holds what it was given and checks clean", arguments: GoldenFile.allCases)
    func opens(file: GoldenFile) throws {
        let store = try file.open(on: file.disk())
        try GoldenComparison.expectContent(of: store, file)
        let report = try store.check()
        #expect(report.findings == [])
        #expect(
            try report.documentCount
                == GoldenContent.notes.count + GoldenContent.types.count + file.passages.count + file.papers().count)
        #expect(report.auditEntryCount == UInt64(GoldenContent.acts.count))
        #expect(try store.readSync { try $0.audit.verify() }.head == file.auditHead)
        try store.close()
    }

    @Test("opened for reading only, a golden file shows the same and stays as it is", arguments: GoldenFile.allCases)
    func opensReadOnly(file: GoldenFile) throws {
        let disk = try file.disk()
        let store = try file.open(on: disk, readOnly: true)
        try GoldenComparison.expectContent(of: store, file)
        try store.close()
        #expect(disk.content(of: file.rawValue) == (try file.bytes()))
        #expect(disk.changeCount == 0)
    }

    @Test("a golden file takes new content of every kind and is sound after reopening", arguments: GoldenFile.allCases)
    func takesWrites(file: GoldenFile) throws {
        let disk = try file.disk()
        var store = try file.open(on: disk)
        try store.linkVectors()
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "new", field: "w", dimension: 2, metric: .euclidean, storage: .float32)
            for number in 0..<300 {
                let vector = Vector([Float(number), 1])
                try tx.collection("new").insert(["_id": .int32(Int32(number)), "w": vector.value])
            }
            try tx.collection("notes").insert(GoldenContent.note(500))
            try tx.cache.set("new", [1])
            try tx.audit.record(actor: "eve", action: "insert", target: "new")
        }
        #expect(try store.check().findings == [])
        try store.close()
        store = try file.open(on: disk, seed: 2000)
        try store.writeSync { (tx) throws in
            #expect(try tx.collection("new").search(field: "w", vector: [17, 1], k: 1).first?.id == 17)
            #expect(try tx.collection("notes").find() == (GoldenContent.notes + [GoldenContent.note(500)]).inOrderOfID)
            #expect(try tx.audit.verify().entryCount == UInt64(GoldenContent.acts.count) + 1)
            // Undone, so that what is left is what was there.
            try tx.dropCollection("new")
            try tx.collection("notes").delete(500)
            try tx.cache.delete("new")
        }
        #expect(try store.check().findings == [])
        try store.readSync { (tx) throws in
            #expect(try tx.collection("notes").find() == GoldenContent.notes)
            #expect(try tx.cache.keys() == GoldenContent.cache.map(\.key))
        }
        try store.close()
    }

    @Test("links of files of versions 1 and 2 that are made anew are saved as these versions know them")
    func statesOfOldFiles() throws {
        for file in [GoldenFile.plain, .raw2] {
            let store = try file.open(on: file.disk())
            let segment = try #require(store.segments.all.first)
            #expect(segment.definition.form == 1 && segment.definition.options.codes == .none)
            segment.index.rebuild()
            try store.linkVectors()
            try segment.saveLinks(pager: store.pager)
            try store.readSync { (tx) throws in
                let key = CatalogKind.vectorLinks.key("notes", "v")
                let state = try #require(try tx.catalogue?.tree.get(key.span.bytes, in: tx.view))
                #expect(state[4] == 1, "the version of the state")
                #expect(try IndexState.decode(state).linkedCount == segment.index.rowCount)
            }
            try GoldenComparison.expectContent(of: store, file)
            try store.close()
        }
    }

    @Test("either superblock slot of a golden file may be lost", arguments: GoldenFile.allCases, [0, 4096])
    func losesSlot(file: GoldenFile, offset: Int) throws {
        let disk = try file.disk()
        var bytes = try file.bytes()
        for index in offset..<offset + 4096 { bytes[index] = 0xAA }
        disk.replaceContent(of: file.rawValue, with: bytes)
        let store = try file.open(on: disk)
        try GoldenComparison.expectContent(of: store, file)
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("another key, a newer version and a changed page are told apart", arguments: GoldenFile.allCases)
    func refuses(file: GoldenFile) throws {
        let disk = try file.disk()
        let wrong: EncryptionKey =
            file.hasPassphrase ? .passphrase("correct horse") : .raw([UInt8](repeating: 1, count: 32))
        let expected: StoreError.Code = file.isPlain ? .notEncrypted : .wrongKey
        #expect(code { try Store.open(file.rawValue, in: disk, key: wrong) } == expected)

        var newer = try file.bytes()
        for slot in [0, 4096] {
            newer[slot + 8] = 6
            let hash = Hashing.sha256(Array(newer[slot..<slot + 4064]).span.bytes).bytes
            newer.replaceSubrange(slot + 4064..<slot + 4096, with: hash)
        }
        disk.replaceContent(of: file.rawValue, with: newer)
        #expect(code { try file.open(on: disk) } == .newerFormat)
        let isUntouched = disk.content(of: file.rawValue) == newer
        #expect(isUntouched)

        var changed = try file.bytes()
        changed[2 * 4096 + 100] ^= 1
        disk.replaceContent(of: file.rawValue, with: changed)
        // In the crashed file the log has a newer copy of this page of the space map, which serves instead.
        #expect(code { try file.open(on: disk) } == (file.isCrashed ? nil : .corruptPage))
    }

    private func code(_ body: () throws -> Store) -> StoreError.Code? {
        do {
            _ = try body()
            return nil
        } catch { return (error as? StoreError)?.code }
    }
}

extension [Document] {
    /// Numbers by size, then texts: enough for notes.
    fileprivate var inOrderOfID: [Document] {
        let numbers = filter { $0["_id"]?.int != nil }.sorted { $0["_id"]!.int! < $1["_id"]!.int! }
        return numbers + filter { $0["_id"]?.int == nil }
    }
}
