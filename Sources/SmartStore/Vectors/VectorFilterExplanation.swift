import PageStore

// What `explain` says of the filter of a vector search: how its rows are found.
//
// It tells of a filter that nobody has asked yet: sets that are kept with the index are left out of it.

extension CollectionReading {
    /// How the filter of a vector search is answered; nil when it has none.
    ///
    /// `ROW_LIST`: the documents are named. `ROW_SET`: indexes find them, by the plan inside. `ROW_TEST`: each row that
    /// the search meets is asked about.
    func filterExplanation(_ query: VectorQuery, verbosity: ExplainVerbosity) throws -> Document? {
        guard let filter = query.filter, !filter.isEmpty else { return nil }
        try query.validate()
        let index = try transaction.index(on: name, field: query.field)
        guard let entry = try transaction.entry(name) else { return nil }
        let plan = try VectorFilterPlan(filter, in: entry, index, transaction, VectorSearch.expectedEffort(query))
        var stage: Document
        if let keys = plan.keys {
            stage = ["stage": "ROW_LIST", "keys": BSONValue(keys.count), "filter": .document(filter)]
        } else if let execution = plan.execution, plan.finds(comesAgain: false) {
            let inner = Explanation(execution: execution, isCount: false)
            // Documents are read only where the indexes do not say everything.
            let stages =
                execution.plan.needsFilter ? inner.stages(statistics: false) : inner.access(execution.plan.access)
            stage = [
                "stage": "ROW_SET", "estimatedRows": BSONValue(Int(execution.plan.estimate.rounded())),
                "inputStage": .document(stages),
            ]
        } else {
            stage = ["stage": "ROW_TEST", "filter": .document(filter)]
        }
        guard verbosity != .queryPlanner else { return stage }
        let search = try VectorSearch(query, in: entry, index, transaction, usesCache: false)
        let found = try search.run()
        stage.append("nReturned", BSONValue(found.count))
        stage.append("keysExamined", BSONValue(search.filter.counters.keysExamined))
        stage.append("docsExamined", BSONValue(search.filter.documentsExamined))
        return stage
    }
}
