import StoreIO

// The space map: for each page, is it used, and which image must its home hold?
//
// The file is cut into blocks of M pages, M = entries of a space page. Fixed places, so that salvage needs no pointers:
//   block b: page b·M+2          space page: M entries, version << 2 | state
//   block b with b % M == 0:     page b·M+3   directory: M entries, version of a block's space page << 16 | free pages
//   block b with b % M² == 0:    page b·M+4   top directory: M entries, version of a directory << 16
// From format 2 on an entry is two words: the second is the low half of the image's tag. The entries of the top
// directories stand in the superblock. So a home page that was put back to an older, authentic version, or to the same
// version as a copy of the file wrote it, does not match its entry, and the map itself cannot be put back either.
//
// State bits change in ordinary transactions. Versions and tags change only in the transaction that a checkpoint makes
// after it has copied pages home. Both are logged like any page.

/// A sealed image by name: a page's version and the low half of the image's tag.
struct ImageName: Hashable, Sendable {
    var version: CommitSequence
    /// nil where the file does not say (format 1).
    var tag: UInt64?

    /// Whether an image found in the file is the one that is named.
    func matches(version found: CommitSequence, tag foundTag: Tag) -> Bool {
        if !Defence.mapCheck.isOn { return true }
        return version == found && (tag ?? foundTag.low) == foundTag.low
    }
}

package struct SpaceGeometry: Sendable {
    let entriesPerPage: UInt64
    /// 16 where entries name tags, 8 in files of format 1.
    let entryByteCount: Int

    static let headerByteCount = 16
    static let kind: UInt8 = 16

    init(payloadByteCount: Int, formatVersion: UInt32) {
        entryByteCount = formatVersion >= 2 ? 16 : 8
        entriesPerPage = UInt64((payloadByteCount - Self.headerByteCount) / entryByteCount)
    }

    var namesTags: Bool { entryByteCount == 16 }

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

// Entries in frames of the map's pages. Word 0 is version and state, or version and free pages; word 1 the tag.
extension SpaceGeometry {
    private func offset(_ index: Int) -> Int { Self.headerByteCount + entryByteCount * index }

    func entry(_ index: Int, of map: PageFrame) -> UInt64 { map.loadUInt64(at: offset(index)) }

    func state(_ index: Int, of map: PageFrame) -> SpaceState? { SpaceState(rawValue: entry(index, of: map) & 3) }

    func setState(_ state: SpaceState, _ index: Int, of map: PageFrame) {
        map.storeUInt64(entry(index, of: map) & ~3 | state.rawValue, at: offset(index))
    }

    /// Records the image of a data page that a checkpoint has taken home.
    func setImage(_ image: ImageName, _ index: Int, of map: PageFrame) {
        map.storeUInt64(image.version << 2 | entry(index, of: map) & 3, at: offset(index))
        setTag(image.tag ?? 0, index, of: map)
    }

    /// Records the version of a map page; its tag follows when it is sealed.
    func setDirectoryEntry(version: CommitSequence, free: Int, _ index: Int, of directory: PageFrame) {
        directory.storeUInt64(version << 16 | UInt64(min(free, 0xFFFF)), at: offset(index))
    }

    func setTag(_ tag: UInt64, _ index: Int, of map: PageFrame) {
        if namesTags { map.storeUInt64(tag, at: offset(index) + 8) }
    }

    /// Free pages of a block, as its directory's entry says.
    func freeCount(_ index: Int, of directory: PageFrame) -> Int { Int(entry(index, of: directory) & 0xFFFF) }

    /// The image that an entry demands, by the level of map page that holds the entry. Version 0: never written home.
    func image(_ index: Int, of map: PageFrame, level: Int) -> ImageName {
        let word = entry(index, of: map)
        return ImageName(
            version: level == 0 ? word >> 2 : word >> 16,
            tag: namesTags ? map.loadUInt64(at: offset(index) + 8) : nil)
    }

    func countFree(in map: PageFrame) -> Int {
        var count = 0
        for index in 0..<Int(entriesPerPage) where entry(index, of: map) & 3 == SpaceState.free.rawValue { count += 1 }
        return count
    }

    /// The map's level of a page that belongs to it.
    func level(of page: UInt64) -> UInt8? {
        switch place(of: page) {
        case .space: 0
        case .directory: 1
        case .topDirectory: 2
        case .data, .superblock: nil
        }
    }
}

extension PageFrame {
    func initialiseSpacePage(level: UInt8) {
        zero()
        base.storeBytes(of: SpaceGeometry.kind, as: UInt8.self)
        base.storeBytes(of: level, toByteOffset: 1, as: UInt8.self)
    }
}
