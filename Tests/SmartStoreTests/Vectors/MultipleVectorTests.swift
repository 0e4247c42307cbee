// Documents with several vectors in one field, and several fields with a vector each.

import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Several vectors a document")
struct MultipleVectorTests {
    /// Documents 0..<count; document n has n % 4 vectors (none, one without an array around it, two, three).
    private func value(_ number: Int) -> BSONValue {
        let vectors = (0..<number % 4).map { StoreFixture.vector(UInt64(number * 4 + $0)) }
        switch vectors.count {
        case 0: return .array([])
        case 1: return .array(vectors[0].map { .double(Double($0)) })
        case 2: return .array(vectors.map { Vector($0).value })
        default: return .array(vectors.map { .array($0.map { .double(Double($0)) }) })
        }
    }

    private func ranking(_ query: [Float], _ numbers: some Sequence<Int>) -> [Int] {
        let scored = numbers.filter { $0 % 4 > 0 }.map { number in
            let scores = (0..<number % 4).map {
                VectorFixture.score(query, StoreFixture.vector(UInt64(number * 4 + $0)), .cosine)
            }
            return (number: number, score: scores.max() ?? 0)
        }
        return scored.sorted { $0.score > $1.score }.map(\.number)
    }

    private func fill(_ store: Store, _ numbers: Range<Int>) throws {
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(
                on: "n", field: "v", dimension: 8, storage: .float32, multiple: true)
            for number in numbers {
                try tx.collection("n").insert([
                    "_id": BSONValue(number), "g": BSONValue(number % 5), "v": value(number),
                ])
            }
        }
    }

    private func verify(_ store: Store, _ numbers: [Int]) throws {
        try store.readSync { (tx) throws in
            for seed in 0..<6 {
                let vector = VectorFixture.query(seed)
                var query = VectorQuery(field: "v", vector: vector, k: 15)
                query.exact = true
                let truth = ranking(vector, numbers)
                #expect(try tx.collection("n").search(query).map(\.number) == Array(truth.prefix(15)), "seed \(seed)")
                query.filter = ["g": 2]
                let filtered = truth.filter { $0 % 5 == 2 }
                for _ in 0..<3 {
                    #expect(try tx.collection("n").search(query).map(\.number) == Array(filtered.prefix(15)))
                }
                query.filter = nil
                query.exact = false
                let hits = try tx.collection("n").search(query).map(\.number)
                #expect(hits.count == 15 && Set(hits).count == 15)
                query.k = 10_000
                #expect(Set(try tx.collection("n").search(query).map(\.number)) == Set(truth))
            }
        }
    }

    @Test(
        "a document is found once, by the nearest of its vectors, through changes, reopening, compaction and salvage")
    func bestOf() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk)
        try fill(store, 0..<200)
        try verify(store, Array(0..<200))
        try store.linkVectors()
        try verify(store, Array(0..<200))
        try store.writeSync { (tx) throws in
            for number in 0..<50 { try tx.collection("n").delete(BSONValue(number)) }
            _ = try tx.collection("n").replace(60, with: ["g": 0, "v": self.value(3)])
            _ = try tx.collection("n").replace(60, with: ["g": 0, "v": self.value(60)])
            try tx.collection("n").insert(["_id": 7, "g": 2, "v": self.value(7)])
        }
        let left = [7] + Array(50..<200)
        try verify(store, left)
        #expect(try store.check().findings == [])
        let info = try store.readSync { try $0.collections()[0].vectorIndexes[0] }
        #expect(info.isMultiple && info.vectorCount == left.reduce(0) { $0 + $1 % 4 })
        try store.close()
        let again = try StoreFixture.open(disk)
        try verify(again, left)
        try again.linkVectors()
        try verify(again, left)
        #expect(try again.check().findings == [])
        _ = try again.compact()
        try verify(again, left)
        try again.close()
        var options = SalvageOptions()
        options.store = StoreFixture.options(seed: 3)
        options.creation.pageSize = 4096
        _ = try Store.salvage(
            "s", in: disk, to: "new", in: disk, oldKey: StoreFixture.key, newKey: StoreFixture.key, options: options)
        let salvaged = try Store.open("new", in: disk, key: StoreFixture.key, options: StoreFixture.options(seed: 4))
        try verify(salvaged, left)
        #expect(try salvaged.check().findings == [])
        try salvaged.close()
    }

    @Test("groups, examples, diversity and score limits count documents, not vectors")
    func orders() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        try fill(store, 0..<120)
        try store.readSync { (tx) throws in
            let notes = tx.collection("n")
            let vector = VectorFixture.query(5)
            var query = VectorQuery(field: "v", vector: vector, k: 3)
            query.exact = true
            query.groupBy = "g"
            query.groupSize = 4
            let grouped = try notes.search(query).map(\.number)
            #expect(grouped.count == 12 && Set(grouped).count == 12)
            #expect(grouped.first == ranking(vector, 0..<120).first)
            var diverse = VectorQuery(field: "v", vector: vector, k: 20)
            diverse.diversity = 0.5
            #expect(Set(try notes.search(diverse).map(\.number)).count == 20)
            var like = VectorQuery(field: "v", like: [.id(3)], k: 1000)
            #expect(try notes.search(like).count == 89 && !notes.search(like).contains { $0.number == 3 })
            like.scoreLimit = 0.2
            let near = try notes.search(like)
            #expect(near.allSatisfy { $0.score >= 0.2 } && Set(near.map(\.number)).count == near.count)
            #expect(throws: StoreError.self) { try notes.search(VectorQuery(field: "v", like: [.id(4)])) }
        }
        try store.close()
    }

    @Test("elements that are no vectors of the index are refused, and nothing of the document is stored")
    func refused() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        try fill(store, 0..<8)
        let sound = StoreFixture.vector(1).map { BSONValue.double(Double($0)) }
        let wrong: [BSONValue] = [
            .array([.array(sound), .array(Array(sound.dropLast()))]), .array([.array(sound), .string("x")]),
            .array([.array(sound), .null]), .array([.array([])]), "x", 7, .array([.array(sound), 1]),
            .array(Array(repeating: .array(sound), count: 4097)), .array([.array([.array(sound)])]),
            .array([.array(Array(repeating: 0, count: 8))]),
        ]
        for (number, value) in wrong.enumerated() {
            #expect(throws: StoreError.self, "\(number)") {
                try store.writeSync { (tx) throws in try tx.collection("n").insert(["_id": 100, "v": value]) }
            }
        }
        try store.writeSync { (tx) throws in
            try tx.collection("n").insert(["_id": 100, "v": .array(Array(repeating: .array(sound), count: 4096))])
            #expect(try tx.collection("n").delete(100))
            #expect(throws: StoreError.self) {
                try tx.createVectorIndex(on: "n", field: "v", dimension: 8, storage: .float32)
            }
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("fields with a vector each are indexes of their own, under their own names and measures")
    func namedVectors() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        try store.writeSync { (tx) throws in
            try tx.createVectorIndex(on: "n", field: "title", dimension: 8)
            try tx.createVectorIndex(on: "n", field: "body.text", dimension: 4, metric: .euclidean)
            try tx.createVectorIndex(on: "n", field: "body.parts", dimension: 4, metric: .dot, multiple: true)
            for number in 0..<60 {
                let other = StoreFixture.vector(UInt64(number + 1000), dimension: 4)
                try tx.collection("n").insert([
                    "_id": BSONValue(number), "title": Vector(StoreFixture.vector(UInt64(number))).value,
                    "body": [
                        "text": Vector(other).value,
                        "parts": .array([Vector(other).value, Vector(other.map { -$0 }).value]),
                    ],
                ])
            }
        }
        try store.readSync { (tx) throws in
            let notes = tx.collection("n")
            #expect(try tx.collections()[0].vectorIndexes.map(\.field) == ["body.parts", "body.text", "title"])
            for number in [0, 17, 59] {
                let other = StoreFixture.vector(UInt64(number + 1000), dimension: 4)
                #expect(
                    try notes.search(field: "title", vector: StoreFixture.vector(UInt64(number)), k: 1)[0].number
                        == number)
                #expect(try notes.search(field: "body.text", vector: other, k: 1)[0].number == number)
                #expect(try notes.search(field: "body.parts", vector: other, k: 60).count == 60)
            }
            #expect(throws: StoreError.self) { try notes.search(field: "title", vector: [1, 2, 3, 4]) }
            #expect(throws: StoreError.self) { try notes.search(field: "body", vector: [1, 2, 3, 4]) }
        }
        try store.close()
    }
}
