// Reading and removing documents: find, export, get, delete.

import ArgumentParser
import SmartStore

struct FindCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Prints the documents that match a filter, one a line.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var query: QueryArguments

    @Option(help: "An order, as JSON: {\"year\": -1}.", transform: JSONArgument.document)
    var sort: Document?

    @Option(help: "How many to leave out first.")
    var skip = 0

    @Option(help: "How many to print at most.")
    var limit: Int?

    @Option(help: "Which fields to print, as JSON.", transform: JSONArgument.document)
    var projection: Document?

    @Flag(help: "Says how it would be answered, instead; --json prints all of it.")
    var explain = false

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard skip >= 0, limit ?? 0 >= 0 else { throw ValidationError("--skip and --limit must not be negative.") }
    }

    func run() throws {
        let output = format.output
        var find = query.query
        find.sort = sort
        find.skip = skip
        find.limit = limit
        find.projection = projection
        try store.reading { transaction in
            let reader = transaction.collection(query.collection)
            guard !explain else {
                let plan = try reader.explain(find, verbosity: .executionStats)
                return try PlanText.print(plan, to: output, asJSON: store.json)
            }
            // Printed while it is read, whatever the size.
            try converting {
                let source = try reader.source(find)
                while try source.advance() { try output.document(try source.current()) }
            }
        }
        try output.flush()
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Prints every document of a collection, one a line, in order of _id.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        try store.reading { transaction in
            try transaction.requireCollection(collection)
            try transaction.collection(collection).forEach([:]) { document in
                try output.document(document)
                return true
            }
        }
        try output.flush()
    }
}

struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Prints the document with an _id.",
        discussion: "The _id is taken as JSON if it is such and a document has it, else as text, else as an ObjectId.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The _id.")
    var id: String

    @OptionGroup var format: OutputArguments

    func run() throws {
        let found = try store.reading { transaction in
            for meaning in JSONArgument.identifiers(id) {
                if let document = try transaction.collection(collection).get(meaning) { return document }
            }
            throw StoreError(
                .notFound, "Collection '\(collection)' has no document with the _id \(id).",
                remedy: "Look for it with find.")
        }
        let output = format.output
        try output.document(found)
        try output.flush()
    }
}

struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes documents, by _id or by filter.",
        discussion: "One transaction, with one entry in the audit log.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The _ids; each is read as get reads it.")
    var ids: [String] = []

    @Option(help: "Removes what matches this filter instead, as JSON.", transform: JSONArgument.document)
    var filter: Document?

    @Option(help: "With --filter: how many to remove at most.")
    var limit: Int?

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    func validate() throws {
        guard ids.isEmpty != (filter == nil) else { throw ValidationError("Give _ids, or --filter.") }
        guard limit == nil || filter != nil, limit ?? 1 > 0 else {
            throw ValidationError("--limit goes with --filter, and is at least 1.")
        }
    }

    func run() throws {
        let deleted = try store.withStore { store in
            try store.writeSync { transaction in
                let writer = transaction.collection(collection)
                var count = 0
                if let filter { count = try writer.deleteMany(filter, limit: limit) }
                for id in ids {
                    for meaning in JSONArgument.identifiers(id) where try writer.delete(meaning) {
                        count += 1
                        break
                    }
                }
                if count > 0 {
                    try transaction.audit.record(
                        actor: actor, action: "delete", target: collection,
                        details: ["documents": BSONValue(count)])
                }
                return count
            }
        }
        let output = StandardOutput()
        try output.document(["deleted": BSONValue(deleted)])
        try output.flush()
    }
}

extension ReadTransaction {
    /// Refuses a name that no collection has: an empty result would hide a misspelling.
    func requireCollection(_ name: String) throws {
        guard try !collections().contains(where: { $0.name == name }) else { return }
        throw StoreError(
            .noSuchCollection, "There is no collection '\(name)'.", remedy: "List them with collections.")
    }
}
