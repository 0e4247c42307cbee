// Checking the whole page layer: every page is exactly one of used, free, log, map; every home page opens and has the
// version that the map demands.

/// One thing that a check found wrong.
package struct PageFinding: Hashable, Sendable {
    package let page: PageID
    package let reason: String

    package init(page: PageID, reason: String) {
        self.page = page
        self.reason = reason
    }
}

/// What a check of the page layer saw.
package struct PageCensus: Sendable {
    package var pageCount: UInt64 = 0
    /// Data pages in use.
    package var used: Set<UInt64> = []
    package var freeCount: UInt64 = 0
    package var logCount: UInt64 = 0
    package var mapCount: UInt64 = 0
    package var findings: [PageFinding] = []

    package init() {}
}

extension PageTransaction {
    /// The data pages that are in use as this transaction sees it. O(pages), without reading them.
    package func usedDataPages() throws(PageFault) -> [UInt64] {
        let geometry = pager.geometry
        var used: [UInt64] = []
        var page: UInt64 = 2
        while page < working.pageCount {
            let block = geometry.block(of: page)
            let first = block * geometry.entriesPerPage
            if pager.writer.log.extents.coversBlock(first, pages: geometry.entriesPerPage) {
                page = first + geometry.entriesPerPage
                continue
            }
            let map = try self.page(geometry.spacePage(ofBlock: block))
            let end = min(first + geometry.entriesPerPage, working.pageCount)
            while page < end {
                if geometry.place(of: page) == .data, geometry.state(Int(page - first), of: map) == .used {
                    used.append(page)
                }
                page += 1
            }
        }
        return used
    }

    /// As `census`, of a pager that nobody writes with: no turn is needed.
    func censusForReading(progress: (UInt64, UInt64) -> Bool) throws(PageFault) -> PageCensus {
        defer { abandonKeepingTurn() }
        return try census(progress: progress)
    }

    /// Reads every page. Holds the writer's turn, as part of a transaction, so that map and pages agree.
    /// - Parameter progress: told (done, total) now and then; returning false stops the check early.
    package func census(progress: (UInt64, UInt64) -> Bool = { _, _ in true }) throws(PageFault) -> PageCensus {
        var census = PageCensus()
        census.pageCount = base.pageCount
        let geometry = pager.geometry
        let extents = pager.writer.log.extents.all
        var free: UInt64 = 0
        var page: UInt64 = 2
        while page < base.pageCount {
            if page % 512 == 0, !progress(page, base.pageCount) { return census }
            if let extent = extents.first(where: { page >= $0.firstPage && page < $0.firstPage + $0.pageCount }) {
                census.logCount += 1
                try checkOutside(page, extent: extent, into: &census)
                page += 1
                continue
            }
            switch geometry.place(of: page) {
            case .superblock: break
            case .space, .directory, .topDirectory:
                census.mapCount += 1
                try checkOpens(page, into: &census)
            case .data:
                let block = geometry.block(of: page)
                guard let map = try mapPage(geometry.spacePage(ofBlock: block), for: page, into: &census) else { break }
                switch geometry.state(Int(page % geometry.entriesPerPage), of: map) {
                case .used:
                    census.used.insert(page)
                    try checkOpens(page, into: &census)
                case .free: free += 1
                case .outside, nil:
                    census.findings.append(PageFinding(page: PageID(page), reason: "neither used nor free"))
                }
            }
            page += 1
        }
        census.freeCount = free
        if free != base.freePageCount, census.findings.isEmpty {
            census.findings.append(
                PageFinding(page: PageID(2), reason: "\(free) free pages, but \(base.freePageCount) counted"))
        }
        _ = progress(base.pageCount, base.pageCount)
        return census
    }

    private func mapPage(
        _ id: PageID, for page: UInt64, into census: inout PageCensus
    ) throws(PageFault) -> PageFrame? {
        do throws(PageFault) { return try pager.frame(id, atMost: base.sequence) } catch {
            try note(error, PageID(page), into: &census)
            return nil
        }
    }

    /// A log extent's pages must not be handed out by the map; an extent over a whole block has no map page.
    private func checkOutside(_ page: UInt64, extent: LogExtent, into census: inout PageCensus) throws(PageFault) {
        let geometry = pager.geometry
        guard extent.pageCount < geometry.entriesPerPage else { return }
        let map = try mapPage(geometry.spacePage(ofBlock: geometry.block(of: page)), for: page, into: &census)
        if let map, geometry.state(Int(page % geometry.entriesPerPage), of: map) != .outside {
            census.findings.append(PageFinding(page: PageID(page), reason: "in a log extent and in the map"))
        }
    }

    private func checkOpens(_ page: UInt64, into census: inout PageCensus) throws(PageFault) {
        do throws(PageFault) { _ = try pager.frame(PageID(page), atMost: base.sequence, keep: false) } catch {
            try note(error, PageID(page), into: &census)
        }
    }

    /// Damage is a finding; trouble with the disk ends the check.
    private func note(_ fault: PageFault, _ page: PageID, into census: inout PageCensus) throws(PageFault) {
        switch fault {
        case .corruptPage(let id): census.findings.append(PageFinding(page: id, reason: "does not authenticate"))
        case .stalePage(let id): census.findings.append(PageFinding(page: id, reason: "an older version stands here"))
        case .corruptStructure(let id, let reason): census.findings.append(PageFinding(page: id, reason: reason))
        case .truncated: census.findings.append(PageFinding(page: page, reason: "beyond the end of the file"))
        default: throw fault
        }
    }
}
