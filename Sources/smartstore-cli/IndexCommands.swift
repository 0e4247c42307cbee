// index: makes, lists and drops the indexes of a collection.

import ArgumentParser
import SmartStore

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Makes, lists and drops indexes.",
        subcommands: [IndexCreate.self, IndexList.self, IndexDrop.self])
}

struct IndexCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes an index on one or more fields.",
        discussion: """
            {"year": -1, "title": 1}; {"$**": 1} or {"tags.$**": 1} for every path. Shows how far it is on standard \
            error; stopped or crashed, nothing is left of the index. Prints its name, and whether it is new. An index \
            of vectors is made by import --index-vectors.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The fields with 1 for ascending and -1 for descending, as JSON.", transform: JSONArgument.document)
    var keys: Document

    @Option(help: "Its name; without it, one is made from the keys.")
    var name: String?

    @Flag(help: "No two documents may have equal keys.")
    var unique = false

    @Flag(help: "Documents without the fields are left out.")
    var sparse = false

    @Flag(help: "Queries do not use it until it is shown (collMod).")
    var hidden = false

    @Option(help: "Only documents that match this filter, as JSON.", transform: JSONArgument.document)
    var partial: Document?

    @Option(help: "Documents are deleted when the date in the field is so many seconds old.")
    var expireAfter: Int?

    @Option(help: "How strings compare: {\"locale\": \"en\", \"strength\": 1}.", transform: JSONArgument.collation)
    var collation: Collation?

    func run() throws {
        let specification = IndexSpecification(
            keys, name: name, isUnique: unique, isSparse: sparse, partialFilter: partial,
            expireAfterSeconds: expireAfter, collation: collation, isHidden: hidden)
        let meter = IndexMeter()
        Interrupt.watch()
        let isNew = try store.withStore { store in
            try store.createIndex(on: collection, specification) { meter.update($0) }
        }
        meter.finish()
        let output = StandardOutput()
        try output.document(["name": .string(specification.effectiveName), "created": .bool(isNew)])
        try output.flush()
    }
}

struct IndexList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Prints the indexes of a collection as a table.",
        discussion: "With --json, one document a line, as listIndexes answers.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    func run() throws {
        let output = StandardOutput()
        if store.json {
            let reply = try store.withStore(readOnly: true) {
                try $0.answer(to: ["listIndexes": .string(collection)])
            }
            for index in reply[path: "cursor.firstBatch"]?.array ?? [] {
                if let document = index.document { try output.document(document) }
            }
        } else {
            let info = try store.reading { transaction in
                try transaction.requireCollection(collection)
                return try transaction.collections().first { $0.name == collection }
            }
            for line in Columns.lines(Self.rows(info)) { try output.line(line) }
        }
        try output.flush()
    }

    private static func rows(_ info: CollectionInfo?) -> [[String]] {
        var rows = [["name", "keys", "entries", "options"]]
        guard let info else { return rows }
        rows.append(["_id_", "{\"_id\":1}", Format.grouped(info.documentCount), "unique"])
        for index in info.indexes {
            let specification = index.specification
            var options: [String] = []
            if specification.isUnique { options.append("unique") }
            if specification.isSparse { options.append("sparse") }
            if specification.isHidden { options.append("hidden") }
            if index.isMultikey { options.append("multikey") }
            if let filter = specification.partialFilter { options.append("partial \(filter.json())") }
            if let seconds = specification.expireAfterSeconds { options.append("expires after \(seconds) s") }
            if let collation = specification.collation { options.append("collation \(collation.document.json())") }
            if !index.isReady { options.append("being made") }
            rows.append([
                index.name, specification.keys.json(), Format.grouped(index.entryCount),
                options.joined(separator: ", "),
            ])
        }
        for index in info.vectorIndexes {
            rows.append([
                "\(index.field)_vector", "{\"\(index.field)\":\"vector\"}", Format.grouped(index.vectorCount),
                "\(index.dimension) dimensions, \(index.metric.rawValue)",
            ])
        }
        return rows
    }
}

struct IndexDrop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Drops an index, by name or by keys.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "Its name, its keys as JSON, or '*' for all but _id_.", transform: JSONArgument.hint)
    var index: BSONValue

    func run() throws {
        let reply = try store.withStore {
            try $0.answer(to: ["dropIndexes": .string(collection), "index": index])
        }
        let output = StandardOutput()
        try output.document(["indexesBefore": reply["nIndexesWas"] ?? .null])
        try output.flush()
    }
}

/// How far the making of an index is, on standard error.
final class IndexMeter: Sendable {
    private let meter = ProgressMeter(unit: "documents", isShown: Terminal.showsProgress)

    /// Shows it; false when the person at the terminal has asked to stop.
    func update(_ progress: IndexBuildProgress) -> Bool {
        // Reading is most of it, sorting and loading the rest.
        let part = progress.total == 0 ? 1 : Double(progress.done) / Double(progress.total)
        switch progress.phase {
        case .reading: meter.update(share: part * 0.6, count: progress.done)
        case .loading: meter.update(share: 0.6 + part * 0.38)
        case .catchingUp: meter.update(share: 0.99)
        }
        return !Interrupt.isRequested
    }

    func finish() { meter.finish() }
}
