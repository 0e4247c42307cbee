// Keys from passphrases, and keys from keys.
//
// scrypt (RFC 7914) for passphrases, PBKDF2 (RFC 8018) with HMAC-SHA-256 for those who must use it, HKDF (RFC 5869) with
// SHA-256 to derive one key per purpose from another. Costs may come from a file: every parameter is checked before
// the library sees it, and scrypt's memory against the caller's ceiling before any is asked for.

import COpenSSL

/// Key derivation functions. All are thread safe and hold no state.
package enum KeyDerivation {
    /// A key from a passphrase, at a cost in memory and time of N = 2^`logN` with block size `r`, `p` times.
    ///
    /// Takes about 128 · r · 2^logN bytes; more than `maxMemory` bytes throws `invalidParameters`.
    package static func scrypt(
        passphrase: RawSpan, salt: RawSpan, logN: Int, r: Int, p: Int, maxMemory: UInt64
    ) throws(CryptoFault) -> SecretKey {
        guard (1...32).contains(logN), (1...1 << 16).contains(r), (1...1 << 16).contains(p), logN < 16 * r else {
            throw .invalidParameters("scrypt cost")
        }
        // With the bounds above nothing here overflows: less than 2^7 · 2^16 · 2^33.
        let memory = 128 * UInt64(r) * ((1 << UInt64(logN)) + UInt64(p) + 2)
        guard memory <= maxMemory, maxMemory <= UInt64(Int.max) else { throw .invalidParameters("scrypt memory") }
        return try SecretKey { (key) throws(CryptoFault) in
            let result = withPointers(passphrase, salt, &key) { passphrase, salt, key in
                EVP_PBE_scrypt(
                    passphrase.characters, passphrase.count, salt.start, salt.count,
                    1 << UInt64(logN), UInt64(r), UInt64(p), maxMemory, key.start, key.count)
            }
            try Algorithms.check(result, "EVP_PBE_scrypt")
        }
    }

    /// A key from a passphrase by `iterations` rounds of HMAC-SHA-256.
    package static func pbkdf2SHA256(
        passphrase: RawSpan, salt: RawSpan, iterations: Int
    ) throws(CryptoFault) -> SecretKey {
        guard let rounds = Int32(exactly: iterations), rounds > 0 else {
            throw .invalidParameters("PBKDF2 iterations")
        }
        guard let passphraseCount = Int32(exactly: passphrase.byteCount),
            let saltCount = Int32(exactly: salt.byteCount)
        else { throw .invalidParameters("PBKDF2 input length") }
        return try SecretKey { (key) throws(CryptoFault) in
            let result = withPointers(passphrase, salt, &key) { passphrase, salt, key in
                PKCS5_PBKDF2_HMAC(
                    passphrase.characters, passphraseCount, salt.start, saltCount, rounds,
                    Algorithms.shared.sha256, Int32(key.count), key.start)
            }
            try Algorithms.check(result, "PKCS5_PBKDF2_HMAC")
        }
    }

    /// The key for one purpose, derived from `key`. `info` names the purpose; different infos give keys that say
    /// nothing about each other.
    package static func hkdfSHA256(key: SecretKey, salt: RawSpan, info: RawSpan) throws(CryptoFault) -> SecretKey {
        try SecretKey { (derived) throws(CryptoFault) in
            try key.withBytes { (key) throws(CryptoFault) in
                try hkdf(key: key, salt: salt, info: info, into: &derived)
            }
        }
    }

    /// The general form: any key of at least one byte, 1 to 8,160 bytes of output.
    package static func hkdfSHA256(
        key: RawSpan, salt: RawSpan, info: RawSpan, count: Int
    ) throws(CryptoFault) -> [UInt8] {
        guard (1...255 * 32).contains(count) else { throw .invalidParameters("HKDF output length") }
        guard key.byteCount > 0 else { throw .invalidParameters("HKDF key length") }
        var result = [UInt8](repeating: 0, count: count)
        var span = result.mutableSpan
        var bytes = span.mutableBytes
        try hkdf(key: key, salt: salt, info: info, into: &bytes)
        return result
    }

    private static func hkdf(
        key: RawSpan, salt: RawSpan, info: RawSpan, into output: inout MutableRawSpan
    ) throws(CryptoFault) {
        guard let context = EVP_KDF_CTX_new(Algorithms.shared.hkdf) else { throw .failed("EVP_KDF_CTX_new") }
        defer { EVP_KDF_CTX_free(context) }
        let result = withPointers(key, salt, &output) { key, salt, output in
            info.withUnsafeBytes { info in
                var parameters = [storeio_sha256_parameter(), storeio_key_parameter(key.start, key.count)]
                if salt.count > 0 { parameters.append(storeio_salt_parameter(salt.start, salt.count)) }
                if info.count > 0 { parameters.append(storeio_info_parameter(info.baseAddress, info.count)) }
                parameters.append(OSSL_PARAM_construct_end())
                return EVP_KDF_derive(context, output.start, output.count, parameters)
            }
        }
        try Algorithms.check(result, "EVP_KDF_derive")
    }

    // MARK: Pointers for C

    private struct Input {
        let start: UnsafePointer<UInt8>?
        let count: Int
        /// The same address under the type C uses for passphrases.
        var characters: UnsafePointer<CChar>? {
            start.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) }
        }
    }

    private struct Output {
        let start: UnsafeMutablePointer<UInt8>?
        let count: Int
    }

    private static func withPointers(
        _ first: RawSpan, _ second: RawSpan, _ output: inout MutableRawSpan,
        _ body: (Input, Input, Output) -> Int32
    ) -> Int32 {
        output.withUnsafeMutableBytes { output in
            first.withUnsafeBytes { first in
                second.withUnsafeBytes { second in
                    body(
                        Input(start: first.baseAddress?.assumingMemoryBound(to: UInt8.self), count: first.count),
                        Input(start: second.baseAddress?.assumingMemoryBound(to: UInt8.self), count: second.count),
                        Output(start: output.baseAddress?.assumingMemoryBound(to: UInt8.self), count: output.count))
                }
            }
        }
    }
}
