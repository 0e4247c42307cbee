// import: its arguments, its progress and its summary. Importer does the work.

import ArgumentParser
import SmartStore
import StoreIO
import VectorIndex

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Puts the lines of a JSON Lines file into a collection, with vectors from an npy or fvecs matrix.",
        discussion: """
            Batches are transactions; a run that was ended goes on where the last committed batch stopped. A line's \
            _id is the field named by --id-field, else its own _id, else NAME:LINE.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "A file with one JSON document a line, plain or gzip.", completion: .file())
    var path: String

    @Option(help: "An npy (float16 or float32) or fvecs matrix with a vector for each document.", completion: .file())
    var vectors: String?

    @Option(help: "The field the vector is put into, and that is indexed.")
    var field: String?

    @Option(
        defaultAsFlag: "cosine",
        help: "Makes a vector index on the field first: cosine (the default), dot or euclidean.")
    var indexVectors: String?

    @Option(help: "Elements of a vector, where no matrix says it.")
    var dimension: Int?

    @Option(help: "How the index keeps vectors: float16 or float32.")
    var storage = "float16"

    @Option(help: "What searches read instead of the vectors: none, bits8, bits4 or bits1; without, what suits.")
    var codes: String?

    @Option(help: "Links of a document in the index.")
    var m = IndexOptions.usualConnectivity

    @Option(help: "Candidates kept in view while linking.")
    var efConstruction = IndexOptions.usualBuildBreadth

    @Option(help: "Only documents that match this filter, as JSON.", transform: JSONArgument.document)
    var match: Document?

    @Option(help: "The field that holds the row of the matrix; without, the documents are counted.")
    var rowField: String?

    @Option(help: "The field that becomes the _id.")
    var idField: String?

    @Option(help: "The import's name; without, the file's name up to its first dot.")
    var name: String?

    @Option(help: "What to do with an _id that is there already: fail, skip or replace.")
    var onDuplicate = "fail"

    @Flag(help: "Leaves out lines that are no JSON documents.")
    var skipInvalid = false

    @Flag(help: "Begins with the first line, whatever an earlier run did.")
    var restart = false

    @Option(help: "Documents a transaction.")
    var batch = 1000

    @Option(help: "Who acts, for the audit log.")
    var actor = "smartstore-cli"

    @Option(help: "A file (- for standard output) that gets the last line number of each batch once it is durable.")
    var acknowledge: String?

    @Flag(inversion: .prefixedNo, help: "Waits at the end until the index has linked every vector.")
    var link = true

    @Flag(inversion: .prefixedNo, help: "Shows progress; without, only on a terminal.")
    var progress: Bool?

    func validate() throws {
        guard (1...100_000).contains(batch) else { throw ValidationError("--batch must be 1 to 100000.") }
        if vectors != nil || indexVectors != nil, field == nil {
            throw ValidationError("--vectors and --index-vectors need --field.")
        }
        if rowField != nil, vectors == nil { throw ValidationError("--row-field goes with --vectors.") }
        if indexVectors != nil, vectors == nil, dimension == nil {
            throw ValidationError("--index-vectors needs --vectors or --dimension.")
        }
        _ = try indexVectors.map { try Self.named(Metric.self, $0, "--index-vectors") }
        _ = try Self.named(VectorStorage.self, storage, "--storage")
        _ = try codes.map { try Self.named(VectorCodes.self, $0, "--codes") }
        _ = try Self.named(ImportSettings.Duplicates.self, onDuplicate, "--on-duplicate")
        if name?.isEmpty == true { throw ValidationError("--name must not be empty.") }
    }

    private static func named<T: RawRepresentable & CaseIterable>(
        _ type: T.Type, _ text: String, _ option: String
    ) throws -> T where T.RawValue == String {
        guard let value = T(rawValue: text) else {
            let known = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(option) is one of \(known), not '\(text)'.")
        }
        return value
    }

    func run() throws {
        let matrix = try vectors.map { try VectorMatrix(path: $0) }
        let settings = try settings(matrix)
        let acknowledgements = try acknowledge.map { try Acknowledgements($0) }
        let meter = ProgressMeter(unit: "documents", isShown: progress ?? Terminal.showsProgress)
        Interrupt.watch()
        let clock = ContinuousClock()
        let isComplete = try store.withStore { store in
            try createIndex(in: store, matrix)
            let start = clock.now
            let importer = try Importer(store: store, settings: settings)
            let summary = try importer.run(
                shouldStop: { Interrupt.isRequested }, committed: { try acknowledgements?.line($0) },
                progress: { meter.update(share: $0, count: $1) })
            meter.finish()
            let seconds = (clock.now - start) / .seconds(1)
            var result = summary.document(seconds: seconds)
            if summary.isComplete, indexVectors != nil, link {
                let linkStart = clock.now
                try store.linkVectors()
                result.append("linkSeconds", .double(Format.rounded((clock.now - linkStart) / .seconds(1))))
            }
            let output = StandardOutput()
            try output.document(result)
            try output.flush()
            return summary.isComplete
        }
        guard isComplete else {
            throw StoreError(
                .init(rawValue: "interrupted"), "The import was interrupted after a whole batch.",
                remedy: "The same call goes on from there.")
        }
    }

    private func settings(_ matrix: VectorMatrix?) throws -> ImportSettings {
        let fileName = PosixDirectory.split(path: path).name
        let stem = fileName.split(separator: ".", omittingEmptySubsequences: true).first.map(String.init) ?? fileName
        var settings = ImportSettings(collection: collection, path: path, name: name ?? stem)
        settings.match = match
        settings.idField = idField
        settings.rowField = rowField
        if let matrix, let field { settings.vectors = (matrix, field) }
        settings.duplicates = try Self.named(ImportSettings.Duplicates.self, onDuplicate, "--on-duplicate")
        settings.skipsInvalid = skipInvalid
        settings.restarts = restart
        settings.batchCount = batch
        settings.actor = actor
        return settings
    }

    private func createIndex(in store: Store, _ matrix: VectorMatrix?) throws {
        guard let indexVectors, let field, let dimension = matrix?.columnCount ?? dimension else { return }
        let metric = try Self.named(Metric.self, indexVectors, "--index-vectors")
        let storage = try Self.named(VectorStorage.self, storage, "--storage")
        let codes = try codes.map { try Self.named(VectorCodes.self, $0, "--codes") }
        try store.writeSync { transaction in
            try transaction.createVectorIndex(
                on: collection, field: field, dimension: dimension, metric: metric, storage: storage,
                codes: codes, connectivity: m, buildBreadth: efConstruction)
        }
    }
}

extension ImportSummary {
    fileprivate func document(seconds: Double) -> Document {
        [
            "imported": BSONValue(imported), "skipped": BSONValue(skipped), "filtered": BSONValue(filtered),
            "duplicates": BSONValue(duplicates), "invalid": BSONValue(invalid), "lines": BSONValue(lines),
            "complete": .bool(isComplete), "seconds": .double(Format.rounded(seconds)),
            "perSecond": .double(seconds > 0 ? (Double(imported) / seconds).rounded() : 0),
        ]
    }
}

/// Where the line numbers of durable batches go: written at once, so that whoever reads them may rely on them.
private struct Acknowledgements {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = path == "-" ? 1 : Terminal.openToAppend(path)
        guard descriptor >= 0 else {
            throw StoreError.input(path, "It cannot be written.", remedy: "Check the path and its permissions.")
        }
    }

    func line(_ number: Int) throws {
        if let failure = Terminal.writeAll(Array("\(number)\n".utf8), to: descriptor) {
            throw StoreError(
                .ioFailed, "Cannot acknowledge a batch: \(Terminal.SystemFailure(number: failure).words).",
                remedy: "The batch is in; the same call goes on after it.")
        }
    }
}

extension Format {
    /// Seconds to a thousandth.
    static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
