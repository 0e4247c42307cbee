import PageStore

// Chooses how a query is answered: every index that its facts can use, pairs of them, unions for `$or`, and the scan of
// the whole collection are estimated; the cheapest wins. A plan that costs next to nothing in any case is taken at once.

struct Planner {
    private let shape: QueryShape
    private let entry: CollectionEntry
    private let estimates: PlanEstimates
    private let collation: Collation?

    init(_ shape: QueryShape, _ entry: CollectionEntry, _ transaction: TransactionView) throws {
        self.shape = shape
        self.entry = entry
        estimates = try PlanEstimates(entry, transaction)
        collation = shape.query.options.collation
    }

    /// Every plan that was weighed, the chosen one first.
    /// - Parameter wantsAll: for `explain`. Without it, a plan of next to no cost ends the search for better ones.
    /// - Throws: `badValue` for a hint that names no index, or one that cannot answer the query.
    func plans(wantsAll: Bool) throws -> [Plan] {
        if let hint = shape.query.hint { return [try hinted(hint)] }
        if let keys = try shape.filter.identifiedKeys(), collation == nil || !shape.filter.hasTextIdentifier {
            return [try identified(keys)]
        }
        var (plans, good) = try indexPlans(wantsAll: wantsAll)
        if !wantsAll, let good { return [good] }
        if shape.sort == nil || plans.isEmpty || !plans.contains(where: \.isSorted) {
            plans += try intersections(plans)
        }
        plans += try unions()
        plans.append(try collectionPlan())
        let ordered = plans.enumerated().sorted { a, b in
            a.element.cost == b.element.cost ? a.offset < b.offset : a.element.cost < b.element.cost
        }.map(\.element)
        // What is shown is what is done.
        guard let good else { return ordered }
        return [good] + ordered.filter { $0.indexNames != good.indexNames }
    }

    // MARK: By _id

    private func identified(_ keys: [[UInt8]]) throws -> Plan {
        let unique = Set(keys).sorted { $0.lexicographicallyPrecedes($1) }
        var plan = Plan(access: unique.isEmpty ? .nothing : .identifiers(unique))
        plan.needsFilter = !shape.filter.isOfIdentifierAlone
        plan.isSorted = unique.count <= 1 || isByIdentifier(backward: false)
        plan.estimate = Double(unique.count)
        plan.cost = plan.estimate * PlanCost.fetched
        return plan
    }

    private func isByIdentifier(backward: Bool) -> Bool {
        guard let sort = shape.sort else { return true }
        return sort.pattern.parts.count == 1 && sort.pattern.parts[0].path.text == "_id"
            && sort.pattern.parts[0].isDescending == backward && collation == nil
    }

    private func collectionPlan(isForced: Bool = false) throws -> Plan {
        let pattern = Self.identifierPattern
        let bounds = IndexBounds(
            isForced ? FilterFacts() : shape.filter.facts, parts: pattern, isMultikey: false,
            collation: CollationMatch(collation: nil, isSame: collation == nil))
        let isBackward = shape.sort != nil && isByIdentifier(backward: true)
        let isRanged = bounds.usedParts > 0
        var plan = Plan(access: .collection(ranges: isRanged ? bounds.ranges : nil, isBackward: isBackward))
        plan.needsFilter = !shape.filter.isTrivial
        plan.isSorted = shape.sort == nil || isBackward || isByIdentifier(backward: false)
        let examined = isRanged ? try estimates.documents(bounds.ranges) : estimates.documentCount
        plan.estimate = shape.filter.isTrivial ? examined : examined * PlanCost.unknownShare
        plan.cost = finished(examined * PlanCost.scanned, plan.estimate, isSorted: plan.isSorted)
        return plan
    }

    private static let identifierPattern: [KeyPattern.Part] =
        ((try? KeyPattern(["_id": 1]))?.parts) ?? []

    // MARK: One index

    /// The plans of single indexes, and the first of them that is good enough to look no further.
    private func indexPlans(wantsAll: Bool) throws -> (plans: [Plan], good: Plan?) {
        var plans: [Plan] = []
        var good: Plan?
        for index in entry.secondary where index.definition.isUsable && mayServe(index.definition) {
            guard let plan = try plan(index.definition, isForced: false, mayGuess: !wantsAll) else { continue }
            plans.append(plan)
            if good == nil, plan.isGood {
                good = plan
                if !wantsAll { break }
            }
        }
        return (plans, good)
    }

    /// Whether an index can be better than the whole collection: it narrows by its first path, gives an order, or has all
    /// that is asked for.
    private func mayServe(_ index: IndexDefinition) -> Bool {
        guard shape.projection == nil, let first = index.source.parts.first?.path.text else { return true }
        return shape.filter.constraints.contains { $0.path == first }
            || shape.sort?.pattern.parts.first?.path.text == first
    }

    /// - Parameter mayGuess: an estimate is not made where the limit alone says that the plan is good.
    private func plan(_ index: IndexDefinition, isForced: Bool, mayGuess: Bool = false) throws -> Plan? {
        guard var scan = try scan(index, shape.filter.facts, isEstimated: false) else { return nil }
        let order = sortDirection(of: scan)
        let bounds = scan.bounds
        let isExact =
            shape.filter.isTrivial
            || (shape.filter.isOnlyFacts && bounds.isExact && bounds.usedFacts == shape.filter.constraints.count)
        let isCovered = covers(index, bounds, isExact: isExact, isSorted: shape.sort == nil || order != nil)
        guard isForced || bounds.usedParts > 0 || (order != nil && shape.sort != nil) || isCovered else { return nil }
        scan.isBackward = order == .backward
        var plan = Plan(access: bounds.ranges.isEmpty ? .nothing : .index(scan))
        plan.needsFilter = !isExact
        plan.isSorted = shape.sort == nil || order != nil
        plan.isCovered = isCovered
        // In order and without a filter, no more is read than is wanted.
        let most = isExact && plan.isSorted ? shape.bound.map { Double($0) } : nil
        let mostCost = most.map {
            Double(bounds.ranges.count) * PlanCost.seek + $0 * (PlanCost.entry + PlanCost.fetched)
        }
        plan.isGood = mostCost.map { $0 < PlanCost.negligible } ?? false
        if plan.isGood, mayGuess {
            plan.estimate = most ?? 0
            plan.cost = mostCost ?? 0
            return plan
        }
        scan.estimate = try estimates.entries(bounds.ranges, of: index)
        if !bounds.ranges.isEmpty { plan.access = .index(scan) }
        plan.estimate = isExact ? scan.estimate : scan.estimate * PlanCost.unknownShare.squareRoot()
        let cost =
            Double(bounds.ranges.count) * PlanCost.seek
            + scan.estimate * (PlanCost.entry + (isCovered ? PlanCost.entry : PlanCost.fetched))
        plan.cost = finished(cost, plan.estimate, isSorted: plan.isSorted)
        plan.isGood = plan.isGood || (plan.isSorted && plan.cost < PlanCost.negligible && scan.estimate < 64)
        return plan
    }

    /// The scan of an index by facts; nil when documents could match that are not in it.
    private func scan(
        _ index: IndexDefinition, _ facts: FilterFacts, isEstimated: Bool = true
    ) throws -> IndexScan? {
        guard let bounds = IndexBounds.of(facts, in: index, collation: collation) else { return nil }
        if index.specification.isSparse, bounds.holdsMissing, !excludesMissing(facts, index) { return nil }
        if let partial = index.partial, collation != nil || !facts.imply(partial.filter) { return nil }
        var scan = IndexScan(index: index, bounds: bounds)
        if isEstimated { scan.estimate = try estimates.entries(bounds.ranges, of: index) }
        return scan
    }

    /// Whether some fact demands a value on one of the index's paths.
    private func excludesMissing(_ facts: FilterFacts, _ index: IndexDefinition) -> Bool {
        let paths = Set(index.source.parts.map(\.path.text))
        return facts.constraints.contains { paths.contains($0.path) && $0.kind == .exists(true) }
    }

    private enum Direction { case forward, backward }

    /// The direction in which a scan comes in the order that is asked for; nil when it does not.
    private func sortDirection(of scan: IndexScan) -> Direction? {
        guard let sort = shape.sort else { return .forward }
        let index = scan.index
        guard !index.source.isWildcard, index.specification.collation == sort.pattern.collation else { return nil }
        // Bounds on an array's elements leave out those that decide its place.
        if index.isMultikey, scan.bounds.parts.contains(where: { $0.intervals != [.all] }) { return nil }
        let parts = index.source.parts
        let fixedParts = scan.bounds.fixedParts
        var place = 0
        var direction: Direction?
        for wanted in sort.pattern.parts {
            while place < min(fixedParts, parts.count), parts[place].path.text != wanted.path.text { place += 1 }
            guard place < parts.count, parts[place].path.text == wanted.path.text else {
                // A path that is fixed to one value orders nothing, wherever it stands.
                if parts.prefix(fixedParts).contains(where: { $0.path.text == wanted.path.text }) { continue }
                return nil
            }
            let part = parts[place]
            place += 1
            if place <= fixedParts { continue }
            let needed: Direction = part.isDescending == wanted.isDescending ? .forward : .backward
            if let direction, direction != needed { return nil }
            direction = needed
        }
        return direction ?? .forward
    }

    /// Whether an index has everything that filter, order and projection need.
    private func covers(_ index: IndexDefinition, _ bounds: IndexBounds, isExact: Bool, isSorted: Bool) -> Bool {
        guard !index.isMultikey, !index.source.isWildcard, index.specification.collation == nil,
            let needed = shape.neededFields()
        else { return false }
        // A value within a document does not make the document.
        var known = Set(index.source.parts.filter { $0.path.pieces.count == 1 }.map(\.path.text))
        known.insert("_id")
        guard needed.isSubset(of: known) else { return false }
        if !isExact {
            guard let filtered = shape.filteredFields, filtered.isSubset(of: known) else { return false }
        }
        guard !isSorted, let sort = shape.sort else { return true }
        return sort.pattern.parts.allSatisfy { known.contains($0.path.text) }
    }

    // MARK: Several indexes

    /// Two indexes, when reading both is less than fetching what the better one finds.
    private func intersections(_ plans: [Plan]) throws -> [Plan] {
        let scans = plans.compactMap { plan -> IndexScan? in
            guard case .index(let scan) = plan.access, scan.bounds.usedParts > 0, !plan.isCovered else { return nil }
            return scan
        }.sorted { $0.estimate < $1.estimate }
        guard scans.count > 1, estimates.documentCount > 0 else { return [] }
        var found: [Plan] = []
        for second in scans.dropFirst() where Self.areApart(scans[0].index, second.index) {
            let pair = [scans[0], second]
            let both = pair.reduce(estimates.documentCount) { $0 * min(1, $1.estimate / estimates.documentCount) }
            var plan = Plan(access: .intersection(pair))
            plan.isSorted = isByIdentifier(backward: false)
            plan.needsFilter = !isExact(pair)
            plan.estimate = both
            let cost = pair.reduce(0) { $0 + $1.estimate * (PlanCost.entry + PlanCost.intersected) }
            plan.cost = finished(
                cost + both * PlanCost.fetched, both, isSorted: plan.isSorted, needsAll: true)
            found.append(plan)
        }
        return found
    }

    /// Whether being in the ranges of all of these is matching the filter: each says exactly what the filter says of its
    /// paths, and no path is left.
    private func isExact(_ scans: [IndexScan]) -> Bool {
        guard shape.filter.isOnlyFacts else { return false }
        var said: Set<String> = []
        for scan in scans {
            let paths = Set(scan.bounds.parts.map(\.path))
            let facts = shape.filter.constraints.filter { paths.contains($0.path) }
            guard scan.bounds.isExact, scan.bounds.usedFacts == facts.count else { return false }
            said.formUnion(facts.map(\.path))
        }
        return shape.filter.constraints.allSatisfy { said.contains($0.path) }
    }

    private static func areApart(_ a: IndexDefinition, _ b: IndexDefinition) -> Bool {
        a.source.document.keys.first != b.source.document.keys.first
    }

    /// An index for each branch of an `$or`.
    private func unions() throws -> [Plan] {
        var plans: [Plan] = []
        for union in shape.filter.facts.unions {
            var branches: [PlanAccess] = []
            var total = 0.0
            for facts in union {
                var joined = facts
                joined.constraints += shape.filter.facts.constraints
                guard let (access, estimate) = try best(facts) ?? best(joined) else {
                    branches = []
                    break
                }
                branches.append(access)
                total += estimate
            }
            guard !branches.isEmpty else { continue }
            var plan = Plan(access: .union(branches))
            plan.isSorted = isByIdentifier(backward: false)
            plan.estimate = total * (shape.filter.constraints.isEmpty ? 1 : PlanCost.unknownShare)
            plan.cost = finished(
                total * (PlanCost.entry + PlanCost.intersected + PlanCost.fetched), plan.estimate,
                isSorted: plan.isSorted, needsAll: true)
            plans.append(plan)
        }
        return plans
    }

    /// The cheapest index for the facts of a branch; nil when there is none.
    private func best(_ facts: FilterFacts) throws -> (PlanAccess, Double)? {
        if let keys = facts.identifiedKeys(), collation == nil {
            return (.identifiers(Set(keys).sorted { $0.lexicographicallyPrecedes($1) }), Double(keys.count))
        }
        var best: IndexScan?
        for index in entry.secondary where index.definition.isUsable {
            guard let scan = try scan(index.definition, facts), scan.bounds.usedParts > 0 else { continue }
            if scan.estimate < best?.estimate ?? .infinity { best = scan }
        }
        return best.map { ($0.bounds.ranges.isEmpty ? .nothing : .index($0), $0.estimate) }
    }

    // MARK: Hints and costs

    private func hinted(_ hint: BSONValue) throws -> Plan {
        func refuse(_ message: String) -> StoreError {
            StoreError(
                .invalidArgument, message, remedy: "Name an index of the collection that has every match.",
                server: .badValue)
        }
        switch hint {
        case .document(["$natural": 1]): return try collectionPlan(isForced: true)
        case .document(["$natural": -1]):
            var plan = try collectionPlan(isForced: true)
            if shape.sort == nil { plan.access = .collection(ranges: nil, isBackward: true) }
            return plan
        case .document(["_id": 1]), .string("_id_"):
            if let keys = try shape.filter.identifiedKeys(), collation == nil { return try identified(keys) }
            return try collectionPlan()
        case .string, .document: break
        default:
            throw StoreError(
                .invalidArgument, "hint must be a string or an object", remedy: "Name an index.",
                server: .failedToParse)
        }
        let found = entry.secondary.first {
            hint == .string($0.name) || hint == .document($0.definition.specification.keys)
        }
        guard let found, found.definition.isUsable else {
            throw refuse(
                "error processing query: planner returned error :: caused by :: hint provided does not correspond to an "
                    + "existing index")
        }
        guard let plan = try plan(found.definition, isForced: true) else {
            throw refuse("the hinted index '\(found.name)' does not hold every document that could match")
        }
        return plan
    }

    /// The cost with what comes behind the access: a sort, or the early end by a limit.
    private func finished(
        _ cost: Double, _ matches: Double, isSorted: Bool, needsAll: Bool = false
    ) -> Double {
        guard isSorted else { return cost + PlanCost.sort(matches) }
        guard !needsAll, let bound = shape.bound, matches > Double(bound) else { return cost }
        return cost * Double(bound) / matches
    }
}

extension Filter {
    /// Whether an `_id` that it demands is a text, whose equals depend on the collation.
    var hasTextIdentifier: Bool {
        constraints.contains { constraint in
            guard constraint.path == "_id" else { return false }
            return !CollationMatch(collation: nil, isSame: false).serves(constraint.kind)
        }
    }
}

extension FilterFacts {
    /// The keys of the only `_id`s that can match; nil when there is no such fact.
    func identifiedKeys() -> [[UInt8]]? {
        for constraint in constraints where constraint.path == "_id" {
            let values: [BSONValue]
            switch constraint.kind {
            case .equal(let value): values = [value]
            case .oneOf(let found): values = found
            default: continue
            }
            var keys: [[UInt8]] = []
            for value in values {
                switch value {
                case .array, .undefined, .regex, .null: return nil
                default:
                    guard let key = try? KeyEncoding.id(value) else { return nil }
                    keys.append(key)
                }
            }
            return keys
        }
        return nil
    }

    /// Whether whatever has these facts matches a partial index's filter.
    func imply(_ filter: Filter) -> Bool {
        guard filter.isOnlyFacts else { return false }
        return filter.constraints.allSatisfy { wanted in
            constraints.contains { $0.path == wanted.path && Self.implies($0.kind, wanted.kind) }
        }
    }

    private static func implies(_ known: FilterConstraint.Kind, _ wanted: FilterConstraint.Kind) -> Bool {
        if known == wanted { return true }
        switch wanted {
        case .exists(true):
            switch known {
            case .equal(let value): return value != .null
            case .oneOf(let values): return !values.contains(.null)
            case .range(let lower, let upper):
                // More than MinKey, and less than MaxKey, is a missing field, too.
                return [lower?.value, upper?.value].contains { $0 != nil && ![.null, .minKey, .maxKey].contains($0) }
            case .prefix: return true
            case .exists(let wanted): return wanted
            }
        case .exists(false): return false
        case .equal, .oneOf, .range, .prefix:
            guard let inner = KeyInterval.of(known, collation: nil), let outer = KeyInterval.of(wanted, collation: nil),
                outer.allSatisfy({ $0.isExact || $0.holdsMissing })
            else { return false }
            return inner.allSatisfy { a in
                outer.contains { b in
                    guard let both = a.intersection(b) else { return false }
                    return both.lower == a.lower && both.upper == a.upper
                }
            }
        }
    }
}
