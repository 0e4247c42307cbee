// A million byte strings made from good documents by a few changes: validated, read, printed, decoded. Nothing may trap,
// and what validation lets through must be readable all the way down. Optimised, all of it takes some ten seconds.

import Testing

@testable import SmartStore

@Suite("Hostile bytes")
struct HostileBytesTests {
    /// What a reader does with bytes: every field at every level, in place and as values.
    private static func read(_ bytes: BSONBytes, depth: Int = 0) -> (fields: Int, isWhole: Bool) {
        guard depth < BSONLimits.deepest else { return (0, true) }
        var reader = BSONReader(bytes)
        var fields = 0
        var isWhole = true
        while let field = reader.next() {
            fields += 1
            let view = field.value
            isWhole = isWhole && BSONValue(view) != nil
            _ = view.double
            switch view.type {
            case .document, .array:
                let inner = read(view.bytes, depth: depth + 1)
                fields += inner.fields
                isWhole = isWhole && inner.isWhole
            case .codeWithScope:
                if let parts = view.scopeParts {
                    let inner = read(parts.scope, depth: depth + 1)
                    fields += inner.fields
                    isWhole = isWhole && inner.isWhole
                } else {
                    isWhole = false
                }
            case .regex: isWhole = isWhole && view.regexParts != nil
            case .binary: _ = try? VectorValue(view)
            case .decimal128: _ = (view.decimal.int64, view.decimal.isIntegral)
            default: break
            }
        }
        return (fields, isWhole && !reader.isMalformed)
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {
            if let fields = try? decoder.container(keyedBy: NameKey.self) {
                for key in fields.allKeys { _ = try? fields.decode(Anything.self, forKey: key) }
            } else if var elements = try? decoder.unkeyedContainer() {
                while !elements.isAtEnd { _ = try elements.decode(Anything.self) }
            } else {
                let single = try decoder.singleValueContainer()
                _ = single.decodeNil()
                if (try? single.decode(Int.self)) == nil { _ = try? single.decode(String.self) }
            }
        }
    }

    private struct NameKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout ReplayableRandom) {
        let place = random.below(bytes.count)
        switch random.below(8) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes[place] = random.pick([0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF, 0x13, 0x0F, 0x0B, 0x0C, 9])
        case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next() >> 3 & 0x1F), at: place)
        case 4 where bytes.count > 1: bytes.remove(at: place)
        case 5: bytes.removeLast(random.below(min(bytes.count, 6)))
        case 6:
            // A length somewhere, near what it was or far from it.
            guard bytes.count >= 8 else { return }
            let start = random.below(bytes.count - 3)
            let length = random.pick(
                [0, 1, 4, 5, -1, .max, .min, Int32(bytes.count), Int32(random.below(64))] as [Int32])
            for (offset, shift) in [0, 8, 16, 24].enumerated() {
                bytes[start + offset] = UInt8(truncatingIfNeeded: length >> Int32(shift))
            }
        default:
            // A part of it once more.
            let end = min(bytes.count, place + 1 + random.below(12))
            bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
        }
        if bytes.isEmpty { bytes = [0] }
    }

    @Test("a million changed byte strings are validated, read, printed and decoded without a trap", arguments: 0..<8)
    func survives(part: Int) throws {
        var values = RandomValues(seed: UInt64(7_000 + part))
        let samples = RoundTripTests.cases.map(\.bson).filter { $0.count < 300 }
        var accepted = 0
        var fields = 0
        for round in 0..<rounds(125_000) {
            var bytes = round % 2 == 0 ? values.random.pick(samples) : values.document().bson
            for _ in 0...values.random.below(4) { Self.change(&bytes, &values.random) }
            // A wrong total length would end every walk at once.
            if values.random.below(8) != 0 && bytes.count >= 5 { BSONWriter.setLength(in: &bytes, at: 0) }
            let isValid = errorCode { () throws(DocumentError) in try BSONValidator.validate(bytes) } == nil
            let seen = BSONBytes.with(bytes) { Self.read($0) }
            fields += seen.fields
            let document = Document(trusted: bytes)
            let text = ExtendedJSON.utf8(document, .canonical)
            _ = ExtendedJSON.utf8(document, .relaxed)
            _ = try? DocumentDecoder().decode(Anything.self, from: document)
            guard isValid else { continue }
            accepted += 1
            #expect(seen.isWhole, "\(Hex.text(bytes))")
            let canonical = try Document(bson: bytes)
            #expect(try Document(bson: canonical.bson) == canonical, "\(Hex.text(bytes))")
            // Its text is read again, unless a document in it looks like a wrapper and is none.
            if let reread = try? ExtendedJSON.document(from: text) {
                #expect(
                    ValueOrder.compare(.document(reread), .document(canonical)) == 0 || Self.looksLikeWrapper(text),
                    "\(Hex.text(bytes))")
            } else {
                #expect(Self.looksLikeWrapper(text), "\(Hex.text(bytes))")
            }
        }
        #expect(accepted > rounds(5_000) && fields > rounds(50_000))
    }

    /// Whether a field name is that of a wrapper's: one of the samples' own names with a dollar.
    private static func looksLikeWrapper(_ text: [UInt8]) -> Bool { text.contains(UInt8(ascii: "$")) }
}
