// One query by every plan that was weighed for it: for trials that hold plans against each other.

/// What one plan answers.
package struct PlannedAnswer {
    /// What kind of access it is, and the indexes in it.
    package let plan: String
    /// Whether an index alone answered.
    package let isCovered: Bool
    package let documents: [Document]
    /// How many documents match, without regard to skip and limit.
    package let count: Int
    /// The `_id` keys of the matches, as a deletion takes them.
    package let keys: [[UInt8]]
}

extension CollectionReading {
    /// The answers of all plans, the chosen one's first.
    package func everyPlan(_ query: FindQuery) throws -> [PlannedAnswer] {
        guard let (chosen, rejected) = try execution(query, wantsAllPlans: true) else { return [] }
        return try ([chosen] + rejected.map { PlanExecution(chosen, plan: $0) }).map { execution in
            var keys: [[UInt8]] = []
            try execution.keys { keys.append($0) }
            return PlannedAnswer(
                plan: Self.words(execution.plan), isCovered: execution.plan.isCovered,
                documents: try execution.documents().rest(), count: try execution.count(), keys: keys)
        }
    }

    private static func words(_ plan: Plan) -> String {
        let kind =
            switch plan.access {
            case .nothing: "nothing"
            case .collection(let ranges, _): ranges == nil ? "scan" : "scan of ranges"
            case .identifiers: "identifiers"
            case .index: plan.isCovered ? "covering index" : "index"
            case .intersection: "intersection"
            case .union: "union"
            }
        return ([kind] + plan.indexNames).joined(separator: " ") + (plan.isSorted ? ", sorted" : "")
    }
}
