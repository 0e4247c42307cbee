package import StoreIO
import Synchronization

// Giving a file a new data key, while it is in use.
//
//   both slots name the new key as current and the old one as previous → every page is sealed anew, through the log →
//   checkpoints take them home → what free pages and the log still hold under the old key is wiped → a scan finds no
//   page under it → both slots drop it
//
// 1. Nothing is sealed under the new key before both slots name it, so any slot may be lost at any moment.
// 2. The old key is dropped only after the scan. A crash leaves both keys; calling again goes on where pages are left.
// 3. Writers and readers go on; each portion of pages is an ordinary commit. A reader from before holds images under the
//    old key, so the rotation ends only after it has.

/// How far a rotation came.
package struct RotationProgress: Sendable {
    /// Pages sealed anew by this call.
    package var resealedPages: UInt64 = 0
    package var pageCount: UInt64 = 0
    /// The old key is gone. False: a reader that began before still needs it; call again when it has ended.
    package var isFinished = false
}

extension Pager {
    /// Whether an earlier rotation was cut off.
    package var rotationIsPending: Bool { !ring.previousKeys.isEmpty }

    /// Pages sealed anew in one commit.
    private static let portion = 128

    /// Makes a new data key, or goes on with a rotation that was cut off, and seals every page under it.
    /// - Parameter progress: told (page, pages); returning false stops: a later call goes on.
    /// - Throws: `notEncrypted`, `readOnly`, `corruptPage` and `stalePage` for a page that cannot be read (both keys stay),
    ///   `diskFull`, `ioFailed`, `failed`, `closed`.
    package func rotateDataKey(
        progress: (UInt64, UInt64) -> Bool = { _, _ in true }
    ) throws(PageFault) -> RotationProgress {
        guard isEncrypted else { throw .notEncrypted }
        guard !isReadOnly else { throw .readOnly }
        if !rotationIsPending { try nameNewKey() }
        var result = RotationProgress()
        if Defence.rotateEveryPage.isOn {
            guard try reseal(into: &result, progress: progress) else { return result }
        }
        let (resealed, end) = (published.sequence, logUse.withLock { $0.end })
        // Each checkpoint writes one slot, so two bring both tails past what was sealed before.
        for _ in 0..<3 {
            if try neededLog() >= end { break }
            try touchMap()
            try checkpoint()
        }
        let limit = readers.state.withLock { $0.checkpointLimit }
        let tail = try neededLog()
        guard limit >= resealed, tail >= end else { return result }
        if Defence.rotateWipe.isOn { try wipeLog() }
        if Defence.rotateEveryPage.isOn, try findOldPage() != nil { return result }
        try dropOldKeys()
        result.isFinished = true
        return result
    }

    private func nameNewKey() throws(PageFault) {
        let dataKey = try mappingCrypto { () throws(CryptoFault) in try SecretKey(random: options.random) }
        try checkpointTurn.lock()
        defer { checkpointTurn.unlock() }
        guard !isClosed else { throw .closed }
        guard !logSync.failed else { throw .failed }
        try withSlots { () throws(PageFault) in
            var identity = slots.newest.identity
            guard identity.keys.count == 1, let user = slots.user else { return }
            let number = identity.keys[0].number + 1
            identity.keys[0].state = .previous
            identity.keys.append(
                try identity.wrap(dataKey, number: number, state: .current, under: user, random: options.random))
            ring.add(dataKey, number: number)
            for _ in 0..<2 { try writeSlot(slots.newest.record, identity: identity) }
            ring.use(number)
        }
    }

    // MARK: Sealing anew

    /// Returns whether it came to the end.
    private func reseal(
        into result: inout RotationProgress, progress: (UInt64, UInt64) -> Bool
    ) throws(PageFault) -> Bool {
        var page: UInt64 = 2
        while true {
            let transaction = try beginTransaction()
            defer { transaction.rollBack() }
            // Changes would stand on an image under the old key.
            transaction.logsWholePages = true
            let end = transaction.base.pageCount
            result.pageCount = end
            guard progress(min(page, end), end) else { return false }
            let most = min(Self.portion, max(16, transactionPageLimit / 2))
            while page < end, transaction.changedPageCount < most {
                if try resealIfOld(page, in: transaction) { result.resealedPages += 1 }
                page += 1
            }
            guard transaction.changedPageCount > 0 else { return true }
            _ = try transaction.commit()
        }
    }

    private func resealIfOld(_ page: UInt64, in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard !writer.log.extents.contains(page: page) else { return false }
        let isFree = try isFree(page, in: transaction)
        if isFree {
            guard try holdsSomethingOld(page) else { return false }
            let frame = PageFrame(id: PageID(page), byteCount: transaction.payloadByteCount)
            frame.zero()
            transaction.dirty[page] = frame
        } else {
            guard let number = try keyNumber(of: page), ring.previousKeys.contains(number) else { return false }
            _ = try transaction.mutablePage(PageID(page))
        }
        return true
    }

    /// Whether a free page holds anything but zeros or an image under the new key: a free page may hold pieces of an
    /// abandoned log, beginning anywhere.
    private func holdsSomethingOld(_ page: UInt64) throws(PageFault) -> Bool {
        if case .log = cache.locate(page, atMost: .max) { return try keyNumber(of: page) != ring.currentKey }
        return try buffers.with { buffer throws(PageFault) in
            try read(into: buffer, count: pageSize, at: page * UInt64(pageSize))
            var isZero = true
            for index in 0..<pageSize / 8 where buffer.loadUInt64(at: index * 8) != 0 { isZero = false }
            if isZero { return false }
            let number = UInt32(truncatingIfNeeded: buffer.loadUInt64(at: 24) >> 32)
            if number != ring.currentKey { return true }
            return try pageCodec.open(PageID(page), from: buffer, at: 0) == nil
        }
    }

    private func isFree(_ page: UInt64, in transaction: PageTransaction) throws(PageFault) -> Bool {
        guard geometry.place(of: page) == .data else { return false }
        let map = try transaction.page(geometry.spacePage(ofBlock: geometry.block(of: page)))
        return geometry.state(Int(page % geometry.entriesPerPage), of: map) == .free
    }

    /// The key number that a page's newest image names; nil where nothing was ever written.
    private func keyNumber(of page: UInt64) throws(PageFault) -> UInt32? {
        var offset = page * UInt64(pageSize)
        if case .log(_, let image) = cache.locate(page, atMost: .max) { offset = image.offset }
        return try buffers.with { buffer throws(PageFault) in
            try read(into: buffer, count: PageCodec.overhead, at: offset)
            var isWritten = false
            for index in 0..<PageCodec.overhead / 8 where buffer.loadUInt64(at: index * 8) != 0 { isWritten = true }
            return isWritten ? UInt32(truncatingIfNeeded: buffer.loadUInt64(at: 24) >> 32) : nil
        }
    }

    /// A commit that changes nothing but the first page of the map.
    private func touchMap() throws(PageFault) {
        let transaction = try beginTransaction(holdsLogBound: false)
        defer { transaction.rollBack() }
        _ = try transaction.mutablePage(geometry.spacePage(ofBlock: 0))
        _ = try transaction.commit()
    }

    // MARK: Ending

    /// Overwrites what the log holds in front of the tail that both slots name: spare extents, and slots passed.
    private func wipeLog() throws(PageFault) {
        try checkpointTurn.lock()
        defer { checkpointTurn.unlock() }
        try turn.lock()
        defer { turn.unlock() }
        let needed = try neededLog()
        let extents = writer.log.extents
        for extent in extents.spare { try wipe(extent, slots: nil) }
        for extent in extents.live {
            guard let first = extent.firstPosition, needed > first else { continue }
            try wipe(extent, slots: min(needed - first, logGeometry.slots(pages: extent.pageCount)))
        }
        try latching { () throws(FileFault) in try file.sync() }
    }

    /// The oldest position that a slot needs.
    private func neededLog() throws(PageFault) -> LogPosition {
        try withSlots { () throws(PageFault) in
            min(slots.newest.record.logTail, slots.otherTail ?? slots.newest.record.logTail)
        }
    }

    private func wipe(_ extent: LogExtent, slots: UInt64?) throws(PageFault) {
        var offset = extent.firstPage * UInt64(pageSize)
        let end = slots.map { logGeometry.offset(of: $0, in: extent) } ?? offset + extent.pageCount * UInt64(pageSize)
        let zeroes = [UInt8](repeating: 0, count: 256 << 10)
        while offset < end {
            let count = Int(min(UInt64(zeroes.count), end - offset))
            try latching { () throws(FileFault) in
                try file.write(zeroes.span.bytes.extracting(0..<count), at: offset)
            }
            offset += UInt64(count)
        }
    }

    /// A page outside the log that is still under an old key.
    private func findOldPage() throws(PageFault) -> PageID? {
        try turn.lock()
        defer { turn.unlock() }
        let old = ring.previousKeys
        for page in 2..<max(2, writer.latest.pageCount) where !writer.log.extents.contains(page: page) {
            if let number = try keyNumber(of: page), old.contains(number) { return PageID(page) }
        }
        return nil
    }

    private func dropOldKeys() throws(PageFault) {
        try checkpointTurn.lock()
        defer { checkpointTurn.unlock() }
        try withSlots { () throws(PageFault) in
            var identity = slots.newest.identity
            identity.keys.removeAll { $0.state == .previous }
            for _ in 0..<2 { try writeSlot(slots.newest.record, identity: identity) }
        }
        for number in ring.previousKeys { ring.drop(number) }
    }
}
