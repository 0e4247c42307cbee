// Import files: plain, gzip, several members, damaged.

import Foundation
import StoreIO
import Testing

@Suite("Gzip reader")
struct GzipReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// One gzip member (RFC 1952), without a name.
    private func member(_ plain: [UInt8]) throws -> [UInt8] {
        let packed = try #require(deflated(plain))
        var writer = ByteWriter()
        writer.append(bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
        writer.append(bytes: packed)
        writer.append(u32: crc32(plain))
        writer.append(u32: UInt32(truncatingIfNeeded: plain.count))
        return writer.bytes
    }

    private func content(of name: String, step: Int = 10_000) throws -> [UInt8] {
        let reader = try GzipReader(path: folder.path(of: name))
        var result: [UInt8] = []
        while true {
            let part = try reader.read(upTo: step)
            if part.isEmpty { break }
            #expect(part.count <= step)
            result += part
            #expect(reader.compressedOffset <= reader.compressedSize)
        }
        #expect(reader.compressedOffset == reader.compressedSize)
        #expect(try reader.read(upTo: step) == [])
        return result
    }

    @Test("a plain file of any size comes as it is", arguments: [0, 1, 2, 10_000, 131_072, 400_001])
    func plain(count: Int) throws {
        let bytes = try SeededRandomSource(seed: 1).bytes(count)
        try folder.write(bytes, to: "plain")
        #expect(try content(of: "plain") == bytes)
        #expect(try !GzipReader(path: folder.path(of: "plain")).isCompressed)
    }

    @Test("members follow each other, in steps of any size", arguments: [1, 7, 100_000])
    func members(step: Int) throws {
        let parts = [[UInt8](repeating: 65, count: 5_000), [], Array("tail".utf8), [UInt8](repeating: 0, count: 3_000)]
        try folder.write(try parts.flatMap { try member($0) }, to: "many.gz")
        #expect(try content(of: "many.gz", step: step) == parts.flatMap { $0 })
    }

    @Test("a large file passes through the buffer many times")
    func large() throws {
        let noise = try SeededRandomSource(seed: 2).bytes(1 << 20)
        try folder.write(try member(noise) + member(noise), to: "large.gz")
        #expect(try content(of: "large.gz", step: 65_537) == noise + noise)
    }

    @Test("zero padding after the last member is passed over, other bytes are damage")
    func trailing() throws {
        let bytes = try member([1, 2, 3])
        try folder.write(bytes + [UInt8](repeating: 0, count: 200_000), to: "padded.gz")
        #expect(try content(of: "padded.gz") == [1, 2, 3])
        for tail: [UInt8] in [[7], [0, 0, 7], [0x1F], [0x1F, 0x8B], [0x1F, 0]] {
            try folder.write(bytes + tail, to: "tail.gz")
            #expect(throws: CryptoFault.inflateFailed) { try content(of: "tail.gz") }
        }
    }

    @Test("a file that is cut off anywhere is an error, not a shorter content")
    func truncated() throws {
        let bytes = try member(Array("a page and another page".utf8))
        for count in 2..<bytes.count {
            try folder.write(Array(bytes.prefix(count)), to: "cut.gz")
            #expect(throws: CryptoFault.inflateFailed) { try content(of: "cut.gz") }
        }
    }

    @Test("a wrong checksum or length is an error")
    func wrongTrailer() throws {
        let bytes = try member([UInt8](repeating: 3, count: 1_000))
        for index in bytes.count - 8..<bytes.count {
            var other = bytes
            other[index] ^= 1
            try folder.write(other, to: "wrong.gz")
            #expect(throws: CryptoFault.inflateFailed) { try content(of: "wrong.gz") }
        }
    }

    @Test("a path without a file, or with a folder, throws")
    func missing() {
        #expect(throws: FileFault.notFound) { try GzipReader(path: folder.path(of: "none")) }
        #expect(throws: FileFault.self) { try GzipReader(path: folder.path) }
    }
}
