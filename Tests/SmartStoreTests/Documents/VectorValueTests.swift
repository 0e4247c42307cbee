// Vectors in documents: the three element types of subtype 9, arrays, and what is refused.

import Testing

@testable import SmartStore

@Suite("Vectors in documents")
struct VectorValueTests {
    @Test("floats make a subtype 9 and come back bit for bit")
    func roundTripsFloats() throws {
        let floats: [Float] = [0, -0.0, 1.5, .infinity, .nan, .leastNonzeroMagnitude, -3.25]
        let value = Vector(floats).value
        #expect(value.binary?.subtype == 9)
        #expect(value.binary?.bytes.prefix(2) == [0x27, 0])
        let read = try #require(try VectorValue(value))
        #expect(read.floats.map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(read.count == floats.count)
        try BSONValidator.validate((["v": value] as Document).bson)
    }

    @Test("signed bytes and packed bits are read and written")
    func roundTripsOtherTypes() throws {
        let bytes = VectorValue.int8([1, -128, 127])
        #expect(bytes.binary.bytes == [0x03, 0, 1, 0x80, 0x7F])
        #expect(try VectorValue(.binary(bytes.binary)) == bytes)
        #expect(bytes.floats == [1, -128, 127])
        let bits = VectorValue.packedBit(bytes: [0b1010_0000, 0b1100_0000], count: 10)
        #expect(bits.binary.bytes == [0x10, 6, 0xA0, 0xC0])
        #expect(try VectorValue(.binary(bits.binary)) == bits)
        #expect(bits.floats == [1, 0, 1, 0, 0, 0, 0, 0, 1, 1])
    }

    @Test("packed bits are written canonically: bits and bytes beyond the count are left out")
    func writesPackedBits() throws {
        let cases: [(bytes: [UInt8], count: Int, binary: [UInt8])] = [
            ([], 0, [0x10, 0]), ([0xFF], 0, [0x10, 0]), ([0xFF, 0xFF], 3, [0x10, 5, 0xE0]),
            ([0xFF], 8, [0x10, 0, 0xFF]),
            ([0xAA, 0xFF], 9, [0x10, 7, 0xAA, 0x80]), ([0xAA, 0xFF, 0x01], 16, [0x10, 0, 0xAA, 0xFF]),
        ]
        for (bytes, count, expected) in cases {
            let vector = VectorValue.packedBit(bytes: bytes, count: count)
            #expect(vector.binary.bytes == expected)
            let read = try #require(try VectorValue(.binary(vector.binary)))
            #expect(read.count == count && read.floats == vector.floats)
            try BSONValidator.validate((["v": .binary(vector.binary)] as Document).bson)
        }
    }

    @Test("an array of numbers is a vector, whatever the number types")
    func readsArrays() throws {
        let value: BSONValue = [1, 2.5, .int64(3), .decimal128(Decimal128("0.5") ?? .nan)]
        #expect(try VectorValue(value)?.floats == [1, 2.5, 3, 0.5])
        #expect(try VectorValue([])?.count == 0)
    }

    @Test("other values are no vectors, malformed ones are errors")
    func refuses() throws {
        #expect(try VectorValue("x") == nil)
        #expect(try VectorValue(.binary(BSONBinary(bytes: [0x27, 0]))) == nil)
        let malformed: [BSONValue] = [
            [1, "x"], .binary(BSONBinary(subtype: 9, bytes: [])), .binary(BSONBinary(subtype: 9, bytes: [0x27, 0, 1])),
            .binary(BSONBinary(subtype: 9, bytes: [0x99, 0])), .binary(BSONBinary(subtype: 9, bytes: [0x10, 8, 1])),
        ]
        for value in malformed {
            #expect(errorCode { () throws(DocumentError) in _ = try VectorValue(value) } == .badValue)
        }
    }

    @Test("floats are appended from a field in place, and nothing is when it is refused")
    func appendsInPlace() throws {
        let document: Document = ["v": Vector([1, 2]).value, "a": [3, 4.5], "s": "x", "bad": [5, "x"]]
        var floats: [Float] = [9]
        try document.withBytes { bytes in
            for (name, expected) in [("v", true), ("a", true), ("s", false)] {
                let view = try #require(try FieldPath(name).value(in: bytes))
                #expect(try VectorValue.append(view, to: &floats) == expected)
            }
            let bad = try #require(try FieldPath("bad").value(in: bytes))
            #expect(throws: DocumentError.self) { try VectorValue.append(bad, to: &floats) }
        }
        #expect(floats == [9, 1, 2, 3, 4.5])
    }
}
