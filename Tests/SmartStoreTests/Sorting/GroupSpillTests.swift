// Groups that do not fit into memory: the same as with enough of it.

import PageStore
import StoreIO
import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("Groups on the disk")
struct GroupSpillTests {
    private static let fields = """
        'n': {'$sum': 1}, 'd': {'$sum': '$d'}, 'a': {'$avg': '$d'}, 'p': {'$push': '$_id'}, 'f': {'$first': '$_id'},
        'l': {'$last': '$_id'}, 's': {'$addToSet': '$m'}, 'x': {'$max': '$f'}, 'o': {'$mergeObjects': {'q': '$f'}}
        """

    /// Documents of some 600 groups: few of them with many documents, many with few.
    private func documents(_ seed: UInt64) -> [Document] {
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        return (0..<3000).map { number in
            let place = below(3) == 0 ? below(5) : below(600)
            var document: Document = [
                "_id": BSONValue(number), "d": .double(Double(below(1000)) / 7), "m": BSONValue(below(4)),
                "f": .string(String(repeating: "x", count: below(90)) + "\(number)"),
            ]
            // Numbers that are equal in other forms, and a key that is missing.
            if place > 0 { document.append("k", below(2) == 0 ? BSONValue(place) : .double(Double(place))) }
            return document
        }
    }

    private func groups(
        _ documents: [Document], _ stage: String, limit: Int, spaceOf disk: SimulatedDisk?
    ) throws -> [Document] {
        let resources = disk.map { SortResources(byteLimit: limit / 4, space: SpillFixture.space($0)) }
        let stage = try GroupStage(TableText.value(stage), options: .standard)
        return try GroupSource(stage, ListedDocuments(documents), byteLimit: limit, resources).rest()
    }

    private func ordered(_ documents: [Document]) -> [String] { documents.map { $0.json(.canonical) }.sorted() }

    @Test("are what they are in memory, whatever they gather", arguments: 1...8)
    func equalsMemory(seed: Int) throws {
        let documents = documents(UInt64(seed))
        for key in ["'$k'", "{'a': '$k', 'b': '$m'}", "{'$toString': '$k'}"] {
            let stage = "{'_id': \(key), \(Self.fields)}"
            let disk = SimulatedDisk()
            let wanted = ordered(try groups(documents, stage, limit: 1 << 30, spaceOf: nil))
            #expect(ordered(try groups(documents, stage, limit: 1 << 18, spaceOf: disk)) == wanted, "\(key)")
            #expect(disk.createdFiles > 0)
            #expect(disk.contents.isEmpty)
        }
    }

    @Test("are refused without the disk, and when one of them alone does not fit")
    func refused() throws {
        let documents = documents(9)
        let disk = SimulatedDisk()
        for (stage, space) in [
            ("{'_id': '$k', \(Self.fields)}", nil), ("{'_id': null, 'all': {'$push': '$$ROOT'}}", disk),
        ] as [(String, SimulatedDisk?)] {
            do {
                _ = try groups(documents, stage, limit: 1 << 16, spaceOf: space)
                Issue.record("no refusal: \(stage)")
            } catch let error as DocumentError {
                #expect(error.code.number == 292)
            }
        }
    }

    @Test("in a pipeline obey allowDiskUse")
    func pipeline() throws {
        var options = SpillFixture.options()
        options.groupByteLimit = 1 << 16
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents(10), options: options)
        let runner = CommandRunner(store: store, actor: "tester")
        let pipeline: BSONValue = [["$group": ["_id": "$f", "n": ["$sum": 1]]], ["$count": "n"]]
        var command: Document = ["aggregate": "c", "pipeline": pipeline, "cursor": [:], "allowDiskUse": false]
        #expect(runner.run(command)["code"]?.int == 292)
        command["allowDiskUse"] = true
        #expect(runner.run(command)[path: "cursor.firstBatch"]?.array?.first?.document?["n"]?.int == 3000)
        #expect(store.spills.fileCount == 0)
        try store.close()
    }
}
