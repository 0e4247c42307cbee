import Dispatch
import Foundation
import Metrics
import PageStore
import StoreIO
import Synchronization
import TreeStore

// Searching a collection by nearness: one query, or many at once.

/// A document found by nearness.
public struct SearchHit: Sendable, Equatable {
    /// Its `_id`.
    public let id: BSONValue
    /// Higher is nearer: cosine similarity, inner product, or the negative squared distance.
    public let score: Float
    /// The document, when asked for.
    public let document: Document?
    /// The value that it was grouped by, when asked for.
    public let group: BSONValue?
}

extension CollectionReading {
    /// The documents nearest to a vector, best first: always `k` when so many match.
    /// - Parameters:
    ///   - breadth: how many candidates the search keeps in view (efSearch in the literature); higher finds more of the
    ///     true neighbours and takes longer. nil: 64, at least 2 k.
    ///   - rerank: how many of the nearest by codes are scored again from their vectors. nil: what suits the codes.
    ///   - filter: only documents that match it.
    ///   - exact: scores every vector instead of walking the graph.
    /// - Throws: `noSuchIndex`, `invalidVector`, `invalidArgument`.
    public func search(
        field: String, vector: [Float], k: Int = 10, breadth: Int? = nil, rerank: Int? = nil, filter: Document? = nil,
        exact: Bool = false, includeDocuments: Bool = true
    ) throws(StoreError) -> [SearchHit] {
        var query = VectorQuery(field: field, vector: vector, k: k)
        query.breadth = breadth
        query.rerank = rerank
        query.filter = filter
        query.exact = exact
        query.includeDocuments = includeDocuments
        return try search(query)
    }

    /// The documents nearest to what a query asks for, best first; see ``VectorQuery``.
    /// - Throws: `noSuchCollection`, `noSuchIndex`, `invalidVector`, `invalidArgument`, `invalidDocument` for the filter,
    ///   `notFound` for an example that is not in the index.
    public func search(_ query: VectorQuery) throws(StoreError) -> [SearchHit] {
        try converting {
            try query.validate()
            let time = transaction.store.options.time
            let start = time.monotonicNanoseconds()
            defer {
                transaction.store.metrics.searches.increment()
                transaction.store.metrics.searchTime.recordNanoseconds(
                    Int64(clamping: time.monotonicNanoseconds() &- start))
            }
            let index = try transaction.index(on: name, field: query.field)
            guard let entry = try transaction.entry(name) else { return [] }
            let found = try VectorSearch(query, in: entry, index, transaction).run()
            transaction.store.noteSearch(query, of: index.segment)
            let ids = try index.ids(of: found.map(\.hit.row), in: transaction.view)
            return try zip(found, ids).map { found, id in
                SearchHit(
                    id: id, score: found.hit.score, document: query.includeDocuments ? try get(id) : nil,
                    group: found.group)
            }
        }
    }

    /// The answers of several queries, in their order, all of one snapshot. A read transaction spreads them over the
    /// processor's cores; a write transaction answers one after the other.
    /// - Throws: as ``search(_:)``, for the first query that fails.
    public func search(batch queries: [VectorQuery]) throws(StoreError) -> [[SearchHit]] {
        let workers = min(queries.count, ProcessInfo.processInfo.activeProcessorCount)
        guard workers > 1, let snapshot = transaction.view as? Snapshot else {
            var answers: [[SearchHit]] = []
            for query in queries { answers.append(try search(query)) }
            return answers
        }
        for query in queries { try query.validate() }
        let (store, name) = (transaction.store, name)
        let next = Atomic<Int>(0)
        let results = Mutex([Result<[SearchHit], StoreError>?](repeating: nil, count: queries.count))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            // A view of its own over the shared snapshot: what a view remembers is for one thread.
            let reader = ReadTransaction(store: store, view: snapshot).collection(name)
            while true {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < queries.count else { return }
                let result = Result { () throws(StoreError) in try reader.search(queries[number]) }
                results.withLock { $0[number] = result }
            }
        }
        var answers: [[SearchHit]] = []
        for result in results.withLock({ $0 }) {
            if let result { answers.append(try result.get()) }
        }
        return answers
    }
}
