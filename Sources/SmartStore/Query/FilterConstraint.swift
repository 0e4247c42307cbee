// What a planner may conclude from a filter: facts that hold of every match, each on one path.

/// A fact that every matching document fulfils.
///
/// On a path that leads to an array, each fact holds of some element, not all of one element: two ranges on one path
/// must not be intersected unless the index is known to have no arrays there.
package struct FilterConstraint: Sendable, Hashable {
    /// One end of a range.
    package struct Bound: Sendable, Hashable {
        package let value: BSONValue
        package let isInclusive: Bool
    }

    /// What is known of the value at the path.
    package enum Kind: Sendable, Hashable {
        /// Equal to this value, or an array that holds it. Null also matches a missing field and undefined.
        case equal(BSONValue)
        /// Equal to one of these.
        case oneOf([BSONValue])
        /// Within the range. The bound that is absent is the end of the present bound's class of types.
        case range(lower: Bound?, upper: Bound?)
        /// There is a value (true), or there is none (false).
        case exists(Bool)
        /// A string that begins with this text.
        case prefix(String)

        /// Whether a missing field can fulfil it.
        var allowsMissing: Bool {
            switch self {
            case .equal(let value): Self.isLikeMissing(value)
            case .oneOf(let values): values.contains { Self.isLikeMissing($0) }
            case .range(let lower, let upper):
                [lower, upper].contains { $0.map { Self.isLikeMissing($0.value) } ?? false }
            case .exists(let isWanted): !isWanted
            case .prefix: false
            }
        }

        private static func isLikeMissing(_ value: BSONValue) -> Bool {
            switch value {
            case .null, .undefined, .minKey, .maxKey: true
            default: false
            }
        }
    }

    /// The dotted path.
    package let path: String
    /// The fact.
    package let kind: Kind
}

/// What holds of every match: each of the constraints, and of each union at least one branch.
package struct FilterFacts: Sendable, Hashable {
    package var constraints: [FilterConstraint] = []
    /// The branches of each `$or` of the conjunction.
    package var unions: [[FilterFacts]] = []
}
