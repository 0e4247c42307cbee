// Documents pulled one after another: what plans, pipelines and cursors are made of.
//
// 1. A source begins before its first document. `advance` goes on; after false it stays at the end.
// 2. The bytes that `withCurrent` lends are valid in its closure only. A source that reads pages lends them from the page.
// 3. A source belongs to the transaction it reads in and is used by one thread at a time.

/// A stream of documents.
package protocol DocumentSource: AnyObject {
    /// Goes to the next document; false when there is none.
    func advance() throws -> Bool

    /// Lends the bytes of the document it stands on.
    func withCurrent(_ body: (BSONBytes) throws -> Void) throws

    /// A copy of the document it stands on.
    func current() throws -> Document
}

extension DocumentSource {
    /// Every document that is left.
    package func rest() throws -> [Document] {
        var documents: [Document] = []
        while try advance() { documents.append(try current()) }
        return documents
    }
}

/// Documents that are in memory.
package final class ListedDocuments: DocumentSource {
    private let documents: [Document]
    private var place = -1

    package init(_ documents: [Document]) { self.documents = documents }

    package func advance() throws -> Bool {
        if place < documents.count { place += 1 }
        return place < documents.count
    }

    package func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try documents[place].withBytes { (bytes) throws in try body(bytes) }
    }

    package func current() throws -> Document { documents[place] }

    /// Whether there is none.
    package var isEmpty: Bool { documents.isEmpty }
}
