import SmartStore
import StoreIO
import StoreTestSupport

// A store on a simulated disk with one collection at a time, and what the oracle knows of it: its documents in order of
// `_id`, and its indexes.

final class QueryFixture {
    static let start: Int64 = 1_700_000_000_000

    let draw: Draw
    let store: Store
    let clock = ManualTimeSource(milliseconds: start)
    private(set) var name = ""
    private var collectionCount = 0
    /// The collection's documents as they must be.
    var documents: [[OracleField]] = []
    private(set) var indexes: [OracleIndex] = []
    /// Whether documents are plain, see `Draw.fields`.
    private(set) var isPlain = false
    private var hasMixedIDs = false
    private var lastID = 0

    init(seed: UInt64) throws {
        draw = Draw(seed: mixedSeed(seed, 31))
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 4 << 20
        options.time = clock
        options.random = SeededRandomSource(seed: mixedSeed(seed, 32))
        var creation = CreationOptions()
        creation.pageSize = 4096
        store = try Store.create("q", in: disk, key: .none, creation: creation, options: options)
    }

    /// A new collection with documents and indexes; the one before goes.
    func refill(documentCount: Int) throws {
        let old = name
        collectionCount += 1
        name = "c\(collectionCount)"
        (documents, indexes, lastID) = ([], [], 0)
        isPlain = draw.chance(35)
        hasMixedIDs = draw.chance(30)
        var specifications = draw.indexes(isPlain: isPlain)
        try write { transaction in
            if !old.isEmpty { try transaction.dropCollection(old) }
            try transaction.createCollection(name)
            let collection = transaction.collection(name)
            for _ in 0..<documentCount {
                if !specifications.isEmpty, draw.chance(20) {
                    try index(specifications.removeFirst(), in: transaction)
                }
                try insert(newDocument(), into: collection)
            }
            for specification in specifications { try index(specification, in: transaction) }
        }
    }

    /// A relaxed transaction.
    func write(_ body: (WriteTransaction) throws -> Void) throws {
        let transaction = try store.beginWrite()
        do { try body(transaction) } catch {
            transaction.rollBack()
            throw error
        }
        try transaction.commit(durability: .relaxed)
    }

    func newDocument() -> Document {
        lastID += 1
        let id = draw.identifier(lastID, isMixed: hasMixedIDs)
        return Document(fields: [("_id", id)] + draw.fields(isPlain: isPlain))
    }

    /// Whether all indexes take these documents; nil: the oracle cannot say.
    func accepts(_ documents: [[OracleField]]) -> Bool? {
        do { return try indexes.allSatisfy { try $0.accepts(documents) } } catch is OracleRefusal { return false } catch
        {
            return nil
        }
    }

    func insert(_ document: Document, into collection: CollectionWriter) throws {
        let fields = OracleValue.fields(document)
        guard let isWanted = accepts(documents + [fields]) else { return }
        do { try collection.insert(document) } catch {
            try Self.expectNamed(error)
            guard !isWanted else { throw TrialError("the insertion of \(document) was refused: \(error)") }
            return
        }
        guard isWanted else { throw TrialError("the insertion of \(document) was not refused: \(described)") }
        documents.append(fields)
        sortDocuments()
    }

    func sortDocuments() {
        let order = OracleOrder()
        documents.sort { order.compare($0["_id"] ?? .plain(.null), $1["_id"] ?? .plain(.null)) < 0 }
    }

    private func index(_ specification: IndexSpecification, in transaction: WriteTransaction) throws {
        let index = OracleIndex(specification)
        var isWanted: Bool
        do { isWanted = try index.accepts(documents) } catch is OracleRefusal { isWanted = false }
        let isDouble = indexes.contains {
            $0.specification.keys == specification.keys && $0.specification.collation == specification.collation
                && $0.specification.partialFilter == specification.partialFilter
        }
        if isDouble { return }
        do { try transaction.createIndex(on: name, specification) } catch {
            try Self.expectNamed(error)
            guard !isWanted else { throw TrialError("the index \(specification) was refused: \(error)") }
            return
        }
        guard isWanted else { throw TrialError("the index \(specification) was not refused: \(described)") }
        indexes.append(index)
    }

    /// An error that refuses a statement: no damage, no failure.
    static func expectNamed(_ error: any Error) throws {
        if error is DocumentError { return }
        guard let error = error as? StoreError, !error.code.rawValue.hasPrefix("corrupt"), error.code != .failed else {
            throw TrialError("not a refusal: \(error)")
        }
    }

    /// Everything that a failure needs to be understood.
    var described: String {
        let held = documents.map { "\(OracleValue.document($0))" }.joined(separator: "\n  ")
        let indexed = indexes.map { index -> String in
            let it = index.specification
            var text = "\(it.keys)"
            if it.isUnique { text += " unique" }
            if it.isSparse { text += " sparse" }
            if let partial = it.partialFilter { text += " partial \(partial)" }
            if let collation = it.collation { text += " \(collation.document)" }
            return "\(it.effectiveName): \(text)"
        }
        return "\nindexes \(indexed.joined(separator: "\n  "))\ndocuments\n  \(held)"
    }

    /// Compares documents, counts and the contents of all indexes with the oracle.
    func difference(isDeep: Bool) throws -> String? {
        let problem = try store.readSync { transaction -> String? in
            let found = try transaction.collection(name).find(FindQuery([:], hint: ["$natural": 1]))
            let wanted = documents.map { OracleValue.document($0) }
            guard found == wanted else { return "documents \(found) instead of \(wanted)" }
            guard let info = try transaction.collections().first(where: { $0.name == name }) else {
                return "no collection"
            }
            guard info.documentCount == wanted.count else { return "\(info.documentCount) documents counted" }
            for index in indexes where !index.isWildcard {
                let counted = info.indexes.first { $0.name == index.specification.effectiveName }?.entryCount
                let entries = try documents.reduce(0) { try $0 + index.entries($1).count }
                guard counted == entries else {
                    return "\(index.specification.effectiveName): \(counted ?? -1) entries instead of \(entries)"
                }
            }
            return nil
        }
        if let problem { return problem }
        guard isDeep else { return nil }
        let report = try store.check()
        return report.isClean ? nil : "check: \(report.findings.prefix(3))"
    }
}

extension Document {
    /// The same fields in order of their names.
    var sortedByName: Document {
        Document(fields: map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 })
    }
}
