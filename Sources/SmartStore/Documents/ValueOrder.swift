// The order of all values, as MongoDB's comparison order has it.
//
// MinKey < undefined < null < numbers < strings and symbols < documents < arrays < binary < ObjectId < booleans
// < dates < timestamps < regular expressions < DBPointer < code < code with scope < MaxKey
//
// Within a class: numbers by value across types; texts by bytes; documents field by field (class of the value, then
// name, then value; the one that ends first is less); arrays element by element; binaries by length, subtype, bytes.

/// Compares values of any types.
package enum ValueOrder {
    /// Compares two values in place: -1, 0 or 1.
    @inline(__always)
    package static func compare(_ a: BSONView, _ b: BSONView) -> Int {
        let (left, right) = (a.type.orderClass, b.type.orderClass)
        if left != right { return left < right ? -1 : 1 }
        if left == .number { return NumberOrder.compare(a, b) }
        return compareWithinClass(a, b, depth: 0)
    }

    /// Compares two values: -1, 0 or 1.
    package static func compare(_ a: BSONValue, _ b: BSONValue) -> Int {
        a.withView { left in b.withView { right in compare(left, right) } }
    }

    private static func compareWithinClass(_ a: BSONView, _ b: BSONView, depth: Int) -> Int {
        switch a.type {
        case .minKey, .undefined, .null, .maxKey: return 0
        case .double, .int32, .int64, .decimal128: return NumberOrder.compare(a, b)
        case .string, .symbol, .code: return a.textBytes.compare(b.textBytes)
        case .document, .array: return compareContainers(a, b, depth: depth)
        case .binary:
            if a.bytes.count != b.bytes.count { return a.bytes.count < b.bytes.count ? -1 : 1 }
            return a.bytes.slice(4, a.bytes.count).compare(b.bytes.slice(4, b.bytes.count))
        case .objectID: return a.bytes.compare(b.bytes)
        case .bool: return NumberOrder.order(a.bytes[0] != 0 ? 1 : 0, b.bytes[0] != 0 ? 1 : 0)
        case .date: return NumberOrder.order(a.bytes.int64(at: 0), b.bytes.int64(at: 0))
        case .timestamp: return NumberOrder.order(a.bytes.uint64(at: 0), b.bytes.uint64(at: 0))
        case .regex:
            guard let left = a.regexParts, let right = b.regexParts else { return a.bytes.compare(b.bytes) }
            let patterns = left.pattern.compare(right.pattern)
            return patterns != 0 ? patterns : left.options.compare(right.options)
        case .dbPointer:
            if a.bytes.count != b.bytes.count { return a.bytes.count < b.bytes.count ? -1 : 1 }
            return a.bytes.compare(b.bytes)
        case .codeWithScope:
            guard let left = a.scopeParts, let right = b.scopeParts else { return a.bytes.compare(b.bytes) }
            let codes = left.code.compare(right.code)
            if codes != 0 { return codes }
            return compareContainers(
                BSONView(type: .document, bytes: left.scope), BSONView(type: .document, bytes: right.scope),
                depth: depth)
        }
    }

    /// Compares two documents or two arrays. Beyond the deepest nesting there is, bytes decide.
    private static func compareContainers(_ a: BSONView, _ b: BSONView, depth: Int) -> Int {
        guard depth < BSONLimits.deepest else { return a.bytes.compare(b.bytes) }
        let usesNames = a.type == .document
        var left = BSONReader(a.bytes)
        var right = BSONReader(b.bytes)
        while true {
            guard let first = left.next() else { return right.next() == nil ? 0 : -1 }
            guard let second = right.next() else { return 1 }
            let (firstClass, secondClass) = (first.value.type.orderClass, second.value.type.orderClass)
            if firstClass != secondClass { return firstClass < secondClass ? -1 : 1 }
            if usesNames {
                let names = first.name.compare(second.name)
                if names != 0 { return names }
            }
            let values = compareWithinClass(first.value, second.value, depth: depth + 1)
            if values != 0 { return values }
        }
    }
}
