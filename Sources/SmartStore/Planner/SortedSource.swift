// Documents in an order that no index gives: all of them are read first; with a bound, only as many as can be in front
// are kept. What does not fit into memory goes to the disk (ExternalSort).

/// Sorted documents. Equal ones come in the order in which they were read.
final class SortedSource: DocumentSource {
    private let inner: any DocumentSource
    private let sort: SortSpec
    private let isEmpty: Bool
    private var isRead = false
    let records: ExternalSort

    init(_ inner: any DocumentSource, _ sort: SortSpec, bound: Int?, _ resources: SortResources) {
        self.inner = inner
        self.sort = sort
        isEmpty = bound == 0
        records = ExternalSort(resources, bound: bound)
    }

    private func read() throws {
        isRead = true
        if isEmpty { return }
        do {
            while try inner.advance() {
                try inner.withCurrent { try records.add(key: sort.key(of: $0), document: $0) }
            }
            try records.finish()
        } catch {
            records.end(with: error)
            throw error
        }
    }

    func advance() throws -> Bool {
        if !isRead { try read() }
        return try records.advance()
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws { try records.withDocument(body) }

    func current() throws -> Document {
        var document = Document()
        try records.withDocument { document = Document(trusted: $0.array) }
        return document
    }
}
