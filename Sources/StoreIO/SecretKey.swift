// Secret bytes in memory: mapped apart, kept out of swap, core dumps and children, overwritten at the end.
//
// What must hold:
//
// 1. The bytes exist in one buffer per secret, lent to closures and never returned.
// 2. The buffer is overwritten before its pages are given back.
// 3. Nothing here prints, hashes or encodes a secret, and comparison takes the same time whatever differs.

import COpenSSL

/// Pages that hold one secret.
private struct SecretPages: ~Copyable {
    private let pages: UnsafeMutableRawBufferPointer
    private let isMapped: Bool
    let count: Int
    let isLocked: Bool

    init(count: Int) {
        self.count = count
        if let mapped = Platform.mapPages(atLeast: max(count, 1)) {
            pages = mapped
            isMapped = true
            isLocked = Platform.protectSecretPages(mapped)
        } else {
            // No mapping to be had: memory of the ordinary kind still serves, without its protections.
            pages = .allocate(byteCount: max(count, 1), alignment: 16)
            pages.initializeMemory(as: UInt8.self, repeating: 0)
            isMapped = false
            isLocked = false
        }
    }

    deinit {
        OPENSSL_cleanse(pages.baseAddress, pages.count)
        if isMapped { Platform.unmapPages(pages) } else { pages.deallocate() }
    }

    /// The secret's own bytes within the pages.
    var contents: UnsafeMutableRawBufferPointer { .init(rebasing: pages[..<count]) }

    func copy(from bytes: RawSpan) {
        bytes.withUnsafeBytes { contents.copyMemory(from: $0) }
    }

    func isEqual(to other: borrowing SecretPages) -> Bool {
        count == other.count && CRYPTO_memcmp(contents.baseAddress, other.contents.baseAddress, count) == 0
    }
}

/// A key of 32 secret bytes. Equality takes constant time.
///
/// Unchecked Sendable: the pages are written in `init` only, and read-only from then on.
package final class SecretKey: @unchecked Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// A key's size in bytes.
    package static let byteCount = 32

    private let pages: SecretPages

    /// Copies a key. The caller's bytes stay what they are: overwrite them if they are secret too.
    ///
    /// `bytes` must have exactly 32 bytes.
    package init(copying bytes: RawSpan) {
        precondition(bytes.byteCount == Self.byteCount, "a key has 32 bytes")
        pages = SecretPages(count: Self.byteCount)
        pages.copy(from: bytes)
    }

    /// Draws a fresh key.
    package convenience init(random: any RandomSource) throws(CryptoFault) {
        try self.init { (bytes) throws(CryptoFault) in try random.fill(&bytes) }
    }

    /// A key written in place, so that it exists nowhere else.
    init(filling fill: (inout MutableRawSpan) throws(CryptoFault) -> Void) throws(CryptoFault) {
        pages = SecretPages(count: Self.byteCount)
        var bytes = pages.contents.mutableBytes
        try fill(&bytes)
    }

    /// Whether the system keeps the key out of swap. It may refuse, as its budget for locked memory is small.
    package var isMemoryLocked: Bool { pages.isLocked }

    /// Lends the 32 bytes for the length of the call. Do not keep a copy.
    package func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(pages.contents).bytes)
    }

    package static func == (left: SecretKey, right: SecretKey) -> Bool { left.pages.isEqual(to: right.pages) }

    package var description: String { "SecretKey(…)" }
    package var debugDescription: String { description }
}

/// Secret bytes of any length, such as a passphrase. Equality takes constant time for equal lengths.
///
/// Unchecked Sendable: the pages are written in `init` only, and read-only from then on.
package final class SecretBytes: @unchecked Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    private let pages: SecretPages

    /// Copies the bytes. The caller's stay what they are.
    package init(copying bytes: RawSpan) {
        pages = SecretPages(count: bytes.byteCount)
        pages.copy(from: bytes)
    }

    /// Copies the UTF-8 form of a string. The string itself cannot be overwritten: keep it short-lived.
    package convenience init(_ string: String) {
        var utf8 = Array(string.utf8)
        self.init(copying: utf8.span.bytes)
        utf8.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    /// The number of bytes.
    package var count: Int { pages.count }

    /// Whether the system keeps the bytes out of swap.
    package var isMemoryLocked: Bool { pages.isLocked }

    /// Lends the bytes for the length of the call. Do not keep a copy.
    package func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(pages.contents).bytes)
    }

    package static func == (left: SecretBytes, right: SecretBytes) -> Bool { left.pages.isEqual(to: right.pages) }

    package var description: String { "SecretBytes(…)" }
    package var debugDescription: String { description }
}
