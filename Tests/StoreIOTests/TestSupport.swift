// Small helpers of this target's tests: bytes from hexadecimal, a folder that goes away, arrays in place of spans.

import Foundation
import StoreIO

import struct StoreIO.Tag

/// Bytes from hexadecimal digits; blanks are passed over.
func hex(_ digits: String) -> [UInt8] {
    let values = digits.compactMap(\.hexDigitValue)
    precondition(values.count.isMultiple(of: 2))
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

func hexDigits(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

func secretKey(_ bytes: [UInt8]) -> SecretKey { SecretKey(copying: bytes.span.bytes) }

extension SecretKey {
    var copiedBytes: [UInt8] { withBytes { [UInt8](copying: $0) } }
}

extension StoreFile {
    func bytes(at offset: UInt64, count: Int) throws(FileFault) -> [UInt8] {
        var result = [UInt8](repeating: 0xAA, count: count)
        var span = result.mutableSpan
        var bytes = span.mutableBytes
        try read(into: &bytes, at: offset)
        return result
    }

    func put(_ bytes: [UInt8], at offset: UInt64) throws(FileFault) { try write(bytes.span.bytes, at: offset) }
}

extension PageCipher {
    func seal(_ plain: [UInt8], nonce: Nonce, data: [UInt8] = []) throws(CryptoFault) -> (bytes: [UInt8], tag: Tag) {
        var result = [UInt8](repeating: 0xAA, count: plain.count)
        var span = result.mutableSpan
        var bytes = span.mutableBytes
        let tag = try seal(nonce: nonce, authenticating: data.span.bytes, plain.span.bytes, into: &bytes)
        return (result, tag)
    }

    func open(
        _ sealed: [UInt8], tag: Tag, nonce: Nonce, data: [UInt8] = [], into output: inout [UInt8]
    ) throws(CryptoFault) {
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        try open(nonce: nonce, authenticating: data.span.bytes, sealed.span.bytes, tag: tag, into: &bytes)
    }

    func open(_ sealed: [UInt8], tag: Tag, nonce: Nonce, data: [UInt8] = []) throws(CryptoFault) -> [UInt8] {
        var result = [UInt8](repeating: 0xAA, count: sealed.count)
        try open(sealed, tag: tag, nonce: nonce, data: data, into: &result)
        return result
    }
}

extension Tag {
    /// The tag from its 16 bytes in order.
    init(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let low = try? reader.readU64(), let high = try? reader.readU64() else { fatalError("16 bytes") }
        self.init(low: low, high: high)
    }
}

extension Nonce {
    /// The nonce from its 12 bytes in order.
    init(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let high = try? reader.readU64(), let low = try? reader.readU32() else { fatalError("12 bytes") }
        self.init(high: high, low: low)
    }
}

/// Runs `body` with 0, 1, … on as many threads of their own and waits for all: unlike a queue's workers, they all run
/// even where there is one core.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for index in 0..<count {
        group.enter()
        Thread.detachNewThread {
            body(index)
            group.leave()
        }
    }
    group.wait()
}

// The functions under test take spans; `#expect` and `#require` can look only into calls without them.

func sha256(_ bytes: [UInt8]) -> Digest32 { Hashing.sha256(bytes.span.bytes) }

func hmac(key: [UInt8], _ bytes: [UInt8]) -> Digest32 { Hashing.hmacSHA256(key: key.span.bytes, bytes.span.bytes) }

func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { Hashing.equal(a.span.bytes, b.span.bytes) }

func crc32(_ bytes: [UInt8]) -> UInt32 { Checksum.crc32(bytes.span.bytes) }

func copied(_ bytes: [UInt8]) -> [UInt8] { [UInt8](copying: bytes.span.bytes) }

func deflated(_ bytes: [UInt8], level: Int = 1, limit: Int = .max) -> [UInt8]? {
    Deflate.compress(bytes.span.bytes, level: level, limit: limit)
}

func inflated(_ bytes: [UInt8], exactly count: Int) throws(CryptoFault) -> [UInt8] {
    try Deflate.inflate(bytes.span.bytes, exactly: count)
}

func derived(_ key: [UInt8], salt: [UInt8], info: [UInt8]) throws(CryptoFault) -> SecretKey {
    try KeyDerivation.hkdfSHA256(key: secretKey(key), salt: salt.span.bytes, info: info.span.bytes)
}

/// A folder of its own for one test, removed with this object.
final class TemporaryFolder {
    let path: String
    let directory: PosixDirectory

    init() throws {
        path = NSTemporaryDirectory() + "/storeio-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        directory = try PosixDirectory(path: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(of name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(of: name)))
        return path(of: name)
    }
}
