import PageStore

// Queries of a collection, planned and run.

extension CollectionReading {
    /// The documents of a query, one after another.
    package func source(_ query: FindQuery) throws -> any DocumentSource {
        guard let (execution, _) = try execution(query) else { return ListedDocuments([]) }
        return try execution.documents()
    }

    /// As `source`, but a projection only serves to spare documents where an index has the fields: it changes nothing else.
    func source(_ query: FindQuery, projectsOnlyWhenCovered: Bool) throws -> any DocumentSource {
        guard projectsOnlyWhenCovered, query.projection != nil else { return try source(query) }
        guard let (execution, _) = try execution(query) else { return ListedDocuments([]) }
        if execution.plan.isCovered { return try execution.documents() }
        var plain = query
        plain.projection = nil
        return try source(plain)
    }

    /// Documents in an order.
    func sorted(
        _ source: any DocumentSource, by sort: SortSpec, bound: Int?, allowsDiskUse: Bool
    ) throws -> any DocumentSource {
        SortedSource(source, sort, bound: bound, transaction.store.sortResources(allowsDiskUse: allowsDiskUse))
    }

    /// A query with its plan, and the plans that were rejected; nil when there is no collection.
    func execution(_ query: FindQuery, wantsAllPlans: Bool = false) throws -> (PlanExecution, rejected: [Plan])? {
        let shape = try QueryShape(query)
        guard let entry = try transaction.entry(name) else { return nil }
        let plans = try Planner(shape, entry, transaction).plans(wantsAll: wantsAllPlans)
        let resources = transaction.store.sortResources(allowsDiskUse: query.allowsDiskUse)
        let execution = PlanExecution(shape, plans[0], entry, transaction.view, deadline(of: query), resources)
        return (execution, Array(plans.dropFirst()))
    }

    private func deadline(of query: FindQuery) -> QueryDeadline {
        let limit = query.maxTimeMS.flatMap { $0 > 0 ? $0 : nil }
        return QueryDeadline(
            milliseconds: limit, time: transaction.store.options.time, cancellation: transaction.cancellation)
    }

    /// How many documents match a query; skip and limit count.
    package func count(_ query: FindQuery) throws -> Int {
        guard let (execution, _) = try execution(query) else { return 0 }
        let matching =
            execution.shape.filter.isTrivial && query.hint == nil
            ? try transaction.documentCount(of: execution.entry) : try execution.count()
        let rest = max(0, matching - query.skip)
        return query.limit.map { min(rest, $0) } ?? rest
    }
}
