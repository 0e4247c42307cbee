// Which element of an array made a document match: what `$` stands for in updates and projections.
//
// 1. Only conditions that must hold count; negated ones ($ne, $nin, $not, $nor), $exists and $size say nothing of an
//    element.
// 2. It is the first element that fulfils all conditions on the array by itself. When different elements fulfil them, it
//    is the first that fulfils one of them.

extension Filter {
    /// The index of the first element of the array at a path by which the document matches; nil when the filter does not
    /// speak of the array's elements, or there is none.
    func position(in document: Document, at path: FieldPath) throws(DocumentError) -> Int? {
        guard mentions(path), case .array(let elements)? = document[path: path.text] else { return nil }
        return try withExtendedLifetime(self) { () throws(DocumentError) in
            try document.withBytes { whole throws(DocumentError) in
                let candidates = elements.map { Self.alone($0, path) }
                for (place, candidate) in candidates.enumerated() {
                    let holds = try candidate.withBytes { alone throws(DocumentError) in
                        try matcher.agreement(root, alone: alone, whole: whole, path)
                    }
                    if holds == .byElement { return place }
                }
                for leaf in matcher.conditions(on: path, of: root) where try matcher.matches(leaf, whole) {
                    for (place, candidate) in candidates.enumerated() {
                        let holds = try candidate.withBytes { alone throws(DocumentError) in
                            try matcher.matches(leaf, alone)
                        }
                        if holds { return place }
                    }
                }
                return nil
            }
        }
    }

    /// A document that has nothing but the array, with one element.
    private static func alone(_ element: BSONValue, _ path: FieldPath) -> Document {
        var value: BSONValue = .array([element])
        for piece in path.pieces.reversed() { value = .document(Document(fields: [(piece.text, value)])) }
        return value.document ?? Document()
    }

    /// Whether a condition is on the path or on something in it.
    private func mentions(_ path: FieldPath) -> Bool {
        listedPaths.contains { $0 == path.text || $0.hasPrefix(path.text + ".") }
    }
}

/// Whether conditions hold, and whether by the element that is looked at.
private enum Agreement: Int {
    case none
    case otherwise
    case byElement
}

extension FilterMatcher {
    /// Whether a node holds when conditions on the array are laid on one element and all others on the document.
    fileprivate func agreement(
        _ node: Int, alone: BSONBytes, whole: BSONBytes, _ path: FieldPath
    ) throws(DocumentError) -> Agreement {
        switch program.nodes[node] {
        case .and(let range):
            var result = Agreement.otherwise
            for child in range {
                let found = try agreement(program.children[child], alone: alone, whole: whole, path)
                if found == .none { return .none }
                if found == .byElement { result = found }
            }
            return result
        case .or(let range):
            var result = Agreement.none
            for child in range {
                let found = try agreement(program.children[child], alone: alone, whole: whole, path)
                if found.rawValue > result.rawValue { result = found }
            }
            return result
        case .leaf where isCondition(node, on: path): return try matches(node, alone) ? .byElement : .none
        default: return try matches(node, whole) ? .otherwise : .none
        }
    }

    /// The conditions on elements of the array, in the order of the filter.
    fileprivate func conditions(on path: FieldPath, of node: Int) -> [Int] {
        switch program.nodes[node] {
        case .and(let range), .or(let range):
            range.flatMap { conditions(on: path, of: program.children[$0]) }
        default: isCondition(node, on: path) ? [node] : []
        }
    }

    private func isCondition(_ node: Int, on path: FieldPath) -> Bool {
        guard case .leaf(let target, let test) = program.nodes[node], target.steps.count >= path.pieces.count else {
            return false
        }
        switch test {
        case .exists, .size: return false
        default: break
        }
        return zip(target.steps, path.pieces).allSatisfy { step, piece in
            BSONBytes.with(piece.name) { program.steps[step].name.equals($0) }
        }
    }
}
