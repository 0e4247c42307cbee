import StoreIO

// Plans in words: what `explain` answers.

/// How much `explain` tells.
public enum ExplainVerbosity: String, Sendable, CaseIterable {
    /// The chosen plan and those that were rejected; nothing is run.
    case queryPlanner
    /// Also runs the chosen plan and counts the keys and documents that it looked at.
    case executionStats
    /// Also runs the rejected plans.
    case allPlansExecution
}

extension CollectionReading {
    /// How a query is answered, as a document.
    ///
    /// `queryPlanner.winningPlan` is the chosen plan as nested stages; `executionStats` says what running it looked at.
    public func explain(
        _ query: FindQuery, verbosity: ExplainVerbosity = .queryPlanner
    ) throws(StoreError) -> Document {
        try converting { try explanation(query, verbosity: verbosity, counting: false) }
    }

    func explanation(_ query: FindQuery, verbosity: ExplainVerbosity, counting: Bool) throws -> Document {
        guard let (execution, rejected) = try execution(query, wantsAllPlans: true) else {
            return Explanation.missing(name, query, verbosity)
        }
        let described = Explanation(execution: execution, isCount: counting)
        var planner: Document = [
            "namespace": .string(name), "parsedQuery": .document(query.filter),
            "winningPlan": .document(described.stages(statistics: false)),
            "rejectedPlans": .array(
                rejected.filter { !$0.access.isCollectionScan || query.hint != nil }.map { plan in
                    let other = PlanExecution(execution, plan: plan)
                    return .document(Explanation(execution: other, isCount: counting).stages(statistics: false))
                }),
        ]
        if let collation = query.options.collation { planner.append("collation", .document(collation.document)) }
        var result: Document = ["queryPlanner": .document(planner)]
        guard verbosity != .queryPlanner else { return result }
        var statistics = try run(execution, isCount: counting)
        if verbosity == .allPlansExecution {
            let all = try rejected.map { plan -> BSONValue in
                .document(try run(PlanExecution(execution, plan: plan), isCount: counting))
            }
            statistics.append("allPlansExecution", .array(all))
        }
        result.append("executionStats", .document(statistics))
        return result
    }

    private func run(_ execution: PlanExecution, isCount: Bool) throws -> Document {
        let clock = transaction.store.options.time
        let start = clock.monotonicNanoseconds()
        var returned = 0
        if isCount {
            _ = try execution.count()
        } else {
            let source = try execution.documents()
            while try source.advance() { returned += 1 }
        }
        execution.counters.returned = returned
        let elapsed = clock.monotonicNanoseconds() &- start
        return [
            "executionSuccess": true, "nReturned": BSONValue(returned),
            "executionTimeMillis": BSONValue(Int(elapsed / 1_000_000)),
            "totalKeysExamined": BSONValue(execution.counters.keysExamined),
            "totalDocsExamined": BSONValue(execution.counters.documentsExamined),
            "executionStages": .document(Explanation(execution: execution, isCount: isCount).stages(statistics: true)),
        ]
    }
}

/// One plan as nested stages.
struct Explanation {
    let execution: PlanExecution
    let isCount: Bool

    static func missing(_ name: String, _ query: FindQuery, _ verbosity: ExplainVerbosity) -> Document {
        var result: Document = [
            "queryPlanner": [
                "namespace": .string(name), "parsedQuery": .document(query.filter), "winningPlan": ["stage": "EOF"],
                "rejectedPlans": [],
            ]
        ]
        if verbosity != .queryPlanner {
            result.append(
                "executionStats",
                [
                    "executionSuccess": true, "nReturned": 0, "executionTimeMillis": 0, "totalKeysExamined": 0,
                    "totalDocsExamined": 0, "executionStages": ["stage": "EOF"],
                ])
        }
        return result
    }

    /// The stages, the last one outermost.
    func stages(statistics: Bool) -> Document {
        let plan = execution.plan
        let query = execution.shape.query
        var stage = access(plan.access)
        let isCounted = isCount && !plan.needsFilter && isIndex(plan.access)
        if isCounted {
            stage["stage"] = "COUNT_SCAN"
        } else if !plan.isCovered, needsFetch(plan.access), !(isCount && execution.countsKeys) {
            var fetch: Document = ["stage": "FETCH"]
            if plan.needsFilter { fetch.append("filter", .document(query.filter)) }
            fetch.append("inputStage", .document(stage))
            stage = fetch
        } else if plan.needsFilter, stage["filter"] == nil {
            stage.append("filter", .document(query.filter))
        }
        if isCount { return wrapped("COUNT", stage) }
        if let sort = query.sort, !plan.isSorted {
            var sorted: Document = ["stage": "SORT", "sortPattern": .document(sort)]
            if let bound = execution.shape.bound { sorted.append("limitAmount", BSONValue(bound)) }
            sorted.append("memLimit", BSONValue(execution.resources.byteLimit))
            if statistics {
                sorted.append("usedDisk", .bool(execution.counters.spills > 0))
                sorted.append("spills", BSONValue(execution.counters.spills))
                sorted.append("spilledBytes", BSONValue(execution.counters.spilledBytes))
            }
            sorted.append("inputStage", .document(stage))
            stage = sorted
        }
        if query.skip > 0 { stage = wrapped("SKIP", stage, ["skipAmount": BSONValue(query.skip)]) }
        if let limit = query.limit { stage = wrapped("LIMIT", stage, ["limitAmount": BSONValue(limit)]) }
        if let projection = query.projection, !projection.isEmpty {
            stage = wrapped(
                plan.isCovered ? "PROJECTION_COVERED" : "PROJECTION_DEFAULT", stage,
                ["transformBy": .document(projection)])
        }
        if statistics {
            stage.append("keysExamined", BSONValue(execution.counters.keysExamined))
            stage.append("docsExamined", BSONValue(execution.counters.documentsExamined))
        }
        return stage
    }

    private func wrapped(_ name: String, _ inner: Document, _ fields: Document = [:]) -> Document {
        var stage: Document = ["stage": .string(name)]
        for (key, value) in fields { stage.append(key, value) }
        stage.append("inputStage", .document(inner))
        return stage
    }

    private func isIndex(_ access: PlanAccess) -> Bool { if case .index = access { true } else { false } }

    private func needsFetch(_ access: PlanAccess) -> Bool {
        switch access {
        case .index, .intersection, .union: true
        case .nothing, .collection, .identifiers: false
        }
    }

    /// Where the documents come from.
    func access(_ access: PlanAccess) -> Document {
        switch access {
        case .nothing: return ["stage": "EOF"]
        case .identifiers(let keys): return ["stage": "IDHACK", "keys": BSONValue(keys.count)]
        case .collection(let ranges, let isBackward):
            return [
                "stage": ranges == nil ? "COLLSCAN" : "CLUSTERED_IXSCAN",
                "direction": isBackward ? "backward" : "forward",
            ]
        case .index(let scan): return describe(scan)
        case .intersection(let scans):
            return ["stage": "AND_HASH", "inputStages": .array(scans.map { .document(describe($0)) })]
        case .union(let branches):
            return ["stage": "OR", "inputStages": .array(branches.map { .document(self.access($0)) })]
        }
    }

    private func describe(_ scan: IndexScan) -> Document {
        let specification = scan.index.specification
        var bounds = Document()
        for (path, intervals) in scan.bounds.parts {
            bounds.append(path, .array(intervals.map { .string($0.text) }))
        }
        return [
            "stage": "IXSCAN", "keyPattern": .document(specification.keys), "indexName": .string(scan.index.name),
            "isMultiKey": .bool(scan.index.isMultikey), "isUnique": .bool(specification.isUnique),
            "isSparse": .bool(specification.isSparse), "isPartial": .bool(specification.partialFilter != nil),
            "direction": scan.isBackward ? "backward" : "forward", "indexBounds": .document(bounds),
            "estimatedKeys": BSONValue(Int(scan.estimate.rounded())),
        ]
    }
}
