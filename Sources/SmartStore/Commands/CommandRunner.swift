import StoreIO

// Commands in MongoDB's shape, one document in, one document out: the door for scripts and for conformance runs.
//
// 1. `run` never throws and never traps, whatever it is given: a failure is a reply with `ok: 0`.
// 2. A write outside begin and commit is a transaction of its own; its reply comes after the commit is durable.
// 3. Between begin and commit every command sees and joins the one transaction. When a command fails inside it, or a
//    statement of a write does, the transaction is rolled back at once, as MongoDB does, and every later command is
//    refused (251) until commit or abort has acknowledged that: what was meant as one piece never commits in part.
//    A command that is refused before it runs (unknown, mistyped) leaves the transaction as it was.
// 4. `find` and `aggregate` answer with a first batch, and the number of a cursor for what is left (see Cursors).

/// Runs commands in MongoDB's command shape against a store. For one thread at a time.
public final class CommandRunner {
    /// The version that `buildInfo` and the shell report.
    public static let version = "0.1.0"

    let store: Store
    let actor: String
    private let recordsWrites: Bool
    private var state = State.idle
    var cursors = OpenCursors()

    /// Told how far `createIndexes` has come with an index over many documents: its name and the progress. Returning false
    /// stops it, and nothing is left of the index.
    public var onIndexBuild: (@Sendable (String, IndexBuildProgress) -> Bool)?

    private enum State {
        case idle
        case open(WriteTransaction)
        /// Rolled back by a failed command, which nobody has acknowledged yet.
        case aborted(reason: String)
    }

    /// Makes a runner.
    /// - Parameters:
    ///   - actor: who acts, for the audit log.
    ///   - recordsWrites: puts an audit entry into the transaction of every command that changes something.
    public init(store: Store, actor: String, recordsWrites: Bool = false) {
        self.store = store
        self.actor = actor
        self.recordsWrites = recordsWrites
    }

    /// Runs one command and returns its reply: `{ok: 1, …}` or `{ok: 0, code, codeName, errmsg}`.
    public func run(_ command: Document) -> Document {
        do {
            guard let name = command.first(where: { _ in true })?.key, let entry = Self.commands[name] else {
                throw CommandError.commandNotFound(command.keys.first ?? "")
            }
            cursors.closeIdle(at: store.options.time.monotonicNanoseconds())
            let arguments = try CommandArguments(
                command, name: name, known: entry.fields.union([name]), unbuilt: entry.unbuilt)
            _ = try arguments.maxTimeMS()
            if case .aborted(let reason) = state, !entry.endsTransaction {
                throw CommandError.noSuchTransaction("The transaction has been aborted: \(reason)")
            }
            return try entry.run(self, arguments)
        } catch {
            return CommandError(any: error).reply
        }
    }

    /// The reply to a command that could not be read, such as a line that is not JSON.
    public static func reply(to error: any Error) -> Document {
        guard let fault = error as? DocumentError, let offset = fault.offset else {
            return CommandError(any: error).reply
        }
        return CommandError(any: DocumentError(fault.code, "\(fault.message) (byte \(offset))")).reply
    }

    /// Whether a transaction is open, or waits to be acknowledged after it was aborted.
    public var isInTransaction: Bool { if case .idle = state { false } else { true } }

    /// Rolls back an open transaction.
    public func finish() {
        if case .open(let transaction) = state { transaction.rollBack() }
        state = .idle
        cursors.closeAll()
    }

    // MARK: The bracket

    func begin() throws {
        guard case .idle = state else {
            throw CommandError(263, "OperationNotSupportedInTransaction", "A transaction is open already")
        }
        state = .open(try store.beginWrite())
    }

    func commit() throws {
        let ended = state
        state = .idle
        cursors.closeTransaction()
        switch ended {
        case .idle: throw CommandError.noSuchTransaction("There is no transaction to commit")
        case .aborted(let reason):
            throw CommandError.noSuchTransaction("The transaction has been aborted: \(reason)")
        case .open(let transaction): try transaction.commit()
        }
    }

    func abort() throws {
        let ended = state
        state = .idle
        cursors.closeTransaction()
        switch ended {
        case .idle: throw CommandError.noSuchTransaction("There is no transaction to abort")
        case .aborted: break
        case .open(let transaction): transaction.rollBack()
        }
    }

    /// Whether a transaction of its own is to be opened, and none of its writes needs an audit entry: then a command may
    /// take several transactions.
    var mayTakeSeveralTransactions: Bool { !isInTransaction && !recordsWrites }

    /// Refuses a command that looks at the committed file.
    func refuseInTransaction(_ name: String) throws(CommandError) {
        if isInTransaction {
            throw CommandError(
                263, "OperationNotSupportedInTransaction", "Cannot run '\(name)' in a transaction")
        }
    }

    // MARK: Reading and writing

    /// Reads: in the open transaction, or in a snapshot of its own.
    func reading<R>(_ body: (TransactionView) throws -> R) throws -> R {
        guard case .open(let transaction) = state else {
            let transaction = try store.beginRead()
            defer { transaction.close() }
            return try body(transaction)
        }
        do { return try body(transaction) } catch {
            abandon(transaction, because: error)
            throw error
        }
    }

    /// What a write did.
    struct Outcome {
        var reply: Document
        /// Whether anything was changed: only then there is something to commit.
        var isChange = true
        /// A statement that failed, though the command as a whole did not.
        var failure: CommandError?
        /// Whether the command has made its audit entry itself.
        var isRecorded = false
        /// What to say of it in the audit log.
        var target = ""
        var details = Document()
    }

    /// Writes: in the open transaction, or in one of its own that is durable when this returns.
    func writing(_ action: String, _ body: (WriteTransaction) throws -> Outcome) throws -> Document {
        if case .open(let transaction) = state {
            cursors.holdTransaction()
            do {
                let outcome = try recorded(action, try body(transaction), in: transaction)
                if let failure = outcome.failure { abandon(transaction, because: failure) }
                return outcome.reply
            } catch {
                abandon(transaction, because: error)
                throw error
            }
        }
        let transaction = try store.beginWrite()
        do {
            let outcome = try recorded(action, try body(transaction), in: transaction)
            guard outcome.isChange else {
                transaction.rollBack()
                return outcome.reply
            }
            try transaction.commit()
            return outcome.reply
        } catch {
            transaction.rollBack()
            throw error
        }
    }

    private func recorded(_ action: String, _ outcome: Outcome, in transaction: WriteTransaction) throws -> Outcome {
        if recordsWrites, outcome.isChange, !outcome.isRecorded {
            try transaction.audit.record(
                actor: actor, action: action, target: outcome.target, outcome: outcome.failure?.name ?? "ok",
                details: outcome.details)
        }
        return outcome
    }

    private func abandon(_ transaction: WriteTransaction, because error: any Error) {
        cursors.closeTransaction()
        transaction.rollBack()
        state = .aborted(reason: CommandError(any: error).message)
    }
}
