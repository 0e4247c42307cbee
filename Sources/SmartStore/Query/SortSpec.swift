// A sort order: paths with directions. A document's place is the least of its keys (KeyPattern), so that an array
// counts by its least element ascending and by its greatest descending.

/// A parsed sort specification.
public struct SortSpec: Sendable {
    /// The same order as a key pattern, to compare with an index's.
    package let pattern: KeyPattern

    /// No key a sort compares is longer than a document may be.
    private static let keyLimit = 1 << 26

    /// Parses `{a: 1, "b.c": -1}`. An empty one leaves documents in the order they have.
    ///
    /// - Throws: `badSortOrder` for a direction that is neither 1 nor -1.
    public init(_ document: Document, collation: Collation? = nil) throws(DocumentError) {
        do throws(DocumentError) {
            pattern = try KeyPattern(document, collation: collation) { name, value throws(DocumentError) in
                guard value.type.isNumber else {
                    throw DocumentError(
                        .location(15974), "Illegal key in $sort specification: \(name): \(ExtendedJSON.string(value))",
                        path: name)
                }
                guard let direction = value.int, direction == 1 || direction == -1 else {
                    throw DocumentError(
                        .badSortOrder, "$sort key ordering must be 1 (for ascending) or -1 (for descending)",
                        path: name)
                }
                return direction < 0
            }
        } catch {
            if error.code == .cannotCreateIndex {
                throw DocumentError(
                    .badSortSpecification, "FieldPath field names may not be empty or begin with '$'", path: error.path)
            }
            throw error
        }
    }

    /// Whether it orders nothing.
    public var isTrivial: Bool { pattern.parts.isEmpty }

    /// Bytes whose memcmp order is the sort order.
    ///
    /// - Throws: `badValue` for a document in which two of the paths lead through different arrays.
    public func key(of document: Document) throws(DocumentError) -> [UInt8] {
        try document.withBytes { bytes throws(DocumentError) in try key(of: bytes) }
    }

    /// Bytes whose memcmp order is the sort order.
    package func key(of document: BSONBytes) throws(DocumentError) -> [UInt8] {
        do throws(DocumentError) {
            return try pattern.keys(of: document, limit: Self.keyLimit).keys.first ?? []
        } catch {
            if error.code == .cannotIndexParallelArrays {
                throw DocumentError(.badValue, "cannot sort with keys that are parallel arrays")
            }
            throw error
        }
    }

    /// The documents in order; equal ones keep theirs.
    public func sorted(_ documents: [Document]) throws(DocumentError) -> [Document] {
        var keyed: [(key: [UInt8], place: Int)] = []
        keyed.reserveCapacity(documents.count)
        for (place, document) in documents.enumerated() { keyed.append((try key(of: document), place)) }
        keyed.sort { a, b in
            a.key == b.key ? a.place < b.place : a.key.lexicographicallyPrecedes(b.key)
        }
        return keyed.map { documents[$0.place] }
    }
}
