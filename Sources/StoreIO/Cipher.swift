// Authenticated encryption of pages: AES-256-GCM (NIST SP 800-38D), through libcrypto.
//
// What must hold:
//
// 1. The algorithm is looked up once per process, the key is set once per context, and a call sets only the nonce:
//    anything else costs 20 to 100 % of an 8-KiB page.
// 2. A context has one user at a time. The lock is held only to take one from the pool or to put it back.
// 3. A context whose call failed is not used again.
// 4. When opening fails, the output holds zeros: unauthenticated bytes never leave.
// 5. The caller never uses a nonce twice with one key.
//
// In `checksumOnly` mode the payload is authenticated and not encrypted (GMAC). The authenticated bytes are then: the
// length of the associated data as 8 little-endian bytes, the associated data, the payload. The length keeps a byte
// from moving between the two unnoticed.

import COpenSSL
import Synchronization

/// Seals and opens byte strings under one key. Thread safe.
package final class PageCipher: Sendable {
    /// What happens to the payload.
    package enum Mode: Sendable {
        /// Encrypted and authenticated: AES-256-GCM.
        case sealing
        /// Copied and authenticated: GMAC. With a key known to all it is a 128-bit checksum.
        case checksumOnly
    }

    private let key: SecretKey
    private let mode: Mode
    private let sealers = ContextPool()
    private let openers = ContextPool()

    /// A cipher for `key`. Makes one context at once, so that an unusable library shows here.
    package init(key: SecretKey, mode: Mode) throws(CryptoFault) {
        self.key = key
        self.mode = mode
        sealers.put(try CipherContext(key: key, encrypting: true))
    }

    /// Seals `plaintext` into `ciphertext`, which must have the same size, and returns the tag.
    ///
    /// The pair of key and `nonce` must never have sealed before.
    package func seal(
        nonce: Nonce, authenticating associatedData: RawSpan, _ plaintext: RawSpan,
        into ciphertext: inout MutableRawSpan
    ) throws(CryptoFault) -> Tag {
        precondition(plaintext.byteCount == ciphertext.byteCount, "sealed bytes are as many as plain ones")
        let context = try context(from: sealers, encrypting: true)
        do throws(CryptoFault) {
            try start(context, nonce, associatedData)
            switch mode {
            case .sealing:
                try context.transform(plaintext, into: &ciphertext)
            case .checksumOnly:
                try context.authenticate(plaintext)
                copy(plaintext, into: &ciphertext)
            }
            let tag = try context.finishSealing()
            sealers.put(context)
            return tag
        } catch {
            context.free()
            clear(&ciphertext)
            throw error
        }
    }

    /// Opens `ciphertext` into `plaintext`, which must have the same size.
    ///
    /// Throws `authenticationFailed`, with the output cleared, unless key, nonce, associated data, bytes and tag are
    /// those of one `seal`.
    package func open(
        nonce: Nonce, authenticating associatedData: RawSpan, _ ciphertext: RawSpan, tag: Tag,
        into plaintext: inout MutableRawSpan
    ) throws(CryptoFault) {
        precondition(plaintext.byteCount == ciphertext.byteCount, "sealed bytes are as many as plain ones")
        let context = try context(from: openers, encrypting: false)
        do throws(CryptoFault) {
            try start(context, nonce, associatedData)
            switch mode {
            case .sealing:
                try context.transform(ciphertext, into: &plaintext)
                try context.finishOpening(tag)
            case .checksumOnly:
                try context.authenticate(ciphertext)
                try context.finishOpening(tag)
                copy(ciphertext, into: &plaintext)
            }
            openers.put(context)
        } catch {
            context.free()
            clear(&plaintext)
            throw error
        }
    }

    private func context(from pool: ContextPool, encrypting: Bool) throws(CryptoFault) -> CipherContext {
        if let idle = pool.take() { return idle }
        return try CipherContext(key: key, encrypting: encrypting)
    }

    private func start(_ context: CipherContext, _ nonce: Nonce, _ associatedData: RawSpan) throws(CryptoFault) {
        try context.begin(nonce)
        if mode == .checksumOnly {
            try context.authenticate(length: UInt64(associatedData.byteCount))
        }
        try context.authenticate(associatedData)
    }

    private func copy(_ source: RawSpan, into target: inout MutableRawSpan) {
        target.withUnsafeMutableBytes { target in source.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    private func clear(_ bytes: inout MutableRawSpan) {
        bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

/// Idle contexts of one cipher and one direction.
private final class ContextPool: Sendable {
    /// More idle contexts than this are freed; it covers the threads that work at one time.
    private static let capacity = 32

    private let idle = Mutex<[CipherContext]>([])

    deinit {
        for context in idle.withLock({ $0 }) { context.free() }
    }

    func take() -> CipherContext? { idle.withLock { $0.popLast() } }

    func put(_ context: CipherContext) {
        let isKept = idle.withLock {
            guard $0.count < Self.capacity else { return false }
            $0.append(context)
            return true
        }
        if !isKept { context.free() }
    }
}

/// A context of libcrypto with its key set, for one direction.
///
/// Unchecked Sendable: whoever took it from the pool is its only user, and the pool's lock orders one user after
/// another.
private struct CipherContext: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let isEncrypting: Bool

    init(key: SecretKey, encrypting: Bool) throws(CryptoFault) {
        guard let pointer = EVP_CIPHER_CTX_new() else { throw .failed("EVP_CIPHER_CTX_new") }
        self.pointer = pointer
        isEncrypting = encrypting
        let cipher = Algorithms.shared.aes256GCM
        let result = key.withBytes { key in
            key.withUnsafeBytes {
                EVP_CipherInit_ex(
                    pointer, cipher, nil, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, encrypting ? 1 : 0)
            }
        }
        do {
            try Algorithms.check(result, "EVP_CipherInit_ex")
        } catch {
            EVP_CIPHER_CTX_free(pointer)
            throw error
        }
    }

    /// Ends the context; libcrypto overwrites its copy of the key.
    func free() { EVP_CIPHER_CTX_free(pointer) }

    func begin(_ nonce: Nonce) throws(CryptoFault) {
        var bytes = (nonce.high.littleEndian, nonce.low.littleEndian)  // 12 bytes, then padding
        let result = withUnsafeBytes(of: &bytes) {
            let start = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return isEncrypting
                ? EVP_EncryptInit_ex(pointer, nil, nil, nil, start) : EVP_DecryptInit_ex(pointer, nil, nil, nil, start)
        }
        try Algorithms.check(result, "EVP_CipherInit_ex")
    }

    func authenticate(length: UInt64) throws(CryptoFault) {
        let result = withUnsafeBytes(of: length.littleEndian) { update(nil, $0) }
        try Algorithms.check(result, "EVP_CipherUpdate")
    }

    func authenticate(_ bytes: RawSpan) throws(CryptoFault) {
        try checkLength(bytes.byteCount)
        let result = bytes.withUnsafeBytes { update(nil, $0) }
        try Algorithms.check(result, "EVP_CipherUpdate")
    }

    func transform(_ source: RawSpan, into target: inout MutableRawSpan) throws(CryptoFault) {
        try checkLength(source.byteCount)
        let result = target.withUnsafeMutableBytes { target in
            source.withUnsafeBytes { update(target.baseAddress?.assumingMemoryBound(to: UInt8.self), $0) }
        }
        try Algorithms.check(result, "EVP_CipherUpdate")
    }

    func finishSealing() throws(CryptoFault) -> Tag {
        var rest: Int32 = 0
        var unused: UInt8 = 0  // GCM has no last block; the library wants an address all the same
        try Algorithms.check(EVP_EncryptFinal_ex(pointer, &unused, &rest), "EVP_EncryptFinal_ex")
        var words: (UInt64, UInt64) = (0, 0)
        let result = withUnsafeMutableBytes(of: &words) {
            EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32($0.count), $0.baseAddress)
        }
        try Algorithms.check(result, "EVP_CIPHER_CTX_ctrl")
        return Tag(low: UInt64(littleEndian: words.0), high: UInt64(littleEndian: words.1))
    }

    func finishOpening(_ tag: Tag) throws(CryptoFault) {
        var words = (tag.low.littleEndian, tag.high.littleEndian)
        let result = withUnsafeMutableBytes(of: &words) {
            EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32($0.count), $0.baseAddress)
        }
        try Algorithms.check(result, "EVP_CIPHER_CTX_ctrl")
        var rest: Int32 = 0
        var unused: UInt8 = 0
        guard EVP_DecryptFinal_ex(pointer, &unused, &rest) == 1 else {
            ERR_clear_error()
            throw .authenticationFailed
        }
    }

    private func checkLength(_ count: Int) throws(CryptoFault) {
        guard count <= Int(Int32.max) else { throw .invalidParameters("more than 2 GiB at once") }
    }

    /// Feeds bytes: as associated data without an output. An empty input is nothing to feed.
    private func update(_ output: UnsafeMutablePointer<UInt8>?, _ input: UnsafeRawBufferPointer) -> Int32 {
        guard input.count > 0, let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 1 }
        var written: Int32 = 0
        let count = Int32(input.count)
        return isEncrypting
            ? EVP_EncryptUpdate(pointer, output, &written, start, count)
            : EVP_DecryptUpdate(pointer, output, &written, start, count)
    }
}

/// The algorithms of libcrypto, looked up once per process.
///
/// Unchecked Sendable: libcrypto's fetched algorithms are immutable and counted atomically.
struct Algorithms: @unchecked Sendable {
    static let shared = Algorithms()

    let aes256GCM: OpaquePointer
    let sha256: OpaquePointer
    let hmac: OpaquePointer
    let hkdf: OpaquePointer

    private init() {
        guard let aes256GCM = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil),
            let sha256 = EVP_MD_fetch(nil, "SHA2-256", nil),
            let hmac = EVP_MAC_fetch(nil, "HMAC", nil),
            let hkdf = EVP_KDF_fetch(nil, "HKDF", nil)
        else { preconditionFailure("libcrypto lacks AES-256-GCM, SHA-256, HMAC or HKDF") }
        self.aes256GCM = aes256GCM
        self.sha256 = sha256
        self.hmac = hmac
        self.hkdf = hkdf
    }

    /// Throws unless a call returned 1, and empties the thread's queue of library errors: they may tell more than is
    /// meant for a log, and would be found by the next user of the library.
    static func check(_ result: Int32, _ call: String) throws(CryptoFault) {
        if result == 1 { return }
        ERR_clear_error()
        throw .failed(call)
    }

    /// Random bytes from the generator of libcrypto.
    static func fillWithRandomBytes(_ bytes: inout MutableRawSpan) throws(CryptoFault) {
        try bytes.withUnsafeMutableBytes { (buffer) throws(CryptoFault) in
            var done = 0
            while done < buffer.count {
                let count = min(buffer.count - done, 1 << 20)
                let start = (buffer.baseAddress! + done).assumingMemoryBound(to: UInt8.self)
                try check(RAND_bytes(start, Int32(count)), "RAND_bytes")
                done += count
            }
        }
    }
}
