package import SmartStore

// The oracle of the whole store: what every segment must show at one commit, in plain dictionaries.

package struct StoreModel: Equatable, Sendable {
    static let dimension = 4
    static let field = "v"

    struct Collection: Equatable, Sendable {
        /// BSON by `_id`.
        var documents: [Int32: [UInt8]] = [:]
        var vectors: [Int32: [Float]] = [:]
        var isIndexed = false
        /// Secondary indexes by name.
        var indexes: [String: IndexSpecification] = [:]
        /// Secondary indexes that may be ready or not.
        var building: [String: IndexSpecification] = [:]
    }

    struct CacheEntry: Equatable, Sendable {
        var value: [UInt8]
        /// Milliseconds since 1970; 0: none.
        var expiry: Int64 = 0
    }

    var collections: [String: Collection] = [:]
    var cache: [String: CacheEntry] = [:]
    /// Targets of the audit entries, in order.
    var audit: [String] = []

    package init() {}

    /// Where a store differs, in words.
    /// - Parameters:
    ///   - now: the time that the store's clock shows.
    ///   - mayEvict: the cache's limit may have thrown entries out.
    ///   - searchesAll: every vector is searched for, not just two of them.
    func difference(
        in tx: some AnyReader, now: Int64, mayEvict: Bool, searchesAll: Bool = false
    ) throws -> String? {
        let found = try tx.collections()
        guard found.map(\.name) == collections.keys.sorted() else {
            return "collections \(found.map(\.name)) instead of \(collections.keys.sorted())"
        }
        for info in found {
            guard let model = collections[info.name] else { continue }
            let reader = tx.reader(info.name)
            var count = 0
            for document in try reader.find() {
                count += 1
                guard let id = document["_id"]?.int else { return "\(info.name): a document without _id" }
                guard model.documents[Int32(id)] == document.bson else { return "\(info.name): document \(id) differs" }
            }
            guard count == model.documents.count, info.documentCount == count else {
                return "\(info.name): \(count) documents (\(info.documentCount) counted), not \(model.documents.count)"
            }
            if let wrong = try indexDifference(info, model, reader) { return wrong }
            if let wrong = try vectorDifference(info, model, reader, searchesAll: searchesAll) { return wrong }
        }
        return try cacheDifference(tx, now, mayEvict) ?? auditDifference(tx)
    }

    private func vectorDifference(
        _ info: CollectionInfo, _ model: Collection, _ reader: some CollectionReading, searchesAll: Bool
    ) throws -> String? {
        guard info.vectorIndexes.isEmpty == !model.isIndexed else { return "\(info.name): the vector index differs" }
        guard let index = info.vectorIndexes.first else { return nil }
        guard index.vectorCount == model.vectors.count else {
            return "\(info.name): \(index.vectorCount) vectors instead of \(model.vectors.count)"
        }
        guard !model.vectors.isEmpty else { return nil }
        let all = try reader.search(
            field: Self.field, vector: [Float](repeating: 1, count: Self.dimension), k: 1000, exact: true,
            includeDocuments: false)
        guard Set(all.compactMap(\.id.int)) == Set(model.vectors.keys.map(Int.init)) else {
            return "\(info.name): other vectors are found"
        }
        // Through the graph, as far as it is linked: a vector is nearest to itself.
        for (id, vector) in model.vectors.sorted(by: { $0.key < $1.key }).prefix(searchesAll ? .max : 2) {
            let best = try reader.search(field: Self.field, vector: vector, k: 1, includeDocuments: false).first
            guard let best, best.id == .int32(id) || best.score > 0.999 else {
                return "\(info.name): vector \(id) is not the nearest to itself"
            }
        }
        return nil
    }

    private func cacheDifference(_ tx: any AnyReader, _ now: Int64, _ mayEvict: Bool) throws -> String? {
        let keys = try tx.cacheReader.keys()
        for key in keys {
            guard let entry = cache[key] else { return "the cache shows \(key), which was removed" }
            if entry.expiry != 0, entry.expiry <= now { return "the cache shows \(key), which has expired" }
            if try tx.cacheReader.get(key) != entry.value { return "the cache's \(key) has another value" }
        }
        if mayEvict { return nil }
        let living = cache.filter { $0.value.expiry == 0 || $0.value.expiry > now }.keys
        let missing = Set(living).subtracting(keys)
        return missing.isEmpty ? nil : "the cache lost \(missing.sorted().prefix(3))"
    }

    private func auditDifference(_ tx: any AnyReader) throws -> String? {
        let found = try tx.auditReader.entries(limit: audit.count + 10).map(\.target)
        guard found == audit else { return "\(found.count) audit entries instead of \(audit.count)" }
        let result = try tx.auditReader.verify()
        return result.isIntact ? nil : "audit: \(result.reason ?? "broken")"
    }
}

/// What read and write transactions have in common for the oracle.
package protocol AnyReader: TransactionView {
    associatedtype Documents: CollectionReading
    func reader(_ name: String) -> Documents
    var cacheReader: any CacheReading { get }
    var auditReader: any AuditReading { get }
}

extension ReadTransaction: AnyReader {
    package func reader(_ name: String) -> CollectionReader { collection(name) }
    package var cacheReader: any CacheReading { cache }
    package var auditReader: any AuditReading { audit }
}

extension WriteTransaction: AnyReader {
    package func reader(_ name: String) -> CollectionWriter { collection(name) }
    package var cacheReader: any CacheReading { cache }
    package var auditReader: any AuditReading { audit }
}
