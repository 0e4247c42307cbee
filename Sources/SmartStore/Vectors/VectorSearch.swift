import PageStore
import TreeStore
import VectorIndex

// Answers a VectorQuery in one view: nearest rows, as documents, cut and ordered as asked.
//
// The index gives rows in order of nearness, as many as one asks for. What is not known beforehand is how many of them
// are needed: rows of one document, rows behind the score limit, full groups. So searches ask for few, and for four
// times as many while that was too little and there are more.

struct VectorSearch {
    let transaction: TransactionView
    let entry: CollectionEntry
    let index: VectorIndexEntry
    let query: VectorQuery
    /// What to be near to.
    let vectors: [[Float]]
    /// Rows of examples.
    let excluded: Set<UInt32>
    let filter: VectorFilter

    /// A query that was validated.
    /// - Parameter usesCache: whether the answers of filters that are kept with the index may be used.
    init(
        _ query: VectorQuery, in entry: CollectionEntry, _ index: VectorIndexEntry, _ transaction: TransactionView,
        usesCache: Bool = true
    ) throws {
        self.query = query
        self.entry = entry
        self.index = index
        self.transaction = transaction
        if query.positive.isEmpty {
            (vectors, excluded) = (query.vectors, [])
        } else {
            let examples = try VectorExamples(query, in: entry, index, transaction)
            (vectors, excluded) = ([examples.target], examples.rows)
        }
        filter = try VectorFilter(
            query.filter, in: entry, index, transaction, Self.expectedEffort(query), usesCache: usesCache)
    }

    /// How much the search will look for, as far as the query says.
    static func expectedEffort(_ query: VectorQuery) -> VectorFilterPlan.Effort {
        var wanted = query.skip + query.k
        if query.groupBy != nil { wanted = max(32, wanted * query.groupSize * 2) }
        if query.diversity != nil { wanted = max(wanted, query.poolSize) }
        return VectorFilterPlan.Effort(
            breadth: query.breadth ?? max(RecallKeeper.usualBreadth, 2 * wanted), isExact: query.exact)
    }

    /// The hits of the page that was asked for.
    func run() throws -> [(hit: Hit, group: BSONValue?)] {
        let wanted = query.skip + query.k
        if let path = query.groupBy {
            let groups = try grouped(by: FieldPath(path), count: wanted)
            try filter.finish()
            return groups.dropFirst(query.skip).flatMap { group in group.hits.map { ($0, group.value) } }
        }
        var hits: [Hit]
        if let diversity = query.diversity {
            hits = try nearest(query.poolSize).hits
            hits = try VectorDiversity.order(
                hits, metric: index.definition.options.metric, diversity: Float(diversity),
                count: min(wanted, hits.count)
            ) { try index.vector(of: $0.row) }
        } else {
            hits = try nearest(wanted).hits
        }
        try filter.finish()
        return hits.dropFirst(query.skip).map { ($0, nil) }
    }

    /// The nearest documents within the score limit, each by its best row; `isAll` when there are no more.
    func nearest(_ count: Int, of filter: RowFilter? = nil) throws -> (hits: [Hit], isAll: Bool) {
        let bound = max(1, index.segment.index.rowCount + index.added.count)
        // A limit may let through few of many that are wanted.
        var fetch = query.scoreLimit == nil ? count : min(count, 64)
        if index.definition.isMultiple { fetch *= 2 }
        fetch += excluded.count
        while true {
            var (hits, isAll) = try ranked(fetch, filter ?? self.filter.rows)
            if let limit = query.scoreLimit, let end = hits.firstIndex(where: { $0.score < limit }) {
                hits.removeSubrange(end...)
                isAll = true
            }
            if !excluded.isEmpty { hits.removeAll { excluded.contains($0.row) } }
            hits = try distinct(hits)
            if isAll || hits.count >= count || fetch >= bound {
                return (Array(hits.prefix(count)), (isAll || fetch >= bound) && hits.count <= count)
            }
            fetch *= 4
        }
    }

    /// The nearest rows, each by the vector it is nearest to; `isAll` when there are fewer than were asked for.
    private func ranked(_ count: Int, _ rows: RowFilter?) throws -> (hits: [Hit], isAll: Bool) {
        let effort = effort(count)
        var all: [Hit] = []
        var isAll = false
        for vector in vectors {
            let hits = try index.search(
                vector, k: count, breadth: effort.breadth, rerank: query.rerank, exact: effort.isExact,
                at: transaction.sequence, including: rows, for: transaction.store)
            try filter.check()
            if hits.count < count { isAll = true }
            all = all.isEmpty ? hits : all + hits
        }
        guard vectors.count > 1 else { return (all, isAll) }
        all.sort { $0.distance != $1.distance ? $0.distance < $1.distance : $0.row < $1.row }
        var seen: Set<UInt32> = []
        all.removeAll { !seen.insert($0.row).inserted }
        return (isAll ? all : Array(all.prefix(count)), isAll)
    }

    private func effort(_ count: Int) -> (breadth: Int, isExact: Bool) {
        if query.exact { return (1, true) }
        if let breadth = query.breadth { return (breadth, false) }
        let usual = max(RecallKeeper.usualBreadth, 2 * count)
        guard let target = query.recallTarget else { return (usual, false) }
        switch index.segment.recall.effort(for: target, k: count) {
        case .breadth(let breadth): return (breadth, false)
        case .exact: return (1, true)
        case .unknown: return (max(RecallKeeper.cautiousBreadth, usual), false)
        }
    }

    /// The best row of each document.
    private func distinct(_ hits: [Hit]) throws -> [Hit] {
        guard index.definition.isMultiple else { return hits }
        let ids = try index.ids(of: hits.map(\.row), in: transaction.view)
        var seen: Set<[UInt8]> = []
        return try zip(hits, ids).filter { try seen.insert(KeyEncoding.id($1)).inserted }.map(\.0)
    }
}

/// Which of the nearest are taken when hits shall differ: maximal marginal relevance.
enum VectorDiversity {
    /// The first `count` of the order that picks, each time, the hit with the greatest
    /// (1 - diversity) × score - diversity × similarity to the most similar one picked before. Similarity is measured as
    /// the score is. O(hits × count × dimension).
    static func order(
        _ hits: [Hit], metric: Metric, diversity: Float, count: Int, vector: (Hit) throws -> [Float]
    ) rethrows -> [Hit] {
        let vectors = try hits.map(vector)
        var left = Array(hits.indices)
        var nearest = [Float](repeating: 0, count: hits.count)
        var order: [Hit] = []
        while order.count < count, !left.isEmpty {
            func worth(_ place: Int) -> Float { (1 - diversity) * hits[place].score - diversity * nearest[place] }
            var best = 0
            for candidate in left.indices where worth(left[candidate]) > worth(left[best]) { best = candidate }
            let picked = left.remove(at: best)
            for place in left {
                let similarity = similarity(vectors[place], vectors[picked], metric)
                nearest[place] = order.isEmpty ? similarity : max(nearest[place], similarity)
            }
            order.append(hits[picked])
        }
        return order
    }

    /// What the score of one would be to the other; vectors of a cosine index have length 1.
    private static func similarity(_ a: [Float], _ b: [Float], _ metric: Metric) -> Float {
        var sum: Float = 0
        switch metric {
        case .cosine, .dot: for place in a.indices { sum += a[place] * b[place] }
        case .euclidean:
            for place in a.indices {
                let difference = a[place] - b[place]
                sum -= difference * difference
            }
        }
        return sum
    }
}
