import PageStore
import StoreIO
import VectorIndex

// The one place where inner errors become the public one.

extension StoreError {
    init(_ fault: PageFault) {
        switch fault {
        case .notAStore:
            self.init(.notAStore, "The file is not a SmartStore file.", remedy: "Check the path; nothing was changed.")
        case .newerFormat(let found, let supported):
            self.init(
                .newerFormat, "The file has format \(found); this version reads up to \(supported).",
                remedy: "Open it with a newer version of SmartStore.")
        case .unsupportedParameters(let what):
            self.init(
                .unsupportedParameters, "Not supported: \(what).",
                remedy: "Use the version that made the file, or other parameters.")
        case .keyRequired:
            self.init(.keyRequired, "The file is encrypted.", remedy: "Give its key or passphrase.")
        case .notEncrypted:
            self.init(.notEncrypted, "The file is not encrypted.", remedy: "Open it without a key.")
        case .wrongKey:
            self.init(.wrongKey, "The key does not open this file.", remedy: "Give the key it was made with.")
        case .corruptSuperblock:
            self.init(
                .corruptSuperblock, "Both superblock slots are damaged.", remedy: "Restore the file from a backup.")
        case .truncated(let expected, let found):
            self.init(
                .truncated, "The file should have \(expected) bytes and has \(found).",
                remedy: "Restore the file from a backup.")
        case .alreadyExists:
            self.init(
                .alreadyExists, "There is a file of that name already.", remedy: "Choose another path, or open it.")
        case .notFound:
            self.init(.notFound, "There is no such file.", remedy: "Check the path, or create the file first.")
        case .corruptPage(let id):
            self.init(
                .corruptPage, "\(id) does not authenticate.".capitalisedFirst,
                remedy: "Run a check to see what is damaged, then restore from a backup.")
        case .stalePage(let id):
            self.init(
                .stalePage, "\(id) holds an older version than it must.".capitalisedFirst,
                remedy: "A write was lost or the page was put back; run a check, then restore from a backup.")
        case .corruptStructure(let page, let reason):
            self.init(
                .corruptStructure, "\(page) is authentic but senseless: \(reason).".capitalisedFirst,
                remedy: "Run a check, then restore from a backup.")
        case .corruptLog(let position):
            self.init(
                .corruptLog, "The log is damaged at position \(position), before a commit that was synced.",
                remedy: "Restore from a backup; opening would lose acknowledged commits.")
        case .locked:
            self.init(
                .locked, "Somebody else has the file open.", remedy: "Close it there, or wait longer for the lock.")
        case .fileReplaced:
            self.init(.fileReplaced, "The path no longer names the file that was locked.", remedy: "Open it again.")
        case .forked:
            self.init(.forked, "The store was opened before a fork.", remedy: "Open the file in the child process.")
        case .readOnly:
            self.init(
                .readOnly, "The file or the store cannot be written.",
                remedy: "Open it for writing, or check the permissions.", server: .notWritablePrimary)
        case .diskFull:
            self.init(
                .diskFull, "The disk is full; the transaction was rolled back.",
                remedy: "Free some space; the store can be used on.", server: .outOfDiskSpace)
        case .ioFailed(let operation, let errno):
            self.init(
                .ioFailed, "The system refused to \(operation) (errno \(errno)).",
                remedy: "Check the disk, then reopen the store.")
        case .cryptoFailed(let call):
            self.init(.cryptoFailed, "The cryptographic library failed: \(call).", remedy: "Check the installation.")
        case .failed:
            self.init(
                .failed, "An earlier write or sync failed, so nothing more can be acknowledged.",
                remedy: "Close and reopen the store; opening recovers every acknowledged commit.")
        case .closed:
            self.init(.closed, "The store or transaction is closed.", remedy: "Open it again.")
        case .commitUnknown:
            self.init(
                .commitUnknown, "Writing or syncing the commit failed; it is wholly in or wholly out.",
                remedy: "Reopen the store and look.")
        case .transactionPoisoned:
            self.init(
                .transactionPoisoned, "An earlier error left the transaction unfit to commit; it was rolled back.",
                remedy: "Run the transaction again.", server: .noSuchTransaction)
        case .cancelled:
            self.init(.cancelled, "It was stopped.", remedy: "Nothing is left of it; call it again.")
        case .nestedWrite:
            self.init(
                .nestedWrite, "This thread is writing already and would wait for itself.",
                remedy: "Use the transaction that is open.")
        case .snapshotExpired:
            self.init(
                .snapshotExpired, "The reader was past its deadline and held back the log.",
                remedy: "Read again in a new transaction.", server: .snapshotTooOld)
        case .limitExceeded(let name, let limit):
            self.init(
                .limitExceeded, "Over the limit: \(name), at most \(limit).", remedy: "Use a smaller value.",
                server: .exceededLimit)
        }
    }

    /// What went wrong with the temporary file of a query. The store itself is as it was.
    init(_ fault: SpillFault, of operation: String) {
        switch fault {
        case .closed: self.init(PageFault.closed)
        case .file(.diskFull):
            self.init(
                .diskFull, "\(operation) needed a temporary file, and the disk is full.",
                remedy: "Free some space, or let an index give the order; the store can be used on.",
                server: .outOfDiskSpace)
        case .file(let fault):
            self.init(
                .ioFailed, "The temporary file of \(operation) cannot be used: \(fault).",
                remedy: "Check the disk, then ask again; the store can be used on.")
        case .crypto(let fault): self.init(PageFault(fault))
        case .damaged(let block):
            self.init(
                .ioFailed, "Block \(block) in the temporary file of \(operation) is not what was written.",
                remedy: "Check the disk, then ask again; the store can be used on.")
        case .noPlace:
            self.init(
                .readOnly, "\(operation) needs a temporary file, and there is no folder for it.",
                remedy: "Give it more memory, or a folder that can be written.")
        }
    }

    init(_ error: DocumentError) {
        let limits: Set<DocumentError.Code> = [.tooLarge, .tooDeep, .keyTooLong]
        self.init(
            limits.contains(error.code) ? .limitExceeded : .invalidDocument,
            error.message + (error.path.map { error.message.contains($0) ? "" : " (at \($0))" } ?? ""),
            remedy: "Correct the document, filter or update.",
            server: ServerCode(number: error.code.number, name: error.code.name))
    }

    init(_ error: VectorError) {
        switch error.code {
        case .source:
            // A damaged or unreadable page of vectors has a name of its own.
            if let cause = error.cause {
                self.init(any: cause)
            } else {
                self.init(.ioFailed, error.message, remedy: "Run a check.")
            }
        case .full, .outOfMemory:
            self.init(.limitExceeded, error.message, remedy: "Use a smaller index.", server: .exceededLimit)
        case .corruptImage, .rowOutOfRange:
            // Rows are the store's own: only the file can be wrong about them.
            self.init(
                .corruptStructure, "A vector index is authentic but senseless: \(error.message).",
                remedy: "Run a check, then restore from a backup.")
        case .file:
            self.init(
                .invalidArgument, "\(error.message).", remedy: "Give a file of the right form that can be read.",
                server: .badValue)
        case .invalidOption:
            self.init(.invalidArgument, error.message, remedy: "Choose another value.", server: .badValue)
        default:
            self.init(
                .invalidVector, error.message, remedy: "Give a vector that fits the index.", server: .badValue)
        }
    }

    /// Any error that engine code can throw, as the public one.
    init(any error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as PageFault: self.init(error)
        case let error as DocumentError: self.init(error)
        case let error as VectorError: self.init(error)
        case let error as FileFault: self.init(PageFault(error))
        case let error as CryptoFault: self.init(PageFault(error))
        case let error as CommandError:
            self.init(
                .invalidArgument, error.message, remedy: "See MongoDB's documentation of the command or stage.",
                server: ServerCode(number: error.code, name: error.name), details: error.details)
        case let error as DecodingError: self.init(error)
        case let error as EncodingError: self.init(error)
        default:
            self.init(.invalidArgument, String(describing: error), remedy: "See the message.")
        }
    }
}

extension StoreError {
    /// A document that is not of the form of the type that it is wanted as.
    init(_ error: DecodingError) {
        let context: DecodingError.Context? =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        var path = context?.codingPath ?? []
        var message = context?.debugDescription ?? String(describing: error)
        if case .keyNotFound(let key, _) = error {
            path.append(key)
            message = "the field is missing"
        }
        self.init(
            .invalidDocument, "A document cannot be decoded\(Self.place(path)): \(message).",
            remedy: "Change the type, or the document.", server: .badValue)
    }

    /// A value that has no stored form.
    init(_ error: EncodingError) {
        guard case .invalidValue(_, let context) = error else {
            self.init(.invalidDocument, String(describing: error), remedy: "Store another value.", server: .badValue)
            return
        }
        self.init(
            .invalidDocument, "A value cannot be stored\(Self.place(context.codingPath)): \(context.debugDescription).",
            remedy: "Store another value.", server: .badValue)
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty
            ? "" : " (at \(path.map { $0.intValue.map { String($0) } ?? $0.stringValue }.joined(separator: ".")))"
    }
}

extension String {
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Runs engine code and turns whatever it throws into the public error.
@inline(__always)
package func converting<R>(_ body: () throws -> R) throws(StoreError) -> R {
    do { return try body() } catch { throw StoreError(any: error) }
}
