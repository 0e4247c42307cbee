// Asking about documents: count, distinct, aggregate, explain.

import ArgumentParser
import SmartStore

/// The collection, the filter, and what else says how documents are looked for.
struct QueryArguments: ParsableArguments {
    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "A filter in MongoDB's language, as JSON.", transform: JSONArgument.document)
    var filter = Document()

    @Option(help: "The index to use: its name, or its keys as JSON.", transform: JSONArgument.hint)
    var hint: BSONValue?

    @Option(help: "How strings compare: {\"locale\": \"en\", \"strength\": 1}.", transform: JSONArgument.collation)
    var collation: Collation?

    @Option(name: .customLong("max-time"), help: "The most milliseconds it may take.")
    var maxTime: Int?

    func validate() throws {
        guard maxTime ?? 1 > 0 else { throw ValidationError("--max-time must be at least 1.") }
    }

    var query: FindQuery {
        FindQuery(filter, hint: hint, options: QueryOptions(collation: collation), maxTimeMS: maxTime)
    }
}

struct CountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "Prints how many documents match a filter.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var query: QueryArguments

    func run() throws {
        let output = StandardOutput()
        let count = try store.reading { transaction in
            try converting { try transaction.collection(query.collection).count(query.query) }
        }
        try output.line(String(count))
        try output.flush()
    }
}

struct DistinctCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distinct", abstract: "Prints the different values of a field, one a line.",
        discussion: "Arrays count by their elements.")

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The field, as a dotted path.")
    var key: String

    @Argument(help: "Only of documents that match this filter, as JSON.", transform: JSONArgument.document)
    var filter = Document()

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        let command: Document = ["distinct": .string(collection), "key": .string(key), "query": .document(filter)]
        let reply = try store.withStore(readOnly: true) { try $0.answer(to: command) }
        for value in reply["values"]?.array ?? [] {
            try output.line(ExtendedJSON.string(value, format.canonical ? .canonical : .relaxed))
        }
        try output.flush()
    }
}

struct AggregateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregate", abstract: "Runs a pipeline over a collection and prints what comes out, one a line.",
        discussion: """
            [{"$match": {"year": 1922}}, {"$group": {"_id": "$author", "n": {"$sum": 1}}}]. A pipeline that ends in \
            $out or $merge writes, in one transaction with an entry in the audit log, and prints nothing.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The stages, as a JSON array.", transform: JSONArgument.documents)
    var pipeline: [Document]

    @Option(help: "How strings compare: {\"locale\": \"en\", \"strength\": 1}.", transform: JSONArgument.collation)
    var collation: Collation?

    @Flag(help: "Says how it would be answered, instead; --json prints all of it.")
    var explain = false

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        let options = QueryOptions(collation: collation)
        let writes = ["$out", "$merge"].contains(pipeline.last?.keys.first)
        if explain {
            var inner: Document = [
                "aggregate": .string(collection), "pipeline": .array(pipeline.map { .document($0) }), "cursor": [:],
            ]
            if let collation { inner.append("collation", .document(collation.document)) }
            let command: Document = ["explain": .document(inner), "verbosity": "executionStats"]
            let plan = try store.withStore(readOnly: true) { try $0.answer(to: command) }
            try PlanText.print(plan, to: output, asJSON: store.json)
        } else if writes {
            try store.withStore { store in
                try store.writeSync { transaction in
                    try transaction.collection(collection).aggregate(pipeline, options: options)
                    try transaction.audit.record(actor: actor, action: "aggregate", target: collection)
                }
            }
        } else {
            try store.reading { transaction in
                try converting {
                    let source = try transaction.collection(collection).aggregation(pipeline, options: options)
                    while try source.advance() { try output.document(try source.current()) }
                }
            }
        }
        try output.flush()
    }
}

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says how a query would be answered, by which index, and what it looks at.",
        discussion: "With --json, the whole answer of the explain command.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var query: QueryArguments

    @Option(help: "An order, as JSON.", transform: JSONArgument.document)
    var sort: Document?

    @Option(help: "How many documents at most.")
    var limit: Int?

    @Option(help: "Which fields, as JSON.", transform: JSONArgument.document)
    var projection: Document?

    @Option(help: "queryPlanner plans only, executionStats also runs it, allPlansExecution runs every plan.")
    var verbosity = Verbosity.executionStats

    enum Verbosity: String, ExpressibleByArgument, CaseIterable {
        case queryPlanner
        case executionStats
        case allPlansExecution
    }

    func run() throws {
        let output = StandardOutput()
        var find = query.query
        find.sort = sort
        find.limit = limit
        find.projection = projection
        let level = ExplainVerbosity(rawValue: verbosity.rawValue) ?? .executionStats
        let plan = try store.reading { try $0.collection(query.collection).explain(find, verbosity: level) }
        try PlanText.print(plan, to: output, asJSON: store.json)
        try output.flush()
    }
}

extension Store {
    /// The reply to a command; one that failed is thrown.
    func answer(to command: Document) throws -> Document {
        let runner = CommandRunner(store: self, actor: "smartstore-cli")
        defer { runner.finish() }
        let reply = runner.run(command)
        guard reply["ok"]?.double == 1 else {
            throw StoreError(
                .invalidArgument, reply["errmsg"]?.string ?? "The command failed.", remedy: "Correct the command.",
                server: .init(number: reply["code"]?.int ?? 1, name: reply["codeName"]?.string ?? "InternalError"))
        }
        return reply
    }
}
