// An empty page store to build trees in. This file is all the tests know of where pages come from.

import PageStore
import StoreIO
import StoreTestSupport

@testable import TreeStore

/// One open write transaction at a time over a store on a simulated disk.
final class TreeFixture {
    private let pager: Pager
    private var open: PageTransaction?

    /// - Parameter spillAfter: relieve() writes changed pages out once there are more than this many; 0 never. Pages come
    ///   back unvalidated, so every node is checked anew.
    init(pageByteCount: Int = 8192, spillAfter: Int = 0, cacheByteLimit: Int = 256 << 20) {
        let disk = SimulatedDisk()
        disk.stopRecording()
        var options = PagerOptions()
        options.checkpointsInBackground = false
        options.cacheByteLimit = cacheByteLimit
        options.logByteLimit = 1 << 30
        options.transactionPageLimit = spillAfter > 0 ? spillAfter : .max
        options.random = SeededRandomSource(seed: 1)
        var creation = CreateOptions()
        creation.pageSize = pageByteCount
        do throws(PageFault) {
            pager = try Pager.create("t", in: disk, key: .none, creation: creation, options: options)
        } catch {
            preconditionFailure("a store in memory could not be made: \(error)")
        }
    }

    /// The open transaction; a new one begins after a snapshot.
    var transaction: PageTransaction {
        if let open, open.isOpen { return open }
        return begin()
    }

    private func begin() -> PageTransaction {
        open?.rollBack()
        do throws(PageFault) {
            let begun = try pager.beginTransaction()
            open = begun
            return begun
        } catch {
            preconditionFailure("no transaction: \(error)")
        }
    }

    /// The data pages in use now.
    var pagesInUse: Set<PageID> { pages(of: transaction) }

    /// What a reader sees who begins now. The transaction is committed for it; `transaction` then gives the next one.
    func snapshot() throws -> PageView {
        if let open, open.isOpen { _ = try open.commit() }
        return try pager.beginSnapshot()
    }

    /// A transaction over the newest snapshot whose changes are never kept. One at a time.
    func scratchTransaction(over snapshot: PageView) -> PageTransaction {
        begin()
    }

    /// The data pages a transaction has in use.
    func pages(of tx: PageTransaction) -> Set<PageID> {
        do throws(PageFault) { return Set(try tx.usedDataPages().map { PageID($0) }) } catch { return [] }
    }

    /// Lets no more than this many pages be in use; the next allocation then fails with `diskFull`.
    func limitPages(to count: Int) {
        transaction.growthLimit = transaction.state.pageCount - UInt64(pagesInUse.count) + UInt64(count)
    }
}
