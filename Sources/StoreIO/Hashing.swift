// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), and comparison in constant time.
//
// The library's digest calls fail only when memory runs out or the library is unusable; neither has a remedy here, so
// these functions stop the process instead of burdening every caller with an error that never comes.

import COpenSSL

/// Digests and message authentication codes. Thread safe.
package enum Hashing {
    /// The SHA-256 digest of `bytes`.
    package static func sha256(_ bytes: RawSpan) -> Digest32 {
        digest { output in
            bytes.withUnsafeBytes {
                EVP_Digest($0.baseAddress, $0.count, output, nil, Algorithms.shared.sha256, nil)
            }
        }
    }

    /// The HMAC-SHA-256 of `bytes` under `key`.
    package static func hmacSHA256(key: SecretKey, _ bytes: RawSpan) -> Digest32 {
        key.withBytes { hmacSHA256(key: $0, bytes) }
    }

    /// The HMAC-SHA-256 of `bytes` under a key of any length.
    package static func hmacSHA256(key: RawSpan, _ bytes: RawSpan) -> Digest32 {
        digest { output in
            guard let context = EVP_MAC_CTX_new(Algorithms.shared.hmac) else { return 0 }
            defer { EVP_MAC_CTX_free(context) }
            let parameters = [storeio_sha256_parameter(), OSSL_PARAM_construct_end()]
            let isKeyed = key.withUnsafeBytes { key in
                // HMAC pads a short key with zeros, so one zero byte is the empty key, which the library refuses.
                guard let start = key.baseAddress, key.count > 0 else {
                    return EVP_MAC_init(context, [0], 1, parameters)
                }
                return EVP_MAC_init(context, start.assumingMemoryBound(to: UInt8.self), key.count, parameters)
            }
            guard isKeyed == 1 else { return 0 }
            let isFed = bytes.withUnsafeBytes {
                $0.isEmpty
                    ? 1 : EVP_MAC_update(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
            }
            return isFed == 1 ? EVP_MAC_final(context, output, nil, Digest32.byteCount) : 0
        }
    }

    /// Whether the bytes are the same, in a time that depends on their number only.
    package static func equal(_ a: RawSpan, _ b: RawSpan) -> Bool {
        guard a.byteCount == b.byteCount else { return false }
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in a.isEmpty || CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
        }
    }

    /// Collects 32 bytes of output from a call that returns 1 for success.
    fileprivate static func digest(_ body: (UnsafeMutablePointer<UInt8>) -> Int32) -> Digest32 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Digest32.byteCount) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, body(start) == 1 else {
                preconditionFailure("libcrypto cannot compute a SHA-256 digest")
            }
            return Digest32(UnsafeRawBufferPointer(buffer).bytes)
        }
    }
}

/// SHA-256 over bytes that come in parts.
///
/// Unchecked Sendable: the context belongs to this value alone.
package struct SHA256Stream: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto has no memory for a digest") }
        self.context = context
        begin()
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds `bytes` to what is digested.
    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes {
            guard $0.isEmpty || EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 else {
                preconditionFailure("libcrypto cannot compute a SHA-256 digest")
            }
        }
    }

    /// The digest of all bytes added. The stream then stands at its beginning again.
    package mutating func finalise() -> Digest32 {
        let result = Hashing.digest { EVP_DigestFinal_ex(context, $0, nil) }
        begin()
        return result
    }

    private func begin() {
        guard EVP_DigestInit_ex(context, Algorithms.shared.sha256, nil) == 1 else {
            preconditionFailure("libcrypto cannot begin a SHA-256 digest")
        }
    }
}
