// Changing documents: insert, update. Each is one transaction, with one entry in the audit log.

import ArgumentParser
import SmartStore

struct InsertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insert", abstract: "Inserts documents, all or none.",
        discussion: """
            Without documents they come from standard input, one a line. Prints how many, and the _ids. For files and \
            for more than memory holds there is import.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The documents, as JSON.", transform: JSONArgument.document)
    var documents: [Document] = []

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        let documents = documents.isEmpty ? try Self.fromInput() : documents
        let ids = try store.withStore { store in
            try store.writeSync { transaction in
                let writer = transaction.collection(collection)
                let ids = try documents.map { try writer.insert($0) }
                if !ids.isEmpty {
                    try transaction.audit.record(
                        actor: actor, action: "insert", target: collection,
                        details: ["documents": BSONValue(ids.count)])
                }
                return ids
            }
        }
        try output.document(["inserted": BSONValue(ids.count), "ids": .array(ids)])
        try output.flush()
    }

    private static func fromInput() throws -> [Document] {
        let input = StandardInput()
        var documents: [Document] = []
        var number = 0
        while let line = try input.next() {
            number += 1
            guard case .bytes(let bytes) = line else {
                throw StoreError.input("line \(number)", "It is too long.", remedy: "Use import.")
            }
            guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            do { documents.append(try ExtendedJSON.document(from: bytes)) } catch {
                throw StoreError.input(
                    "line \(number)", error.description, remedy: "Correct it; nothing was inserted.")
            }
        }
        return documents
    }
}

struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes the first document that matches a filter, or all of them.",
        discussion: """
            The update is a document of modifiers, {"$set": {"year": 1922}}, a replacement, or an array of stages. \
            Prints how many matched and changed, and the _id that an upsert made.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "Which documents, as JSON.", transform: JSONArgument.document)
    var filter: Document

    @Argument(help: "The update, as JSON.", transform: JSONArgument.update)
    var update: BSONValue

    @Flag(help: "All that match instead of the first.")
    var multi = false

    @Flag(help: "Inserts a document made from filter and update when none matches.")
    var upsert = false

    @Option(help: "Without --multi: which one is the first, as JSON.", transform: JSONArgument.document)
    var sort: Document?

    @Option(help: "A condition for $[name] in paths; may be given several times.", transform: JSONArgument.document)
    var arrayFilter: [Document] = []

    @Option(help: "The index to use: its name, or its keys as JSON.", transform: JSONArgument.hint)
    var hint: BSONValue?

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard sort == nil || !multi else { throw ValidationError("--sort goes without --multi.") }
    }

    func run() throws {
        let output = format.output
        var request = UpdateRequest(filter, update)
        request.multi = multi
        request.upsert = upsert
        request.arrayFilters = arrayFilter
        request.query.sort = sort
        request.query.hint = hint
        let wanted = request
        let outcome = try store.withStore { store in
            try store.writeSync { transaction in
                let outcome = try transaction.collection(collection).update(wanted)
                let changes = outcome.modified + (outcome.upsertedID == nil ? 0 : 1)
                if changes > 0 {
                    try transaction.audit.record(
                        actor: actor, action: "update", target: collection,
                        details: ["documents": BSONValue(changes)])
                }
                return outcome
            }
        }
        var line: Document = ["matched": BSONValue(outcome.matched), "modified": BSONValue(outcome.modified)]
        if let id = outcome.upsertedID { line.append("upserted", id) }
        try output.document(line)
        try output.flush()
    }
}
