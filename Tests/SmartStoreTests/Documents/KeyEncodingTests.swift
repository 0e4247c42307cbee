// Key bytes against the order of values: the same order, equal bytes for equal values, self-delimiting.

import Testing

@testable import SmartStore

@Suite("Key encoding")
struct KeyEncodingTests {
    private static func key(_ value: BSONValue, descending: Bool = false) throws -> [UInt8] {
        var key: [UInt8] = []
        try KeyEncoding.append(value, descending: descending, to: &key, limit: 1 << 20)
        return key
    }

    private static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a == b ? 0 : (a.lexicographicallyPrecedes(b) ? -1 : 1)
    }

    @Test("bytes order as values do, ascending and descending", arguments: [1, 2, 3, 4] as [UInt64])
    func keepsOrder(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        for _ in 0..<rounds(60_000) {
            let a = values.random.chance(3) ? values.value() : values.number()
            let b = values.random.chance(3) ? values.value() : values.number()
            let expected = ValueOrder.compare(a, b)
            #expect(ValueOrder.compare(b, a) == -expected)
            guard Self.order(try Self.key(a), try Self.key(b)) == expected,
                Self.order(try Self.key(a, descending: true), try Self.key(b, descending: true)) == -expected
            else {
                Issue.record("\(a) against \(b): \(expected), keys \(try Self.key(a)) \(try Self.key(b))")
                return
            }
        }
    }

    @Test("a value gives the same bytes as it stands and in a document", arguments: [5, 6] as [UInt64])
    func agrees(seed: UInt64) throws {
        var random = RandomValues(seed: seed)
        var values: [BSONValue] = RandomValues.doubles.map { .double($0) }
        values += RandomValues.integers.map { .int64($0) }
        values += (0..<2000).map { _ in random.random.chance(3) ? random.value() : random.number() }
        var reused: [UInt8] = [1, 2, 3]
        for value in values {
            for descending in [false, true] {
                var key: [UInt8] = [7]
                try value.withView { view throws(DocumentError) in
                    try KeyEncoding.append(view, descending: descending, to: &key, limit: 1 << 20)
                }
                #expect(Array(key.dropFirst()) == (try Self.key(value, descending: descending)))
            }
            let id = try? KeyEncoding.id(value)
            try? KeyEncoding.id(value, into: &reused)
            if let id { #expect(reused == id) }
        }
        // Where there is no room, it is refused and the key is as it was.
        var full: [UInt8] = Array(repeating: 9, count: 12)
        #expect(throws: DocumentError.self) { try KeyEncoding.append(.int64(.max), to: &full, limit: 20) }
        #expect(full.count == 12)
        try KeyEncoding.append(.int64(1), to: &full, limit: 20)
        #expect(full.count == 14)
    }

    @Test("all corner numbers order alike by value and by key")
    func ordersCornerNumbers() throws {
        var numbers: [BSONValue] = RandomValues.doubles.map { .double($0) }
        numbers += RandomValues.integers.map { .int64($0) }
        numbers += RandomValues.decimals.compactMap { Decimal128($0) }.map { .decimal128($0) }
        #expect(numbers.count == RandomValues.doubles.count + RandomValues.integers.count + RandomValues.decimals.count)
        for a in numbers {
            for b in numbers {
                let expected = ValueOrder.compare(a, b)
                let found = Self.order(try Self.key(a), try Self.key(b))
                #expect(found == expected, "\(a) \(b)")
            }
        }
    }

    @Test("a component ends where its encoding ends, whatever follows", arguments: [false, true])
    func delimitsItself(descending: Bool) throws {
        var values = RandomValues(seed: 11)
        for _ in 0..<rounds(30_000) {
            let value = values.value()
            let key = try Self.key(value, descending: descending)
            let tail = (0..<values.random.below(4)).map { _ in UInt8(truncatingIfNeeded: values.random.next()) }
            #expect(
                KeyEncoding.componentEnd(in: key + tail, from: 0, descending: descending) == key.count,
                "\(value) \(tail)")
            if !key.isEmpty {
                let cut = Array(key.dropLast())
                #expect(KeyEncoding.componentEnd(in: cut, from: 0, descending: descending) == nil, "\(value)")
            }
        }
    }

    @Test("damaged keys end somewhere or nowhere, but never trap")
    func survivesDamage() throws {
        var values = RandomValues(seed: 12)
        for _ in 0..<rounds(50_000) {
            var key = try Self.key(values.value())
            for _ in 0...values.random.below(3) {
                key[values.random.below(key.count)] = UInt8(truncatingIfNeeded: values.random.next())
            }
            let end = KeyEncoding.componentEnd(in: key, from: 0, descending: values.random.chance(2))
            #expect(end.map { $0 <= key.count } ?? true)
        }
    }

    @Test("compound keys order by their first difference, each part in its own direction")
    func ordersCompounds() throws {
        var values = RandomValues(seed: 13)
        for _ in 0..<rounds(20_000) {
            let (a, b) = (values.value(), values.value())
            let (x, y) = (values.value(), values.value())
            let first = values.random.chance(2) ? b : a
            var left = try Self.key(a)
            left += try Self.key(x, descending: true)
            var right = try Self.key(first)
            right += try Self.key(y, descending: true)
            let heads = ValueOrder.compare(a, first)
            #expect(Self.order(left, right) == (heads != 0 ? heads : -ValueOrder.compare(x, y)))
        }
    }

    @Test("equal numbers of four types are one key")
    func unifiesNumbers() throws {
        let fives: [BSONValue] = [.int32(5), .int64(5), .double(5), .decimal128(Decimal128("5.00") ?? .nan)]
        let keys = Set(try fives.map { try KeyEncoding.id($0) })
        #expect(keys.count == 1)
        #expect(keys.first == [0x16, 0x0A])
        let zeros: [BSONValue] = [.int32(0), .double(-0.0), .decimal128(Decimal128("-0E+5") ?? .nan)]
        #expect(Set(try zeros.map { try KeyEncoding.id($0) }).count == 1)
    }

    @Test("keys of small numbers are short, those of doubles have at most nine bytes")
    func isCompact() throws {
        #expect(try Self.key(.int32(100)).count == 2)
        #expect(try Self.key(.int32(20_000)).count == 3)
        #expect(try Self.key(.int64(1_700_000_000_000)).count == 7)
        #expect(try Self.key(.double(0.1)).count == 9)
        #expect(try Self.key(.double(3.25)).count == 9)
    }

    @Test("an array, a regular expression and undefined are no identifiers")
    func refusesIdentifiers() throws {
        for value: BSONValue in [[1], .undefined, .regex(BSONRegex(stored: "a", options: ""))] {
            #expect(errorCode { () throws(DocumentError) in _ = try KeyEncoding.id(value) } == .invalidIdField)
        }
        #expect(try KeyEncoding.id(["a": [1]]) == KeyEncoding.id(["a": [1.0]]))
    }

    @Test("a key beyond the limit is refused and leaves nothing behind")
    func limitsLength() throws {
        let long = BSONValue.string(String(repeating: "x", count: 1022))
        #expect(errorCode { () throws(DocumentError) in _ = try KeyEncoding.id(long) } == .keyTooLong)
        #expect(try KeyEncoding.id(.string(String(repeating: "x", count: 1021))).count == 1024)
        var key: [UInt8] = [1, 2]
        let nested: BSONValue = ["a": [long, long]]
        #expect(
            errorCode { () throws(DocumentError) in try KeyEncoding.append(nested, to: &key) } == .keyTooLong)
        #expect(key == [1, 2])
    }

    @Test("the identifier's key is found wherever the field stands")
    func findsIdentifier() throws {
        #expect(try KeyEncoding.id(of: ["a": 1, "_id": 7]) == KeyEncoding.id(7))
        #expect(try KeyEncoding.id(of: ["a": 1]) == nil)
    }
}
