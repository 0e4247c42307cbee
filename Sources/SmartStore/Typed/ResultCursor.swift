// Results one after another, inside a transaction.
//
// 1. A cursor reads its transaction's view, and ends with it.
// 2. In a write transaction it ends at the next change: pages that it stands on may have moved.

/// The results of a query, read one at a time: `while let note = try cursor.next() { … }`.
///
/// Memory does not grow with their number, unless they are sorted in an order that no index has. For one thread, inside
/// its transaction.
public final class ResultCursor<Element> {
    private let transaction: TransactionView
    private let changes: Int
    private let decode: (Document) throws -> Element
    private var source: (any DocumentSource)?

    init(
        _ source: any DocumentSource, in transaction: TransactionView,
        decode: @escaping (Document) throws -> Element
    ) {
        self.source = source
        self.transaction = transaction
        self.decode = decode
        changes = transaction.changeCount
    }

    /// The next result; nil behind the last one.
    /// - Throws: `invalidArgument` when the transaction has changed something since the cursor was made; `cancelled` when
    ///   the task was cancelled; `closed` after the transaction. There is no more after an error.
    public func next() throws(StoreError) -> Element? {
        guard let source else { return nil }
        do throws(StoreError) {
            guard transaction.changeCount == changes else {
                throw StoreError(
                    .invalidArgument, "The transaction has changed something since the cursor was made.",
                    remedy: "Read to the end before writing, or read in a read transaction.")
            }
            if Task.isCancelled || transaction.cancellation?.isCancelled == true { throw StoreError.interrupted }
            let element = try converting { try source.advance() ? try decode(try source.current()) : nil }
            if element == nil { self.source = nil }
            return element
        } catch {
            self.source = nil
            throw error
        }
    }

    /// Everything that is left.
    public func rest() throws(StoreError) -> [Element] {
        var elements: [Element] = []
        while let element = try next() { elements.append(element) }
        return elements
    }
}

extension CollectionReading {
    /// The documents of a query, one after another.
    public func cursor(_ query: FindQuery = FindQuery()) throws(StoreError) -> ResultCursor<Document> {
        let source: any DocumentSource = try converting { try self.source(query) }
        return ResultCursor(source, in: transaction) { $0 }
    }
}
