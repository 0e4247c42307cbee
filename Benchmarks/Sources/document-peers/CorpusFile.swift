// The documents, from the file that `smartstore-bench documents --export` writes: BSON, one after the other.
//
// They are read in pieces, so that the memory of a run is the peer's and not the corpus's.

import Foundation

/// A document as the peers get it.
struct PeerDocument: Sendable {
    let id: Int64
    let bson: [UInt8]
}

struct CorpusFile: Sendable {
    let path: String
    let count: Int
    let checksum: String
    /// The first documents. Single inserts take them in turn, with new ids.
    let pool: [PeerDocument]

    static let documentsOfUser = 20
    static let categories = 100
    static let scoreLimit = 1000.0
    static let poolLimit = 10_000

    init(path: String) throws {
        self.path = path
        var count = 0
        var sum = Checksum()
        var pool: [PeerDocument] = []
        try Self.read(path) { bson in
            guard let id = BSONField.find("_id", in: bson)?.integer, id == count else {
                throw PeerError("\(path): document \(count) has another _id")
            }
            sum.add(bson)
            if count < Self.poolLimit { pool.append(PeerDocument(id: id, bson: bson)) }
            count += 1
        }
        guard count > 0 else { throw PeerError("\(path) holds no documents") }
        (self.count, checksum, self.pool) = (count, sum.text, pool)
    }

    var users: Int { max(1, count / Self.documentsOfUser) }

    static func categoryName(_ category: Int) -> String { "category-\(category < 10 ? "0" : "")\(category)" }

    /// The document for a single insert with a new id.
    func fresh(_ id: Int) -> PeerDocument {
        let model = pool[id % pool.count]
        return PeerDocument(id: Int64(id), bson: BSONField.renumbered(model.bson, Int64(id)))
    }

    /// Lends the documents in order, `size` at a time; of each run of `size`, only those that `isWanted`.
    func batches(of size: Int, where isWanted: (Int64) -> Bool, _ body: ([PeerDocument]) throws -> Void) throws {
        var batch: [PeerDocument] = []
        var number: Int64 = 0
        try Self.read(path) { bson in
            if isWanted(number) { batch.append(PeerDocument(id: number, bson: bson)) }
            number += 1
            if batch.count == size {
                try body(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        if !batch.isEmpty { try body(batch) }
    }

    private static func read(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw PeerError("cannot read \(path)") }
        defer { try? file.close() }
        var rest: [UInt8] = []
        while let data = try file.read(upToCount: 1 << 20), !data.isEmpty {
            rest += data
            var place = 0
            while place + 4 <= rest.count {
                let size = (0..<4).reduce(0) { $0 | Int(rest[place + $1]) << ($1 * 8) }
                guard size >= 5, size < 1 << 24 else { throw PeerError("\(path) is not BSON") }
                if place + size > rest.count { break }
                try body(Array(rest[place..<place + size]))
                place += size
            }
            rest.removeFirst(place)
        }
        guard rest.isEmpty else { throw PeerError("\(path) ends inside a document") }
    }
}
