// What can go wrong with ciphers, keys and compression.

/// An error of the cryptographic or the compression library, or of what was handed to it.
package enum CryptoFault: Error, Equatable, Sendable {
    /// A library call failed for a reason of its own (no memory, provider missing). Names the call.
    case failed(String)
    /// The tag does not belong to these bytes, this nonce, this key and this associated data.
    case authenticationFailed
    /// A parameter is outside what is allowed. Says which.
    case invalidParameters(String)
    /// Compressed bytes that are damaged, too short, or of another size than promised.
    case inflateFailed
}
