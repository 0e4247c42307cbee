// The space map: for each page, is it used, and which version must its home hold?
//
// The file is cut into blocks of M pages, M = entries of a space page. Fixed places, so that salvage needs no pointers:
//   block b: page b·M+2          space page: M entries, version << 2 | state
//   block b with b % M == 0:     page b·M+3   directory: M entries, version of a block's space page << 16 | free pages
//   block b with b % M² == 0:    page b·M+4   top directory: M entries, version of a directory << 16
// The versions of the top directories stand in the superblock. So a home page that was put back to an older, authentic
// version does not match its entry, and the map itself cannot be put back either.
//
// State bits change in ordinary transactions. Version bits change only in the transaction that a checkpoint makes after
// it has copied pages home. Both are logged like any page.

package struct SpaceGeometry: Sendable {
    let entriesPerPage: UInt64

    static let headerByteCount = 16
    static let kind: UInt8 = 16

    init(payloadByteCount: Int) {
        entriesPerPage = UInt64((payloadByteCount - Self.headerByteCount) / 8)
    }

    func block(of page: UInt64) -> UInt64 { page / entriesPerPage }

    func spacePage(ofBlock block: UInt64) -> PageID { PageID(block * entriesPerPage + 2) }

    func directory(ofBlock block: UInt64) -> PageID {
        PageID(block / entriesPerPage * entriesPerPage * entriesPerPage + 3)
    }

    func topDirectory(ofBlock block: UInt64) -> PageID {
        PageID(block / squared * squared * entriesPerPage + 4)
    }

    private var squared: UInt64 { entriesPerPage * entriesPerPage }

    func topIndex(ofBlock block: UInt64) -> Int { Int(block / squared) }

    func hasDirectory(_ block: UInt64) -> Bool { block % entriesPerPage == 0 }

    func hasTopDirectory(_ block: UInt64) -> Bool { block % squared == 0 }

    /// What stands at a page number by position alone.
    enum Place { case superblock, space, directory, topDirectory, data }

    func place(of page: UInt64) -> Place {
        if page < 2 { return .superblock }
        let block = block(of: page)
        switch page % entriesPerPage {
        case 2: return .space
        case 3 where hasDirectory(block): return .directory
        case 4 where hasTopDirectory(block): return .topDirectory
        default: return .data
        }
    }

    /// The first offset in a block that data may use, when pages before the space page are left free.
    func reservedEnd(ofBlock block: UInt64) -> UInt64 {
        3 + (hasDirectory(block) ? 1 : 0) + (hasTopDirectory(block) ? 1 : 0)
    }

    /// Pages that the roots in the superblock can address.
    var pageLimit: UInt64 { squared * entriesPerPage * UInt64(SuperblockLayout.spaceRootCount) }

    /// Where a page's version is recorded: the page that holds the entry and its index; nil for the top directories,
    /// whose versions the superblock holds.
    func parent(of page: UInt64) -> (page: PageID, index: Int)? {
        let block = block(of: page)
        switch place(of: page) {
        case .superblock, .topDirectory: return nil
        case .data: return (spacePage(ofBlock: block), Int(page % entriesPerPage))
        case .space: return (directory(ofBlock: block), Int(block % entriesPerPage))
        case .directory: return (topDirectory(ofBlock: block), Int(block / entriesPerPage % entriesPerPage))
        }
    }
}

/// What a page is used for, as its entry says.
package enum SpaceState: UInt64, Sendable {
    /// Never handed out by the map: a log extent, or beyond the data area.
    case outside = 0
    case used = 1
    case free = 2
}

// Entries in frames of the map's pages.
extension PageFrame {
    func initialiseSpacePage(level: UInt8) {
        zero()
        base.storeBytes(of: SpaceGeometry.kind, as: UInt8.self)
        base.storeBytes(of: level, toByteOffset: 1, as: UInt8.self)
    }

    private func entryOffset(_ index: Int) -> Int { SpaceGeometry.headerByteCount + 8 * index }

    func spaceEntry(_ index: Int) -> UInt64 { loadUInt64(at: entryOffset(index)) }

    func spaceState(_ index: Int) -> SpaceState? { SpaceState(rawValue: spaceEntry(index) & 3) }

    func setSpaceState(_ state: SpaceState, at index: Int) {
        storeUInt64(spaceEntry(index) & ~3 | state.rawValue, at: entryOffset(index))
    }

    func setSpaceVersion(_ version: CommitSequence, at index: Int) {
        storeUInt64(version << 2 | spaceEntry(index) & 3, at: entryOffset(index))
    }

    func setDirectoryEntry(version: CommitSequence, free: Int, at index: Int) {
        storeUInt64(version << 16 | UInt64(min(free, 0xFFFF)), at: entryOffset(index))
    }

    /// The version an entry records, by the kind of map page.
    func recordedVersion(_ index: Int, level: Int) -> CommitSequence {
        level == 0 ? spaceEntry(index) >> 2 : spaceEntry(index) >> 16
    }

    func countFreeEntries(_ entries: Int) -> Int {
        var count = 0
        for index in 0..<entries where spaceEntry(index) & 3 == SpaceState.free.rawValue { count += 1 }
        return count
    }
}
