// As much of BSON as the documents of the bench have: finding a field in place, changing a number, and JSON text.
//
// It trusts its input, which the exporter has just written.

enum BSONField {
    enum Value {
        case double(Double)
        case string(UnsafeRawBufferPointer)
        case integer(Int64)
        case array(UnsafeRawBufferPointer)
    }

    /// A field's value with its place; a copy, for use outside the loan.
    struct Found {
        let integer: Int64?
        let double: Double?
        let text: [UInt8]?
    }

    static func find(_ name: StaticString, in bson: [UInt8]) -> Found? {
        bson.withUnsafeBytes { bytes in
            value(name, in: bytes).map { value in
                switch value {
                case .double(let number): Found(integer: nil, double: number, text: nil)
                case .integer(let number): Found(integer: number, double: nil, text: nil)
                case .string(let text): Found(integer: nil, double: nil, text: Array(text))
                case .array: Found(integer: nil, double: nil, text: nil)
                }
            }
        }
    }

    /// A top-level field, in place.
    static func value(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> Value? {
        var place = 4
        while place < bytes.count, bytes[place] != 0 {
            let type = bytes[place]
            let start = place + 1
            var end = start
            while bytes[end] != 0 { end += 1 }
            if end - start == name.utf8CodeUnitCount,
                UnsafeRawBufferPointer(rebasing: bytes[start..<end]).elementsEqual(
                    UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            {
                return decoded(type, bytes, end + 1)
            }
            place = end + 1 + width(type, bytes, end + 1)
        }
        return nil
    }

    /// Where the value of a 32-bit field begins.
    static func placeOfInt32(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        var place = 4
        while place < bytes.count, bytes[place] != 0 {
            let type = bytes[place]
            let start = place + 1
            var end = start
            while bytes[end] != 0 { end += 1 }
            if type == 0x10, end - start == name.utf8CodeUnitCount,
                UnsafeRawBufferPointer(rebasing: bytes[start..<end]).elementsEqual(
                    UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            {
                return end + 1
            }
            place = end + 1 + width(type, bytes, end + 1)
        }
        return nil
    }

    /// The document with another `_id`, which is its first field and has 64 bits.
    static func renumbered(_ bson: [UInt8], _ id: Int64) -> [UInt8] {
        var copy = bson
        for byte in 0..<8 { copy[9 + byte] = UInt8(truncatingIfNeeded: id >> (byte * 8)) }
        return copy
    }

    /// The document with `amount` one higher.
    static func incremented(_ bson: [UInt8]) throws -> [UInt8] {
        var copy = bson
        try copy.withUnsafeMutableBytes { bytes in
            guard let place = placeOfInt32("amount", in: UnsafeRawBufferPointer(bytes)) else {
                throw PeerError("a document has no amount")
            }
            let amount = bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)
            bytes.storeBytes(of: amount &+ 1, toByteOffset: place, as: Int32.self)
        }
        return copy
    }

    // MARK: JSON

    /// The document as JSON without white space, without the fields of `omitted`.
    static func json(_ bson: [UInt8], omitting omitted: [StaticString]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bson.count + 32)
        bson.withUnsafeBytes { bytes in
            write(bytes, isArray: false, omitting: omitted.map(\.description), into: &out)
        }
        return out
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, isArray: Bool, omitting omitted: [String], into out: inout [UInt8]
    ) {
        out.append(UInt8(ascii: isArray ? "[" : "{"))
        var isFirst = true
        var place = 4
        while bytes[place] != 0 {
            let type = bytes[place]
            let start = place + 1
            var end = start
            while bytes[end] != 0 { end += 1 }
            place = end + 1 + width(type, bytes, end + 1)
            let name = bytes[start..<end]
            if omitted.contains(where: { $0.utf8.elementsEqual(name) }) { continue }
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            if !isArray {
                write(name, into: &out)
                out.append(UInt8(ascii: ":"))
            }
            switch decoded(type, bytes, end + 1) {
            case .double(let number): out += Array(number.description.utf8)
            case .integer(let number): out += Array(number.description.utf8)
            case .string(let text): write(text[...], into: &out)
            case .array(let array): write(array, isArray: true, omitting: [], into: &out)
            }
        }
        out.append(UInt8(ascii: isArray ? "]" : "}"))
    }

    /// The corpus has words, digits and spaces only: nothing to escape.
    private static func write(_ text: Slice<UnsafeRawBufferPointer>, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        out += text
        out.append(UInt8(ascii: "\""))
    }

    // MARK: Values

    private static func int32(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: place, as: Int32.self))
    }

    private static func width(_ type: UInt8, _ bytes: UnsafeRawBufferPointer, _ place: Int) -> Int {
        switch type {
        case 0x01, 0x12: 8
        case 0x02: 4 + int32(bytes, place)
        case 0x04: int32(bytes, place)
        case 0x10: 4
        default: preconditionFailure("a type of BSON that the bench's documents do not have: \(type)")
        }
    }

    private static func decoded(_ type: UInt8, _ bytes: UnsafeRawBufferPointer, _ place: Int) -> Value {
        switch type {
        case 0x01: .double(bytes.loadUnaligned(fromByteOffset: place, as: Double.self))
        case 0x02: .string(UnsafeRawBufferPointer(rebasing: bytes[place + 4..<place + 3 + int32(bytes, place)]))
        case 0x04: .array(UnsafeRawBufferPointer(rebasing: bytes[place..<place + int32(bytes, place)]))
        case 0x10: .integer(Int64(int32(bytes, place)))
        default: .integer(bytes.loadUnaligned(fromByteOffset: place, as: Int64.self))
        }
    }
}
