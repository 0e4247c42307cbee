// Seeded random values for the tests of documents and queries: every type, corner cases first.

import Testing

@testable import SmartStore

/// SplitMix64: a small generator whose whole state is its seed.
struct ReplayableRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }
}

/// Draws values and documents.
struct RandomValues {
    var random: ReplayableRandom

    init(seed: UInt64) { random = ReplayableRandom(seed: seed) }

    static let doubles: [Double] = [
        0, -0.0, 1, -1, 0.5, -0.5, 0.1, 1.5, 2.5, .nan, .infinity, -.infinity, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p52,
        0x1p53, 0x1p53 + 2, 0x1p62, 0x1p63, -0x1p63, 0x1p64, 9_007_199_254_740_994, 1e15, 1e16, 1e22, 1e23, 1e300,
        1e-300,
        255, 256, 127, 128, 32767, 32768, 1.0000000000000002, 0.9999999999999999, 0x1p-1060,
    ]

    static let integers: [Int64] = [
        0, 1, -1, 2, 5, -5, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536, 1 << 31 - 1, 1 << 31, 1 << 52,
        1 << 53 - 1, 1 << 53, 1 << 53 + 1, 1 << 53 + 2, 1 << 62, .max, .max - 1, .min, .min + 1, -(1 << 53) - 1,
        1_000_000_007,
    ]

    static let decimals: [String] = [
        "0", "-0", "0E-6176", "0E+6111", "1", "1.0", "1.00", "-1", "0.1", "0.5", "0.10", "2.5", "1.5", "NaN",
        "Infinity",
        "-Infinity", "9007199254740993", "9007199254740993.5", "9007199254740992.000000000000000001", "1E-6176",
        "9.999999999999999999999999999999999E+6144", "1E+6144", "1E-400", "1E+400", "1.7976931348623157E+308",
        "1.7976931348623157081E+308", "1.7976931348623158E+308", "4.940656458412465441765687928682213E-324",
        "4.9406564584124654E-324", "5E-324", "9223372036854775807", "9223372036854775808", "9223372036854775807.5",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1E+22", "1E+23", "0.3333333333333333",
        "0.1000000000000000055511151231257827", "5.000000000000000000000000000000001",
        "4.999999999999999999999999999999999",
        "0.9999999999999999999999999999999999", "1.000000000000000000000000000000001", "255.5", "-255.5",
    ]

    static let texts = [
        "", "a", "b", "aa", "a\u{0}", "a\u{0}b", "\u{0}", "\u{0}\u{0}", "é", "z", "ab", "\u{10FFFF}", "Ä", "0", "10",
        "2", "a\u{1}",
    ]

    mutating func text() -> String {
        if random.chance(2) { return random.pick(Self.texts) }
        return String(
            (0..<random.below(12)).map { _ in random.pick(["a", "b", "c", "\u{0}", "é", "漢", "\u{1}", "~"]) }.joined())
    }

    mutating func name() -> String { random.pick(["a", "b", "c", "_id", "ab", "0", "1", "x", "é", ""]) }

    mutating func number() -> BSONValue {
        switch random.below(8) {
        case 0: .double(random.pick(Self.doubles))
        case 1: .double(Double(bitPattern: random.next()))
        case 2: .int32(Int32(truncatingIfNeeded: random.pick(Self.integers)))
        case 3: .int64(random.pick(Self.integers))
        case 4: .int64(Int64(bitPattern: random.next()) >> Int64(random.below(60)))
        case 5: .decimal128(Decimal128(random.pick(Self.decimals)) ?? .nan)
        case 6: .double(Double(random.below(41) - 20) / 4)
        default: .decimal128(decimal())
        }
    }

    private mutating func decimal() -> Decimal128 {
        switch random.below(4) {
        case 0: Decimal128(high: random.next(), low: random.next())
        case 1: Decimal128("\(random.below(41) - 20)E\(random.below(5) - 2)") ?? .nan
        case 2:
            // Next to a double, above, below or on it.
            Decimal128("\(Double(random.below(1 << 20)) / 1024)\(random.chance(2) ? "00000001" : "")") ?? .nan
        default:
            Decimal128(
                isNegative: random.chance(2),
                coefficient: UInt128(random.next()) * UInt128(random.below(1 << 40)),
                exponent: random.below(60) - 40)
        }
    }

    mutating func scalar() -> BSONValue {
        switch random.below(20) {
        case 0...5: number()
        case 6...8: .string(text())
        case 9: .symbol(text())
        case 10:
            .binary(
                BSONBinary(
                    subtype: random.pick([0, 4, 5, 128]),
                    bytes: (0..<random.below(4)).map { _ in UInt8(random.below(3)) }))
        case 11: .objectID(ObjectID(head: UInt64(random.below(3)), tail: UInt32(random.below(3))))
        case 12: .bool(random.chance(2))
        case 13: .date(BSONDate(millisecondsSince1970: random.pick(Self.integers)))
        case 14: .timestamp(BSONTimestamp(bits: random.chance(2) ? random.next() : UInt64(random.below(4))))
        case 15:
            .regex(BSONRegex(stored: random.pick(["", "a", "ab", "b"]), options: random.pick(["", "i", "im"])))
        case 16: random.pick([.null, .undefined, .minKey, .maxKey])
        case 17: .code(text())
        case 18: .codeWithScope(BSONCodeWithScope(code: text(), scope: document(depth: 3)))
        default: .dbPointer(BSONDBPointer(reference: text(), id: ObjectID(head: 1, tail: UInt32(random.below(2)))))
        }
    }

    mutating func value(depth: Int = 0) -> BSONValue {
        if depth < 3 && random.chance(4) {
            if random.chance(2) { return .array((0..<random.below(4)).map { _ in value(depth: depth + 1) }) }
            return .document(document(depth: depth + 1))
        }
        return scalar()
    }

    mutating func document(depth: Int = 0) -> Document {
        var document = Document()
        for _ in 0..<random.below(5) {
            let name = name()
            if !document.contains(name) { document.append(name, value(depth: depth + 1)) }
        }
        return document
    }
}

/// How many rounds of a random test to run: all of them optimised, a twentieth in a debug build.
func rounds(_ count: Int) -> Int {
    #if DEBUG
    count / 20
    #else
    count
    #endif
}

/// The document of a JSON text that is right.
func bsonDocument(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Document {
    do {
        return try ExtendedJSON.document(from: text)
    } catch {
        Issue.record("\(error) in \(text)", sourceLocation: sourceLocation)
        throw error
    }
}

/// The code of the error that `body` throws; nil when it throws none.
func errorCode(_ body: () throws(DocumentError) -> Void) -> DocumentError.Code? {
    do throws(DocumentError) {
        try body()
        return nil
    } catch {
        return error.code
    }
}

/// The error that `body` throws; nil when it throws none.
func documentError(_ body: () throws(DocumentError) -> Void) -> DocumentError? {
    do throws(DocumentError) {
        try body()
        return nil
    } catch {
        return error
    }
}
