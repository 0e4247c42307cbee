import SmartStore

// Random pipelines against the oracle.

/// Pipelines of the stages that read.
package struct PipelineTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "pipelines", title: "pipelines against the oracle", unit: "pipelines", everyChange: 5_000,
            release: 100_000)
    }

    private static let pipelines = 60
    private static let collections = 8

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let fixture = try QueryFixture(seed: mixedSeed(seed, 3))
            fixture.draw.isSmall = true
            for _ in 0..<Self.collections where !budget.isUsedUp(outcome.cases) {
                try fixture.refill(documentCount: fixture.draw.pick([0, 4, 10, 20]))
                try fixture.store.readSync { transaction in
                    for _ in 0..<Self.pipelines where !budget.isUsedUp(outcome.cases) {
                        let (stages, isOrdered) = fixture.draw.pipeline()
                        if let problem = try Self.problem(stages, isOrdered, fixture, transaction, &outcome) {
                            throw TrialError("\(problem)\npipeline \(stages)\(fixture.described)")
                        }
                    }
                }
            }
        } catch { outcome.failures.append("pipeline \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }

    private static func problem(
        _ stages: [Document], _ isOrdered: Bool, _ fixture: QueryFixture, _ transaction: ReadTransaction,
        _ outcome: inout TrialOutcome
    ) throws -> String? {
        var wanted: [[OracleField]]?
        do { wanted = try OraclePipeline().run(stages, fixture.documents) } catch is OracleRefusal {
        } catch is OracleUnsure {
            outcome.measures["left out", default: 0] += 1
            return nil
        }
        outcome.cases += 1
        let found: [Document]
        do { found = try transaction.collection(fixture.name).aggregate(stages) } catch {
            try QueryFixture.expectNamed(error)
            outcome.measures["refused", default: 0] += 1
            return wanted == nil ? nil : "was refused: \(error)"
        }
        guard let wanted else { return "was not refused: \(found)" }
        let order = OracleOrder()
        let hasSets = stages.contains { "\($0)".contains("$addToSet") }
        func canonical(_ document: [OracleField]) -> OracleValue {
            guard hasSets else { return .object(document) }
            return .object(
                document.map { field in
                    guard field.name.hasPrefix("r"), let elements = field.value.elements else { return field }
                    return OracleField(
                        name: field.name, value: .array(elements.sorted { order.compare($0, $1) < 0 }))
                })
        }
        var left = wanted.map(canonical)
        var right = found.map { canonical(OracleValue.fields($0)) }
        if !isOrdered {
            left.sort { order.compare($0, $1) < 0 }
            right.sort { order.compare($0, $1) < 0 }
        }
        guard left.count == right.count else { return "\(right.map(\.bson)) instead of \(left.map(\.bson))" }
        for (a, b) in zip(left, right) {
            // Of equal values of different types, the order decides which is kept: by value they are the same.
            let isSame = isOrdered ? a.bson == b.bson : order.isEqual(a, b)
            if !isSame { return "\(b.bson) instead of \(a.bson)\nof \(right.map(\.bson))" }
        }
        return nil
    }
}
