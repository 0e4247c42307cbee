// Which element of an array made a document match: what `$` stands for in updates and projections.

extension Filter {
    /// The index of the first element of the array at a path by which the document matches; nil when the filter does not
    /// speak of the array, or there is none.
    ///
    /// An element is tried as the only one of its array. When conditions hold of different elements, so that none of them
    /// matches alone, it is the first that one of the conditions is true of.
    func position(in document: Document, at path: FieldPath) throws(DocumentError) -> Int? {
        guard mentions(path), case .array(let elements)? = document[path: path.text] else { return nil }
        for (place, element) in elements.enumerated() {
            if try matches(alone(element, path, in: document)) { return place }
        }
        for constraint in constraints where constraint.path == path.text || constraint.path.hasPrefix(path.text + ".") {
            let condition: BSONValue?
            switch constraint.kind {
            case .equal(let value): condition = ["$eq": value]
            case .oneOf(let values): condition = ["$in": .array(values)]
            case .range(let lower, let upper):
                var range = Document()
                if let lower { range.append(lower.isInclusive ? "$gte" : "$gt", lower.value) }
                if let upper { range.append(upper.isInclusive ? "$lte" : "$lt", upper.value) }
                condition = .document(range)
            case .exists, .prefix: condition = nil
            }
            guard let condition else { continue }
            let filter = try Filter(Document(fields: [(constraint.path, condition)]), options: options)
            for (place, element) in elements.enumerated() {
                if try filter.matches(alone(element, path, in: document)) { return place }
            }
        }
        return nil
    }

    private func alone(_ element: BSONValue, _ path: FieldPath, in document: Document) -> Document {
        var copy = document
        copy[path: path.text] = .array([element])
        return copy
    }

    /// Whether a condition is on the path or on something in it.
    private func mentions(_ path: FieldPath) -> Bool {
        paths.contains { $0 == path.text || $0.hasPrefix(path.text + ".") }
    }
}
