// convert: BSON and Extended JSON, one into the other, a document at a time.
//
// What the standards refuse ends the conversion with status 1 and a message that names the document and the byte;
// documents before it have been written, nothing of it is. No store is opened.

import ArgumentParser
import SmartStore

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Turns BSON into Extended JSON, back, or either into its canonical form.",
        discussion: """
            BSON is a stream of documents, with --hex in hexadecimal (white space between digits does not count; one \
            document a line in the output). JSON is documents one after another, with or without white space between, \
            or with --array one array of them; the output has one document a line. Without files, or for -, standard \
            input is read. A document may have 64 MiB as BSON and 200 levels.

            Array elements under other names than "0", "1", ... and option letters out of order come out in their \
            canonical form; everything else in BSON comes back byte for byte through BSON and canonical JSON, but for \
            the content of NaNs and decimals outside the range of their coefficient, which JSON cannot show.
            """)

    enum Source: String, ExpressibleByArgument, CaseIterable { case bson, json }

    enum Target: String, ExpressibleByArgument, CaseIterable { case bson, canonical, relaxed }

    @Option(help: "What the input is.")
    var from: Source

    @Option(help: "What to make: BSON, or Extended JSON in its canonical or relaxed form.")
    var to: Target

    @Flag(help: "BSON is in hexadecimal, in the input and in the output.")
    var hex = false

    @Flag(help: "The JSON input is an array of documents.")
    var array = false

    @Flag(help: "Takes documents with two fields of one name, which a store refuses, and keeps both.")
    var duplicates = false

    @Option(help: "A file to write to, instead of standard output.", completion: .file())
    var output: String?

    @Flag(help: "Errors are JSON, too.")
    var json = false

    @Argument(help: "The files to read, one after another.", completion: .file())
    var files: [String] = []

    func validate() throws {
        guard !hex || from == .bson || to == .bson else { throw ValidationError("--hex goes with bson.") }
        guard !array || from == .json else { throw ValidationError("--array goes with --from json.") }
        if let output, files.contains(output) {
            throw ValidationError("--output must not be one of the files that are read.")
        }
    }

    func run() throws {
        let format = to == .canonical ? ExtendedJSON.Format.canonical : .relaxed
        let target = try output.map { try StandardOutput(format, path: $0) } ?? StandardOutput(format)
        do {
            for path in files.isEmpty ? ["-"] : files { try convert(try InputBytes(path), target) }
        } catch {
            // What came before the fault is whole.
            try target.close()
            throw error
        }
        try target.close()
    }

    private func convert(_ input: InputBytes, _ target: StandardOutput) throws {
        var reader: any DocumentReader =
            from == .bson ? BSONStreamReader(input, isHex: hex) : JSONStreamReader(input, isArray: array)
        while let found = try reader.next() {
            let document: Document
            do throws(DocumentError) { document = try read(found) } catch {
                throw refused(found, error, input.name)
            }
            switch to {
            case .bson where hex: try target.line(Hex.text(document.bson))
            case .bson: try target.piece(document.bson)
            case .canonical, .relaxed: try target.document(document)
            }
        }
    }

    private func read(_ found: InputDocument) throws(DocumentError) -> Document {
        let limits = BSONLimits(
            byteCount: ConversionLimits.documentBytes, depth: ConversionLimits.depth,
            allowsDuplicateFields: duplicates)
        return switch from {
        case .bson: try Document(bson: found.bytes, limits: limits)
        case .json: try ExtendedJSON.document(from: found.bytes, limits: limits)
        }
    }

    private func refused(_ found: InputDocument, _ error: DocumentError, _ name: String) -> StoreError {
        var place = "document \(found.number), byte \(found.offset + (error.offset ?? 0))"
        if let path = error.path, !path.isEmpty { place += ", at \(path)" }
        return StoreError(
            .invalidDocument, "\(name): \(place): \(error.message) (\(error.code.name))",
            remedy: "Correct the document; those before it were converted.")
    }
}
