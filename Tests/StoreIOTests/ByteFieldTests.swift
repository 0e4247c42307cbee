// Little-endian fields: written, read back, and never read past the end.

import StoreIO
import Testing

@Suite("Byte fields")
struct ByteFieldTests {
    @Test("what a writer appends a reader reads")
    func roundTrip() throws {
        let digest = Digest32(bytes: [UInt8](0..<32))
        var writer = ByteWriter(capacity: 64)
        writer.append(u8: 0x12)
        writer.append(u16: 0x3456)
        writer.append(u32: 0x789A_BCDE)
        writer.append(u64: 0x0123_4567_89AB_CDEF)
        writer.append(bytes: [1, 2, 3])
        let more: [UInt8] = [4, 5]
        writer.append(bytes: more.span.bytes)
        writer.append(digest: digest)
        #expect(writer.count == 52)
        #expect(Array(writer.bytes.prefix(7)) == [0x12, 0x56, 0x34, 0xDE, 0xBC, 0x9A, 0x78])
        writer.pad(to: 60)
        writer.pad(to: 10)
        #expect(writer.count == 60)
        var reader = ByteReader(copying: writer.bytes.span.bytes)
        #expect(try reader.readU8() == 0x12)
        #expect(try reader.readU16() == 0x3456)
        #expect(try reader.readU32() == 0x789A_BCDE)
        #expect(try reader.readU64() == 0x0123_4567_89AB_CDEF)
        #expect(try reader.bytes(5) == [1, 2, 3, 4, 5])
        #expect(try reader.readDigest() == digest)
        #expect(reader.remaining == 8 && reader.offset == 52)
        try reader.skip(8)
        #expect(reader.isAtEnd)
    }

    @Test("a field that does not fit throws and takes nothing", arguments: 0..<8)
    func tooShort(count: Int) throws {
        var reader = ByteReader([UInt8](repeating: 1, count: count))
        #expect(throws: ByteReaderFault(offset: 0, needed: 8)) { try reader.readU64() }
        if count < 4 { #expect(throws: ByteReaderFault(offset: 0, needed: 4)) { try reader.readU32() } }
        if count < 2 { #expect(throws: ByteReaderFault(offset: 0, needed: 2)) { try reader.readU16() } }
        if count < 1 { #expect(throws: ByteReaderFault(offset: 0, needed: 1)) { try reader.readU8() } }
        #expect(reader.remaining == count)
    }

    @Test("lengths that no byte string has are refused", arguments: [-1, 4, .max, .min])
    func impossibleLengths(count: Int) throws {
        var reader = ByteReader([1, 2, 3])
        #expect(throws: ByteReaderFault(offset: 0, needed: count)) { try reader.bytes(count) }
        #expect(throws: ByteReaderFault(offset: 0, needed: count)) { try reader.skip(count) }
        #expect(try reader.bytes(3) == [1, 2, 3])
    }

    @Test("a copy of a span has its bytes, at every length", arguments: 0...40)
    func copies(count: Int) {
        let bytes = (0..<count).map { UInt8($0) }
        #expect(copied(bytes) == bytes)
    }
}
