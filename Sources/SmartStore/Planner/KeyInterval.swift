// Ranges of one part of an index key.
//
// Components of keys are self-delimiting, and none is the beginning of another: so "every key whose part is v" is "every
// key that begins with the bytes of v", and a bound is bytes with the word whether what begins with them is inside.

/// A range of values of one path, as bytes of ascending key components. A class: plans hand them on more than once.
final class KeyInterval: Sendable, Equatable {
    struct Bound: Sendable, Hashable {
        let bytes: [UInt8]
        let isInclusive: Bool
    }

    /// How explain shows an end: written out only when it is asked for.
    struct Shown: Sendable {
        var before = ""
        var value: BSONValue?
        var after = ""

        var text: String { before + (value.map { ExtendedJSON.string($0) } ?? "") + after }
    }

    let lower: Bound
    let upper: Bound
    let shownLower: Shown
    let shownUpper: Shown
    /// Whether the values in the range are just those that the condition accepts.
    let isExact: Bool
    /// Whether a missing field could be in it.
    let holdsMissing: Bool

    init(
        lower: Bound, upper: Bound, shownLower: Shown, shownUpper: Shown, isExact: Bool, holdsMissing: Bool
    ) {
        self.lower = lower
        self.upper = upper
        self.shownLower = shownLower
        self.shownUpper = shownUpper
        self.isExact = isExact
        self.holdsMissing = holdsMissing
    }

    /// What explain shows, such as `[1, 5)`.
    var text: String { "\(shownLower.text), \(shownUpper.text)" }

    static func == (a: KeyInterval, b: KeyInterval) -> Bool {
        a === b
            || a.lower == b.lower && a.upper == b.upper && a.isExact == b.isExact && a.holdsMissing == b.holdsMissing
    }

    /// Whether it is one value.
    var isPoint: Bool { lower == upper }

    /// Every value there is.
    static let all = KeyInterval(
        lower: Bound(bytes: [], isInclusive: true), upper: Bound(bytes: [0xFF], isInclusive: true),
        shownLower: Shown(before: "[MinKey"), shownUpper: Shown(before: "MaxKey]"), isExact: true, holdsMissing: true)

    /// Whether these are every value.
    static func areAll(_ intervals: [KeyInterval]) -> Bool { intervals.count == 1 && intervals[0] == .all }

    /// The bytes between which keys lie whose part is in the range: from the first inclusive to the second exclusive, nil
    /// for no end. In a descending part every byte is inverted.
    func bounds(isDescending: Bool) -> (from: [UInt8], to: [UInt8]?) {
        if self == .all { return ([], nil) }
        let (first, last) = isDescending ? (upper, lower) : (lower, upper)
        func turned(_ bytes: [UInt8]) -> [UInt8] { isDescending ? bytes.map { ~$0 } : bytes }
        let from = first.isInclusive ? turned(first.bytes) : (Self.successor(of: turned(first.bytes)) ?? [0xFF, 0xFF])
        let to = last.isInclusive ? Self.successor(of: turned(last.bytes)) : turned(last.bytes)
        return (from, to)
    }

    /// The least byte string greater than every one that begins with these bytes; nil when there is none.
    static func successor(of bytes: [UInt8]) -> [UInt8]? {
        var result = bytes
        while let last = result.last {
            if last < 0xFF {
                result[result.count - 1] = last + 1
                return result
            }
            result.removeLast()
        }
        return nil
    }

    /// What both ranges hold; nil when nothing.
    func intersection(_ other: KeyInterval) -> KeyInterval? {
        let low = Self.isHigher(lower, other.lower, asLower: true) ? lower : other.lower
        let high = Self.isHigher(upper, other.upper, asLower: false) ? other.upper : upper
        let range = KeyInterval(
            lower: low, upper: high, shownLower: (low == lower ? self : other).shownLower,
            shownUpper: (high == upper ? self : other).shownUpper, isExact: isExact && other.isExact,
            holdsMissing: holdsMissing && other.holdsMissing)
        let (from, to) = range.bounds(isDescending: false)
        if let to, !from.lexicographicallyPrecedes(to) { return nil }
        return range
    }

    private static func isHigher(_ a: Bound, _ b: Bound, asLower: Bool) -> Bool {
        // A bound that excludes what begins with its bytes stands behind them as a lower, before them as an upper bound.
        func edge(_ bound: Bound) -> [UInt8]? {
            bound.isInclusive == asLower ? bound.bytes : successor(of: bound.bytes)
        }
        guard let first = edge(a) else { return true }
        guard let second = edge(b) else { return false }
        return second.lexicographicallyPrecedes(first)
    }
}

extension KeyInterval {
    /// The ranges of a condition; nil when its values are not to be found by a range.
    static func of(_ kind: FilterConstraint.Kind, collation: Collation?) -> [KeyInterval]? {
        do {
            switch kind {
            case .equal(let value): return try point(value, collation).map { [$0] }
            case .oneOf(let values):
                guard values.count <= IndexBounds.mostRanges else { return nil }
                var points: [KeyInterval] = []
                for value in values {
                    guard let point = try point(value, collation) else { return nil }
                    points.append(point)
                }
                return points
            case .range(let lower, let upper): return try range(lower, upper, collation).map { [$0] }
            case .exists(let wanted): return wanted ? nil : try point(.null, collation).map { [$0] }
            case .prefix(let text):
                guard collation == nil, !text.utf8.contains(0) else { return nil }
                var bytes: [UInt8] = []
                try KeyEncoding.append(.string(text), to: &bytes)
                // Without the two bytes of the end.
                let prefix = Array(bytes.dropLast(2))
                guard let end = successor(of: prefix) else { return nil }
                // A regular expression that is stored matches the same one, and any could be it.
                let patterns = [OrderClass.regex.rawValue]
                return [
                    KeyInterval(
                        lower: Bound(bytes: prefix, isInclusive: true), upper: Bound(bytes: end, isInclusive: false),
                        shownLower: Shown(before: "[", value: .string(text)),
                        shownUpper: Shown(value: .string(text), after: "…)"), isExact: false, holdsMissing: false),
                    KeyInterval(
                        lower: Bound(bytes: patterns, isInclusive: true),
                        upper: Bound(bytes: [OrderClass.regex.rawValue + 1], isInclusive: false),
                        shownLower: Shown(before: "[/\(text)…/"), shownUpper: Shown(before: "/\(text)…/]"),
                        isExact: false, holdsMissing: false),
                ]
            }
        } catch { return nil }
    }

    private static func key(_ value: BSONValue, _ collation: Collation?) throws(DocumentError) -> [UInt8] {
        var bytes: [UInt8] = []
        try KeyEncoding.append(value, collation: collation, to: &bytes)
        return bytes
    }

    private static func point(_ value: BSONValue, _ collation: Collation?) throws(DocumentError) -> KeyInterval? {
        switch value {
        // The keys of an array are its elements; an equal expression is a match, too.
        case .array, .regex, .undefined: return nil
        case .null:
            // Missing, null, undefined, and an empty array, which stands under undefined.
            return KeyInterval(
                lower: Bound(bytes: try key(.undefined, nil), isInclusive: true),
                upper: Bound(bytes: try key(.null, nil), isInclusive: true), shownLower: Shown(before: "[null"),
                shownUpper: Shown(before: "null]"), isExact: false,
                holdsMissing: true)
        case .minKey, .maxKey, .document: break
        default: break
        }
        let bound = Bound(bytes: try key(value, collation), isInclusive: true)
        return KeyInterval(
            lower: bound, upper: bound, shownLower: Shown(before: "[", value: value),
            shownUpper: Shown(value: value, after: "]"), isExact: isSimple(value), holdsMissing: false)
    }

    /// Whether comparing keys says all that comparing values does.
    private static func isSimple(_ value: BSONValue) -> Bool {
        switch value {
        case .int32, .int64, .string, .bool, .date, .objectID, .timestamp: true
        case .double(let number): !number.isNaN
        default: false
        }
    }

    private static func range(
        _ lower: FilterConstraint.Bound?, _ upper: FilterConstraint.Bound?, _ collation: Collation?
    ) throws(DocumentError) -> KeyInterval? {
        guard let operand = (lower ?? upper)?.value else { return nil }
        for value in [lower?.value, upper?.value] {
            switch value {
            // Null also stands for missing, and these two compare across types: others look at the documents.
            case .null, .undefined, .minKey, .maxKey, .array, .regex: return nil
            default: break
            }
        }
        let type = operand.type.orderClass
        var low = Bound(bytes: [type.rawValue], isInclusive: true)
        var high = low
        var isExact = isSimple(operand)
        if type == .number {
            // NaN, the least number, is in no range of others.
            if case .double(let number) = operand, number.isNaN { isExact = false }
            low = Bound(bytes: [OrderClass.number.rawValue + (isExact ? 1 : 0)], isInclusive: true)
            high = Bound(bytes: [0x1F], isInclusive: true)
        }
        if let lower {
            guard lower.value.type.orderClass == type else { return nil }
            low = Bound(bytes: try key(lower.value, collation), isInclusive: lower.isInclusive)
            isExact = isExact && isSimple(lower.value)
        }
        if let upper {
            guard upper.value.type.orderClass == type else { return nil }
            high = Bound(bytes: try key(upper.value, collation), isInclusive: upper.isInclusive)
            isExact = isExact && isSimple(upper.value)
        }
        let left = lower.map { Shown(before: $0.isInclusive ? "[" : "(", value: $0.value) } ?? Shown(before: "[-∞")
        let right = upper.map { Shown(value: $0.value, after: $0.isInclusive ? "]" : ")") } ?? Shown(before: "+∞]")
        return KeyInterval(
            lower: low, upper: high, shownLower: left, shownUpper: right, isExact: isExact, holdsMissing: false)
    }
}
