import SmartStore

// The oracle's order of all values: by class, then by value. Numbers compare exactly across their types.

/// How strings compare: by their bytes, or folded.
struct OracleOrder {
    var collation: Collation?

    init(_ collation: Collation? = nil) { self.collation = collation }

    /// The place of a value's class.
    static func rank(_ value: OracleValue) -> Int {
        switch value {
        case .object: return 5
        case .array: return 6
        case .plain(let value):
            switch value {
            case .minKey: return 0
            case .undefined: return 1
            case .null: return 2
            case .int32, .int64, .double, .decimal128: return 3
            case .string, .symbol: return 4
            case .document: return 5
            case .array: return 6
            case .binary: return 7
            case .objectID: return 8
            case .bool: return 9
            case .date: return 10
            case .timestamp: return 11
            case .regex: return 12
            case .dbPointer: return 13
            case .code: return 14
            case .codeWithScope: return 15
            case .maxKey: return 16
            }
        }
    }

    /// -1, 0 or 1.
    func compare(_ a: OracleValue, _ b: OracleValue) -> Int {
        let (left, right) = (Self.rank(a), Self.rank(b))
        guard left == right else { return left < right ? -1 : 1 }
        switch (a, b) {
        case (.object(let x), .object(let y)):
            for (first, second) in zip(x, y) {
                let (left, right) = (Self.rank(first.value), Self.rank(second.value))
                if left != right { return left < right ? -1 : 1 }
                let names = Self.order(Array(first.name.utf8), Array(second.name.utf8))
                if names != 0 { return names }
                let values = compare(first.value, second.value)
                if values != 0 { return values }
            }
            return Self.sign(x.count, y.count)
        case (.array(let x), .array(let y)):
            for (first, second) in zip(x, y) {
                let order = compare(first, second)
                if order != 0 { return order }
            }
            return Self.sign(x.count, y.count)
        case (.plain(let x), .plain(let y)): return plain(x, y)
        default: return 0
        }
    }

    func isEqual(_ a: OracleValue, _ b: OracleValue) -> Bool { compare(a, b) == 0 }

    private func plain(_ a: BSONValue, _ b: BSONValue) -> Int {
        switch (a, b) {
        case (.string(let x), .string(let y)), (.string(let x), .symbol(let y)), (.symbol(let x), .string(let y)),
            (.symbol(let x), .symbol(let y)):
            return Self.order(Array(fold(x).utf8), Array(fold(y).utf8))
        case (.binary(let x), .binary(let y)):
            if x.bytes.count != y.bytes.count { return Self.sign(x.bytes.count, y.bytes.count) }
            if x.subtype != y.subtype { return x.subtype < y.subtype ? -1 : 1 }
            return Self.order(x.bytes, y.bytes)
        case (.objectID(let x), .objectID(let y)): return Self.order(x.bytes, y.bytes)
        case (.bool(let x), .bool(let y)): return Self.sign(x ? 1 : 0, y ? 1 : 0)
        case (.date(let x), .date(let y)): return Self.sign(x.millisecondsSince1970, y.millisecondsSince1970)
        case (.timestamp(let x), .timestamp(let y)):
            return x.seconds == y.seconds ? Self.sign(x.increment, y.increment) : Self.sign(x.seconds, y.seconds)
        case (.regex(let x), .regex(let y)):
            let patterns = Self.order(Array(x.pattern.utf8), Array(y.pattern.utf8))
            return patterns == 0 ? Self.order(Array(x.options.utf8), Array(y.options.utf8)) : patterns
        case (.code(let x), .code(let y)): return Self.order(Array(x.utf8), Array(y.utf8))
        default: return OracleNumber.compare(a, b)
        }
    }

    static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        for (x, y) in zip(a, b) where x != y { return x < y ? -1 : 1 }
        return sign(a.count, b.count)
    }

    static func sign<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }

    /// A text as the collation reads it. It knows the letters that the trials draw.
    func fold(_ text: String) -> String {
        guard let collation, collation.strength != .tertiary else { return text }
        let accents: [Character: Character] = ["á": "a", "Á": "A"]
        let folded: [Character] = text.map { letter in
            let base = collation.strength == .primary ? accents[letter] ?? letter : letter
            return collation.caseLevel ? base : Character(base.lowercased())
        }
        return String(folded)
    }
}

/// Exact comparison of numbers of different types, by their decimal digits.
enum OracleNumber {
    /// A finite number: 0.digits × 10^point.
    private struct Exact {
        var isNegative: Bool
        var digits: [UInt8]
        var point: Int
    }

    private enum Kind {
        case nan
        case infinite(isNegative: Bool)
        case finite(Exact)
    }

    /// NaN is less than every other number, and equal to itself.
    static func compare(_ a: BSONValue, _ b: BSONValue) -> Int {
        if let x = small(a), let y = small(b) { return OracleOrder.sign(x, y) }
        func place(_ kind: Kind) -> Int {
            switch kind {
            case .nan: 0
            case .infinite(let isNegative): isNegative ? 1 : 3
            case .finite: 2
            }
        }
        let (left, right) = (kind(a), kind(b))
        guard case .finite(let x) = left, case .finite(let y) = right else {
            return OracleOrder.sign(place(left), place(right))
        }
        if x.digits.isEmpty || y.digits.isEmpty || x.isNegative != y.isNegative {
            func sign(_ number: Exact) -> Int { number.digits.isEmpty ? 0 : number.isNegative ? -1 : 1 }
            return OracleOrder.sign(sign(x), sign(y))
        }
        let size = x.point == y.point ? OracleOrder.order(x.digits, y.digits) : OracleOrder.sign(x.point, y.point)
        return x.isNegative ? -size : size
    }

    /// Numbers that a double holds exactly and that are no NaN.
    private static func small(_ value: BSONValue) -> Double? {
        switch value {
        case .int32(let number): Double(number)
        case .int64(let number): abs(Double(number)) < 0x1p53 ? Double(number) : nil
        case .double(let number): number.isNaN ? nil : number
        default: nil
        }
    }

    private static func kind(_ value: BSONValue) -> Kind {
        switch value {
        case .int32(let number): return .finite(exact(number < 0, String(number.magnitude), 0))
        case .int64(let number): return .finite(exact(number < 0, String(number.magnitude), 0))
        case .double(let number):
            if number.isNaN { return .nan }
            if number.isInfinite { return .infinite(isNegative: number < 0) }
            return .finite(exact(number))
        case .decimal128(let number):
            let text = number.description
            if text.hasSuffix("NaN") { return .nan }
            if text.hasSuffix("Infinity") { return .infinite(isNegative: text.hasPrefix("-")) }
            let parts = text.split(separator: "E")
            let written = parts[0].drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
            let fraction = written.count > 1 ? String(written[1]) : ""
            let exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
            return .finite(exact(text.hasPrefix("-"), written[0] + fraction, exponent - fraction.count))
        default: return .nan
        }
    }

    private static func exact(_ isNegative: Bool, _ digits: some StringProtocol, _ exponent: Int) -> Exact {
        var kept = digits.utf8.map { $0 - 48 }
        let point = kept.count + exponent
        let zeros = kept.prefix { $0 == 0 }.count
        kept.removeFirst(zeros)
        while kept.last == 0 { kept.removeLast() }
        return Exact(isNegative: isNegative, digits: kept, point: kept.isEmpty ? 0 : point - zeros)
    }

    private static func exact(_ number: Double) -> Exact {
        guard number != 0 else { return Exact(isNegative: false, digits: [], point: 0) }
        // The significand as a whole number, then doubled or, for a fraction, multiplied by five for each power of ten.
        var exponent = Int(number.exponent) - 52
        let whole = UInt64(number.significand * 0x1p52)
        var digits = String(whole).utf8.map { Int($0) - 48 }
        let shift = exponent < 0 ? exponent : 0
        while exponent != 0 {
            let factor = exponent > 0 ? 2 : 5
            var carry = 0
            for place in digits.indices.reversed() {
                let product = digits[place] * factor + carry
                digits[place] = product % 10
                carry = product / 10
            }
            if carry > 0 { digits.insert(carry, at: 0) }
            exponent += exponent > 0 ? -1 : 1
        }
        return exact(number < 0, digits.map(String.init).joined(), shift)
    }
}
