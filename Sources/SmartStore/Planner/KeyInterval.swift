// Ranges of one part of an index key.
//
// Components of keys are self-delimiting, and none is the beginning of another: so "every key whose part is v" is "every
// key that begins with the bytes of v", and a bound is bytes with the word whether what begins with them is inside.

/// A range of values of one path, as bytes of ascending key components.
struct KeyInterval: Sendable, Hashable {
    struct Bound: Sendable, Hashable {
        let bytes: [UInt8]
        let isInclusive: Bool
    }

    let lower: Bound
    let upper: Bound
    /// What explain shows, such as `[1, 5)`.
    let text: String
    /// Whether the values in the range are just those that the condition accepts.
    let isExact: Bool
    /// Whether a missing field could be in it.
    let holdsMissing: Bool

    /// Whether it is one value.
    var isPoint: Bool { lower == upper }

    /// Every value there is.
    static let all = KeyInterval(
        lower: Bound(bytes: [], isInclusive: true), upper: Bound(bytes: [0xFF], isInclusive: true),
        text: "[MinKey, MaxKey]", isExact: true, holdsMissing: true)

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
            lower: low, upper: high, text: Self.text(self, other, low, high), isExact: isExact && other.isExact,
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

    private static func text(_ a: KeyInterval, _ b: KeyInterval, _ low: Bound, _ high: Bound) -> String {
        let left = (low == a.lower ? a : b).text.split(separator: ",", maxSplits: 1).first ?? ""
        let right = (high == a.upper ? a : b).text.split(separator: ",", maxSplits: 1).last ?? ""
        return "\(left),\(right)"
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
                let shown = ExtendedJSON.string(.string(text))
                // A regular expression that is stored matches the same one, and any could be it.
                let patterns = [OrderClass.regex.rawValue]
                return [
                    KeyInterval(
                        lower: Bound(bytes: prefix, isInclusive: true), upper: Bound(bytes: end, isInclusive: false),
                        text: "[\(shown), \(shown)…)", isExact: false, holdsMissing: false),
                    KeyInterval(
                        lower: Bound(bytes: patterns, isInclusive: true),
                        upper: Bound(bytes: [OrderClass.regex.rawValue + 1], isInclusive: false),
                        text: "[/\(text)…/]", isExact: false, holdsMissing: false),
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
                upper: Bound(bytes: try key(.null, nil), isInclusive: true), text: "[null, null]", isExact: false,
                holdsMissing: true)
        case .minKey, .maxKey, .document: break
        default: break
        }
        let bound = Bound(bytes: try key(value, collation), isInclusive: true)
        let shown = ExtendedJSON.string(value)
        return KeyInterval(
            lower: bound, upper: bound, text: "[\(shown), \(shown)]", isExact: isSimple(value), holdsMissing: false)
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
        let left = lower.map { "\($0.isInclusive ? "[" : "(")\(ExtendedJSON.string($0.value))" } ?? "[-∞"
        let right = upper.map { "\(ExtendedJSON.string($0.value))\($0.isInclusive ? "]" : ")")" } ?? "+∞]"
        return KeyInterval(
            lower: low, upper: high, text: "\(left), \(right)", isExact: isExact, holdsMissing: false)
    }
}
