// Randomness, injected: the system's for keys and prefixes, a seeded one for trials that must replay.

/// Where random bytes come from. Thread safe.
package protocol RandomSource: Sendable {
    /// Overwrites all of `bytes`.
    func fill(_ bytes: inout MutableRawSpan) throws(CryptoFault)
}

extension RandomSource {
    /// `count` random bytes in a new array.
    package func bytes(_ count: Int) throws(CryptoFault) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var span = result.mutableSpan
        var bytes = span.mutableBytes
        try fill(&bytes)
        return result
    }
}

/// The cryptographic generator of libcrypto, seeded by the system.
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func fill(_ bytes: inout MutableRawSpan) throws(CryptoFault) {
        try Algorithms.fillWithRandomBytes(&bytes)
    }
}
