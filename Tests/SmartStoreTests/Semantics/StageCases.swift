// Rows for pipelines: the documents of a collection, the stages, and what comes out or which error.

import StoreTestSupport
import Testing

@testable import SmartStore

/// A pipeline over a small collection with what becomes of it.
struct StageCase: Sendable, CustomTestStringConvertible {
    let stages: String
    let documents: String
    let expected: String?
    let code: Int?
    let reason: String
    var collation: Collation?

    var testDescription: String { "[\(stages)] on [\(documents)]: \(reason)" }

    func check() throws {
        let store = try Self.store(["c": documents])
        defer { try? store.close() }
        do {
            let stages = try TableText.documents(stages)
            let found = try store.readSync { (tx) throws in
                let documents: CollectionReader = tx.collection("c")
                return try documents.aggregate(stages, options: QueryOptions(collation: collation))
            }
            guard let expected else {
                Issue.record("\(testDescription): gives \(found), not error \(code ?? 0)")
                return
            }
            let wanted = try TableText.documents(expected)
            #expect(found.map { $0.json(.canonical) } == wanted.map { $0.json(.canonical) }, "\(testDescription)")
        } catch let error as StoreError {
            #expect(error.server.number == code, "\(testDescription): \(error)")
        }
    }

    /// A store of collections of documents.
    static func store(_ collections: KeyValuePairs<String, String>, options: StoreOptions? = nil) throws -> Store {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk, options: options, encrypted: false)
        try store.writeSync { (tx) throws in
            for (name, documents) in collections {
                for document in try TableText.documents(documents) { try tx.collection(name).insert(document) }
            }
        }
        return store
    }
}

/// A row whose pipeline has documents.
func makes(
    _ stages: String, _ expected: String, of documents: String, _ reason: String, by: Collation? = nil
) -> StageCase {
    StageCase(stages: stages, documents: documents, expected: expected, code: nil, reason: reason, collation: by)
}

/// A row whose pipeline is refused, when it is parsed or when it runs.
func refuses(_ stages: String, _ code: Int, of documents: String = "{'_id': 1}", _ reason: String) -> StageCase {
    StageCase(stages: stages, documents: documents, expected: nil, code: code, reason: reason)
}

/// A pipeline of the collection `c` that writes, with the collection it writes to before and after.
struct WritingCase: Sendable, CustomTestStringConvertible {
    let stages: String
    let documents: String
    let target: String
    /// A unique index of the target.
    let unique: String?
    let expected: String?
    let code: Int?
    let reason: String

    var testDescription: String { "[\(stages)] of [\(documents)] into [\(target)]: \(reason)" }

    func check() throws {
        let store = try StageCase.store(["c": documents, "t": target])
        defer { try? store.close() }
        if let unique {
            var specification = IndexSpecification(Document(fields: [(unique, 1)]))
            specification.isUnique = true
            try store.createIndex(on: "t", specification)
        }
        func found() throws -> [String] {
            try store.readSync { (tx) throws in try tx.collection("t").find(sort: ["_id": 1]) }
                .map { $0.json(.canonical) }
        }
        let before = try found()
        do {
            let stages = try TableText.documents(stages)
            try store.writeSync { (tx) throws in
                let documents: CollectionWriter = tx.collection("c")
                #expect(try documents.aggregate(stages) == [], "\(testDescription)")
            }
            guard let expected else {
                Issue.record("\(testDescription): gives \(try found()), not error \(code ?? 0)")
                return
            }
            let wanted = try TableText.documents(expected).map { $0.json(.canonical) }
            #expect(try found() == wanted, "\(testDescription)")
        } catch let error as StoreError {
            #expect(error.server.number == code, "\(testDescription): \(error)")
            #expect(try found() == before, "nothing of a failed statement is applied: \(testDescription)")
        }
    }
}

/// A row whose pipeline writes.
func writes(
    _ stages: String, of documents: String, into target: String, unique: String? = nil, _ expected: String,
    _ reason: String
) -> WritingCase {
    WritingCase(
        stages: stages, documents: documents, target: target, unique: unique, expected: expected, code: nil,
        reason: reason)
}

/// A row whose pipeline is refused, with nothing written.
func refuses(
    _ stages: String, of documents: String, into target: String, unique: String? = nil, _ code: Int, _ reason: String
) -> WritingCase {
    WritingCase(
        stages: stages, documents: documents, target: target, unique: unique, expected: nil, code: code,
        reason: reason)
}
