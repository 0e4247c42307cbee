import SmartStore

// The oracle's keys: what a document counts as in a sort, and what an index must hold of it.

struct OracleKeys {
    let parts: [(steps: [String], isDescending: Bool)]
    let order: OracleOrder

    init(_ pattern: Document, _ collation: Collation? = nil) {
        parts = pattern.map { ($0.key.split(separator: ".").map(String.init), ($0.value.double ?? 1) < 0) }
        order = OracleOrder(collation)
    }

    /// How far a part has come.
    private enum State {
        case value(OracleValue?)
        case open(steps: ArraySlice<String>, OracleValue, place: String)
        case array(steps: ArraySlice<String>, [OracleValue], place: String)
    }

    /// Every combination of values that the parts have in a document; nil stands for missing.
    func tuples(_ document: [OracleField]) throws -> [[OracleValue?]] {
        try expand(parts.map { .open(steps: $0.steps[...], .object(document), place: "") })
    }

    private func expand(_ start: [State]) throws -> [[OracleValue?]] {
        let states = start.map { walk($0) }
        var array: (elements: [OracleValue], place: String)?
        for case .array(_, let elements, let place) in states {
            if let array, array.place != place { throw OracleRefusal("parallel arrays") }
            array = (elements, place)
        }
        guard let array else {
            return [states.map { if case .value(let value) = $0 { value } else { nil } }]
        }
        let elements: [OracleValue] = array.elements.isEmpty ? [.plain(.undefined)] : array.elements
        return try elements.enumerated().flatMap { index, element in
            try expand(
                states.map { state in
                    guard case .array(let steps, _, let place) = state else { return state }
                    if steps.isEmpty { return .value(element) }
                    guard element.fields != nil else { return .value(nil) }
                    return .open(steps: steps, element, place: "\(place)/\(index)")
                })
        }
    }

    private func walk(_ state: State) -> State {
        guard case .open(let steps, let value, let place) = state else { return state }
        if case .array(let elements) = value {
            if let step = steps.first, let index = Int(step), index < elements.count {
                return walk(.open(steps: steps.dropFirst(), elements[index], place: "\(place)/\(index)"))
            }
            return .array(steps: steps, elements, place: place)
        }
        guard let step = steps.first else { return .value(value) }
        guard let next = value.fields?[step] else { return .value(nil) }
        return walk(.open(steps: steps.dropFirst(), next, place: "\(place)/\(step)"))
    }

    /// The order of two combinations, with the directions.
    func compare(_ a: [OracleValue?], _ b: [OracleValue?]) -> Int {
        for (part, (x, y)) in zip(parts, zip(a, b)) {
            let result = order.compare(x ?? .plain(.null), y ?? .plain(.null))
            if result != 0 { return part.isDescending ? -result : result }
        }
        return 0
    }

    /// The combination that decides a document's place: the first in the order.
    func place(_ document: [OracleField]) throws -> [OracleValue?] {
        try tuples(document).min { compare($0, $1) < 0 } ?? []
    }
}

/// One index as the oracle keeps it: nothing but its description.
struct OracleIndex {
    let specification: IndexSpecification
    let keys: OracleKeys
    private let filter: OracleFilter

    init(_ specification: IndexSpecification) {
        self.specification = specification
        keys = OracleKeys(specification.keys, specification.collation)
        filter = OracleFilter(specification.collation)
    }

    var isWildcard: Bool { specification.keys.keys.contains { $0.hasSuffix("$**") } }

    /// What the index holds of a document: each combination once.
    func entries(_ document: [OracleField]) throws -> [[OracleValue?]] {
        if let partial = specification.partialFilter, try !filter.matches(partial, document) { return [] }
        let tuples = try keys.tuples(document)
        if specification.isSparse, tuples.allSatisfy({ $0.allSatisfy { $0 == nil } }) { return [] }
        var once: [[OracleValue?]] = []
        for tuple in tuples where !once.contains(where: { keys.compare($0, tuple) == 0 }) { once.append(tuple) }
        return once
    }

    /// Whether documents may stand in the index together. Throws what one of them alone is refused for.
    func accepts(_ documents: [[OracleField]]) throws -> Bool {
        guard !isWildcard else { return true }
        var taken: [[OracleValue?]] = []
        for document in documents {
            let entries = try entries(document)
            guard specification.isUnique else { continue }
            if entries.contains(where: { entry in taken.contains { keys.compare($0, entry) == 0 } }) { return false }
            taken += entries
        }
        return true
    }
}
