// A query made ready: everything parsed, so that nothing can be refused any more but its hint.

/// A class, so that what plans and their execution hand on is one reference.
final class QueryShape {
    let query: FindQuery
    let filter: Filter
    let sort: SortSpec?
    let projection: Projection?

    init(_ query: FindQuery) throws {
        guard query.skip >= 0, query.limit ?? 0 >= 0 else {
            throw StoreError(
                .invalidArgument, "skip and limit must not be negative.", remedy: "Give 0 or more.", server: .badValue)
        }
        self.query = query
        filter = try Filter(query.filter, options: query.options)
        sort = try query.sort.flatMap { $0.isEmpty ? nil : try SortSpec($0, collation: query.options.collation) }
        let filter = filter
        projection = try query.projection.flatMap {
            $0.isEmpty ? nil : try Projection($0, filter: filter, options: query.options)
        }
    }

    /// How many documents in order are wanted at most; nil: all.
    var bound: Int? {
        guard let limit = query.limit else { return nil }
        let (sum, overflow) = limit.addingReportingOverflow(query.skip)
        return overflow ? nil : sum
    }

    /// The fields that the answer needs, all of them whole and at the top; nil when that cannot be said.
    func neededFields() -> Set<String>? {
        guard let projected = query.projection, !projected.isEmpty else { return nil }
        var needed: Set<String> = ["_id"]
        for (name, value) in projected {
            guard !name.contains("."), !name.hasPrefix("$"), let isWanted = value.bool ?? value.int.map({ $0 != 0 })
            else { return nil }
            if name == "_id" {
                if !isWanted { needed.remove("_id") }
            } else if isWanted {
                needed.insert(name)
            } else {
                return nil
            }
        }
        // Excluding `_id` alone wants everything else.
        guard projected.keys != ["_id"] else { return nil }
        return needed
    }

    /// The fields that the filter looks at; nil when they are not all known.
    var filteredFields: Set<String>? {
        guard filter.isOnlyFacts else { return nil }
        return Set(filter.constraints.map(\.path))
    }
}
