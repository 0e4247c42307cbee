// What a query's facts say about the keys of one index: a few ranges of its tree.
//
// 1. Leading parts that are fixed to points combine; the part behind them may have ranges; parts behind that are free.
// 2. In an index of one entry a document, facts about one path hold of the same value, and their ranges are intersected.
//    Where a document may have several entries, each fact may hold of another: one fact a path is used, and none on a path
//    that shares its first name with one already used, because the two could go through the same array.
// 3. Ranges are a superset of what matches, unless `isExact` says that they are just that.

/// The ranges of an index that a query needs.
struct IndexBounds: Sendable {
    /// The most ranges of one scan.
    static let mostRanges = 1000

    /// Keys from the first inclusive to the second exclusive (nil: to the end), ascending and disjoint.
    struct Range: Sendable, Hashable {
        let from: [UInt8]
        let to: [UInt8]?
    }

    var ranges: [Range]
    /// The ranges of each part, for `explain`.
    var parts: [(path: String, intervals: [KeyInterval])]
    /// Leading parts that have one value each.
    var fixedParts: Int
    /// Parts that facts restrict.
    var usedParts: Int
    /// Whether being in the ranges is matching the filter.
    var isExact: Bool
    /// Facts that the ranges stand for.
    var usedFacts: Int
    /// Whether a document in which all the paths are missing could match.
    var holdsMissing: Bool

    /// The bounds of a query in an index; nil when the index cannot serve it at all.
    static func of(_ facts: FilterFacts, in index: IndexDefinition, collation: Collation?) -> IndexBounds? {
        let match = index.collation(with: collation)
        if let wildcard = index.source.wildcard {
            return IndexBounds(facts, wildcard: wildcard, collation: match)
        }
        return IndexBounds(facts, parts: index.source.parts, isMultikey: index.isMultikey, collation: match)
    }

    /// The bounds of a query in an index of these parts.
    init(_ facts: FilterFacts, parts pattern: [KeyPattern.Part], isMultikey: Bool, collation: CollationMatch) {
        var parts: [(path: String, intervals: [KeyInterval])] = []
        var usedNames: Set<[UInt8]> = []
        var usedFacts = 0
        var isExact = true
        for part in pattern {
            let first = part.path.pieces[0].name
            if isMultikey, usedNames.contains(first) {
                parts.append((part.path.text, [.all]))
                continue
            }
            let found = Self.intervals(of: part.path.text, facts, isMultikey: isMultikey, collation)
            if isMultikey, found.used > 0 { usedNames.insert(first) }
            usedFacts += found.used
            isExact = isExact && found.isExact
            // An array that a number picked is opened for its keys, but a filter takes it as a whole.
            if isMultikey, found.used > 0, part.path.pieces.contains(where: { $0.index != nil }) { isExact = false }
            parts.append((part.path.text, found.intervals))
        }
        self.parts = parts
        self.usedFacts = usedFacts
        holdsMissing = parts.allSatisfy { $0.intervals.contains(where: \.holdsMissing) }
        ranges = [Range(from: [], to: nil)]
        fixedParts = 0
        usedParts = 0
        var prefixes: [[UInt8]] = [[]]
        var isOpen = true
        for (part, (_, intervals)) in zip(pattern, parts) {
            let isFree = KeyInterval.areAll(intervals)
            guard isOpen, !isFree else {
                // A restriction behind a free part does not narrow the ranges.
                if !isFree { isExact = false }
                isOpen = false
                continue
            }
            usedParts += 1
            let arePoints = intervals.allSatisfy(\.isPoint)
            guard prefixes.count * max(intervals.count, 1) <= Self.mostRanges else {
                isExact = false
                isOpen = false
                usedParts -= 1
                continue
            }
            if arePoints {
                prefixes = prefixes.flatMap { prefix in
                    intervals.map { prefix + $0.bounds(isDescending: part.isDescending).from }
                }
                if intervals.count == 1, fixedParts == usedParts - 1 { fixedParts += 1 }
                ranges = prefixes.map { Range(from: $0, to: KeyInterval.successor(of: $0)) }
            } else {
                ranges = prefixes.flatMap { prefix in
                    intervals.map { interval in
                        let (from, to) = interval.bounds(isDescending: part.isDescending)
                        return Range(
                            from: prefix + from, to: to.map { prefix + $0 } ?? KeyInterval.successor(of: prefix))
                    }
                }
                isOpen = false
            }
        }
        self.isExact = isExact
        ranges = Self.joined(ranges)
    }

    /// A wildcard index serves one fact, on a path below it, that no missing field fulfils.
    private init?(_ facts: FilterFacts, wildcard: WildcardPath, collation: CollationMatch) {
        for fact in facts.constraints {
            guard let path = try? FieldPath(fact.path), wildcard.covers(path),
                let prefix = try? WildcardPath.prefix(of: fact.path),
                collation.serves(fact.kind),
                let intervals = KeyInterval.of(fact.kind, collation: collation.collation),
                !intervals.contains(where: \.holdsMissing), !Self.namesDocuments(fact.kind)
            else { continue }
            ranges = Self.joined(
                intervals.map { interval in
                    let (from, to) = interval.bounds(isDescending: false)
                    return Range(
                        from: prefix + from, to: to.map { prefix + $0 } ?? KeyInterval.successor(of: prefix))
                })
            parts = [("$_path", []), (fact.path, intervals)]
            fixedParts = 1
            usedParts = 2
            isExact = false
            usedFacts = 1
            holdsMissing = false
            return
        }
        return nil
    }

    /// Documents are not in a wildcard index themselves; their fields are.
    private static func namesDocuments(_ kind: FilterConstraint.Kind) -> Bool {
        func isDocument(_ value: BSONValue?) -> Bool { if case .document? = value { true } else { false } }
        return switch kind {
        case .equal(let value): isDocument(value)
        case .oneOf(let values): values.contains { isDocument($0) }
        case .range(let lower, let upper): isDocument(lower?.value) || isDocument(upper?.value)
        case .exists, .prefix: false
        }
    }

    /// The ranges of one path.
    private static func intervals(
        of path: String, _ facts: FilterFacts, isMultikey: Bool, _ collation: CollationMatch
    ) -> (intervals: [KeyInterval], used: Int, isExact: Bool) {
        var best: [KeyInterval]?
        var used = 0
        var isExact = true
        for fact in facts.constraints where fact.path == path {
            guard collation.serves(fact.kind), let found = KeyInterval.of(fact.kind, collation: collation.collation)
            else {
                isExact = false
                continue
            }
            guard let present = best else {
                best = found
                used = 1
                continue
            }
            if isMultikey {
                // One of them only: the one of the fewest values.
                isExact = false
                if !present.allSatisfy(\.isPoint), found.allSatisfy(\.isPoint) { best = found }
            } else {
                best = present.flatMap { a in found.compactMap { a.intersection($0) } }
                used += 1
            }
        }
        guard let best else { return ([.all], 0, isExact) }
        return (best, used, isExact && best.allSatisfy(\.isExact))
    }

    /// Ascending, and what touches or overlaps joined.
    private static func joined(_ ranges: [Range]) -> [Range] {
        if ranges.count == 1 {
            guard let to = ranges[0].to, !ranges[0].from.lexicographicallyPrecedes(to) else { return ranges }
            return []
        }
        let sorted = ranges.sorted { $0.from.lexicographicallyPrecedes($1.from) }
        var result: [Range] = []
        for range in sorted {
            if let to = range.to, !range.from.lexicographicallyPrecedes(to) { continue }
            guard let last = result.last else {
                result.append(range)
                continue
            }
            guard let end = last.to else { break }
            if end.lexicographicallyPrecedes(range.from) {
                result.append(range)
            } else if let to = range.to {
                if end.lexicographicallyPrecedes(to) { result[result.count - 1] = Range(from: last.from, to: to) }
            } else {
                result[result.count - 1] = Range(from: last.from, to: nil)
            }
        }
        return result
    }
}

/// Whether the index compares strings as the query does.
struct CollationMatch {
    let collation: Collation?
    let isSame: Bool

    /// Conditions on strings need the same collation; on other values any does.
    func serves(_ kind: FilterConstraint.Kind) -> Bool {
        guard !isSame else { return true }
        return switch kind {
        case .equal(let value): !Self.holdsText(value)
        case .oneOf(let values): !values.contains { Self.holdsText($0) }
        case .range(let lower, let upper): ![lower, upper].contains { $0.map { Self.holdsText($0.value) } ?? false }
        case .exists: true
        case .prefix: false
        }
    }

    private static func holdsText(_ value: BSONValue) -> Bool {
        switch value {
        case .string, .symbol, .document, .array: true
        default: false
        }
    }
}

extension IndexDefinition {
    /// How this index's strings compare with those of a query.
    func collation(with other: Collation?) -> CollationMatch {
        CollationMatch(collation: specification.collation, isSame: specification.collation == other)
    }
}
