// Vectors in documents: binary subtype 9 (float32, int8, packed bit), or an array of numbers.
//
// Subtype 9 begins with two bytes: the element type (0x27 float32, 0x03 int8, 0x10 packed bit) and the number of
// unused low bits in the last byte, which only packed bits may have. Elements follow, little endian.

/// The two bytes before a vector's elements.
enum VectorHeader {
    static let float32: UInt8 = 0x27
    static let int8: UInt8 = 0x03
    static let packedBit: UInt8 = 0x10

    /// What is wrong with the content of a binary subtype 9; nil when nothing is.
    static func fault(in content: BSONBytes) -> String? {
        guard content.count >= 2 else { return "a vector has no header" }
        let padding = content[1]
        switch content[0] {
        case float32:
            if padding != 0 { return "a float32 vector has padding" }
            return (content.count - 2) % 4 == 0 ? nil : "a float32 vector is not a multiple of four bytes"
        case int8: return padding == 0 ? nil : "an int8 vector has padding"
        case packedBit:
            if padding > 7 { return "a packed bit vector has a padding above 7" }
            if padding > 0 {
                if content.count == 2 { return "an empty packed bit vector has padding" }
                if content[content.count - 1] & (1 << padding - 1) != 0 {
                    return "a packed bit vector has unused bits that are not zero"
                }
            }
            return nil
        default: return "unknown vector element type 0x\(Hex.text([content[0]]))"
        }
    }
}

/// A vector read from a value.
public enum VectorValue: Sendable, Hashable {
    /// 32-bit floats.
    case float32([Float])
    /// Signed bytes.
    case int8([Int8])
    /// Bits, the highest of the first byte first; `count` of them are meant.
    case packedBit(bytes: [UInt8], count: Int)

    /// The vector in a binary subtype 9 or an array of numbers; nil when the value is neither.
    ///
    /// - Throws: `badValue` for a subtype 9 whose content is malformed, or an array with an element that is no number.
    public init?(_ value: BSONValue) throws(DocumentError) {
        guard let vector = try value.withView({ view throws(DocumentError) in try VectorValue(view) }) else {
            return nil
        }
        self = vector
    }

    /// The vector in a value in place; nil when the value is no vector.
    package init?(_ view: BSONView) throws(DocumentError) {
        switch view.type {
        case .array:
            var floats: [Float] = []
            try Self.appendArray(view.bytes, to: &floats)
            self = .float32(floats)
        case .binary where view.subtype == 9:
            let content = view.payload
            if let reason = VectorHeader.fault(in: content) { throw DocumentError(.badValue, reason) }
            switch content[0] {
            case VectorHeader.float32:
                var floats: [Float] = []
                Self.appendFloat32(content, to: &floats)
                self = .float32(floats)
            case VectorHeader.int8:
                self = .int8((2..<content.count).map { Int8(bitPattern: content[$0]) })
            default:
                let bytes = content.slice(2, content.count).array
                self = .packedBit(bytes: bytes, count: bytes.count * 8 - Int(content[1]))
            }
        default: return nil
        }
    }

    /// The number of elements.
    public var count: Int {
        switch self {
        case .float32(let floats): floats.count
        case .int8(let numbers): numbers.count
        case .packedBit(_, let count): count
        }
    }

    /// The elements as floats; a bit is 0 or 1.
    public var floats: [Float] {
        switch self {
        case .float32(let floats): floats
        case .int8(let numbers): numbers.map { Float($0) }
        case .packedBit(let bytes, let count):
            (0..<count).map { bytes[$0 / 8] >> (7 - UInt8($0 % 8)) & 1 == 1 ? 1 : 0 }
        }
    }

    /// The vector as a binary subtype 9. Of packed bits, the bytes and bits beyond the count are left out.
    ///
    /// A count below zero, or of more bits than there are, traps.
    public var binary: BSONBinary {
        switch self {
        case .float32(let floats):
            var bytes: [UInt8] = [VectorHeader.float32, 0]
            bytes.reserveCapacity(2 + floats.count * 4)
            for float in floats { BSONWriter.appendInt32(Int32(bitPattern: float.bitPattern), to: &bytes) }
            return BSONBinary(subtype: 9, bytes: bytes)
        case .int8(let numbers):
            return BSONBinary(
                subtype: 9, bytes: [VectorHeader.int8, 0] + numbers.map { UInt8(bitPattern: $0) })
        case .packedBit(let bytes, let count):
            precondition(count >= 0 && count <= bytes.count * 8, "a packed bit vector has fewer bits than its count")
            var used = Array(bytes.prefix((count + 7) / 8))
            let padding = UInt8(used.count * 8 - count)
            if let last = used.indices.last { used[last] &= 0xFF << padding }
            return BSONBinary(subtype: 9, bytes: [VectorHeader.packedBit, padding] + used)
        }
    }

    /// Appends the elements of a vector in place to `floats`; false, and nothing appended, when it is no vector.
    ///
    /// The path of an insert: no value is made on the way.
    package static func append(_ view: BSONView, to floats: inout [Float]) throws(DocumentError) -> Bool {
        if view.type == .binary && view.subtype == 9 && view.payload.count >= 2
            && view.payload[0] == VectorHeader.float32
        {
            if let reason = VectorHeader.fault(in: view.payload) { throw DocumentError(.badValue, reason) }
            appendFloat32(view.payload, to: &floats)
            return true
        }
        if view.type == .array {
            try appendArray(view.bytes, to: &floats)
            return true
        }
        guard let vector = try VectorValue(view) else { return false }
        floats.append(contentsOf: vector.floats)
        return true
    }

    private static func appendFloat32(_ content: BSONBytes, to floats: inout [Float]) {
        let count = (content.count - 2) / 4
        floats.reserveCapacity(floats.count + count)
        for index in 0..<count { floats.append(Float(bitPattern: content.uint32(at: 2 + index * 4))) }
    }

    private static func appendArray(_ bytes: BSONBytes, to floats: inout [Float]) throws(DocumentError) {
        let start = floats.count
        var reader = BSONReader(bytes)
        while let field = reader.next() {
            guard let number = field.value.double else {
                let place = floats.count - start
                floats.removeSubrange(start...)
                throw DocumentError(
                    .badValue, "a vector's element \(place) is of type \(field.value.type.name), not a number")
            }
            floats.append(Float(number))
        }
    }
}

/// A vector of 32-bit floats that `Codable` types store as a binary subtype 9 instead of an array.
public struct Vector: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// The elements.
    public var elements: [Float]

    /// Wraps the elements.
    public init(_ elements: [Float]) { self.elements = elements }

    /// Wraps the elements.
    public init(arrayLiteral elements: Float...) { self.elements = elements }

    /// The vector as a value.
    public var value: BSONValue { .binary(VectorValue.float32(elements).binary) }
}
