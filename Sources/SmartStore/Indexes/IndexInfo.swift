// Secondary indexes as reports show them.

/// A secondary index at a moment.
public struct IndexInfo: Sendable, Equatable {
    /// What it was asked to be.
    public let specification: IndexSpecification
    /// Entries in it.
    public let entryCount: Int
    /// Whether some document has several entries, or had.
    public let isMultikey: Bool
    /// Whether it is used; false while it is being made.
    public let isReady: Bool

    /// Its name.
    public var name: String { specification.effectiveName }
}

extension TransactionView {
    /// Secondary indexes of a collection, in order of name.
    func indexInfos(of entry: CollectionEntry) throws -> [IndexInfo] {
        try entry.secondary.map { index in
            IndexInfo(
                specification: index.definition.specification, entryCount: try index.entryCount(catalogue, in: view),
                isMultikey: index.definition.isMultikey, isReady: index.definition.isReady)
        }
    }
}
