// An empty page store to build trees in. This file is all the tests know of where pages come from.

import PageStore

@testable import TreeStore

/// One open write transaction over an empty store.
final class TreeFixture {
    let transaction: PageTransaction
    private let before: Set<PageID>

    /// - Parameter spillAfter: relieve() drops changed pages from memory once there are this many; 0 never. Pages come
    ///   back unvalidated, so every node is checked anew.
    init(pageByteCount: Int = 8192, spillAfter: Int = 0) {
        transaction = PageTransaction(payloadByteCount: pageByteCount - 48)
        transaction.spillAfter = spillAfter
        before = transaction.allocatedPages
    }

    /// The pages in use now that were not when the fixture was made.
    var pagesInUse: Set<PageID> { transaction.allocatedPages.subtracting(before) }

    /// What a reader sees who begins now. The transaction goes on.
    func snapshot() throws -> PageView {
        transaction.publish()
    }

    /// A transaction over a snapshot whose changes are never kept. One at a time.
    func scratchTransaction(over snapshot: PageView) -> PageTransaction {
        PageTransaction(over: snapshot)
    }

    /// The pages a transaction has in use.
    func pages(of tx: PageTransaction) -> Set<PageID> {
        tx.allocatedPages
    }

    /// Lets no more than this many pages be in use; the next allocation then fails with `diskFull`.
    func limitPages(to count: Int) {
        transaction.pageLimit = count + 2
    }
}
