// Slots of deleted vectors are used again: no document loses its own, whatever was saved and whenever the machine stops.

import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Slots used again")
struct VectorReuseTests {
    private static let dimension = 16

    private static func vector(_ number: Int) -> [Float] {
        let random = SeededRandomSource(seed: UInt64(number) &+ 1000)
        return (0..<dimension).map { _ in Float(random.next() % 2001) / 1000 - 1.0003 }
    }

    private static func document(_ number: Int) -> Document {
        ["_id": .int32(Int32(number)), "v": Vector(vector(number)).value]
    }

    private func options(_ seed: UInt64 = 1) -> StoreOptions {
        var options = StoreFixture.options(seed: seed)
        options.vectorLinkSaveStep = 64
        return options
    }

    private func create(_ disk: SimulatedDisk, codes: VectorCodes = .bits8) throws -> Store {
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create("s", in: disk, key: StoreFixture.key, creation: creation, options: options())
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(
                on: "c", field: "v", dimension: Self.dimension, codes: codes, connectivity: 8, buildBreadth: 60)
        }
        return store
    }

    private func insert(_ store: Store, _ numbers: Range<Int>) throws {
        try store.writeSync { (tx) throws in
            for number in numbers { try tx.collection("c").insert(Self.document(number)) }
        }
    }

    private func delete(_ store: Store, _ numbers: Range<Int>) throws {
        try store.writeSync { (tx) throws in
            for number in numbers { try tx.collection("c").delete(.int32(Int32(number))) }
        }
    }

    /// Each number's vector is the nearest to itself, and these are all there are.
    private func expect(_ store: Store, _ numbers: [Int]) throws {
        #expect(try store.check().findings == [])
        try store.readSync { (tx) throws in
            let reader = tx.collection("c")
            let all = try reader.search(field: "v", vector: Self.vector(7), k: 5000, exact: true)
            #expect(all.compactMap(\.id.int).sorted() == numbers.sorted())
            #expect(all.allSatisfy { $0.document?["_id"] == $0.id })
            var lost: [Int] = []
            for number in numbers {
                let hits = try reader.search(field: "v", vector: Self.vector(number), k: 1, includeDocuments: false)
                if hits.first?.id != .int32(Int32(number)) { lost.append(number) }
            }
            #expect(lost == [], "not the nearest to themselves")
        }
    }

    @Test("slots that were used and freed again are each given out once")
    func usedTwice() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try create(disk)
        try insert(store, 0..<300)
        try store.linkVectors()
        var next = 300
        try delete(store, 0..<100)
        try store.linkVectors()
        try insert(store, next..<next + 100)
        // Those that were added last are deleted, so that the very slots become free that were used.
        for count in [150, 80, 200, 90] {
            try delete(store, next..<next + 80)
            try store.linkVectors()
            try insert(store, next + 1000..<next + 1000 + count)
            next += 1000
        }
        let living =
            Array(100..<300) + Array(380..<400) + Array(1380..<1450) + Array(3380..<3500) + Array(4300..<4390)
        try expect(store, living)
        try store.linkVectors()
        try expect(store, living)
        try store.close()
    }

    @Test("a slot used again after links were saved, in the part that had codes but no links, has its own codes")
    func codesOfTheTail() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try create(disk)
        try insert(store, 0..<300)
        try store.linkVectors()
        try insert(store, 300..<500)
        // Saves the links of 300 rows and the codes of 500.
        try store.checkpoint()
        try store.linkVectors()
        try delete(store, 300..<400)
        try store.linkVectors()
        try insert(store, 1000..<1100)
        let living = Array(0..<300) + Array(400..<500) + Array(1000..<1100)
        try expect(store, living)

        let crashed = SimulatedDisk(contents: disk.contents)
        crashed.stopRecording()
        let again = try Store.open("s", in: crashed, key: StoreFixture.key, options: options(2))
        try expect(again, living)
        try again.linkVectors()
        try expect(again, living)
        try again.close()
        let third = try Store.open("s", in: crashed, key: StoreFixture.key, options: options(3))
        try expect(third, living)
        try third.close()
        try store.close()
    }

    @Test("a store whose vectors were all deleted is sound when it is opened again, and takes new ones")
    func allDeleted() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var store = try create(disk, codes: .none)
        try insert(store, 0..<400)
        try store.linkVectors()
        try delete(store, 0..<400)
        try store.linkVectors()
        try store.close()
        let size = disk.content(of: "s")?.count ?? 0
        for round in 0..<2 {
            store = try Store.open("s", in: disk, key: StoreFixture.key, options: options(UInt64(round) + 4))
            try expect(store, [])
            try store.linkVectors()
            try insert(store, 0..<300)
            try expect(store, Array(0..<300))
            try store.linkVectors()
            try expect(store, Array(0..<300))
            try delete(store, 0..<300)
            try store.linkVectors()
            try store.close()
        }
        #expect(disk.content(of: "s")?.count ?? 0 <= size + size / 4, "slots were used again")
    }
}
