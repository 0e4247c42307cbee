// The one public error: what happened, and what to do about it.

/// Why an operation of a store failed. Nothing of a failed operation is left half done.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// A stable name for the kind of failure.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The name, as it stands in messages and JSON.
        public let rawValue: String

        /// Names a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        init(_ name: String) { rawValue = name }
    }

    /// MongoDB's number and name for a failure, for replies in its command shape.
    public struct ServerCode: Hashable, Sendable {
        /// The number, 0 for none.
        public let number: Int
        /// The name.
        public let name: String

        /// Names a server code.
        public init(number: Int, name: String) {
            self.number = number
            self.name = name
        }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, in a sentence.
    public let message: String
    /// What to do about it, in a sentence.
    public let remedy: String
    /// MongoDB's code for it.
    public let server: ServerCode
    /// Further fields of its reply, such as `keyPattern` and `keyValue` of a duplicate.
    public let details: Document

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, remedy: String, server: ServerCode? = nil, details: Document = Document()
    ) {
        self.details = details
        self.code = code
        self.message = message
        self.remedy = remedy
        self.server = server ?? .internalError
    }

    /// Code, message and remedy.
    public var description: String { "\(code.rawValue): \(message) \(remedy)" }
}

extension StoreError.ServerCode {
    static let internalError = StoreError.ServerCode(number: 1, name: "InternalError")
    static let badValue = StoreError.ServerCode(number: 2, name: "BadValue")
    static let failedToParse = StoreError.ServerCode(number: 9, name: "FailedToParse")
    static let namespaceNotFound = StoreError.ServerCode(number: 26, name: "NamespaceNotFound")
    static let indexNotFound = StoreError.ServerCode(number: 27, name: "IndexNotFound")
    static let namespaceExists = StoreError.ServerCode(number: 48, name: "NamespaceExists")
    static let invalidNamespace = StoreError.ServerCode(number: 73, name: "InvalidNamespace")
    static let cannotCreateIndex = StoreError.ServerCode(number: 67, name: "CannotCreateIndex")
    static let indexKeySpecsConflict = StoreError.ServerCode(number: 86, name: "IndexKeySpecsConflict")
    static let illegalOperation = StoreError.ServerCode(number: 20, name: "IllegalOperation")
    static let indexOptionsConflict = StoreError.ServerCode(number: 85, name: "IndexOptionsConflict")
    static let duplicateKey = StoreError.ServerCode(number: 11000, name: "DuplicateKey")
    static let notWritablePrimary = StoreError.ServerCode(number: 10107, name: "NotWritablePrimary")
    static let outOfDiskSpace = StoreError.ServerCode(number: 14031, name: "OutOfDiskSpace")
    static let snapshotTooOld = StoreError.ServerCode(number: 239, name: "SnapshotTooOld")
    static let noSuchTransaction = StoreError.ServerCode(number: 251, name: "NoSuchTransaction")
    static let exceededLimit = StoreError.ServerCode(number: 10334, name: "BSONObjectTooLarge")
}

extension StoreError.Code {
    /// The file is no SmartStore file.
    public static let notAStore = Self("notAStore")
    /// The file was written by a newer version.
    public static let newerFormat = Self("newerFormat")
    /// The file names a cipher, key derivation, cost or page size that is not supported.
    public static let unsupportedParameters = Self("unsupportedParameters")
    /// The file is encrypted and no key was given.
    public static let keyRequired = Self("keyRequired")
    /// The file is not encrypted and a key was given.
    public static let notEncrypted = Self("notEncrypted")
    /// The key does not open the file.
    public static let wrongKey = Self("wrongKey")
    /// Both superblock slots are damaged.
    public static let corruptSuperblock = Self("corruptSuperblock")
    /// The file is shorter than it says.
    public static let truncated = Self("truncated")
    /// A page does not authenticate.
    public static let corruptPage = Self("corruptPage")
    /// A page was put back to an older version.
    public static let stalePage = Self("stalePage")
    /// An authentic page holds content that makes no sense.
    public static let corruptStructure = Self("corruptStructure")
    /// The synced part of the log is damaged.
    public static let corruptLog = Self("corruptLog")
    /// Somebody else has the file open.
    public static let locked = Self("locked")
    /// The path no longer names the file that was opened.
    public static let fileReplaced = Self("fileReplaced")
    /// The store was used in a forked child.
    public static let forked = Self("forked")
    /// There is no such file.
    public static let notFound = Self("notFound")
    /// There is such a file, collection or entry already.
    public static let alreadyExists = Self("alreadyExists")
    /// The path or the store may not be written.
    public static let readOnly = Self("readOnly")
    /// The disk is full.
    public static let diskFull = Self("diskFull")
    /// A system call failed.
    public static let ioFailed = Self("ioFailed")
    /// A cryptographic call failed.
    public static let cryptoFailed = Self("cryptoFailed")
    /// An earlier write or sync failed; the store must be reopened.
    public static let failed = Self("failed")
    /// The store or transaction was closed.
    public static let closed = Self("closed")
    /// The sync of a commit failed: it is wholly in or wholly out after reopening.
    public static let commitUnknown = Self("commitUnknown")
    /// An earlier error inside the transaction forbids its commit.
    public static let transactionPoisoned = Self("transactionPoisoned")
    /// A write was begun inside a write.
    public static let nestedWrite = Self("nestedWrite")
    /// The caller stopped it, by its progress closure.
    public static let cancelled = Self("cancelled")
    /// The reader was past its deadline.
    public static let snapshotExpired = Self("snapshotExpired")
    /// Something is larger than its named limit.
    public static let limitExceeded = Self("limitExceeded")
    /// Bytes, text or values that are no valid document, filter or update.
    public static let invalidDocument = Self("invalidDocument")
    /// A vector of the wrong dimension, or with NaN, infinity or no length.
    public static let invalidVector = Self("invalidVector")
    /// The `_id` is there already.
    public static let duplicateKey = Self("duplicateKey")
    /// There is no such collection.
    public static let noSuchCollection = Self("noSuchCollection")
    /// There is such a collection already.
    public static let collectionExists = Self("collectionExists")
    /// There is no such index.
    public static let noSuchIndex = Self("noSuchIndex")
    /// There is an index of that name with other options.
    public static let indexExists = Self("indexExists")
    /// A collection or field name that may not be.
    public static let invalidName = Self("invalidName")
    /// An option or argument out of range.
    public static let invalidArgument = Self("invalidArgument")
    /// The file is not the one, or not as new as, an anchor says.
    public static let rolledBack = Self("rolledBack")
    /// The audit chain does not hold.
    public static let auditBroken = Self("auditBroken")
    /// The audit log cannot do this: it has no seals, or its first key is gone.
    public static let auditUnavailable = Self("auditUnavailable")
}
