// Puts the lines of a file into a collection, a batch a transaction.
//
// 1. A batch, the record of how far it reaches and its audit entry commit together. A run that was killed goes on with
//    the line after the last committed batch: nothing twice, nothing left out.
// 2. A line's `_id` depends on the input alone: the field that --id-field names, else the line's own `_id`, else
//    NAME:LINE (a string). NAME is the file's name without its extensions.
// 3. The line that is wrong is named; its batch is rolled back, the ones before stay.
// 4. A batch is synced while the next one is read and written.

import SmartStore
import StoreIO

/// What an import is to do.
struct ImportSettings {
    enum Duplicates: String, CaseIterable {
        case fail
        case skip
        case replace
    }

    var collection: String
    var path: String
    /// Names the import's record, and begins the `_id`s that are derived.
    var name: String
    var match: Document?
    var idField: String?
    var rowField: String?
    var vectors: (matrix: VectorMatrix, field: String)?
    var duplicates = Duplicates.fail
    var skipsInvalid = false
    var restarts = false
    var batchCount = 1000
    var actor = "smartstore-cli"

    /// The part that decides what becomes of a line.
    var identity: Document {
        [
            "match": match.map { .document($0) } ?? .null, "idField": .text(idField), "rowField": .text(rowField),
            "vectors": .text(vectors?.matrix.name), "field": .text(vectors?.field),
            "skipInvalid": .bool(skipsInvalid),
        ]
    }
}

/// What an import has done.
struct ImportSummary {
    var imported = 0
    /// Lines that an earlier run had dealt with.
    var skipped = 0
    /// Lines that did not match.
    var filtered = 0
    /// Documents that were there already, and were left or replaced.
    var duplicates = 0
    var invalid = 0
    var lines = 0
    var isComplete = false
}

final class Importer {
    private static let batchByteLimit = 8 << 20

    private let store: Store
    private let settings: ImportSettings
    private let filter: Filter?
    private var reader: LineReader
    private var record: ImportRecord
    private var summary = ImportSummary()
    private var batch: [(line: Int, document: Document)] = []
    private var batchByteCount = 0

    init(store: Store, settings: ImportSettings) throws {
        self.store = store
        self.settings = settings
        filter = try settings.match.map { try Filter($0) }
        reader = try LineReader(path: settings.path)
        record = try store.readSync { transaction in
            settings.restarts
                ? ImportRecord(collection: settings.collection, name: settings.name, options: settings.identity)
                : try ImportRecord(
                    collection: settings.collection, name: settings.name, options: settings.identity, in: transaction)
        }
    }

    /// Imports what is left of the file, or until `shouldStop` says so between two batches.
    /// - Parameters:
    ///   - committed: told the last line of each batch once it is durable.
    ///   - progress: told the share of the file that was read, and the documents of this run.
    func run(
        shouldStop: () -> Bool, committed: (Int) throws -> Void, progress: (Double, Int) -> Void
    ) throws -> ImportSummary {
        try passOver()
        // The last line of the batch that is being synced while the next one is read.
        var unacknowledged: Int?
        func commit(by pipeline: WritePipeline) throws {
            try write(by: pipeline)
            // The one before is durable now.
            if let line = unacknowledged.take() { try committed(line) }
            unacknowledged = record.line
        }
        func acknowledge(after pipeline: WritePipeline) throws {
            try pipeline.flush()
            if let line = unacknowledged.take() { try committed(line) }
        }
        try store.writePipelined { pipeline in
            do {
                while let line = try reader.next() {
                    record.take(reader.lineNumber, line)
                    try add(line)
                    guard batch.count >= settings.batchCount || batchByteCount >= Self.batchByteLimit else { continue }
                    try commit(by: pipeline)
                    progress(reader.share, summary.imported)
                    if shouldStop() { return try acknowledge(after: pipeline) }
                }
                if !record.isComplete || !batch.isEmpty || record.line > summary.skipped {
                    record.isComplete = true
                    try commit(by: pipeline)
                }
                summary.isComplete = true
            } catch {
                try acknowledge(after: pipeline)
                throw error
            }
            try acknowledge(after: pipeline)
        }
        return finished()
    }

    private func finished() -> ImportSummary {
        summary.lines = record.line
        return summary
    }

    /// Reads over the lines of an earlier run, and makes sure that they are the same.
    private func passOver() throws {
        guard record.line > 0 else { return }
        var last: [UInt8]?
        while reader.lineNumber < record.line, let line = try reader.next() { last = line }
        guard let last, reader.lineNumber == record.line, record.isLastLine(last) else {
            throw StoreError.input(
                settings.path, "It has changed before line \(record.line), up to which it was imported.",
                remedy: "Give the same file, --name for another import, or --restart to begin anew.")
        }
        summary.skipped = record.line
    }

    // MARK: A line

    private func add(_ line: [UInt8]) throws {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        let number = reader.lineNumber
        var document: Document
        do { document = try ExtendedJSON.document(from: line) } catch {
            guard settings.skipsInvalid else { throw wrong(number, StoreError(error)) }
            summary.invalid += 1
            return
        }
        if let filter, try !filter.matches(document) {
            summary.filtered += 1
            return
        }
        do {
            try addVector(to: &document)
            try addIdentifier(to: &document, line: number)
        } catch let error as StoreError { throw wrong(number, error) }
        record.kept += 1
        batch.append((number, document))
        batchByteCount += document.bson.count
    }

    private func addVector(to document: inout Document) throws {
        guard let (matrix, field) = settings.vectors else { return }
        var row = record.kept
        if let rowField = settings.rowField {
            guard let value = document[path: rowField]?.int, value >= 0 else {
                throw StoreError(
                    .invalidArgument, "The field '\(rowField)' holds no row number.",
                    remedy: "Name another field with --row-field.")
            }
            row = value
        }
        let value = BSONValue.binary(VectorValue.float32(try matrix.row(row)).binary)
        if field.contains(".") || document.contains(field) {
            document[path: field] = value
        } else {
            document.append(field, value)
        }
    }

    private func addIdentifier(to document: inout Document, line: Int) throws {
        let id: BSONValue
        if let idField = settings.idField {
            guard let value = document[path: idField], !value.isNull else {
                throw StoreError(
                    .invalidArgument, "There is no field '\(idField)' to take the _id from.",
                    remedy: "Name another field with --id-field.")
            }
            id = value
            if document.contains("_id") { return document["_id"] = id }
        } else {
            if document.contains("_id") { return }
            id = .string("\(settings.name):\(line)")
        }
        document = Document(fields: [("_id", id)] + document.map { ($0.key, $0.value) })
    }

    // MARK: A batch

    private func write(by pipeline: WritePipeline) throws {
        try pipeline.write { transaction in
            let writer = transaction.collection(settings.collection)
            var (added, present) = (0, 0)
            for (line, document) in batch {
                do throws(StoreError) {
                    if try insert(document, into: writer) { added += 1 } else { present += 1 }
                } catch { throw wrong(line, error) }
            }
            try record.save(in: transaction)
            if let first = batch.first, let last = batch.last {
                try transaction.audit.record(
                    actor: settings.actor, action: "import", target: settings.collection,
                    details: [
                        "source": .string(settings.name), "firstLine": BSONValue(first.line),
                        "lastLine": BSONValue(last.line), "documents": BSONValue(added),
                    ])
            }
            summary.imported += added
            summary.duplicates += present
        }
        batch.removeAll(keepingCapacity: true)
        batchByteCount = 0
    }

    /// Whether the document is new.
    private func insert(_ document: Document, into writer: CollectionWriter) throws(StoreError) -> Bool {
        switch settings.duplicates {
        case .fail:
            try writer.insert(document)
            return true
        case .skip:
            do { try writer.insert(document) } catch {
                guard error.code == .duplicateKey else { throw error }
                return false
            }
            return true
        case .replace:
            guard let id = document["_id"] else { return false }
            return try !writer.replace(id, with: document, upsert: true)
        }
    }

    private func wrong(_ line: Int, _ error: StoreError) -> StoreError {
        StoreError(
            error.code, "\(settings.path), line \(line): \(error.message)",
            remedy: "\(error.remedy) Lines of earlier batches are in; the same call goes on after them.",
            server: error.server)
    }
}

extension BSONValue {
    fileprivate static func text(_ text: String?) -> BSONValue { text.map { .string($0) } ?? .null }
}

extension StoreError {
    /// A line that is no document.
    fileprivate init(_ error: DocumentError) {
        self.init(
            error.code == .tooLarge ? .limitExceeded : .invalidDocument, "\(error.description).",
            remedy: "Correct the line, or use --skip-invalid.")
    }
}
