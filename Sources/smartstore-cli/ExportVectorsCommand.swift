// export-vectors: the vectors of an index as a matrix, their documents' _ids as lines.
//
// Line n of standard output belongs to row n of the matrix; `import` takes the two together again.

import ArgumentParser
import SmartStore
import VectorIndex

struct ExportVectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-vectors",
        abstract: "Writes the vectors of an index to an npy or fvecs file, and prints the _id of each row.",
        discussion: """
            Rows are in order of _id, as the index keeps them: for cosine of length 1. With several vectors a document, \
            its line is printed for each. The lines and the file can be imported again (import --vectors).
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The collection.")
    var collection: String

    @Argument(help: "The file to write: NAME.npy or NAME.fvecs.", completion: .file())
    var path: String

    @Option(help: "The field with the vector index.")
    var field: String

    @Flag(help: "Writes float16 (npy only); without, float32.")
    var half = false

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard path.hasSuffix(".npy") || path.hasSuffix(".fvecs") else {
            throw ValidationError("The file's name must end in .npy or .fvecs.")
        }
        if half, !path.hasSuffix(".npy") { throw ValidationError("--half goes with an npy file.") }
    }

    func run() throws {
        let output = format.output
        try store.reading { transaction in
            try transaction.requireCollection(collection)
            let indexes = try transaction.collections().first { $0.name == collection }?.vectorIndexes ?? []
            guard let index = indexes.first(where: { $0.field == field }) else {
                throw StoreError(
                    .noSuchIndex, "Collection '\(collection)' has no vector index on '\(field)'.",
                    remedy: "List them with collections.")
            }
            do {
                let writer =
                    path.hasSuffix(".npy")
                    ? try VectorFiles.writeNpy(
                        path, dimension: index.dimension, storage: half ? .float16 : .float32)
                    : try VectorFiles.writeFvecs(path, dimension: index.dimension)
                try transaction.collection(collection).forEachVector(field: field) { id, vector in
                    try writer.append(vector)
                    try output.document(["_id": id])
                    return true
                }
                try writer.finish()
            } catch let error as VectorError {
                throw StoreError(.ioFailed, "\(error.message).", remedy: "Check the path and the room on its disk.")
            }
        }
        try output.flush()
    }
}
