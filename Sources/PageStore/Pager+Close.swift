import StoreIO
import Synchronization

// Closing a file: everything goes home, the log's room is given back, and the file is cut to its content.

extension Pager {
    /// Ends the store: waits for the writer, takes everything home, hands the log's room back and trims the file.
    /// The file is released even when this throws; then the next opening recovers.
    package func close() throws(PageFault) {
        if isClosed { return }
        if options.isReadOnly || logSync.failed {
            isEnding.store(true, ordering: .releasing)
            if markClosed() { file.close() }
            return
        }
        drainCheckpointQueue()
        // A fault here is met again below; the file must be released whatever happens.
        if let prepare = beforeCheckpoint.withLock({ $0 }) { try? prepare(true) }
        try checkpointTurn.lock()
        if isClosed { return checkpointTurn.unlock() }
        isEnding.store(true, ordering: .releasing)
        defer { file.close() }
        var fault: PageFault?
        do throws(PageFault) { try tidyUp() } catch { fault = error }
        _ = markClosed()
        checkpointTurn.unlock()
        // A checkpoint that was asked for meanwhile waits for the turn; now it gets it, and finds the store closed.
        drainCheckpointQueue()
        if let fault { throw fault }
    }

    private func tidyUp() throws(PageFault) {
        guard !writer.log.extents.live.isEmpty || !writer.log.extents.spare.isEmpty else { return }
        _ = try checkpointHoldingTurn(closing: true)
        // The other slot leaves the log too, so that every extent but the current one is spare.
        try withSlots { () throws(PageFault) in try writeSlot(slots.newest.record) }
        try releasePassedExtents()
        // On a full disk the log keeps its room: the next opening could not get it again, and not even delete.
        if diskIsFull.load(ordering: .relaxed) { return }
        try handBackExtents()
        _ = try checkpointHoldingTurn(closing: true)
        try turn.lock()
        defer { turn.unlock() }
        // A commit that came in between stays in the log, for recovery.
        guard logByteCount == 0 else { return }
        let end = writer.latest.pageCount
        if writer.log.extents.all.allSatisfy({ $0.firstPage >= end }) { writer.log.extents.removeAll() }
        try withSlots { () throws(PageFault) in
            var record = slots.newest.record
            record.extents = writer.log.extents.all
            record.isClean = true
            record.cleanEnd = record.logTail
            try writeSlot(record)
            try writeSlot(record)
        }
        let size = max(end, writer.log.extents.pageEnd) * UInt64(pageSize)
        if size < writer.fileSize {
            try latching { () throws(FileFault) in
                try file.resize(to: size)
                try file.sync()
            }
        }
    }

    /// Gives every extent but the one being written back to the data area, and cuts off what lies at the file's end.
    private func handBackExtents() throws(PageFault) {
        try turn.lock()
        defer { turn.unlock() }
        guard let current = writer.log.extents.live.last else { return }
        let transaction = PageTransaction(pager: self, base: writer.latest)
        var before = writer.log.extents
        do throws(PageFault) {
            try transaction.adoptExtents()
            var current = current
            let isInTheWay = current.firstPage + current.pageCount < transaction.working.pageCount
            // The close itself still logs a few pages; a nearly full extent would need a successor.
            if isInTheWay || writer.log.extents.endPosition(of: current) - writer.log.end < 24,
                let fresh = try restartLog(behind: transaction)
            {
                current = fresh
                before = writer.log.extents
            }
            var given = writer.log.extents.removeSpares()
            if writer.log.room < 24, !given.isEmpty { writer.log.extents.addSpare(given.removeFirst()) }
            writer.isHandingBack = true
            let isLast = writer.log.extents.spare.isEmpty && current.firstPage < transaction.working.pageCount
            let endings = given + (isLast ? [current] : [])
            while let last = endings.first(where: { $0.firstPage + $0.pageCount == transaction.working.pageCount }) {
                transaction.working.pageCount = last.firstPage
                given.removeAll { $0 == last }
            }
            for extent in given { try transaction.adoptAsFree(extent) }
            try transaction.trimEnd()
            _ = try transaction.mutablePage(geometry.spacePage(ofBlock: 0))
            _ = try transaction.prepareCommitKeepingTurn()
        } catch {
            writer.log.extents = before
            writer.isHandingBack = false
            transaction.abandonKeepingTurn()
            throw error
        }
    }

    /// With nothing in the log that a slot needs, the log may begin anew in an extent behind everything: then the one it
    /// was in does not keep the file from being cut. nil when the log is in use or there is no room.
    private func restartLog(behind transaction: PageTransaction) throws(PageFault) -> LogExtent? {
        let tails = try withSlots { () throws(PageFault) in [slots.newest.record.logTail, slots.otherTail] }
        guard tails.allSatisfy({ $0 == writer.log.end }), writer.log.extents.count < SuperblockLayout.extentLimit - 2
        else { return nil }
        let pages = UInt64(max(256 << 10, 32 * pageSize) / pageSize)
        var extent = transaction.placeExtent(pages: pages)
        do throws(PageFault) {
            try growFile(toPages: extent.firstPage + extent.pageCount)
            let start = extent.firstPage * UInt64(pageSize)
            try writeZeroes(start..<start + extent.pageCount * UInt64(pageSize))
            writer.promised[extent.firstPage] = nil
        } catch {
            // On a full disk the lowest extent there is serves, when it is lower: what is above is cut off then.
            guard error == .diskFull else { throw error }
            guard let current = writer.log.extents.live.last,
                let low = writer.log.extents.spare.min(by: { $0.firstPage < $1.firstPage }),
                low.firstPage < current.firstPage, logGeometry.slots(pages: low.pageCount) >= 24
            else { return nil }
            extent = low
            writer.log.extents.remove(startingAt: low.firstPage)
        }
        extent.firstPosition = writer.log.end
        writer.log.extents.restart(in: extent)
        // The old ones stay named, as spare, until the commit that makes them free is taken home.
        try withSlots { () throws(PageFault) in
            var record = slots.newest.record
            record.extents = writer.log.extents.all
            record.isClean = false
            slots.namedExtents = record.extents
            try writeSlot(record)
            try writeSlot(record)
        }
        return extent
    }
}
