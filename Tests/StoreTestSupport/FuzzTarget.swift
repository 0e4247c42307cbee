// The fuzz targets: plain functions over bytes, for libFuzzer, for the corpus and for the replay in `make test`.
//
// What must hold for every input: no trap, a bounded amount of memory and time, typed errors only. A target answers
// what did not hold in words; a trap needs no words.

import SmartStore

/// A place where bytes from outside come in.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// BSON: the gate, and everything that reads documents, also without the gate.
    case bson
    /// Extended JSON text.
    case json
    /// Filters, updates, projections, sorts and key patterns on documents.
    case query
    /// Commands through the command runner on a small store.
    case command
    /// The bytes of a whole store file.
    case file
    /// A store whose pages were changed and sealed again by somebody with the key.
    case page
    /// A store whose log frames and slots were changed and sealed again.
    case log

    /// Runs one input; what did not hold, in words.
    package func run(_ bytes: [UInt8]) -> [String] {
        switch self {
        case .bson: FuzzDocumentTargets.bson(bytes)
        case .json: FuzzDocumentTargets.json(bytes)
        case .query: FuzzQueryTargets.query(bytes)
        case .command: FuzzQueryTargets.command(bytes)
        case .file: FuzzStoreTargets.file(bytes)
        case .page: FuzzStoreTargets.page(bytes)
        case .log: FuzzStoreTargets.log(bytes)
        }
    }

    /// Inputs to begin with: valid ones, and those that reach every part. Made by us, the same every time.
    package func seeds() throws -> [[UInt8]] {
        switch self {
        case .bson: try FuzzSeeds.documents().map(\.bson)
        case .json: try FuzzSeeds.texts()
        case .query: FuzzSeeds.decisions(count: 12, length: 96, seed: 3)
        case .command:
            FuzzSeeds.decisions(count: 12, length: 96, seed: 3)
                + FuzzSeeds.decisions(count: 24, length: 480, seed: 4)
        case .file: try [FuzzBase.tiny()] + FuzzSeeds.decisions(count: 8, length: 24, seed: 9)
        case .page, .log: FuzzSeeds.decisions(count: 16, length: 24, seed: 5)
        }
    }
}

/// Collects what did not hold.
struct FuzzFindings {
    private(set) var reasons: [String] = []

    mutating func expect(_ condition: Bool, _ reason: @autoclosure () -> String) {
        if !condition { reasons.append(reason()) }
    }

    mutating func note(_ reason: String) { reasons.append(reason) }
}
