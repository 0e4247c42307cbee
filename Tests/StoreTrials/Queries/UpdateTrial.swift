import SmartStore
import StoreIO

// Random changes: updates of one and of many, upserts, replacements, insertions and deletions, against the oracle; after
// each the documents, the counts and the entries of every index are what they must be.

/// Changes by every operator, with indexes to keep.
package struct UpdateTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "updates", title: "updates and indexes against the oracle", unit: "changes", everyChange: 5_000,
            release: 200_000)
    }

    private static let changes = 60
    private static let collections = 6
    /// Changes between two full checks of the store.
    private static let checkStep = 12

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let fixture = try QueryFixture(seed: mixedSeed(seed, 2))
            for _ in 0..<Self.collections where !budget.isUsedUp(outcome.cases) {
                try fixture.refill(documentCount: fixture.draw.pick([2, 6, 10]))
                for step in 0..<Self.changes where !budget.isUsedUp(outcome.cases) {
                    let before = fixture.described
                    let change = ChangeCase(fixture)
                    do {
                        try change.run(&outcome)
                        let isDeep = step % Self.checkStep == Self.checkStep - 1
                        if let problem = try fixture.difference(isDeep: isDeep) { throw TrialError(problem) }
                    } catch { throw TrialError("\(error)\n\(change)\(before)") }
                }
            }
        } catch { outcome.failures.append("change \(outcome.cases): \(error); \(replay(seed))") }
        return outcome
    }
}

/// One change.
struct ChangeCase: CustomStringConvertible {
    private enum Kind {
        case update(UpdateRequest)
        case insert(Document)
        case replace(BSONValue, Document, upsert: Bool)
        case delete(FindQuery)
    }

    private let fixture: QueryFixture
    private let kind: Kind
    private let isRolledBack: Bool

    init(_ fixture: QueryFixture) {
        self.fixture = fixture
        let draw = fixture.draw
        isRolledBack = draw.chance(8)
        switch draw.below(20) {
        case 0, 1: kind = .insert(fixture.newDocument())
        case 2:
            let id: BSONValue = fixture.documents.isEmpty ? 1 : draw.pick(fixture.documents)["_id"]?.bson ?? .null
            let fields = draw.fields(isPlain: fixture.isPlain)
            kind = .replace(id, Document(fields: fields), upsert: draw.chance(50))
        case 3:
            var query = FindQuery(draw.filter(), sort: ["_id": 1])
            if draw.chance(50) { query.limit = 1 } else { query.sort = nil }
            kind = .delete(query)
        case 4, 5, 6:
            let (filter, update) = draw.positional()
            kind = .update(Self.request(filter, .document(update), draw, isMulti: draw.chance(40)))
        case 7, 8:
            let (update, filters) = draw.update(isMulti: false)
            var request = Self.request(draw.upsertFilter(), update, draw, isMulti: false)
            request.upsert = true
            request.arrayFilters = filters
            kind = .update(request)
        default:
            let isMulti = draw.chance(60)
            let (update, filters) = draw.update(isMulti: isMulti)
            var request = Self.request(draw.chance(60) ? draw.filter() : [:], update, draw, isMulti: isMulti)
            request.arrayFilters = filters
            kind = .update(request)
        }
    }

    private static func request(_ filter: Document, _ update: BSONValue, _ draw: Draw, isMulti: Bool) -> UpdateRequest {
        var request = UpdateRequest(filter, update)
        request.multi = isMulti
        if !isMulti { request.query.sort = ["_id": 1] }
        if draw.chance(30) { request.query.hint = ["$natural": 1] }
        let text = "\(update)"
        if !["$min", "$max", "$pull", "$addToSet", "$push"].contains(where: { text.contains($0) }) {
            request.query.options.collation = draw.collation(6)
        }
        return request
    }

    var description: String {
        switch kind {
        case .insert(let document): return "insert \(document)"
        case .replace(let id, let document, let upsert): return "replace \(id) with \(document), upsert \(upsert)"
        case .delete(let query): return "delete \(query.filter), limit \(query.limit ?? -1)"
        case .update(let request):
            return
                "update \(request.query.filter) with \(request.update) \(request.arrayFilters), multi \(request.multi), "
                + "upsert \(request.upsert), collation \(request.query.options.collation?.document ?? [:])"
        }
    }

    /// What the oracle makes of it.
    private struct Expected {
        var documents: [[OracleField]]
        var matched = 0
        var modified = 0
        /// The document that an upsert makes; without `_id` when one is made up.
        var inserted: [OracleField]?
    }

    func run(_ outcome: inout TrialOutcome) throws {
        var expected: Expected?
        var refusal = "an index refuses it"
        do {
            expected = try self.expected()
            if let documents = expected?.documents {
                let all = documents + (expected?.inserted.map { [$0] } ?? [])
                guard let isAccepted = fixture.accepts(all) else { throw OracleUnsure("an index") }
                if !isAccepted || !hasOwnIDs(all) { expected = nil }
            }
        } catch let error as OracleRefusal {
            refusal = error.description
        } catch is OracleUnsure {
            outcome.measures["left out", default: 0] += 1
            return
        }
        outcome.cases += 1
        let transaction = try fixture.store.beginWrite()
        do {
            let result = try apply(transaction.collection(fixture.name))
            guard let wanted = expected else { throw TrialError("was not refused: \(refusal)") }
            try compare(result, wanted)
            if isRolledBack {
                transaction.rollBack()
                return
            }
            try transaction.commit(durability: .relaxed)
            fixture.documents = wanted.documents
            if let inserted = wanted.inserted { try take(inserted, result.upsertedID) }
            fixture.sortDocuments()
        } catch let error as StoreError {
            try QueryFixture.expectNamed(error)
            guard expected == nil else {
                transaction.rollBack()
                throw TrialError("was refused: \(error)")
            }
            outcome.measures["refused", default: 0] += 1
            // What is refused leaves nothing behind, and the transaction may go on.
            try transaction.commit(durability: .relaxed)
        } catch {
            transaction.rollBack()
            throw error
        }
    }

    private func hasOwnIDs(_ documents: [[OracleField]]) -> Bool {
        let ids = documents.compactMap { $0["_id"] }
        let order = OracleOrder()
        return ids.indices.allSatisfy { a in ids[..<a].allSatisfy { !order.isEqual($0, ids[a]) } }
    }

    private func expected() throws -> Expected {
        var expected = Expected(documents: fixture.documents)
        switch kind {
        case .insert(let document): expected.inserted = OracleValue.fields(document)
        case .replace(let id, let document, let upsert):
            let place = fixture.documents.firstIndex {
                OracleOrder().isEqual($0["_id"] ?? .plain(.null), OracleValue(id))
            }
            let fields = [OracleField(name: "_id", value: OracleValue(id))] + OracleValue.fields(document)
            if let place {
                expected.documents[place] = fields
                expected.matched = 1
            } else if upsert {
                expected.inserted = fields
            }
        case .delete(let query):
            let filter = OracleFilter()
            var left = query.limit ?? .max
            expected.documents = try fixture.documents.filter { document in
                guard left > 0, try filter.matches(query.filter, document) else { return true }
                left -= 1
                return false
            }
            expected.matched = fixture.documents.count - expected.documents.count
        case .update(let request):
            let collation = request.query.options.collation
            let filter = OracleFilter(collation)
            let update = OracleUpdate(request.update, request.arrayFilters, collation, now: fixture.clock.now())
            try update.check()
            for (place, document) in fixture.documents.enumerated()
            where try filter.matches(request.query.filter, document) && (request.multi || expected.matched == 0) {
                expected.matched += 1
                let changed = try update.apply(to: document, foundBy: request.query.filter)
                if OracleValue.document(changed) != OracleValue.document(document) { expected.modified += 1 }
                expected.documents[place] = changed
            }
            if expected.matched == 0, request.upsert {
                expected.inserted = try update.inserted(for: request.query.filter)
            }
        }
        return expected
    }

    /// What the engine answers.
    private struct Answer {
        var matched = 0
        var modified = 0
        var upsertedID: BSONValue?
    }

    private func apply(_ collection: CollectionWriter) throws -> Answer {
        switch kind {
        case .insert(let document): return Answer(upsertedID: try collection.insert(document))
        case .replace(let id, let document, let upsert):
            return Answer(matched: try collection.replace(id, with: document, upsert: upsert) ? 1 : 0, upsertedID: id)
        case .delete(let query): return Answer(matched: try collection.delete(query))
        case .update(let request):
            let outcome = try collection.update(request)
            return Answer(matched: outcome.matched, modified: outcome.modified, upsertedID: outcome.upsertedID)
        }
    }

    private func compare(_ result: Answer, _ wanted: Expected) throws {
        guard result.matched == wanted.matched else {
            throw TrialError("\(result.matched) matched instead of \(wanted.matched)")
        }
        guard case .update = kind else { return }
        guard result.modified == wanted.modified else {
            throw TrialError("\(result.modified) modified instead of \(wanted.modified)")
        }
        guard (result.upsertedID != nil) == (wanted.inserted != nil) else {
            throw TrialError("upserted \(result.upsertedID ?? .null)")
        }
    }

    /// Takes over a document that was inserted. The order of fields that an upsert takes from its filter is its own.
    private func take(_ inserted: [OracleField], _ id: BSONValue?) throws {
        guard case .update = kind, let id else {
            fixture.documents.append(inserted)
            return
        }
        let found = try fixture.store.readSync { try $0.collection(fixture.name).get(id) } ?? Document()
        var wanted = inserted
        if wanted["_id"] == nil { wanted.insert(OracleField(name: "_id", value: OracleValue(id)), at: 0) }
        guard found.sortedByName == OracleValue.document(wanted).sortedByName, found.keys.first == "_id" else {
            throw TrialError("upserted \(found) instead of \(OracleValue.document(wanted))")
        }
        fixture.documents.append(OracleValue.fields(found))
    }
}
