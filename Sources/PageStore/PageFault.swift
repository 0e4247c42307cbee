package import StoreIO

/// Everything that can go wrong below the public API. `StoreError` gives each case its public code, message and remedy.
package enum PageFault: Error, Equatable, Sendable {
    // What the file is
    case notAStore
    case newerFormat(found: UInt32, supported: UInt32)
    case unsupportedParameters(String)
    case keyRequired
    case notEncrypted
    case wrongKey
    case corruptSuperblock
    case truncated(expected: UInt64, found: UInt64)
    case alreadyExists
    case notFound
    // What its bytes say
    case corruptPage(PageID)
    case stalePage(PageID)
    case corruptStructure(page: PageID, reason: String)
    case corruptLog(position: LogPosition)
    // What the system says
    case locked
    case fileReplaced
    case forked
    case readOnly
    case diskFull
    case ioFailed(operation: String, errno: Int32)
    case cryptoFailed(String)
    // What state the store is in
    case failed
    case closed
    case commitUnknown
    case transactionPoisoned
    case nestedWrite
    case cancelled
    case snapshotExpired
    case limitExceeded(name: String, limit: Int)

    package init(_ fault: FileFault) {
        switch fault {
        case .failed(let operation, let errno): self = .ioFailed(operation: operation.rawValue, errno: errno)
        case .diskFull: self = .diskFull
        case .readOnly: self = .readOnly
        case .notFound: self = .notFound
        case .alreadyExists: self = .alreadyExists
        case .locked: self = .locked
        case .replaced: self = .fileReplaced
        case .forked: self = .forked
        case .endOfFile(let expected, let found):
            self = .truncated(expected: UInt64(max(0, expected)), found: UInt64(max(0, found)))
        case .closed: self = .closed
        }
    }

    package init(_ fault: CryptoFault) {
        switch fault {
        case .failed(let call): self = .cryptoFailed(call)
        case .authenticationFailed: self = .cryptoFailed("authentication")
        case .invalidParameters(let reason): self = .unsupportedParameters(reason)
        case .inflateFailed: self = .cryptoFailed("inflate")
        }
    }
}

/// Runs `body` and turns a fault of the file layer into one of this layer.
@inline(__always)
func mappingFile<R>(_ body: () throws(FileFault) -> R) throws(PageFault) -> R {
    do { return try body() } catch { throw PageFault(error) }
}

/// Runs `body` and turns a fault of the crypto layer into one of this layer.
@inline(__always)
func mappingCrypto<R>(_ body: () throws(CryptoFault) -> R) throws(PageFault) -> R {
    do { return try body() } catch { throw PageFault(error) }
}
