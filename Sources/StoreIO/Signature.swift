// Ed25519 (RFC 8032) as libcrypto offers it: keys from seeds of 32 bytes, signatures of 64.
//
// What must hold: every object of the library is freed on every path, and a refusal is no error but "false".

import COpenSSL

/// Signatures with Ed25519.
package enum Signature {
    /// Bytes of a signature.
    package static let byteCount = 64

    /// A key that signs.
    package struct Key: Sendable {
        private let seed: SecretKey

        /// The key of a seed.
        package init(seed: SecretKey) { self.seed = seed }

        /// The 32 bytes that verify its signatures.
        package func publicKey() throws(CryptoFault) -> [UInt8] {
            let key = try load()
            defer { EVP_PKEY_free(key) }
            var bytes = [UInt8](repeating: 0, count: SecretKey.byteCount)
            var count = bytes.count
            try Algorithms.check(EVP_PKEY_get_raw_public_key(key, &bytes, &count), "EVP_PKEY_get_raw_public_key")
            return bytes
        }

        /// The signature of a message.
        package func signature(of message: RawSpan) throws(CryptoFault) -> [UInt8] {
            let key = try load()
            defer { EVP_PKEY_free(key) }
            guard let context = EVP_MD_CTX_new() else { throw .failed("EVP_MD_CTX_new") }
            defer { EVP_MD_CTX_free(context) }
            try Algorithms.check(EVP_DigestSignInit(context, nil, nil, nil, key), "EVP_DigestSignInit")
            var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
            var count = bytes.count
            let result = message.withUnsafeBytes {
                EVP_DigestSign(context, &bytes, &count, Signature.start(of: $0), $0.count)
            }
            try Algorithms.check(result, "EVP_DigestSign")
            return bytes
        }

        private func load() throws(CryptoFault) -> OpaquePointer {
            let key = seed.withBytes { seed in
                seed.withUnsafeBytes {
                    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, Signature.start(of: $0), $0.count)
                }
            }
            guard let key else {
                ERR_clear_error()
                throw .failed("EVP_PKEY_new_raw_private_key")
            }
            return key
        }
    }

    /// Whether the holder of the key that belongs to `publicKey` signed `message`.
    package static func verify(_ signature: [UInt8], of message: RawSpan, publicKey: [UInt8]) -> Bool {
        guard signature.count == byteCount, publicKey.count == SecretKey.byteCount else { return false }
        defer { ERR_clear_error() }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return message.withUnsafeBytes {
            EVP_DigestVerify(context, signature, signature.count, start(of: $0), $0.count) == 1
        }
    }

    private static func start(of bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8>? {
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
}
