// The order of values: across types, within types, and that it is an order at all.

import Testing

@testable import SmartStore

@Suite("Value order")
struct ValueOrderTests {
    @Test("types order as MongoDB's comparison order says")
    func ordersTypes() throws {
        let ascending: [BSONValue] = [
            .minKey, .undefined, .null, .double(.nan), .double(-.infinity), .int32(-1), .int64(0), .double(0.5),
            .int32(1),
            .double(.infinity), "", "a", [:], ["a": 1], .array([]), [1], .binary(BSONBinary(bytes: [])),
            .objectID(ObjectID(head: 0, tail: 0)), .bool(false), .bool(true),
            .date(BSONDate(millisecondsSince1970: -5)),
            .date(BSONDate(millisecondsSince1970: 5)), .timestamp(BSONTimestamp(bits: 0)),
            .regex(BSONRegex(stored: "", options: "")),
            .dbPointer(BSONDBPointer(reference: "", id: ObjectID(head: 0, tail: 0))), .code(""),
            .codeWithScope(BSONCodeWithScope(code: "", scope: [:])), .maxKey,
        ]
        for (i, a) in ascending.enumerated() {
            for (j, b) in ascending.enumerated() {
                #expect(ValueOrder.compare(a, b) == (i == j ? 0 : (i < j ? -1 : 1)), "\(a) \(b)")
            }
        }
    }

    @Test("the order is transitive on random triples")
    func isTransitive() throws {
        var values = RandomValues(seed: 5)
        for _ in 0..<rounds(60_000) {
            let triple = [values.value(), values.value(), values.value()].sorted { ValueOrder.compare($0, $1) < 0 }
            #expect(ValueOrder.compare(triple[0], triple[2]) <= 0)
            #expect(ValueOrder.compare(triple[0], triple[0]) == 0)
        }
    }

    @Test(
        "numbers compare exactly across types",
        arguments: [
            (.int64(1 << 53 + 1), .double(0x1p53), 1),
            (.int64(.max), .double(0x1p63), -1),
            (.int64(.min), .double(-0x1p63), 0),
            (.int32(5), .double(5), 0),
            (.double(0), .double(-0.0), 0),
            (.int32(-1), .double(-1.5), 1),
            (.double(0.1), .decimal128(Decimal128("0.1") ?? .nan), 1),
            (.double(0.5), .decimal128(Decimal128("0.50") ?? .nan), 0),
            (.double(.nan), .decimal128(.nan), 0),
            (.double(.infinity), .decimal128(.infinity), 0),
            (.double(.greatestFiniteMagnitude), .decimal128(Decimal128("1E+309") ?? .nan), -1),
            (.double(.leastNonzeroMagnitude), .decimal128(Decimal128("1E-6000") ?? .nan), 1),
            (.int64(.max), .decimal128(Decimal128("9223372036854775807.1") ?? .nan), -1),
        ] as [(BSONValue, BSONValue, Int)])
    func comparesNumbers(a: BSONValue, b: BSONValue, expected: Int) {
        #expect(ValueOrder.compare(a, b) == expected)
        #expect(ValueOrder.compare(b, a) == -expected)
    }

    @Test(
        "documents compare field by field: class, then name, then value; arrays element by element",
        arguments: [
            (["a": 1], ["a": 1, "b": 0], -1),
            (["b": 1], ["a": "x"], -1),
            (["b": 1], ["a": 2], 1),
            (["a": 1], ["a": 1.0], 0),
            (["a": 2], ["a": 10], -1),
            ([1, 2], [1, 3], -1),
            ([1, 2], [1], 1),
            ([[1]], [[1.0]], 0),
            (["a"], [1], 1),
        ] as [(BSONValue, BSONValue, Int)])
    func comparesContainers(a: BSONValue, b: BSONValue, expected: Int) {
        #expect(ValueOrder.compare(a, b) == expected)
    }

    @Test("texts compare by bytes and a symbol equals a string")
    func comparesTexts() {
        #expect(ValueOrder.compare("Z", "a") == -1)
        #expect(ValueOrder.compare("é", "z") == 1)
        #expect(ValueOrder.compare(.symbol("a"), "a") == 0)
        #expect(ValueOrder.compare("a\u{0}b", "a") == 1)
    }

    @Test("binaries compare by length, then subtype, then bytes")
    func comparesBinaries() {
        func binary(_ subtype: UInt8, _ bytes: [UInt8]) -> BSONValue {
            .binary(BSONBinary(subtype: subtype, bytes: bytes))
        }
        #expect(ValueOrder.compare(binary(0, [9]), binary(0, [1, 1])) == -1)
        #expect(ValueOrder.compare(binary(5, [1]), binary(4, [2])) == 1)
        #expect(ValueOrder.compare(binary(0, [1]), binary(0, [2])) == -1)
    }
}
