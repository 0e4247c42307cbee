// How far an import has come: one document, written in the same transaction as each batch, so that a later run goes on
// exactly where the last commit stopped, whatever ended the run before.
//
// The record says which file it means by name, and proves it by the digest of the last line it took: a file that was
// changed before that line is refused, one that only grew is taken on.

import SmartStore
import StoreIO

struct ImportRecord {
    /// The collection that holds the records.
    static let collection = "_imports"

    /// `COLLECTION/NAME`.
    let id: String
    /// The options that decide what becomes of a line; a run with others may not go on.
    let options: Document
    /// The last line that was taken; 0 before the first.
    var line = 0
    /// How many documents were made of the lines so far.
    var kept = 0
    /// Whether the end of the file was reached.
    var isComplete = false
    private var digest = ""
    private var lastLine: [UInt8]?

    init(collection: String, name: String, options: Document) {
        id = "\(collection)/\(name)"
        self.options = options
    }

    /// The record of an earlier run, or a new one.
    /// - Throws: `invalidArgument` when that run had other options.
    init(collection: String, name: String, options: Document, in transaction: ReadTransaction) throws {
        self.init(collection: collection, name: name, options: options)
        guard let stored = try transaction.collection(Self.collection).get(.string(id)) else { return }
        guard stored["options"]?.document == options else {
            throw StoreError(
                .invalidArgument, "The import '\(id)' was begun with other options.",
                remedy: "Use the same options to go on, --restart to begin anew, or --name for another import.")
        }
        line = stored["line"]?.int ?? 0
        kept = stored["kept"]?.int ?? 0
        isComplete = stored["complete"]?.bool ?? false
        digest = stored["digest"]?.string ?? ""
    }

    /// Takes note of a line that was dealt with.
    mutating func take(_ number: Int, _ bytes: [UInt8]) {
        line = number
        lastLine = bytes
    }

    /// Whether these bytes are those of the last line that was taken.
    func isLastLine(_ bytes: [UInt8]) -> Bool { digest == Self.digest(bytes) }

    mutating func save(in transaction: WriteTransaction) throws {
        if let lastLine { digest = Self.digest(lastLine) }
        lastLine = nil
        try transaction.collection(Self.collection).replace(
            .string(id),
            with: [
                "_id": .string(id), "line": .int64(Int64(line)), "kept": .int64(Int64(kept)),
                "complete": .bool(isComplete), "digest": .string(digest), "options": .document(options),
            ], upsert: true)
    }

    private static func digest(_ bytes: [UInt8]) -> String { Hashing.sha256(bytes.span.bytes).hex }
}
