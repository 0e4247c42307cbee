// What structural checks report.

package import PageStore

/// One thing wrong with a tree or a paged array.
package struct TreeFinding: Sendable, Equatable {
    /// The page at which it shows.
    package let page: PageID
    /// What is wrong, in words.
    package let reason: String
    /// The error of reading the page, when that was what failed.
    package let fault: PageFault?

    init(page: PageID, reason: String, fault: PageFault? = nil) {
        self.page = page
        self.reason = reason
        self.fault = fault
    }

    init(page: PageID, fault: PageFault) {
        if case .corruptStructure(let found, let reason) = fault {
            self.init(page: found, reason: reason, fault: fault)
        } else {
            self.init(page: page, reason: "unreadable", fault: fault)
        }
    }
}

/// The shape of a tree.
package struct TreeStatistics: Sendable, Equatable {
    /// Levels, the leaves included: 1 for a tree of one page.
    package var depth = 0
    package var rowCount = 0
    package var leafPageCount = 0
    package var innerPageCount = 0
    /// Pages of overflow chains, as the leaf cells count them.
    package var overflowPageCount = 0
    /// Bytes of slots, cells and prefixes in leaves.
    package var leafByteCount = 0
    /// The bytes that slots, cells and prefixes of the leaves could take.
    package var leafCapacity = 0

    /// How full the leaves are, 0 to 1.
    package var leafFill: Double {
        leafCapacity == 0 ? 0 : Double(leafByteCount) / Double(leafCapacity)
    }
}
