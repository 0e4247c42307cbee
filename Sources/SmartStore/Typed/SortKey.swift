// One part of an order.

/// A field to sort by, with its direction.
public struct SortKey: Sendable, Equatable {
    /// The dotted path.
    public let path: String
    /// Whether the greatest value comes first.
    public let isDescending: Bool

    /// The least value first. An array counts by its least element; a missing field like null, before everything.
    public static func ascending(_ field: some FieldName) -> SortKey {
        SortKey(path: field.fieldPath, isDescending: false)
    }

    /// The greatest value first. An array counts by its greatest element.
    public static func descending(_ field: some FieldName) -> SortKey {
        SortKey(path: field.fieldPath, isDescending: true)
    }
}

extension [SortKey] {
    /// The sort document; nil when there is nothing to sort by.
    var document: Document? {
        get throws(StoreError) {
            guard !isEmpty else { return nil }
            for key in self { try FieldOperand.checkPath(key.path) }
            return Document(fields: map { ($0.path, .int32($0.isDescending ? -1 : 1)) })
        }
    }
}

extension FindQuery {
    /// A query made of typed parts.
    init(_ condition: Condition, _ sort: [SortKey], skip: Int = 0, limit: Int? = nil) throws(StoreError) {
        self.init(try condition.document, sort: try sort.document, skip: skip, limit: limit)
    }
}
