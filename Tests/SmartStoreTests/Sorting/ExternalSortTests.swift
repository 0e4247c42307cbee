// Sorts that go on in a temporary file: the same answer as in memory, within the limit.

import PageStore
import StoreIO
import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("External sort")
struct ExternalSortTests {
    private func source(
        _ documents: [Document], bound: Int? = nil, limit: Int = SpillFixture.limit, encrypted: Bool = true,
        counters: PlanCounters? = nil
    ) throws -> SortedSource {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let space = SpillFixture.space(disk, encrypted: encrypted)
        return SortedSource(
            ListedDocuments(documents), try SortSpec(["k": 1, "m": -1]), bound: bound,
            SortResources(byteLimit: limit, space: space, counters: counters))
    }

    @Test("gives what a sort in memory gives, with any bound, and holds no more than its limit", arguments: 1...60)
    func equalsMemory(seed: Int) throws {
        let random = SeededRandomSource(seed: UInt64(seed) &* 77)
        let count = Int(random.next() % 700)
        let documents = SpillFixture.documents(UInt64(seed), count: count, largest: seed % 3 == 0 ? 20 : 400)
        let wanted = try SpillFixture.sorted(documents)
        let largest = documents.map(\.bson.count).max() ?? 0
        let bounds = [nil, 0, 1, 2, Int(random.next() % 50), Int(random.next() % 900), .max]
        for bound in bounds {
            let source = try source(documents, bound: bound, encrypted: seed % 2 == 0)
            let found = try source.rest()
            #expect(found == Array(wanted.prefix(bound ?? .max)), "bound \(bound ?? -1)")
            #expect(source.records.mostBytes <= SpillFixture.limit + 2 * (largest + 600), "bound \(bound ?? -1)")
            #expect(try !source.advance())
        }
    }

    @Test("more runs than may be open at a time are merged in several passes")
    func passes() throws {
        let documents = SpillFixture.documents(3, count: 2000, largest: 60)
        let bytes = documents.reduce(0) { $0 + $1.bson.count }
        let counters = PlanCounters()
        let found = try source(documents, counters: counters).rest()
        #expect(try found == SpillFixture.sorted(documents))
        #expect(counters.spills > bytes / SpillFixture.limit)
        #expect(counters.spilledBytes > 3 * bytes)
    }

    @Test("what fits into memory is not put on the disk, and a bound keeps it there")
    func staysInMemory() throws {
        let documents = SpillFixture.documents(4, count: 2000, largest: 60)
        let counters = PlanCounters()
        _ = try source(documents, limit: 1 << 22, counters: counters).rest()
        #expect(counters.spills == 0)
        _ = try source(documents, bound: 3, limit: 1 << 16, counters: counters).rest()
        #expect(counters.spills == 0)
        _ = try source(documents, limit: 1 << 16, counters: counters).rest()
        #expect(counters.spills > 1)
    }

    @Test("a bound that does not fit into memory goes to the disk, and no further than it must")
    func largeBound() throws {
        let documents = SpillFixture.documents(5, count: 3000, largest: 60)
        let (all, some) = (PlanCounters(), PlanCounters())
        let wanted = try SpillFixture.sorted(documents)
        #expect(try source(documents, counters: all).rest() == wanted)
        #expect(try source(documents, bound: 100, counters: some).rest() == Array(wanted.prefix(100)))
        #expect(some.spills > 0)
        #expect(some.spilledBytes < all.spilledBytes / 2)
    }

    @Test("a document on which a sort stands can be read again, lent and copied")
    func standing() throws {
        let documents = SpillFixture.documents(6, count: 200)
        for limit in [SpillFixture.limit, 1 << 24] {
            let source = try source(documents, limit: limit)
            while try source.advance() {
                let copy = try source.current()
                try source.withCurrent { #expect($0.array == copy.bson) }
                #expect(try source.current() == copy)
            }
        }
    }

    @Test("$sort and $sortByCount in pipelines go to the disk too")
    func pipelines() throws {
        let documents = SpillFixture.documents(8, count: 500)
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        defer { try? store.close() }
        var large = SpillFixture.options()
        large.sortByteLimit = 1 << 30
        let other = try SpillFixture.store(SimulatedDisk(), documents, options: large)
        defer { try? other.close() }
        for stages in [
            [["$set": ["x": ["$concat": ["$f", "y"]]]], ["$sort": ["x": -1, "_id": 1]]],
            [["$set": ["x": 1]], ["$sort": ["m": -1, "k": 1]], ["$skip": 7], ["$limit": 200]],
            [["$sortByCount": "$f"], ["$sort": ["_id": 1]]],
        ] as [[Document]] {
            let files = disk.createdFiles
            let found = try [store, other].map { store in
                try store.readSync { (tx) throws in
                    let reader: CollectionReader = tx.collection("c")
                    return try reader.aggregate(stages)
                }
            }
            #expect(found[0] == found[1])
            #expect(disk.createdFiles > files)
        }
    }

    @Test("explain tells of it")
    func explains() throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, SpillFixture.documents(9, count: 300))
        defer { try? store.close() }
        func sortStage(_ query: FindQuery) throws -> Document? {
            let answer = try store.readSync { (tx) throws in
                let reader: CollectionReader = tx.collection("c")
                return try reader.explain(query, verbosity: .executionStats)
            }
            var stage = answer[path: "executionStats.executionStages"]?.document
            while let present = stage, present["stage"] != "SORT" { stage = present["inputStage"]?.document }
            return stage
        }
        let spilled = try #require(try sortStage(SpillFixture.query))
        #expect(spilled["usedDisk"] == true)
        #expect((spilled["spills"]?.int ?? 0) > 10)
        #expect((spilled["spilledBytes"]?.int ?? 0) > 10 * SpillFixture.limit)
        #expect(spilled["memLimit"]?.int == SpillFixture.limit)
        var small = SpillFixture.query
        small.filter = ["_id": ["$lt": 3]]
        let held = try #require(try sortStage(small))
        #expect(held["usedDisk"] == false)
        #expect(held["spills"]?.int == 0)
        #expect(held["spilledBytes"]?.int == 0)
    }

    @Test("without leave to use the disk a sort beyond its limit is refused with MongoDB's code")
    func refused() throws {
        let disk = SimulatedDisk()
        let documents = SpillFixture.documents(10, count: 300)
        let store = try SpillFixture.store(disk, documents)
        defer { try? store.close() }
        let files = disk.createdFiles
        var query = SpillFixture.query
        query.allowsDiskUse = false
        do {
            _ = try SpillFixture.find(store, query)
            Issue.record("no refusal")
        } catch let error as StoreError {
            #expect(error.server.number == 292)
        }
        let runner = CommandRunner(store: store, actor: "tester")
        let commands: [Document] = [
            ["find": "c", "sort": ["k": 1]],
            ["aggregate": "c", "pipeline": [["$sort": ["k": 1]]], "cursor": [:]],
            ["aggregate": "c", "pipeline": [["$set": ["x": 1]], ["$sort": ["k": 1]]], "cursor": [:]],
        ]
        for command in commands {
            var refused = command
            refused.append("allowDiskUse", false)
            let reply = runner.run(refused)
            #expect(reply["code"]?.int == 292, "\(reply)")
            #expect(reply["codeName"] == "QueryExceededMemoryLimitNoDiskUseAllowed")
            #expect(disk.createdFiles == files)
        }
        query.filter = ["_id": ["$lt": 3]]
        #expect(try SpillFixture.find(store, query).count == 3)
        for command in commands {
            var allowed = command
            #expect(runner.run(allowed)["ok"]?.double == 1)
            allowed.append("allowDiskUse", true)
            #expect(runner.run(allowed)["ok"]?.double == 1)
        }
        var options = SpillFixture.options()
        options.sortByteLimit = 100
        #expect(throws: StoreError.self) { try StoreFixture.create(SimulatedDisk(), options: options) }
    }
}

extension SimulatedDisk {
    /// How many files have been made so far.
    var createdFiles: Int {
        operations.reduce(0) { count, operation in
            if case .create = operation { count + 1 } else { count }
        }
    }
}
