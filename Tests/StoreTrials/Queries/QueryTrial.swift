import SmartStore

// Random queries on random collections: every plan that was weighed, every index by hint, the scan of the collection and
// the oracle must agree: on documents, their order, projections, counts and keys.

/// Filters, orders and projections, by every plan and by the oracle.
package struct QueryTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "queries", title: "queries by every plan, by scan and by the oracle", unit: "queries",
            everyChange: 20_000, release: 1_000_000)
    }

    /// Queries on one collection, and collections of one round.
    private static let queries = 60
    private static let collections = 8

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let fixture = try QueryFixture(seed: seed)
            for _ in 0..<Self.collections where !budget.isUsedUp(outcome.cases) {
                try fixture.refill(documentCount: fixture.draw.pick([0, 3, 8, 14, 14, 20]))
                try fixture.store.readSync { transaction in
                    for _ in 0..<Self.queries where !budget.isUsedUp(outcome.cases) {
                        let query = QueryCase(fixture)
                        if let problem = try query.problem(in: transaction, &outcome) {
                            throw TrialError("\(problem)\n\(query)\(fixture.described)")
                        }
                    }
                }
                if let problem = try fixture.difference(isDeep: true) { throw TrialError(problem + fixture.described) }
            }
        } catch { outcome.failures.append("query \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }
}

/// One query with what the oracle expects of it.
struct QueryCase: CustomStringConvertible {
    private let fixture: QueryFixture
    private var query: FindQuery

    init(_ fixture: QueryFixture) {
        self.fixture = fixture
        let draw = fixture.draw
        query = FindQuery(draw.filter(), sort: draw.sort(), projection: draw.projection())
        if draw.chance(30), let index = fixture.indexes.isEmpty ? nil : draw.pick(fixture.indexes) { suit(index) }
        query.options.collation = draw.collation(15)
        if draw.chance(30) {
            query.skip = draw.below(4)
            if draw.chance(80) { query.limit = 1 + draw.below(5) }
        }
    }

    /// Makes the query one that an index could answer: conditions and an order on its paths, and perhaps nothing but its
    /// fields asked for.
    private mutating func suit(_ index: OracleIndex) {
        let draw = fixture.draw
        let keys = index.specification.keys
        let paths = keys.keys.filter { !$0.hasSuffix("$**") }
        var filter = Document()
        for path in paths.prefix(1 + draw.below(3)) where draw.chance(75) {
            filter.append(path, draw.condition(depth: 2))
        }
        query.filter = filter
        if draw.chance(50) {
            let turn: Int32 = draw.chance(50) ? 1 : -1
            let sort = keys.filter { paths.contains($0.key) }.map {
                ($0.key, BSONValue.int32(turn * Int32($0.value.int ?? 1)))
            }
            let count = 1 + draw.below(3)
            query.sort = Document(fields: Array(draw.chance(70) ? sort.prefix(count) : sort.suffix(count)))
        }
        guard draw.chance(60) else { return }
        var projection = Document(fields: paths.filter { !$0.contains(".") && $0 != "_id" }.map { ($0, 1) })
        if draw.chance(60) || projection.isEmpty { projection.append("_id", paths.contains("_id") ? 1 : 0) }
        if projection != ["_id": 0] { query.projection = projection }
    }

    var description: String {
        "filter \(query.filter) sort \(query.sort ?? [:]) projection \(query.projection ?? [:]) skip \(query.skip) "
            + "limit \(query.limit ?? -1) collation \(query.options.collation?.document ?? [:])"
    }

    /// What the oracle says: the documents in groups of equal place.
    private struct Expected {
        var ids: [BSONValue] = []
        var groups: [[Document]] = []
        var refusal: String?
    }

    private func expected() throws -> Expected {
        var expected = Expected()
        let filter = OracleFilter(query.options.collation)
        let matches = try fixture.documents.filter { try filter.matches(query.filter, $0) }
        expected.ids = matches.map { $0["_id"]?.bson ?? .null }
        let projection = query.projection.map { OracleProjection($0, query.options.collation) }
        func shown(_ document: [OracleField]) throws -> Document {
            OracleValue.document(try projection?.apply(document) ?? document)
        }
        guard let sort = query.sort else {
            expected.groups = [try matches.map(shown)]
            return expected
        }
        let keys = OracleKeys(sort, query.options.collation)
        do {
            let placed = try matches.map { (try keys.place($0), $0) }.sorted { keys.compare($0.0, $1.0) < 0 }
            var last: [OracleValue?]?
            for (place, document) in placed {
                if let last, keys.compare(last, place) == 0 {
                    expected.groups[expected.groups.count - 1].append(try shown(document))
                } else {
                    expected.groups.append([try shown(document)])
                }
                last = place
            }
        } catch let refusal as OracleRefusal { expected.refusal = refusal.description }
        return expected
    }

    /// What is wrong with one of the answers; nil: nothing.
    func problem(in transaction: ReadTransaction, _ outcome: inout TrialOutcome) throws -> String? {
        let expected: Expected
        do { expected = try self.expected() } catch is OracleUnsure {
            outcome.measures["left out", default: 0] += 1
            return nil
        }
        outcome.cases += 1
        let collection = transaction.collection(fixture.name)
        var answers: [(how: String, PlannedAnswer)] = []
        for hint in [nil, ["$natural": 1]] + fixture.indexes.map({ .string($0.specification.effectiveName) })
            as [BSONValue?]
        {
            var hinted = query
            hinted.hint = hint
            let how = hint.map { "by hint \($0)" } ?? "by its own choice"
            do {
                for answer in try collection.everyPlan(hinted) { answers.append(("\(how), \(answer.plan)", answer)) }
            } catch {
                try QueryFixture.expectNamed(error)
                if expected.refusal != nil || isRefusedHint(hint, error) { continue }
                return "\(how): \(error)"
            }
            // A plan without a sort does not see what could not be sorted.
            if expected.refusal != nil, hint == ["$natural": 1] { return "was not refused: \(expected.refusal ?? "")" }
        }
        guard expected.refusal == nil else { return nil }
        for (how, answer) in answers {
            outcome.measures["plans", default: 0] += 1
            outcome.measures[String(answer.plan.prefix { $0 != " " && $0 != "," }), default: 0] += 1
            if let problem = problem(of: answer, expected) { return "\(how): \(problem)" }
        }
        return try publicProblem(collection, expected)
    }

    private func isRefusedHint(_ hint: BSONValue?, _ error: any Error) -> Bool {
        guard let hint, hint != ["$natural": 1] else { return false }
        return "\(error)".contains("does not hold every document")
    }

    private func problem(of answer: PlannedAnswer, _ expected: Expected) -> String? {
        guard answer.count == expected.ids.count else { return "counts \(answer.count), not \(expected.ids.count)" }
        let keys = expected.ids.compactMap { try? KeyEncoding.id($0) }
        guard answer.keys.count == keys.count, Set(answer.keys) == Set(keys) else { return "other keys" }
        return problem(of: answer.documents, expected, isCovered: answer.isCovered)
    }

    /// Holds documents against the groups, place by place.
    private func problem(of found: [Document], _ expected: Expected, isCovered: Bool) -> String? {
        // An index gives fields in its own order, and made fields come behind the others.
        let ignoresOrder =
            isCovered || (query.projection?.contains { $0.value.bool == nil && $0.value.int == nil } ?? false)
        func canonical(_ document: Document) -> Document { ignoresOrder ? document.sortedByName : document }
        let wantedCount = min(max(0, expected.ids.count - query.skip), query.limit ?? .max)
        guard found.count == wantedCount else { return "\(found.count) documents, not \(wantedCount): \(found)" }
        var left = expected.groups.map { $0.map(canonical) }
        var (group, end) = (0, left.first?.count ?? 0)
        for (place, document) in found.enumerated() {
            while place + query.skip >= end {
                group += 1
                end += expected.groups[group].count
            }
            guard let member = left[group].firstIndex(of: canonical(document)) else {
                return "place \(place + query.skip) has \(document), which is none of \(left[group])"
            }
            left[group].remove(at: member)
        }
        return nil
    }

    /// The same through what programs call.
    private func publicProblem(_ collection: CollectionReader, _ expected: Expected) throws -> String? {
        let found = try collection.find(query)
        let plan = try collection.explain(query, verbosity: .executionStats)
        let isCovered = "\(plan)".contains("PROJECTION_COVERED")
        if let problem = problem(of: found, expected, isCovered: isCovered) { return "find: \(problem)" }
        guard plan["executionStats"]?.document?["nReturned"]?.int == found.count else { return "explain: \(plan)" }
        let counted = try collection.count(query)
        guard counted == found.count else { return "count: \(counted), not \(found.count)" }
        guard fixture.draw.chance(15) else { return nil }
        let path = fixture.draw.pick(["a", "b", "c", "d.x", "d.y"])
        return try distinctProblem(path)
    }

    private func distinctProblem(_ path: String) throws -> String? {
        var command: Document = [
            "distinct": .string(fixture.name), "key": .string(path), "query": .document(query.filter),
        ]
        if let collation = query.options.collation { command.append("collation", .document(collation.document)) }
        let reply = CommandRunner(store: fixture.store, actor: "trial").run(command)
        guard let values = reply["values"]?.array else { return "distinct \(path): \(reply)" }
        let filter = OracleFilter(query.options.collation)
        var wanted: [OracleValue] = []
        for document in fixture.documents where try filter.matches(query.filter, document) {
            let steps = path.split(separator: ".").map(String.init)
            for value in Self.gathered(steps[...], .object(document))
            where !wanted.contains(where: { filter.order.isEqual($0, value) }) {
                wanted.append(value)
            }
        }
        let found = values.map { OracleValue($0) }
        let isSame =
            found.count == wanted.count
            && found.allSatisfy { value in wanted.contains { filter.order.isEqual($0, value) } }
        return isSame ? nil : "distinct \(path): \(values), not \(wanted.map(\.bson))"
    }

    private static func gathered(_ steps: ArraySlice<String>, _ value: OracleValue) -> [OracleValue] {
        guard let step = steps.first else { return value.elements ?? [value] }
        switch value {
        case .object(let fields): return fields[step].map { gathered(steps.dropFirst(), $0) } ?? []
        case .array(let elements): return elements.flatMap { $0.fields == nil ? [] : gathered(steps, $0) }
        case .plain: return []
        }
    }
}
