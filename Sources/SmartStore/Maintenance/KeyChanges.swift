import PageStore
import StoreIO

// Changing what opens a file, and the key that its pages are sealed under.

/// What a key rotation did.
public struct KeyRotationReport: Sendable, Equatable {
    /// Pages sealed under the new key by this call.
    public let resealedPages: UInt64
    /// Whether the old key is gone. False: a view from before is still open; call again when it has ended.
    public let isFinished: Bool

    /// Everything as one document.
    public var document: Document {
        ["finished": .bool(isFinished), "resealedPages": .int64(Int64(clamping: resealedPages))]
    }
}

extension Store {
    /// From now on only `key` opens this file; also from a passphrase to a raw key and back. Older copies of the file
    /// keep the key of their time: destroy them, and rotate the data key, when the old key is known to others.
    ///
    /// Both superblock slots are written before this returns. A crash in between leaves a file that the old or the new
    /// key opens.
    /// - Throws: `notEncrypted` for a file without encryption, `keyRequired` for ``EncryptionKey/none``, `readOnly`,
    ///   `unsupportedParameters`, `closed`, `failed`, `ioFailed`.
    public func changeKey(
        to key: EncryptionKey, keyStretching: KeyStretching = .scrypt()
    ) throws(StoreError) {
        try converting { try pager.changeKey(to: try key.storeKey(), derivation: keyStretching.parameters) }
    }

    /// Gives the file a new data key and seals every page under it, beside readers and writers; also goes on with a
    /// rotation that was cut off. Afterwards no page, free page or log frame of the file is under the old key.
    ///
    /// O(pages): each page goes through the log once.
    /// - Parameter progress: told the share of pages looked at, 0 to 1; returning false stops, and a later call goes on.
    /// - Throws: `notEncrypted`, `readOnly`, `corruptPage` or `stalePage` for a damaged page (both keys stay), `diskFull`,
    ///   `closed`, `failed`, `ioFailed`.
    @discardableResult
    public func rotateKey(
        progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> KeyRotationReport {
        try converting {
            if pager.isEncrypted { try carryOverAuditLog() }
            let result = try pager.rotateDataKey { page, pages in
                progress?(pages == 0 ? 1 : Double(page) / Double(pages)) ?? true
            }
            return KeyRotationReport(resealedPages: result.resealedPages, isFinished: result.isFinished)
        }
    }

    /// Whether a rotation was begun and not finished: both data keys are in the file.
    public var rotationIsPending: Bool { pager.rotationIsPending }
}
